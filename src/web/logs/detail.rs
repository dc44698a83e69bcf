//! What there is to tell of one delivery, as far as a viewer may know it.

use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::actions::Viewer;
use crate::domain::act::ActKind;
use crate::domain::attempt::{Attempt, ErrorClass, Trigger};
use crate::domain::delivery::Delivery;
use crate::domain::event::{Cause, Event};
use crate::domain::hook::{Hook, HookState};
use crate::domain::ids::{DeliveryId, ExportId};
use crate::domain::mask::{self, target::Target};
use crate::domain::role::Permission;
use crate::domain::secret::{CredentialKind, DOTS};
use crate::store::audit::Done;
use crate::store::log::LogFilter;
use crate::store::{self, Conn, StoreError};
use crate::web::logs::own_exports_only;

/// Everything the page tells of a delivery.
#[derive(Debug, Clone)]
pub struct Detail {
    /// The delivery.
    pub delivery: Delivery,
    /// To whom.
    pub hook: Hook,
    /// Their address, as this viewer may see it.
    pub address: String,
    /// What happened.
    pub event: Event,
    /// The name of the member or API key that caused it.
    pub client: Option<String>,
    /// The export it carries.
    pub export: Option<ExportId>,
    /// The frozen bytes, personal data masked for those who may not see it; `None` when they are gone.
    pub body: Option<Vec<u8>>,
    /// How many bytes went out.
    pub sent_bytes: usize,
    /// Whether personal data is masked.
    pub is_masked: bool,
    /// The tries, newest first.
    pub attempts: Vec<Attempt>,
    /// Which kinds of credentials the hook has now, and how each ends.
    pub credentials: Vec<(CredentialKind, String)>,
    /// What people did to it, oldest first.
    pub acts: Vec<Done>,
    /// The next newer delivery.
    pub newer: Option<DeliveryId>,
    /// The next older one.
    pub older: Option<DeliveryId>,
}

impl Detail {
    /// Reads a delivery with all that belongs to it; `None` when there is none, or none that this viewer may see.
    pub(super) fn read(
        conn: &mut Conn,
        viewer: &Viewer,
        id: &DeliveryId,
        now: DateTime<Utc>,
    ) -> Result<Option<Self>, StoreError> {
        let organisation = &viewer.organisation.id;
        let Some(delivery) = store::delivery::find(conn, organisation, id)? else { return Ok(None) };
        let export = store::export::find_by_delivery(conn, organisation, id)?.map(|view| view.export);
        let own = own_exports_only(viewer);
        if own.is_some() && export.as_ref().map(|export| &export.requested_by) != own.as_ref() {
            return Ok(None);
        }
        let hook = store::hook::find(conn, organisation, &delivery.hook_id)?;
        let event = store::event::find(conn, organisation, &delivery.event_id)?;
        let (Some(hook), Some(event)) = (hook, event) else { return Ok(None) };
        let client = match &event.cause {
            Cause::Member(member) => store::member::find(conn, member)?.map(|member| member.name),
            Cause::ApiKey(key) => store::api_key::find(conn, organisation, key)?.map(|key| key.name),
            Cause::Clock => None,
        };
        let is_masked = !viewer.role.may(Permission::SeePersonalData);
        let body = store::event::body(conn, &delivery.event_id, delivery.field_set)?;
        let sent_bytes = body.as_ref().map_or(0, Vec::len);
        let neighbours = LogFilter { tests: delivery.probe, exported_by: own, ..LogFilter::default() };
        let (newer, older) = store::log::neighbours(conn, organisation, delivery.mode, &neighbours, &delivery)?;
        let cancelled = delivery.last_class == Some(ErrorClass::Cancelled);
        let by_hand = cancelled || delivery.tries.manual > 0 || delivery.trigger == Trigger::Manual;
        let mut attempts = store::attempt::of_delivery(conn, id)?;
        if !viewer.role.may(Permission::ManageHooks) {
            attempts.iter_mut().for_each(hide_target);
        }
        Ok(Some(Self {
            address: hook.url.shown_to(viewer.role),
            body: if is_masked { body.and_then(|body| mask::json::payload(event.kind, &body)) } else { body },
            sent_bytes,
            is_masked,
            attempts,
            credentials: credentials(conn, &hook, now)?,
            acts: if by_hand {
                store::audit::of_object(conn, organisation, id.as_str(), delivery.created_at)?
            } else {
                Vec::new()
            },
            client,
            export: export.map(|export| export.id),
            newer,
            older,
            delivery,
            hook,
            event,
        }))
    }

    /// The newest try.
    pub fn last(&self) -> Option<&Attempt> {
        self.attempts.first()
    }

    /// Who asked for the try that began at this time.
    pub fn retried_by(&self, began: DateTime<Utc>) -> Option<&str> {
        let mut asked = self.acts.iter().rev().filter(|done| done.act.is(ActKind::DeliveryRetried) && done.at <= began);
        asked.next().and_then(|done| done.by.as_deref())
    }

    /// Who cancelled it, if somebody did. Only sending it again opens a delivery that was cancelled: what ended it after that
    /// was no act of its own, but the end of its webhook.
    pub fn cancelled_by(&self) -> Option<&str> {
        let last = |kind| self.acts.iter().rev().find(|done| done.act.is(kind));
        let cancelled = last(ActKind::DeliveryCancelled)?;
        let is_reopened = last(ActKind::DeliveryRetried).is_some_and(|retried| retried.at > cancelled.at);
        if is_reopened { None } else { cancelled.by.as_deref() }
    }
}

/// Takes path and query of the address that was called out of a try: out of its request line, and of what the receiver
/// repeated of it.
fn hide_target(attempt: &mut Attempt) {
    let Some(request) = &mut attempt.request else { return };
    if request.target == "/" {
        return;
    }
    let target = Target::new(&std::mem::replace(&mut request.target, format!("/{DOTS}")));
    if let Some(response) = &mut attempt.response {
        let lines = response.headers.iter().map(|(name, value)| (name, target.hidden_in(value)));
        response.headers = lines.collect();
        response.body = target.hidden_in_bytes(std::mem::take(&mut response.body));
    }
    attempt.outcome.detail = attempt.outcome.detail.take().map(|detail| target.hidden_in(&detail));
}

fn credentials(conn: &mut Conn, hook: &Hook, now: DateTime<Utc>) -> Result<Vec<(CredentialKind, String)>, StoreError> {
    if hook.state == HookState::Deleted {
        return Ok(Vec::new());
    }
    let live = store::credential::in_use_by(conn, hook)?.into_iter().map(|sealed| sealed.credential);
    let live = live.filter(|credential| credential.is_live(now));
    Ok(live.map(|credential| (credential.kind, credential.ends_in)).collect())
}

/// A duration of an attempt or between two of its times.
pub fn between(from: DateTime<Utc>, to: DateTime<Utc>) -> Duration {
    (to - from).to_std().unwrap_or_default()
}
