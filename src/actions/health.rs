//! Disabled hooks: enabled again, and sent what they missed (B9).

use super::{ActionError, Context, Result, Viewer, to_the_end};
use crate::domain::act::Act;
use crate::domain::hook::HookState;
use crate::domain::ids::HookId;
use crate::store;
use crate::store::changes::Change;

/// Sends to a disabled hook again what happens from now on. What it missed is sent by [`send_missed`].
pub async fn enable(context: &Context, viewer: &Viewer, id: HookId) -> Result<()> {
    let enabled = context.transact(viewer, move |tx| {
        let hook = tx.lock_hook(&id)?;
        // Pressed twice, or by two people: it is enabled, as both wanted.
        if store::health::enable(tx.conn, &id, tx.now)? {
            tx.audit(Act::HookEnabled { webhook: &hook.name }, id.as_str())?;
            tx.changed(Change::of(&hook));
        }
        Ok(())
    });
    enabled.await
}

/// Sends what a hook missed while it was disabled, the oldest first; how many deliveries that are.
///
/// It goes on to the end though whoever asked goes away; if the process dies meanwhile, the rest is still listed as missed.
pub async fn send_missed(context: &Context, viewer: &Viewer, id: HookId) -> Result<usize> {
    let viewer = viewer.clone();
    to_the_end(context, |context| async move {
        let mut sent = send_missed_chunk(&context, &viewer, &id, true).await?;
        let mut all = sent;
        while sent >= store::delivery::CHUNK {
            sent = send_missed_chunk(&context, &viewer, &id, false).await?;
            all += sent;
        }
        Ok(all)
    })
    .await
}

/// Sends some of what a hook missed; how many deliveries that are.
async fn send_missed_chunk(context: &Context, viewer: &Viewer, id: &HookId, is_first: bool) -> Result<usize> {
    let id = id.clone();
    let chunk = context.transact(viewer, move |tx| {
        let hook = tx.lock_hook(&id)?;
        refuse_silent(hook.state)?;
        let missed = if is_first { store::delivery::count_missed_by(tx.conn, &id)? } else { (0, false) };
        if missed.0 > 0 {
            tx.audit(Act::MissedSent { webhook: &hook.name, missed }, id.as_str())?;
        }
        Ok(store::delivery::send_missed_chunk(tx.conn, &id, tx.now)?)
    });
    let sent = chunk.await?;
    context.engine.nudge();
    Ok(sent)
}

/// Refuses to send to a hook that is not active.
fn refuse_silent(state: HookState) -> Result<()> {
    match state {
        HookState::Active => Ok(()),
        HookState::Paused => Err(ActionError::Refused("It is paused: resume it first".into())),
        HookState::Disabled => Err(ActionError::Refused("It is disabled: enable it first".into())),
        HookState::Deleted => Err(ActionError::NotFound),
    }
}
