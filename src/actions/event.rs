//! Events that partner systems report.

use std::sync::Arc;

use serde_json::Value;

use super::Context;
use crate::delivery::hook_cache::{AuthenticatedKey, KnownKey};
use crate::delivery::intake::NotRecorded;
use crate::domain::api_key::ApiKey;
use crate::domain::event::{Cause, Event, EventType};
use crate::domain::ids::{EventId, InterviewId};
use crate::domain::{json, payload};

/// An event's data may take this many bytes.
pub const MAX_DATA_BYTES: usize = 256 * 1024;

/// Records an event for every hook that wants it; durable when this returns.
pub async fn report(context: &Context, key: &ApiKey, kind: EventType, data: Value) -> Result<Event, NotRecorded> {
    let caller = AuthenticatedKey { key: Arc::new(KnownKey::new(key.clone())), head: context.store.generation() };
    let data = json::print(&data);
    report_printed(context, caller, kind, interview_of(kind, &data), &data).await
}

/// Which interview an event's printed data says it is of: `interview.id`, in events of interviews alone (S2).
pub fn interview_of(kind: EventType, data: &[u8]) -> Option<InterviewId> {
    if !kind.is_of_interview() {
        return None;
    }
    let data: Value = serde_json::from_slice(data).ok()?;
    data.get("interview")?.get("id")?.as_str()?.parse().ok()
}

/// The same with data that is printed already, for a key that was looked up at a known head of the list of changes.
pub async fn report_printed(
    context: &Context,
    caller: AuthenticatedKey,
    kind: EventType,
    interview: Option<InterviewId>,
    data: &[u8],
) -> Result<Event, NotRecorded> {
    let now = context.clock.now();
    let event = Event {
        id: EventId::new(now),
        organisation_id: caller.key.organisation_id.clone(),
        mode: caller.key.mode,
        kind,
        cause: Cause::ApiKey(caller.key.id.clone()),
        occurred_at: now,
        probe: false,
    };
    let body = payload::body_of_printed(&event, data);
    context.engine.report(event, interview, body.into(), caller).await
}
