//! What hooks miss while they are disabled: ended, counted, and sent after all; a chunk at a time, so that a hundred
//! thousand hold up nobody.

use chrono::{DateTime, Utc};
use diesel::dsl::{auto_type, sql};
use diesel::expression::SqlLiteral;
use diesel::prelude::*;
use diesel::sql_types::Bool;

use super::MAX_OWED;
use super::columns::{names, tried};
use super::end::end;
use super::owed::owed;
use crate::domain::attempt::ErrorClass;
use crate::domain::ids::HookId;
use crate::store::row::json_text;
use crate::store::schema::{deliveries, open_deliveries};
use crate::store::statement::{Batch, Column, Line, Statement, Value};
use crate::store::time::micros;
use crate::store::{Conn, Result};

/// So many deliveries are changed in one transaction.
pub const CHUNK: usize = 250;

/// In the words of the index: a bound value would not be seen to fit it.
pub(super) const IS_MISSED: &str = "last_class = 'missed'";

/// What a hook has missed.
#[auto_type]
pub(super) fn missed<'a>(hook: &'a str) -> _ {
    let is_missed: SqlLiteral<Bool> = sql(IS_MISSED);
    deliveries::table.filter(deliveries::hook_id.eq(hook).and(is_missed))
}

/// Ends what is owed to a hook as missed, [`CHUNK`] deliveries at most; how many. Tests go on: they are sent to a disabled
/// hook, too. What somebody is writing at this moment is left out.
pub fn miss_chunk(conn: &mut Conn, hook: &HookId, now: DateTime<Utc>) -> Result<usize> {
    let query = owed(hook.as_str()).filter(open_deliveries::probe.eq(false)).limit(CHUNK as i64);
    let query = query.select(open_deliveries::delivery_id);
    let ids = load_free!(query, conn);
    end(conn, &ids, ErrorClass::Missed, now)
}

/// How much a hook has missed, counted up to [`MAX_OWED`]; the second value says whether counting stopped there.
pub fn count_missed_by(conn: &mut Conn, hook: &HookId) -> Result<(usize, bool)> {
    let found: Vec<String> = missed(hook.as_str()).select(deliveries::id).limit(MAX_OWED as i64 + 1).load(conn)?;
    Ok((found.len().min(MAX_OWED), found.len() > MAX_OWED))
}

/// Makes due now what a hook missed, the oldest first, [`CHUNK`] deliveries at most; how many. Nobody holds it, and its policy
/// goes on where it stopped.
pub fn send_missed_chunk(conn: &mut Conn, hook: &HookId, now: DateTime<Utc>) -> Result<usize> {
    let query = missed(hook.as_str())
        .order((deliveries::created_at, deliveries::id))
        .limit(CHUNK as i64)
        .select(deliveries::id);
    let ids = load_free!(query, conn);
    let now = micros(now);
    match conn {
        _ if ids.is_empty() => Ok(0),
        Conn::Sqlite(conn) => {
            let these = json_text(&ids);
            Line::<OpenAgain, 3>::new([Value::Big(now), Value::Big(now), Value::Text(&these)]).execute(conn)?;
            Ok(Line::<ReopenInLog, 2>::new([Value::Big(now), Value::Text(&these)]).execute(conn)?)
        }
        Conn::Postgres(conn) => {
            let these = || Column::Text(ids.iter().map(String::as_str).collect());
            let at = || Column::OneBig(now);
            Ok(Batch::<Reopen>::new(vec![at(), at(), these(), at(), these()]).execute(conn)?)
        }
    }
}

struct OpenAgain;

impl Statement for OpenAgain {
    const SQL: &'static str = concat!(
        "INSERT INTO open_deliveries (delivery_id, organisation_id, hook_id, probe, status, due_at, status_before, \
            arrived_before, next_trigger, ",
        tried!(names! { "" }),
        ", updated_at) \
        SELECT id, organisation_id, hook_id, probe, CASE WHEN sent_at IS NULL THEN 'pending' ELSE 'retrying' END, \
            ?, status_before, arrived_before, 'automatic', ",
        tried!(names! { "" }),
        ", ? FROM deliveries WHERE id IN (SELECT value FROM json_each(?))"
    );
}

struct ReopenInLog;

impl Statement for ReopenInLog {
    const SQL: &'static str = "UPDATE deliveries SET \
            status = CASE WHEN sent_at IS NULL THEN 'pending' ELSE 'retrying' END, completed_at = NULL, \
            last_class = NULL, next_trigger = 'automatic', updated_at = ? \
        WHERE id IN (SELECT value FROM json_each(?))";
}

struct Reopen;

impl Statement for Reopen {
    const SQL: &'static str = concat!(
        "WITH opened AS ( \
            INSERT INTO open_deliveries (delivery_id, organisation_id, hook_id, probe, status, due_at, status_before, \
                arrived_before, next_trigger, ",
        tried!(names! { "" }),
        ", updated_at) \
            SELECT id, organisation_id, hook_id, probe, CASE WHEN sent_at IS NULL THEN 'pending' ELSE 'retrying' END, \
                ?, status_before, arrived_before, 'automatic', ",
        tried!(names! { "" }),
        ", ? FROM deliveries WHERE id = ANY(?)) \
        UPDATE deliveries SET status = CASE WHEN sent_at IS NULL THEN 'pending' ELSE 'retrying' END, \
            completed_at = NULL, last_class = NULL, next_trigger = 'automatic', updated_at = ? WHERE id = ANY(?)"
    );
}
