//! Who holds what: claimed by the instance that will send it, given back, taken from the dead.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

use super::{DeliveryRow, Owed};
use crate::domain::ids::{DeliveryId, HookId, InstanceId};
use crate::store::row::Reader;
use crate::store::schema::{deliveries, event_bodies, events, instances};
use crate::store::time::micros;
use crate::store::{Conn, Result, StoreError};

/// What an instance wants to claim.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// At most so many.
    pub limit: usize,
    /// Only what is due by then.
    pub due_by: DateTime<Utc>,
    /// At most so many for one hook, those that wait for it already included.
    pub per_hook: usize,
    /// How many wait already, by hook.
    pub waiting: HashMap<HookId, usize>,
}

impl Wanted {
    /// Up to so many, whenever they are due and whomever they are for.
    pub fn up_to(limit: usize) -> Self {
        Self { limit, due_by: DateTime::<Utc>::MAX_UTC, per_hook: limit, waiting: HashMap::new() }
    }

    /// Microseconds in 64 bits cannot say the end of all times.
    fn due_by_micros(&self) -> i64 {
        self.due_by.timestamp_micros().max(0)
    }
}

/// How long a row that cannot be read is left alone before it is looked at again.
const SET_ASIDE: TimeDelta = TimeDelta::hours(1);

/// Takes deliveries that are held by nobody, for each hook the longest due first, so that one hook's backlog hides no
/// other's. A row that cannot be read is set aside and reported in the log, so that it holds up no other.
pub fn claim(conn: &mut Conn, holder: &InstanceId, wanted: &Wanted) -> Result<Vec<Owed>> {
    let due_by = wanted.due_by_micros();
    let mut rooms = Vec::new();
    for hook in hooks_with_work(conn, due_by)? {
        let waiting = wanted.waiting.iter().find(|(known, _)| known.as_str() == hook).map_or(0, |(_, count)| *count);
        let room = wanted.per_hook.saturating_sub(waiting);
        if room > 0 {
            rooms.push((hook, room));
        }
    }
    let mut left = wanted.limit;
    let mut ids: Vec<String> = Vec::new();
    let hooks = rooms.len();
    for (at, (hook, room)) in rooms.into_iter().enumerate() {
        let share = left.div_ceil((hooks - at).max(1));
        let found = free_for(conn, &hook, due_by, room.min(share))?;
        left -= found.len();
        ids.extend(found);
    }
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    diesel::update(deliveries::table.filter(deliveries::id.eq_any(&ids)))
        .set(deliveries::holder.eq(holder.as_str()))
        .execute(conn)?;
    load_each(conn, &ids, wanted.due_by)
}

#[derive(QueryableByName)]
struct HookWithWork {
    #[diesel(sql_type = Text)]
    hook_id: String,
}

/// The hooks for which something is due and free. It steps from hook to hook over the index of what is owed, so that a
/// backlog of one costs as much as a single delivery.
fn hooks_with_work(conn: &mut Conn, due_by: i64) -> Result<Vec<String>> {
    let found: Vec<HookWithWork> = diesel::sql_query(
        "WITH RECURSIVE owing(hook_id) AS (
             SELECT min(hook_id) FROM deliveries WHERE completed_at IS NULL
             UNION ALL
             SELECT (SELECT min(d.hook_id) FROM deliveries d WHERE d.completed_at IS NULL AND d.hook_id > owing.hook_id)
             FROM owing WHERE owing.hook_id IS NOT NULL)
         SELECT hook_id FROM owing WHERE hook_id IS NOT NULL AND EXISTS (
             SELECT 1 FROM deliveries d WHERE d.completed_at IS NULL AND d.hook_id = owing.hook_id
                 AND d.holder IS NULL AND d.due_at <= $1)",
    )
    .bind::<BigInt, _>(due_by)
    .load(conn)?;
    Ok(found.into_iter().map(|found| found.hook_id).collect())
}

fn free_for(conn: &mut Conn, hook: &str, due_by: i64, limit: usize) -> Result<Vec<String>> {
    let query = deliveries::table
        .filter(deliveries::completed_at.is_null().and(deliveries::hook_id.eq(hook)))
        .filter(deliveries::holder.is_null().and(deliveries::due_at.le(due_by)))
        .order((deliveries::due_at, deliveries::id))
        .limit(i64::try_from(limit).unwrap_or(i64::MAX))
        .select(deliveries::id);
    Ok(load_free!(query, conn))
}

