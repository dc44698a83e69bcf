//! What is free and due, and what an instance holds: questions for readers, answered from the index of what is open.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Text};

use super::hooks::OPEN_HOOKS;
use crate::domain::ids::{DeliveryId, HookId, InstanceId};
use crate::store::row::Reader;
use crate::store::schema::open_deliveries;
use crate::store::time::micros;
use crate::store::{Conn, Result};

/// An open delivery that an instance holds and that is due at some time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldRow {
    /// The delivery.
    pub id: DeliveryId,
    /// To whom it goes.
    pub hook_id: HookId,
    /// When its next attempt is due.
    pub due: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

#[derive(Queryable, QueryableByName, Selectable)]
#[diesel(table_name = open_deliveries)]
struct Row {
    delivery_id: String,
    hook_id: String,
    due_at: Option<i64>,
    updated_at: i64,
}

fn read(rows: Vec<Row>) -> Result<Vec<HeldRow>> {
    let held = rows.into_iter().filter_map(|row| row.due_at.map(|due| (row, due))).map(|(row, due)| {
        let reader = Reader { table: "open_deliveries", id: &row.delivery_id };
        Ok(HeldRow {
            id: reader.parse(&row.delivery_id)?,
            hook_id: reader.parse(&row.hook_id)?,
            due: reader.time(due)?,
            updated_at: reader.time(row.updated_at)?,
        })
    });
    held.collect()
}

#[derive(QueryableByName)]
struct HookDue {
    #[diesel(sql_type = Text)]
    hook_id: String,
    #[diesel(sql_type = BigInt)]
    due: i64,
}

/// The hooks with something free and due by then, and when the longest due of each was. It steps over the index hook by hook,
/// so a backlog of one costs as much as a single delivery. (The order names the holder, though it is nobody: PostgreSQL sees only
/// then that it is the index's own.)
pub fn hooks_with_due(conn: &mut Conn, due_by: DateTime<Utc>) -> Result<Vec<(HookId, DateTime<Utc>)>> {
    let found: Vec<HookDue> = diesel::sql_query(format!(
        "WITH RECURSIVE {OPEN_HOOKS}, looked AS MATERIALIZED ( \
            SELECT open_hooks.hook_id, (SELECT d.due_at FROM open_deliveries d \
                WHERE d.hook_id = open_hooks.hook_id AND d.holder IS NULL AND d.due_at <= $1 \
                ORDER BY d.holder, d.due_at LIMIT 1) AS due \
            FROM open_hooks WHERE open_hooks.hook_id IS NOT NULL) \
        SELECT hook_id, due FROM looked WHERE due IS NOT NULL"
    ))
    .bind::<BigInt, _>(micros(due_by))
    .load(conn)?;
    found
        .iter()
        .map(|found| {
            let row = Reader { table: "open_deliveries", id: &found.hook_id };
            Ok((row.parse(&found.hook_id)?, row.time(found.due)?))
        })
        .collect()
}

/// What `holder` holds for a hook and is due at some time, the longest due first, at most `limit`.
pub fn held_of_hook(conn: &mut Conn, holder: &InstanceId, hook: &HookId, limit: usize) -> Result<Vec<HeldRow>> {
    let rows = open_deliveries::table
        .filter(open_deliveries::hook_id.eq(hook.as_str()).and(open_deliveries::holder.eq(holder.as_str())))
        .filter(open_deliveries::due_at.is_not_null())
        .order((open_deliveries::due_at, open_deliveries::delivery_id))
        .limit(i64::try_from(limit).unwrap_or(i64::MAX))
        .select(Row::as_select())
        .load(conn)?;
    read(rows)
}

/// Which of these deliveries `holder` holds, as far as they are due at some time; in no order.
pub fn held_among(conn: &mut Conn, holder: &InstanceId, ids: &[DeliveryId]) -> Result<Vec<HeldRow>> {
    let ids: Vec<&str> = ids.iter().map(DeliveryId::as_str).collect();
    let rows = open_deliveries::table
        .filter(open_deliveries::delivery_id.eq_any(ids))
        .filter(open_deliveries::holder.eq(holder.as_str()).and(open_deliveries::due_at.is_not_null()))
        .select(Row::as_select())
        .load(conn)?;
    read(rows)
}

