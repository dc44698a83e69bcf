//! Send Test: the real pipeline, one try, no effect on health (S7, B4).

use std::time::Duration;

use super::{Context, Result, Viewer, hook};
use crate::delivery::intake;
use crate::domain::event::{Cause, Event, EventType};
use crate::domain::ids::{DeliveryId, EventId, HookId};
use crate::domain::payload;
use crate::store::StoreError;

/// Sends `webhook.test` to a hook and waits until its one try has been settled. The delivery stands in the log.
pub async fn send(context: &Context, viewer: &Viewer, hook_id: HookId) -> Result<DeliveryId> {
    let hook = hook::find_alive(context, viewer, hook_id).await?;
    let now = context.clock.now();
    let event = Event {
        id: EventId::new(now),
        organisation_id: viewer.organisation.id.clone(),
        mode: hook.mode,
        kind: EventType::WEBHOOK_TEST,
        cause: Cause::Member(viewer.member.id.clone()),
        occurred_at: now,
        probe: true,
    };
    let data = payload::test_data(&hook.name, &viewer.member.name);
    // The engine's own deadline comes first; this one only keeps the page from waiting for ever.
    let patience = hook.policy.timeout() + Duration::from_secs(3);
    let instance = context.engine.instance().clone();
    let recorded = context
        .store
        .write(move |conn| {
            let data = |_| data.clone();
            intake::record_addressed(conn, event, hook, data, Vec::new(), &instance, now)
        })
        .await
        .map_err(|error: StoreError| error)?;
    let owed = recorded.owed;
    let id = owed[0].delivery.id.clone();
    let settled = context.engine.settled(&id);
    context.engine.hand_over(owed);
    // Not settled in time is no error: the page then says that it is still under way.
    let _ = tokio::time::timeout(patience, settled).await;
    Ok(id)
}
