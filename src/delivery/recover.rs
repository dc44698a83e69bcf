//! Instances and what they leave behind: whoever lives takes over from whoever does not.
//!
//! Each instance has a row, and as long as it lives a lock ([`crate::store::presence`]). Whoever finds the lock of another
//! free takes over what that one held. On SQLite the file belongs to one process, so at its start every other is gone.

use chrono::{DateTime, TimeDelta, Utc};

use super::{health, mend};
use crate::domain::health::Rule;
use crate::domain::hook::HookState;
use crate::domain::ids::InstanceId;
use crate::store::audit::Act;
use crate::store::changes::Change;
use crate::store::presence::{Held, Presence};
use crate::store::{self, Conn, Store, StoreError};

/// How often an instance looks whether all is well.
pub const HEARTBEAT: TimeDelta = TimeDelta::seconds(2);

/// How long the answers of forms are remembered, and how long an unfinished import keeps its file.
const FORM_MEMORY: TimeDelta = TimeDelta::hours(24);

/// How long what may be seen once waits to be seen.
const REVEAL_MEMORY: TimeDelta = TimeDelta::minutes(10);

/// So many of the latest changes are kept by name. Whoever is further behind takes everything for changed.
const KEPT_CHANGES: i64 = 10_000;

/// What came of a look around the house.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Found {
    /// Deliveries that were taken over from instances that are gone.
    pub taken_over: usize,
    /// Others took this instance for gone: what it held may be theirs now.
    pub was_gone: bool,
}

/// Makes a new instance known and frees what those that are gone held.
pub async fn register(
    store: &Store,
    presence: &Presence,
    instance: &InstanceId,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    presence.hold(store).await?;
    let instance = instance.clone();
    let taken = move |conn: &mut Conn| {
        store::instance::insert(conn, &instance, now)?;
        let taken = take_over(conn, &instance)?;
        // Whoever is there already shares what is divided among all anew.
        let everything = [Change::Everything];
        store::changes::record(conn, &everything, now)?;
        Ok::<_, StoreError>(taken)
    };
    store.write(taken).await.map(drop)
}

/// Says that this instance lives, frees what those that are gone held, and sweeps what has expired.
pub async fn keep_house(
    store: &Store,
    presence: &Presence,
    instance: &InstanceId,
    now: DateTime<Utc>,
) -> Result<Found, StoreError> {
    let held = presence.hold(store).await?;
    let own = instance.clone();
    let (found, generation) = store
        .write(move |conn| {
            // The others took this instance for gone, and what it held. It goes on under its name.
            let was_gone = !store::instance::beat(conn, &own, now)?;
            if was_gone {
                store::instance::insert(conn, &own, now)?;
            }
            // When the database was away, everybody's session ended: the others get a turn to come back.
            let taken_over = if held == Held::Still { take_over(conn, &own)? } else { None };
            store::web_session::forget(conn, now)?;
            store::reveal::forget(conn, now - REVEAL_MEMORY)?;
            store::submission::forget(conn, now - FORM_MEMORY)?;
            store::import::drop_abandoned(conn, now - FORM_MEMORY)?;
            // Those that stay share anew what is divided among all, too, so they are told of each that is gone.
            let is_other = taken_over.is_some() || was_gone;
            let everything = [Change::Everything];
            let generation = if is_other { Some(store::changes::record(conn, &everything, now)?) } else { None };
            let found = Found { taken_over: taken_over.unwrap_or_default(), was_gone };
            Ok::<_, StoreError>((found, generation))
        })
        .await?;
    if let Some(generation) = generation {
        store.seen(generation);
    }
    Ok(found)
}

/// Puts right what no single act could: what strangers hold is freed, what is held for an active hook becomes due, what is
/// owed to a disabled one is missed, what is owed to a deleted one goes to its heir or ends; keys and secrets whose time is
/// over are destroyed; and hooks whose time has run out while nothing was sent are disabled.
///
/// Each of these is the trace of a moment in which two things happened at once; looking for them costs a walk over what is
/// owed, so it is done at longer intervals.
pub async fn sweep(store: &Store, rule: Rule, now: DateTime<Utc>) -> Result<(), StoreError> {
    store.write(|conn| store::changes::forget_old(conn, KEPT_CHANGES)).await?;
    let mut orphans = 0;
    loop {
        let freed = store.write(move |conn| store::delivery::free_orphans(conn, store::delivery::CHUNK)).await?;
        orphans += freed;
        if freed == 0 {
            break;
        }
    }
    let out_of_place = mend::sweep(store, now).await?;
    if orphans + out_of_place > 0 {
        tracing::warn!(
            orphans,
            hooks = out_of_place,
            "deliveries that nobody would have sent, or ended, are put right"
        );
    }
    end_rotations(store, now).await?;
    health::sweep(store, rule, now).await
}

/// Destroys the keys and secrets whose overlap is over. They have not been used since: every try asks for itself whether
/// they work.
async fn end_rotations(store: &Store, now: DateTime<Utc>) -> Result<(), StoreError> {
    let ended = move |conn: &mut Conn| {
        for credential in store::credential::remove_ended(conn, now)? {
            let hook = store::hook::by_ids(conn, std::slice::from_ref(&credential.hook_id))?.pop();
            let Some(hook) = hook.filter(|hook| hook.state != HookState::Deleted) else { continue };
            let act = Act {
                organisation: Some(&hook.organisation_id),
                member: None,
                act: &format!("hook.{}.ended", credential.kind.as_str()),
                object: Some(hook.id.as_str()),
                detail: format!(
                    "The old one of webhook “{}”, which ends in {}, came to its end",
                    hook.name, credential.ends_in
                ),
            };
            store::audit::insert(conn, &act, now)?;
        }
        Ok::<_, StoreError>(())
    };
    store.write(ended).await
}

/// Gives back what this instance holds and takes its name off the list.
pub async fn retire(
    store: &Store,
    presence: &Presence,
    instance: &InstanceId,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let own = vec![instance.clone()];
    // Those that stay share the hooks' limits among fewer.
    store
        .change(now, move |conn, named| {
            named.push(Change::Everything);
            free_all(conn, &own)?;
            store::instance::remove(conn, &own)
        })
        .await?;
    presence.end();
    Ok(())
}

/// Frees what instances that are gone held, and forgets them; `None` when none is gone.
fn take_over(conn: &mut Conn, own: &InstanceId) -> Result<Option<usize>, StoreError> {
    let mut gone = Vec::new();
    for other in store::instance::others(conn, own)? {
        if store::presence::is_gone(conn, &other)? {
            gone.push(other);
        }
    }
    if gone.is_empty() {
        return Ok(None);
    }
    let freed = free_all(conn, &gone)?;
    tracing::info!(instances = gone.len(), deliveries = freed, "taking over from instances that are gone");
    store::instance::remove(conn, &gone)?;
    Ok(Some(freed))
}

fn free_all(conn: &mut Conn, holders: &[InstanceId]) -> Result<usize, StoreError> {
    let mut all = 0;
    loop {
        let freed = store::delivery::free_from(conn, holders, store::delivery::CHUNK)?;
        all += freed;
        if freed == 0 {
            return Ok(all);
        }
    }
}
