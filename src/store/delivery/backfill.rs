//! Deliveries that an older version left open get their open rows.
//!
//! Until then they stood in the log alone, found by an index over those that are not final. The index goes once all have
//! moved, and with it the question whether there are any left.

use diesel::dsl::max;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Text};

use super::columns::{names, tried};
use crate::store::schema::{deliveries, open_deliveries};
use crate::store::{Conn, Result};

/// Moves up to `limit` open deliveries of the log that have no open row; how many. Call it again until it moves none: they are
/// moved in the order of their ids, so it goes on behind the last one, and a crash in between loses nothing.
pub fn backfill_open_deliveries(conn: &mut Conn, limit: usize) -> Result<usize> {
    if !has_old_index(conn)? {
        return Ok(0);
    }
    let last: Option<String> = open_deliveries::table.select(max(open_deliveries::delivery_id)).get_result(conn)?;
    let moved = diesel::sql_query(concat!(
        "INSERT INTO open_deliveries (delivery_id, organisation_id, hook_id, probe, status, due_at, holder, \
            status_before, arrived_before, next_trigger, ",
        tried!(names! { "" }),
        ", last_class, updated_at) \
        SELECT d.id, d.organisation_id, d.hook_id, d.probe, d.status, d.due_at, d.holder, d.status_before, \
            d.arrived_before, d.next_trigger, ",
        tried!(names! { "d." }),
        ", d.last_class, d.updated_at \
        FROM deliveries d WHERE d.completed_at IS NULL AND d.id > $1 ORDER BY d.id LIMIT $2",
    ));
    let moved = moved.bind::<Text, _>(last.unwrap_or_default());
    Ok(moved.bind::<BigInt, _>(i64::try_from(limit).unwrap_or(i64::MAX)).execute(conn)?)
}

/// How many there are to move, those that have moved included while the others have not.
pub fn count_to_backfill(conn: &mut Conn) -> Result<i64> {
    if !has_old_index(conn)? {
        return Ok(0);
    }
    Ok(deliveries::table.filter(deliveries::completed_at.is_null()).count().get_result(conn)?)
}

/// Drops the index that found open deliveries in the log; nothing happens when that was done before.
pub fn finish_open_deliveries(conn: &mut Conn) -> Result<()> {
    diesel::sql_query("DROP INDEX IF EXISTS deliveries_owed").execute(conn)?;
    Ok(())
}

#[derive(QueryableByName)]
struct Found {
    #[diesel(sql_type = Bool)]
    found: bool,
}

fn has_old_index(conn: &mut Conn) -> Result<bool> {
    let query = match conn {
        Conn::Sqlite(_) => "SELECT EXISTS (SELECT 1 FROM sqlite_master WHERE name = 'deliveries_owed') AS found",
        Conn::Postgres(_) => "SELECT to_regclass('deliveries_owed') IS NOT NULL AS found",
    };
    Ok(diesel::sql_query(query).get_result::<Found>(conn)?.found)
}