fn load_each(conn: &mut Conn, ids: &[String], due_by: DateTime<Utc>) -> Result<Vec<Owed>> {
    let body = event_bodies::event_id.eq(deliveries::event_id).and(event_bodies::field_set.eq(deliveries::field_set));
    let rows: Vec<(DeliveryRow, Option<i64>, Option<Vec<u8>>)> = deliveries::table
        .left_join(events::table.on(events::id.eq(deliveries::event_id)))
        .left_join(event_bodies::table.on(body))
        .filter(deliveries::id.eq_any(ids))
        .order((deliveries::due_at, deliveries::id))
        .select((DeliveryRow::as_select(), events::occurred_at.nullable(), event_bodies::body.nullable()))
        .load(conn)?;
    let mut owed = Vec::with_capacity(rows.len());
    for (row, occurred_at, body) in rows {
        let (id, due) = (row.id.clone(), row.due_at.unwrap_or_default());
        match row.owed(occurred_at.zip(body)) {
            Ok(loaded) => owed.push(loaded),
            Err(error @ StoreError::Corrupt { .. }) => {
                tracing::error!(%error, "a delivery cannot be read and is set aside; the others go on");
                let later = due_by.checked_add_signed(SET_ASIDE).map_or(due, micros);
                diesel::update(deliveries::table.find(&id))
                    .set((deliveries::holder.eq(None::<String>), deliveries::due_at.eq(later)))
                    .execute(conn)?;
            }
            Err(error) => return Err(error),
        }
    }
    Ok(owed)
}

/// Which of these deliveries `holder` still holds and still owes.
pub fn still_held(conn: &mut Conn, ids: &[DeliveryId], holder: &InstanceId) -> Result<Vec<DeliveryId>> {
    let ids: Vec<&str> = ids.iter().map(DeliveryId::as_str).collect();
    let found: Vec<String> = deliveries::table
        .filter(deliveries::id.eq_any(ids))
        .filter(deliveries::holder.eq(holder.as_str()).and(deliveries::completed_at.is_null()))
        .select(deliveries::id)
        .load(conn)?;
    found.iter().map(|id| Reader { table: "deliveries", id }.parse(id)).collect()
}

/// What `holder` holds and should have sent by `due_by`: lost on the way from the database to its memory, if it is not there.
pub fn held_and_due(
    conn: &mut Conn,
    holder: &InstanceId,
    due_by: DateTime<Utc>,
    limit: i64,
) -> Result<Vec<DeliveryId>> {
    let ids: Vec<String> = deliveries::table
        .filter(deliveries::completed_at.is_null().and(deliveries::holder.eq(holder.as_str())))
        .filter(deliveries::due_at.le(micros(due_by)))
        .order(deliveries::due_at)
        .limit(limit)
        .select(deliveries::id)
        .load(conn)?;
    ids.iter().map(|id| Reader { table: "deliveries", id }.parse(id)).collect()
}

/// Gives deliveries back that `holder` has no room for; they are claimed when there is some.
pub fn release(conn: &mut Conn, ids: &[DeliveryId], holder: &InstanceId) -> Result<usize> {
    let ids: Vec<&str> = ids.iter().map(DeliveryId::as_str).collect();
    let mine = deliveries::id.eq_any(ids).and(deliveries::holder.eq(holder.as_str()));
    Ok(diesel::update(deliveries::table.filter(mine)).set(deliveries::holder.eq(None::<String>)).execute(conn)?)
}

/// Frees what these instances held, so that others can claim it; how many deliveries that were.
pub fn free_from(conn: &mut Conn, holders: &[InstanceId]) -> Result<usize> {
    let holders: Vec<&str> = holders.iter().map(InstanceId::as_str).collect();
    let theirs = deliveries::completed_at.is_null().and(deliveries::holder.eq_any(holders));
    Ok(diesel::update(deliveries::table.filter(theirs)).set(deliveries::holder.eq(None::<String>)).execute(conn)?)
}

/// Frees what is held by instances that are not on the list: they were taken for dead, or had retired, while they wrote.
pub fn free_from_strangers(conn: &mut Conn) -> Result<usize> {
    let known: Vec<String> = instances::table.select(instances::id).load(conn)?;
    let theirs = deliveries::holder.is_not_null().and(deliveries::holder.assume_not_null().ne_all(known));
    let theirs = deliveries::completed_at.is_null().and(theirs);
    Ok(diesel::update(deliveries::table.filter(theirs)).set(deliveries::holder.eq(None::<String>)).execute(conn)?)
}
