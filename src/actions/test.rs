//! Send Test: the real pipeline, one try, no effect on health; any event of the catalogue as a sample (S7, B4).

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;

use super::{ActionError, Context, Result, Viewer, hook};
use crate::delivery::intake;
use crate::domain::act::Act;
use crate::domain::catalogue;
use crate::domain::event::{Cause, Event, EventType};
use crate::domain::hook::Hook;
use crate::domain::ids::{DeliveryId, EventId, HookId};
use crate::domain::payload;

/// How long what a preview shows may be sent.
const PREVIEW_LASTS: TimeDelta = TimeDelta::hours(12);

/// What a test is made of.
#[derive(Debug, Clone)]
pub struct Sample {
    /// The event.
    pub kind: EventType,
    /// The id and, by it, the time that a preview has shown; made anew without one. What was previewed is sent once, however
    /// often its button is pressed.
    pub previewed: Option<EventId>,
}

/// What would be sent: the event's id, to be given back in [`Sample::previewed`], and the very bytes.
#[derive(Debug, Clone)]
pub struct Preview {
    /// The id.
    pub id: EventId,
    /// The bytes of the body.
    pub body: Vec<u8>,
}

/// What a test of this event would send to a hook of the viewer's organisation.
pub fn preview(context: &Context, viewer: &Viewer, hook: &Hook, kind: EventType) -> Preview {
    let id = EventId::new(context.clock.now());
    let event = event(viewer, hook, kind, id, context.clock.now());
    Preview { body: payload::body(&event, data(viewer, hook, kind)), id: event.id }
}

/// Sends `webhook.test` to a hook, as [`send_sample`] does.
pub async fn send(context: &Context, viewer: &Viewer, hook_id: HookId) -> Result<DeliveryId> {
    send_sample(context, viewer, hook_id, Sample { kind: EventType::WEBHOOK_TEST, previewed: None }).await
}

/// Sends a test to a hook and waits until its one try has been settled. The delivery stands in the log.
pub async fn send_sample(context: &Context, viewer: &Viewer, hook_id: HookId, sample: Sample) -> Result<DeliveryId> {
    let hook = hook::find_alive(context, viewer, hook_id).await?;
    let now = context.clock.now();
    let id = previewed(&sample, now)?;
    // The engine's own deadline comes first; this one only keeps the page from waiting for ever.
    let patience = hook.policy.timeout() + Duration::from_secs(3);
    let token = sample.previewed.as_ref().map(|id| id.to_string()).unwrap_or_default();
    let event = event(viewer, &hook, sample.kind, id, now);
    let data = data(viewer, &hook, sample.kind);
    let sent = context.transact_once_with(viewer, &token, move |tx| {
        hook::refuse_lost(tx.conn, &hook)?;
        tx.audit(Act::HookTested { event: event.kind, webhook: &hook.name }, hook.id.as_str())?;
        let holder = tx.context.engine.instance();
        let recorded = intake::record_addressed(tx.conn, event, hook, |_| data.clone(), Vec::new(), holder, now)?;
        let id = recorded.owed.first().map(|owed| owed.delivery.id.clone()).ok_or(ActionError::NotFound)?;
        Ok((id, recorded.owed))
    });
    let (id, owed) = match sent.await {
        Err(ActionError::Store(error)) if error.is_duplicate() => return Err(too_old()),
        sent => sent?,
    };
    if let Some(owed) = owed {
        let settled = context.engine.settled(&id);
        context.engine.hand_over(owed);
        // Not settled in time is no error: the page then says that it is still under way.
        let _ = tokio::time::timeout(patience, settled).await;
    }
    Ok(id)
}

/// The id that was previewed, if that was not too long ago; a new one without a preview.
fn previewed(sample: &Sample, now: DateTime<Utc>) -> Result<EventId> {
    let Some(id) = &sample.previewed else { return Ok(EventId::new(now)) };
    let age = id.made_at().map(|made| now - made);
    let is_recent = age.is_some_and(|age| age <= PREVIEW_LASTS && age >= -TimeDelta::minutes(1));
    if is_recent { Ok(id.clone()) } else { Err(too_old()) }
}

fn too_old() -> ActionError {
    ActionError::Refused("This preview can no longer be sent. Open it again, and send that".into())
}

/// The event of a test. Its time is that of its id, so that a preview can show it.
fn event(viewer: &Viewer, hook: &Hook, kind: EventType, id: EventId, now: DateTime<Utc>) -> Event {
    Event {
        occurred_at: id.made_at().unwrap_or(now),
        id,
        organisation_id: viewer.organisation.id.clone(),
        mode: hook.mode,
        kind,
        cause: Cause::Member(viewer.member.id.clone()),
        probe: true,
    }
}

fn data(viewer: &Viewer, hook: &Hook, kind: EventType) -> Value {
    if kind == EventType::WEBHOOK_TEST {
        return payload::test_data(&hook.name, &viewer.member.name);
    }
    catalogue::sample(kind, hook.field_set)
}
