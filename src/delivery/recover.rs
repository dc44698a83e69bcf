//! Instances and what they leave behind: whoever lives takes over from whoever does not.
//!
//! Each instance has a row with a heartbeat. On SQLite the file belongs to one process, so at its start every other
//! instance is dead; on PostgreSQL an instance is taken for dead after [`SILENT`].

use chrono::{DateTime, TimeDelta, Utc};

use crate::domain::ids::InstanceId;
use crate::store::{self, DatabaseUrl, Store, StoreError};

/// How often an instance says that it lives.
pub const HEARTBEAT: TimeDelta = TimeDelta::seconds(2);

/// After how long without a heartbeat an instance counts as dead.
pub const SILENT: TimeDelta = TimeDelta::seconds(15);

/// How long the answers of forms are remembered, and how long an unfinished import keeps its file.
const FORM_MEMORY: TimeDelta = TimeDelta::hours(24);

/// How long what may be seen once waits to be seen.
const REVEAL_MEMORY: TimeDelta = TimeDelta::minutes(10);

/// Makes a new instance known and frees what dead ones held.
pub async fn register(store: &Store, instance: &InstanceId, now: DateTime<Utc>) -> Result<(), StoreError> {
    let instance = instance.clone();
    let alone = matches!(store.url(), DatabaseUrl::Sqlite(_));
    store
        .write(move |conn| {
            store::instance::insert(conn, &instance, now)?;
            let dead_before = if alone { now + TimeDelta::days(36_500) } else { now - SILENT };
            free_dead(conn, &instance, dead_before)
        })
        .await
}

/// Says that this instance lives, frees what dead ones held, and sweeps what has expired.
pub async fn keep_house(store: &Store, instance: &InstanceId, now: DateTime<Utc>) -> Result<(), StoreError> {
    let instance = instance.clone();
    store
        .write(move |conn| {
            if !store::instance::beat(conn, &instance, now)? {
                // The others took this instance for dead, and what it held. It goes on under its name.
                store::instance::insert(conn, &instance, now)?;
            }
            free_dead(conn, &instance, now - SILENT)?;
            store::web_session::forget(conn, now)?;
            store::reveal::forget(conn, now - REVEAL_MEMORY)?;
            store::submission::forget(conn, now - FORM_MEMORY)?;
            store::import::drop_abandoned(conn, now - FORM_MEMORY)?;
            Ok(())
        })
        .await
}

/// Puts right what no single act could: what strangers hold is freed, what is held for an active hook becomes due.
///
/// Each of these is the trace of a moment in which two things happened at once; looking for them costs a walk over what is
/// owed, so it is done at longer intervals.
pub async fn sweep(store: &Store, now: DateTime<Utc>) -> Result<(), StoreError> {
    let (strangers, stranded) = store
        .write(move |conn| {
            Ok::<_, StoreError>((
                store::delivery::free_from_strangers(conn)?,
                store::delivery::release_stranded(conn, now)?,
            ))
        })
        .await?;
    if strangers + stranded > 0 {
        tracing::warn!(strangers, stranded, "deliveries that nobody would have sent are due again");
    }
    Ok(())
}

/// Gives back what this instance holds and takes its name off the list.
pub async fn retire(store: &Store, instance: &InstanceId) -> Result<(), StoreError> {
    let own = vec![instance.clone()];
    store
        .write(move |conn| {
            store::delivery::free_from(conn, &own)?;
            store::instance::remove(conn, &own)
        })
        .await
}

fn free_dead(conn: &mut store::Conn, own: &InstanceId, dead_before: DateTime<Utc>) -> Result<(), StoreError> {
    let dead = store::instance::silent(conn, own, dead_before)?;
    if !dead.is_empty() {
        let freed = store::delivery::free_from(conn, &dead)?;
        tracing::info!(instances = dead.len(), deliveries = freed, "taking over from instances that are gone");
        store::instance::remove(conn, &dead)?;
    }
    Ok(())
}
