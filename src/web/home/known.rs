//! What Home is told from.

use chrono::{DateTime, TimeDelta, Utc};

use super::super::webhooks::health::Standing;
use crate::actions::Viewer;
use crate::domain::api_key::ApiKey;
use crate::domain::attempt::ErrorClass;
use crate::domain::delivery::{DeliveryState, Status};
use crate::domain::health::Rule;
use crate::domain::hook::{Hook, HookState};
use crate::domain::ids::HookId;
use crate::domain::role::{Permission, Role};
use crate::store::export::{ExportFilter, ExportView};
use crate::store::hook::Unreadable;
use crate::store::{self, Conn, StoreError};

/// How far back the figures look.
pub const WINDOW: TimeDelta = TimeDelta::hours(24);
/// A hook needs attention after this many failures in a row.
const FAILURES: usize = 3;
/// Exports that did not arrive are told of for so long, among so many of the latest.
const EXPORTS: TimeDelta = TimeDelta::days(7);
const MOST_EXPORTS: i64 = 50;
/// A key nobody has used for so long is better revoked.
pub const UNUSED: TimeDelta = TimeDelta::days(30);

/// Everything the page shows.
#[derive(Default)]
pub struct Known {
    /// The hooks of the mode.
    pub hooks: Vec<Hook>,
    /// Those of them that this version cannot read.
    pub unreadable: Vec<Unreadable>,
    /// Active hooks that fail, the failures of each in a row, and how long that may go on.
    pub failing: Vec<(Hook, usize, Standing)>,
    /// Disabled hooks.
    pub disabled: Vec<(Hook, Standing)>,
    /// Paused hooks, and how much waits for each.
    pub held: Vec<(Hook, (usize, bool))>,
    /// The deliveries of the window.
    pub ended: Vec<(Status, DateTime<Utc>)>,
    /// The latest exports.
    pub exports: Vec<ExportView>,
    /// Keys nobody uses; only for those who may revoke them.
    pub unused_keys: Vec<ApiKey>,
    /// Whether there is a vacancy.
    pub has_vacancies: bool,
    /// Whether a partner system has a key.
    pub has_keys: bool,
    /// How many events no hook wanted.
    pub unrouted: usize,
}

impl Known {
    /// Reads it.
    pub fn read(conn: &mut Conn, viewer: &Viewer, rule: Rule, now: DateTime<Utc>) -> Result<Self, StoreError> {
        let (organisation, mode) = (&viewer.organisation.id, viewer.mode);
        let store::hook::Listed { hooks, unreadable } = store::hook::list(conn, organisation, mode)?;
        let recent = store::delivery::recent_statuses(conn, organisation, mode, None, now - WINDOW)?;
        let mut known = Self {
            ended: recent.into_iter().map(|(_, status, at)| (status, at)).collect(),
            has_vacancies: !store::vacancy::list(conn, organisation, mode)?.is_empty(),
            unrouted: store::event::count_unrouted(conn, organisation, mode)?,
            ..Self::default()
        };
        known.read_hooks(conn, viewer, &hooks, rule, now)?;
        let requested_by = (viewer.role == Role::Recruiter).then(|| viewer.member.id.clone());
        let filter = ExportFilter { requested_by, limit: MOST_EXPORTS, ..ExportFilter::default() };
        known.exports = store::export::list(conn, organisation, mode, &filter)?;
        let keys = store::api_key::list(conn, organisation)?;
        let mut keys: Vec<_> = keys.into_iter().filter(|key| key.mode == mode && key.revoked_at.is_none()).collect();
        known.has_keys = !keys.is_empty();
        if viewer.role.may(Permission::ManageApiKeys) {
            keys.retain(|key| now - key.last_used_at.unwrap_or(key.created_at) > UNUSED);
            known.unused_keys = keys;
        }
        Ok(Self { hooks, unreadable, ..known })
    }

    fn read_hooks(
        &mut self,
        conn: &mut Conn,
        viewer: &Viewer,
        hooks: &[Hook],
        rule: Rule,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let ids: Vec<HookId> = hooks.iter().map(|hook| hook.id.clone()).collect();
        let mut health = store::health::of_hooks(conn, &ids)?;
        for hook in hooks {
            let mut standing = Standing { health: health.remove(&hook.id), rule, missed: (0, false) };
            match hook.state {
                HookState::Active => {
                    let (organisation, since) = (&viewer.organisation.id, now - WINDOW);
                    let own = store::delivery::recent_statuses(conn, organisation, hook.mode, Some(&hook.id), since)?;
                    let ended = own.iter().map(|(_, status, _)| *status).filter(|status| *status != Status::Pending);
                    let row = ended.take_while(|status| *status != Status::Success).count();
                    if row >= FAILURES || standing.ends(hook).is_some() {
                        self.failing.push((hook.clone(), row, standing));
                    }
                }
                HookState::Disabled => {
                    standing.missed = store::delivery::count_missed_by(conn, &hook.id)?;
                    self.disabled.push((hook.clone(), standing));
                }
                HookState::Paused => self.held.push((hook.clone(), store::delivery::count_owed_to(conn, &hook.id)?)),
                HookState::Deleted => {}
            }
        }
        Ok(())
    }

    /// Exports of the last days that have not arrived, unless someone cancelled them or a later one to the same webhook did.
    pub fn stuck(&self, now: DateTime<Utc>) -> Vec<&ExportView> {
        let same = |a: &ExportView, b: &ExportView| {
            a.export.vacancy_id == b.export.vacancy_id && a.export.hook_id == b.export.hook_id
        };
        let missing = |view: &ExportView| match view.delivery.state {
            _ if view.delivery.is_resent() => false,
            DeliveryState::Retrying { .. } => true,
            DeliveryState::Failed { class, .. } => class != ErrorClass::Cancelled,
            DeliveryState::Pending { .. } | DeliveryState::Success { .. } => false,
        };
        let late = self.exports.iter().enumerate().filter(|(at, view)| {
            let later = &self.exports[..*at];
            let mended = later.iter().any(|one| same(one, view) && one.delivery.state.status() == Status::Success);
            now - view.export.created_at < EXPORTS && missing(view) && !mended
        });
        late.map(|(_, view)| view).collect()
    }

    /// Whether nothing has been sent yet.
    pub fn is_first_day(&self) -> bool {
        self.hooks.is_empty() && self.unreadable.is_empty() && self.ended.is_empty() && self.exports.is_empty()
    }
}
