//! Disabled hooks: enabled again, and sent what they missed (B9).

use super::{ActionError, Context, Result, Viewer, counted, hook, to_the_end};
use crate::domain::hook::{Hook, HookState};
use crate::domain::ids::HookId;
use crate::store::changes::Change;
use crate::store::{self, Conn};

/// Sends to a disabled hook again what happens from now on. What it missed is sent by [`send_missed`].
pub async fn enable(context: &Context, viewer: &Viewer, id: HookId) -> Result<()> {
    let hook = hook::find_alive(context, viewer, id).await?;
    let (owned, viewer) = (context.clone(), viewer.clone());
    context
        .store
        .change(context.clock.now(), move |conn, named| {
            // Pressed twice, or by two people: it is enabled, as both wanted.
            if store::health::enable(conn, &hook.id, owned.clock.now())? {
                let detail = format!("Webhook “{}”", hook.name);
                hook::audit(conn, &owned, &viewer, &hook.id, "hook.enabled", detail)?;
                named.push(Change::of(&hook));
            }
            Ok(())
        })
        .await
}

/// Sends what a hook missed while it was disabled, the oldest first; how many deliveries that are.
///
/// It goes on to the end though whoever asked goes away; if the process dies meanwhile, the rest is still listed as missed.
pub async fn send_missed(context: &Context, viewer: &Viewer, id: HookId) -> Result<usize> {
    let hook = hook::find_alive(context, viewer, id).await?;
    let (owned, viewer) = (context.clone(), viewer.clone());
    to_the_end(context, async move { send_each_missed(&owned, &viewer, &hook).await }).await
}

async fn send_each_missed(context: &Context, viewer: &Viewer, hook: &Hook) -> Result<usize> {
    let mut all = 0;
    loop {
        let (owned, viewer, hook, is_first) = (context.clone(), viewer.clone(), hook.clone(), all == 0);
        let chunk = context.store.write(move |conn| {
            refuse_silent(conn, &hook.id)?;
            let missed = if is_first { store::delivery::count_missed_by(conn, &hook.id)? } else { (0, false) };
            if missed.0 > 0 {
                let detail = format!("Webhook “{}”, {} missed deliveries", hook.name, counted(missed));
                hook::audit(conn, &owned, &viewer, &hook.id, "hook.missed_sent", detail)?;
            }
            Ok::<_, ActionError>(store::delivery::send_missed_chunk(conn, &hook.id, owned.clock.now())?)
        });
        let sent = chunk.await?;
        all += sent;
        context.engine.nudge();
        if sent < store::delivery::CHUNK {
            return Ok(all);
        }
    }
}

/// Refuses to send to a hook that is not active.
fn refuse_silent(conn: &mut Conn, id: &HookId) -> Result<()> {
    match store::hook::current_state(conn, id)? {
        Some(HookState::Active) => Ok(()),
        Some(HookState::Paused) => Err(ActionError::Refused("It is paused: resume it first".into())),
        Some(HookState::Disabled) => Err(ActionError::Refused("It is disabled: enable it first".into())),
        Some(HookState::Deleted) | None => Err(ActionError::NotFound),
    }
}
