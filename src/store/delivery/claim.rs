//! Who holds what: claimed by the instance that will send it, given back, taken from the dead.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::BigInt;

use super::hooks::HOLDERS;
use crate::domain::ids::{DeliveryId, HookId, InstanceId};
use crate::store::row::Reader;
use crate::store::schema::open_deliveries;
use crate::store::statement::{Batch, Column, Line, Statement, Value};
use crate::store::time::micros;
use crate::store::{Conn, Result};

/// What an instance asks to hold.
#[derive(Debug, Clone)]
pub struct ClaimRequest {
    /// At most so many for each of these hooks.
    pub rooms: Vec<(HookId, usize)>,
    /// Only what is due by then.
    pub due_by: DateTime<Utc>,
}

/// Takes what is free and due, for each hook the longest due first, up to its room. It only writes: what was taken is loaded
/// ([`super::load_all`]) once that is committed. What somebody else is claiming at this moment is passed over.
pub fn claim(conn: &mut Conn, holder: &InstanceId, request: &ClaimRequest) -> Result<Vec<DeliveryId>> {
    let rooms: Vec<(&str, i64)> = request
        .rooms
        .iter()
        .filter(|(_, room)| *room > 0)
        .map(|(hook, room)| (hook.as_str(), i64::try_from(*room).unwrap_or(i64::MAX)))
        .collect();
    let due_by = micros(request.due_by);
    let mut claimed: Vec<String> = Vec::new();
    match conn {
        _ if rooms.is_empty() => {}
        Conn::Sqlite(conn) => {
            for (hook, room) in rooms {
                let values = [Value::Text(holder.as_str()), Value::Text(hook), Value::Big(due_by), Value::Big(room)];
                claimed.extend(Line::<ClaimForOne, 4>::new(values).load::<String>(conn)?);
            }
        }
        Conn::Postgres(conn) => {
            claimed = Batch::<Claim>::new(vec![
                Column::Text(rooms.iter().map(|(hook, _)| *hook).collect()),
                Column::Big(rooms.iter().map(|(_, room)| *room).collect()),
                Column::OneBig(due_by),
                Column::One(holder.as_str()),
            ])
            .load(conn)?;
        }
    }
    claimed.iter().map(|id| Reader { table: "open_deliveries", id }.parse(id)).collect()
}

struct ClaimForOne;

impl Statement for ClaimForOne {
    const SQL: &'static str = "UPDATE open_deliveries SET holder = ? WHERE delivery_id IN ( \
            SELECT d.delivery_id FROM open_deliveries d WHERE d.hook_id = ? AND d.holder IS NULL AND d.due_at <= ? \
            ORDER BY d.holder, d.due_at, d.delivery_id LIMIT ?) \
        RETURNING delivery_id";
}

struct Claim;

impl Statement for Claim {
    const SQL: &'static str = "WITH free AS ( \
            SELECT found.delivery_id FROM UNNEST(?, ?) AS r (hook_id, room) CROSS JOIN LATERAL ( \
                SELECT d.delivery_id FROM open_deliveries d \
                WHERE d.hook_id = r.hook_id AND d.holder IS NULL AND d.due_at <= ? \
                ORDER BY d.holder, d.due_at, d.delivery_id LIMIT r.room FOR UPDATE SKIP LOCKED) AS found) \
        UPDATE open_deliveries o SET holder = ? FROM free WHERE o.delivery_id = free.delivery_id \
        RETURNING o.delivery_id";
}

/// Leaves a delivery alone until then, unheld, so that it holds up no other: nobody can read it.
pub fn set_aside(conn: &mut Conn, id: &DeliveryId, holder: &InstanceId, until: DateTime<Utc>) -> Result<()> {
    diesel::update(open_deliveries::table.find(id.as_str()).filter(open_deliveries::holder.eq(holder.as_str())))
        .set((open_deliveries::holder.eq(None::<String>), open_deliveries::due_at.eq(micros(until))))
        .execute(conn)?;
    Ok(())
}

/// Gives deliveries back that `holder` has no room for; they are claimed when there is some. How many those were.
pub fn release(conn: &mut Conn, ids: &[DeliveryId], holder: &InstanceId) -> Result<usize> {
    let ids: Vec<&str> = ids.iter().map(DeliveryId::as_str).collect();
    let mine = open_deliveries::delivery_id.eq_any(ids).and(open_deliveries::holder.eq(holder.as_str()));
    Ok(diesel::update(open_deliveries::table.filter(mine))
        .set(open_deliveries::holder.eq(None::<String>))
        .execute(conn)?)
}

/// Frees what these instances hold, so that others can claim it, `limit` deliveries at most; how many. What somebody is
/// writing at this moment is left out: call it again until it frees nothing.
pub fn free_from(conn: &mut Conn, holders: &[InstanceId], limit: usize) -> Result<usize> {
    // They are our own: letters, digits and a low line.
    let names: Vec<String> = holders.iter().map(|holder| format!("'{holder}'")).collect();
    if names.is_empty() { Ok(0) } else { free_where(conn, &format!("p.holder IN ({})", names.join(", ")), limit) }
}

const IS_ORPHAN: &str = "NOT EXISTS (SELECT 1 FROM instances i WHERE i.id = p.holder)";

/// The same for holders that are not on the list of instances: they were taken for dead, or had retired, while they wrote.
/// One statement looks at the list and frees, so an instance that comes back at this moment loses nothing.
pub fn free_orphans(conn: &mut Conn, limit: usize) -> Result<usize> {
    free_where(conn, IS_ORPHAN, limit)
}

fn free_where(conn: &mut Conn, whose: &str, limit: usize) -> Result<usize> {
    let query = match conn {
        Conn::Sqlite(_) => format!(
            "UPDATE open_deliveries SET holder = NULL WHERE delivery_id IN (WITH RECURSIVE {HOLDERS} \
            SELECT d.delivery_id FROM holders p \
                CROSS JOIN open_deliveries d ON d.hook_id = p.hook_id AND d.holder = p.holder \
            WHERE p.holder IS NOT NULL AND {whose} LIMIT $1)"
        ),
        Conn::Postgres(_) => format!(
            "WITH RECURSIVE {HOLDERS}, theirs AS ( \
                SELECT found.delivery_id FROM holders p CROSS JOIN LATERAL ( \
                    SELECT d.delivery_id FROM open_deliveries d \
                    WHERE d.hook_id = p.hook_id AND d.holder = p.holder LIMIT $1 FOR UPDATE SKIP LOCKED) AS found \
                WHERE p.holder IS NOT NULL AND {whose} LIMIT $1) \
            UPDATE open_deliveries o SET holder = NULL FROM theirs WHERE o.delivery_id = theirs.delivery_id"
        ),
    };
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    Ok(diesel::sql_query(query).bind::<BigInt, _>(limit).execute(conn)?)
}