/// Which of these deliveries `holder` still holds and has to send at some time.
pub fn still_held(conn: &mut Conn, ids: &[DeliveryId], holder: &InstanceId) -> Result<Vec<DeliveryId>> {
    Ok(held_among(conn, holder, ids)?.into_iter().map(|held| held.id).collect())
}

/// A page of what `holder` holds for these hooks and should have sent by then, in order of due and id, after a place.
pub fn held_due_page(
    conn: &mut Conn,
    holder: &InstanceId,
    hooks: &[String],
    after: Option<(DateTime<Utc>, DeliveryId)>,
    due_by: DateTime<Utc>,
    limit: usize,
) -> Result<Vec<HeldRow>> {
    let (after, id) = after.map_or((i64::MIN, String::new()), |(due, id)| (micros(due), id.to_string()));
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let rows: Vec<Row> = match conn {
        Conn::Postgres(conn) => diesel::sql_query(format!(
            "SELECT held.* FROM unnest($6) AS hooks(id) CROSS JOIN LATERAL ({}) AS held \
            ORDER BY held.due_at, held.delivery_id LIMIT $5",
            due_of_one("hooks.id", "$5")
        ))
        .bind::<Text, _>(holder.as_str())
        .bind::<BigInt, _>(micros(due_by))
        .bind::<BigInt, _>(after)
        .bind::<Text, _>(&id)
        .bind::<BigInt, _>(limit)
        .bind::<Array<Text>, _>(hooks)
        .load(conn)?,
        Conn::Sqlite(_) => {
            let mut all: Vec<Row> = Vec::new();
            let query = due_of_one("$5", "$6");
            for hook in hooks_with_held(conn, holder, hooks, due_by)? {
                let due: Vec<Row> = diesel::sql_query(&query)
                    .bind::<Text, _>(holder.as_str())
                    .bind::<BigInt, _>(micros(due_by))
                    .bind::<BigInt, _>(after)
                    .bind::<Text, _>(&id)
                    .bind::<Text, _>(hook)
                    .bind::<BigInt, _>(limit)
                    .load(conn)?;
                all.extend(due);
            }
            all.sort_by(|a, b| (a.due_at, &a.delivery_id).cmp(&(b.due_at, &b.delivery_id)));
            all.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
            all
        }
    };
    read(rows)
}

/// The values stand in the order of their numbers: SQLite counts them as they come.
fn due_of_one(hook: &str, limit: &str) -> String {
    format!(
        "SELECT d.delivery_id, d.hook_id, d.due_at, d.updated_at FROM open_deliveries d \
        WHERE d.holder = $1 AND d.due_at <= $2 AND (d.due_at, d.delivery_id) > ($3, $4) AND d.hook_id = {hook} \
        ORDER BY d.due_at, d.delivery_id LIMIT {limit}"
    )
}

#[derive(QueryableByName)]
struct OpenHook {
    #[diesel(sql_type = Text)]
    hook_id: String,
}

/// Those of the hooks for which `holder` holds something that is due by then: usually none, and none costs a statement of its
/// own.
fn hooks_with_held(
    conn: &mut Conn,
    holder: &InstanceId,
    hooks: &[String],
    due_by: DateTime<Utc>,
) -> Result<Vec<String>> {
    let hooks = serde_json::to_string(hooks).unwrap_or_default();
    let found: Vec<OpenHook> = diesel::sql_query(
        "SELECT value AS hook_id FROM json_each($1) WHERE EXISTS ( \
            SELECT 1 FROM open_deliveries d WHERE d.hook_id = value AND d.holder = $2 AND d.due_at <= $3)",
    )
    .bind::<Text, _>(hooks)
    .bind::<Text, _>(holder.as_str())
    .bind::<BigInt, _>(micros(due_by))
    .load(conn)?;
    Ok(found.into_iter().map(|found| found.hook_id).collect())
}
