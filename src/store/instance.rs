//! Instances: the processes that run on this database. What a dead one held is taken over by a live one.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::row::Reader;
use super::schema::instances;
use super::time::micros;
use super::{Conn, Result};
use crate::domain::ids::InstanceId;

/// Writes a new instance.
pub fn insert(conn: &mut Conn, id: &InstanceId, now: DateTime<Utc>) -> Result<()> {
    diesel::insert_into(instances::table)
        .values((
            instances::id.eq(id.as_str()),
            instances::started_at.eq(micros(now)),
            instances::heartbeat_at.eq(micros(now)),
        ))
        .execute(conn)?;
    Ok(())
}

/// Says that an instance has taken its lock anew; whether the others still believe that it lives.
pub fn beat(conn: &mut Conn, id: &InstanceId, now: DateTime<Utc>) -> Result<bool> {
    let changed = diesel::update(instances::table.find(id.as_str()))
        .set(instances::heartbeat_at.eq(micros(now)))
        .execute(conn)?;
    Ok(changed == 1)
}

/// Whether an instance is on the list: whether the others still believe that it lives.
pub fn is_known(conn: &mut Conn, id: &InstanceId) -> Result<bool> {
    Ok(diesel::select(diesel::dsl::exists(instances::table.find(id.as_str()))).get_result(conn)?)
}

/// Whether all of these are on the list.
pub fn are_known(conn: &mut Conn, ids: &BTreeSet<String>) -> Result<bool> {
    let known: i64 = instances::table.filter(instances::id.eq_any(ids)).count().get_result(conn)?;
    Ok(usize::try_from(known).is_ok_and(|known| known == ids.len()))
}

/// Every instance on the list.
pub fn all(conn: &mut Conn) -> Result<Vec<InstanceId>> {
    let ids: Vec<String> = instances::table.order(instances::id).select(instances::id).load(conn)?;
    ids.iter().map(|id| Reader { table: "instances", id }.parse(id)).collect()
}

/// The instances other than `own`.
pub fn others(conn: &mut Conn, own: &InstanceId) -> Result<Vec<InstanceId>> {
    let ids: Vec<String> = instances::table
        .filter(instances::id.ne(own.as_str()))
        .order(instances::id)
        .select(instances::id)
        .load(conn)?;
    ids.iter().map(|id| Reader { table: "instances", id }.parse(id)).collect()
}

/// The instances other than `own`, each with when it last took its lock.
pub fn others_with_beat(conn: &mut Conn, own: &InstanceId) -> Result<Vec<(InstanceId, DateTime<Utc>)>> {
    let rows: Vec<(String, i64)> = instances::table
        .filter(instances::id.ne(own.as_str()))
        .order(instances::id)
        .select((instances::id, instances::heartbeat_at))
        .load(conn)?;
    let read = |(id, beat): (String, i64)| {
        let reader = Reader { table: "instances", id: &id };
        Ok((reader.parse(&id)?, reader.time(beat)?))
    };
    rows.into_iter().map(read).collect()
}

/// Removes instances.
pub fn remove(conn: &mut Conn, ids: &[InstanceId]) -> Result<()> {
    let ids: Vec<&str> = ids.iter().map(InstanceId::as_str).collect();
    diesel::delete(instances::table.filter(instances::id.eq_any(ids))).execute(conn)?;
    Ok(())
}
