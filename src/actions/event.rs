//! Events that partner systems report.

use serde_json::Value;

use super::{ActionError, Context, Result};
use crate::delivery::intake;
use crate::domain::api_key::ApiKey;
use crate::domain::event::{Cause, Event, EventType};
use crate::domain::ids::EventId;
use crate::store::StoreError;

/// An event's data may take this many bytes.
pub const LARGEST_DATA: usize = 256 * 1024;

/// Records an event for every hook that wants it; durable when this returns.
pub async fn report(context: &Context, key: &ApiKey, kind: EventType, data: Value) -> Result<Event> {
    let now = context.clock.now();
    let event = Event {
        id: EventId::new(now),
        organisation_id: key.organisation_id.clone(),
        mode: key.mode,
        kind,
        cause: Cause::ApiKey(key.id.clone()),
        occurred_at: now,
        probe: false,
    };
    let instance = context.engine.instance().clone();
    let recorded = context
        .store
        .write(move |conn| intake::record_routed(conn, event, |_| data.clone(), Vec::new(), &instance, now))
        .await
        .map_err(|error: StoreError| ActionError::Store(error))?;
    context.engine.hand_over(recorded.owed);
    Ok(recorded.event)
}
