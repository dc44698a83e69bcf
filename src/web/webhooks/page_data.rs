//! What the page of a hook shows, read at once.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};

use super::health::Standing;
use super::test::Sent;
use crate::domain::delivery::{Delivery, Status};
use crate::domain::health::Rule;
use crate::domain::hook::{Credential, Hook};
use crate::domain::hook_header::HeaderName;
use crate::domain::ids::{DeliveryId, HookId};
use crate::domain::rotation::{self, Preference};
use crate::domain::secret::CredentialKind;
use crate::store::log::LogFilter;
use crate::store::page::Slice;
use crate::store::sealed::Lost;
use crate::web::prelude::*;

/// How far back the chart looks.
pub(super) const WINDOW: TimeDelta = TimeDelta::days(7);

/// How many deliveries the page lists.
pub(super) const RECENT: usize = 5;

/// What the page shows of a hook.
pub(super) struct HookPageData {
    pub hook: Hook,
    pub credentials: Vec<Credential>,
    pub preference: Option<Preference>,
    pub predecessor: Option<Hook>,
    pub names: HashMap<String, String>,
    pub recent: Vec<Delivery>,
    pub ended: Vec<(Status, DateTime<Utc>)>,
    pub owed: (usize, bool),
    pub standing: Standing,
    /// How many interviews have a webhook of their own in its place, if it is the default.
    pub overrides: usize,
    pub test: Option<Sent>,
    pub headers: Vec<HeaderName>,
    pub lost: Lost,
    /// When something was last recorded for it; tests do not count.
    pub last: Option<DateTime<Utc>>,
}

impl HookPageData {
    /// Reads it; `None` when there is no such hook. `test` is the one whose answer to show.
    pub fn read(
        conn: &mut Conn,
        viewer: &Viewer,
        id: &HookId,
        test: Option<&DeliveryId>,
        rule: Rule,
        now: DateTime<Utc>,
    ) -> Result<Option<Self>, StoreError> {
        let organisation = &viewer.organisation.id;
        let Some(hook) = store::hook::find(conn, organisation, id)? else { return Ok(None) };
        let credentials = store::credential::live(conn, id, now)?;
        let preference = store::rotation::preference(conn, id)?;
        let predecessor = store::hook::predecessor(conn, &hook)?;
        let makers =
            credentials.iter().filter_map(|credential| credential.created_by.clone()).chain(hook.created_by.clone());
        let makers: Vec<String> = makers.map(String::from).collect();
        let names = store::member::names(conn, &makers)?;
        let filter = LogFilter { hook: Some(id.clone()), tests: true, ..LogFilter::default() };
        let page = store::log::page(conn, organisation, hook.mode, &filter, &Slice::Newest, RECENT)?;
        let recent = page.lines.into_iter().map(|line| line.delivery).collect();
        let all = store::delivery::recent_statuses(conn, organisation, hook.mode, Some(id), now - WINDOW)?;
        let ended = all.into_iter().map(|(_, status, at)| (status, at)).collect();
        let owed = store::delivery::count_owed_to(conn, id)?;
        let health = store::health::of_hooks(conn, std::slice::from_ref(id))?.remove(id);
        let standing = Standing { health, rule, missed: store::delivery::count_missed_by(conn, id)? };
        let others = store::hook::list(conn, organisation, hook.mode)?.hooks;
        let overrides = others.iter().filter(|other| other.interview().is_some()).count();
        // An answer may hold what this viewer is not shown elsewhere.
        let test = match test.filter(|_| viewer.role.may(Permission::ManageHooks)) {
            Some(test) => Sent::read(conn, organisation, id, test)?,
            None => None,
        };
        let headers = store::hook_header::of_hook(conn, id)?.into_iter().map(|header| header.name).collect();
        let lost = store::sealed::lost_by(conn, id)?;
        let last = store::delivery::last_recorded(conn, id)?;
        Ok(Some(Self {
            hook,
            credentials,
            preference,
            predecessor,
            names,
            recent,
            ended,
            owed,
            standing,
            overrides,
            test,
            headers,
            lost,
            last,
        }))
    }

    /// The newest of a kind.
    pub fn of(&self, kind: CredentialKind, now: DateTime<Utc>) -> Option<&Credential> {
        rotation::live(&self.credentials, kind, now).into_iter().next()
    }
}
