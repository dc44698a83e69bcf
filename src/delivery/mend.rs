//! What is owed to a hook is brought in line with how the hook stands.
//!
//! A member's act changes the hook's state in one short transaction. What is owed follows here, a chunk in a transaction of its
//! own each, so that a hundred thousand hold up nobody: it is held while its hook is paused or their organisation suspended, due when it is active, missed when
//! it is disabled, and goes to the heir or ends when it is deleted. Nothing wrong is sent meanwhile, because every attempt looks
//! at its hook first; and if the process dies half-way, the sweep finds what is left.
//!
//! What is *not* guaranteed: that nothing is left out. A row that somebody is writing at this moment is passed over; it belongs
//! to an attempt that has just ended, and whoever tries it next, or the next sweep, finds how its hook stands by then.

use chrono::{DateTime, Utc};

use crate::domain::hook::HookState;
use crate::domain::ids::HookId;
use crate::store::changes::Change;
use crate::store::delivery::CHUNK;
use crate::store::{self, Conn, Result, Store, StoreError};

/// Brings in line what is owed to a hook; how the hook stands, `None` when there is no such hook. When anything had to be
/// changed, the hook is named once more at the end, so that whoever holds something of it looks again.
pub async fn bring_in_line(store: &Store, hook: &HookId, now: DateTime<Utc>) -> Result<Option<HookState>> {
    let state = follow(store, hook, now).await?;
    let (old, is_deleted) = (hook.clone(), state == Some(HookState::Deleted));
    let heir = if is_deleted { store.read(move |conn| store::hook::heir(conn, &old)).await? } else { None };
    if let Some(heir) = heir {
        // What was due may have come to a hook that is paused, what was held to one that is active.
        follow(store, &heir, now).await?;
    }
    Ok(state)
}

async fn follow(store: &Store, hook: &HookId, now: DateTime<Utc>) -> Result<Option<HookState>> {
    let mut changed = 0;
    let state = loop {
        let own = hook.clone();
        let (state, count) = store.write(move |conn| chunk(conn, &own, now)).await?;
        changed += count;
        if count < CHUNK {
            break state;
        }
    };
    if changed > 0 {
        let own = hook.clone();
        store
            .change(now, move |conn, named| {
                named.extend(name(conn, &own)?);
                if state == Some(HookState::Deleted)
                    && let Some(heir) = store::hook::heir(conn, &own)?
                {
                    named.extend(name(conn, &heir)?);
                }
                Ok::<_, StoreError>(())
            })
            .await?;
    }
    Ok(state)
}

fn name(conn: &mut Conn, hook: &HookId) -> Result<Option<Change>> {
    Ok(store::hook::owner(conn, hook)?.map(|organisation| Change::Hook(organisation, hook.clone())))
}

/// One chunk; how the hook stands, and how many deliveries were changed.
fn chunk(conn: &mut Conn, hook: &HookId, now: DateTime<Utc>) -> Result<(Option<HookState>, usize)> {
    let state = store::hook::sending_state(conn, hook)?;
    let changed = match state {
        Some(HookState::Active) => store::delivery::release_chunk(conn, hook, now)?,
        Some(HookState::Paused) => store::delivery::hold_chunk(conn, hook)?,
        Some(HookState::Disabled) => Some(store::delivery::miss_chunk(conn, hook, now)?),
        Some(HookState::Deleted) => Some(store::delivery::hand_on_chunk(conn, hook, now)?),
        None => None,
    };
    Ok((state, changed.unwrap_or_default()))
}

/// Looks for hooks with something open that their state does not allow, and for what is missed and left with one that was
/// replaced, and brings it in line; how many hooks those were.
pub async fn sweep(store: &Store, now: DateTime<Utc>) -> Result<usize> {
    let found = store.read(|conn| {
        let mut hooks: Vec<HookId> = Vec::new();
        for (hook, state) in store::delivery::out_of_place(conn)? {
            // What is held for a hook that cannot be read stays held until it can be.
            if state != HookState::Active || store::hook::is_readable(conn, &hook)? {
                hooks.push(hook);
            }
        }
        for hook in store::delivery::hooks_to_hand_on(conn)? {
            if !hooks.contains(&hook) {
                hooks.push(hook);
            }
        }
        Ok::<_, StoreError>(hooks)
    });
    let found = found.await?;
    for hook in &found {
        match bring_in_line(store, hook, now).await {
            // One that nobody can read holds up no other.
            Err(error @ StoreError::Corrupt { .. }) => {
                tracing::error!(%error, %hook, "what is owed to a webhook cannot be put right");
            }
            done => drop(done?),
        }
    }
    Ok(found.len())
}
