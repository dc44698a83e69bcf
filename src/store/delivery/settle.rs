//! An attempt is written down: the delivery moves on and the attempt is kept, if nobody has touched the delivery meanwhile.
//!
//! The condition is part of the write, so the usual case reads nothing first: still held by the instance that tried, and
//! unchanged since the attempt began. Whatever does not fit is left to the caller, who looks at it under lock. A delivery that
//! goes on moves in its open row alone; one that has ended leaves that table, and the log's row is written.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use diesel::RunQueryDsl as _;

use super::columns::{arrays, marks, names, set_from, set_values, tried, values};
use crate::domain::attempt::{Attempt, ErrorClass};
use crate::domain::delivery::Delivery;
use crate::domain::ids::InstanceId;
use crate::store::attempt;
use crate::store::statement::{Batch, Column, Line, Statement, Value};
use crate::store::time::micros;
use crate::store::{Conn, Result};

/// One try to be written down.
#[derive(Debug, Clone)]
pub struct Settled<'a> {
    /// The delivery as it stood when the try began.
    pub before: &'a Delivery,
    /// As it stands now.
    pub after: &'a Delivery,
    /// Who goes on holding it.
    pub holder: Option<&'a InstanceId>,
    /// The try.
    pub attempt: &'a Attempt,
}

/// Writes these tries down as far as their deliveries are as they were; the ids of those that are written.
pub fn settle(conn: &mut Conn, own: &InstanceId, settled: &[Settled<'_>]) -> Result<HashSet<String>> {
    match conn {
        Conn::Sqlite(conn) => settle_sqlite(conn, own, settled),
        Conn::Postgres(_) if settled.is_empty() => Ok(HashSet::new()),
        Conn::Postgres(conn) => settle_postgres(conn, own, settled),
    }
}

fn settle_sqlite(
    conn: &mut diesel::SqliteConnection,
    own: &InstanceId,
    settled: &[Settled<'_>],
) -> Result<HashSet<String>> {
    let mut written = HashSet::with_capacity(settled.len());
    for one in settled {
        let changed = if one.after.state.is_owed() { move_on(conn, own, one)? } else { close_and_log(conn, own, one)? };
        if changed {
            attempt::insert_line(conn, one.attempt)?;
            written.insert(one.after.id.to_string());
        }
    }
    Ok(written)
}

fn move_on(conn: &mut diesel::SqliteConnection, own: &InstanceId, one: &Settled<'_>) -> Result<bool> {
    let (before, after) = (one.before, one.after);
    let due = after.state.due();
    let values = tried!(values! {
        after;
        [
            Value::Text(after.state.status().as_str()),
            Value::BigOrNull(due.map(micros)),
            Value::Text(after.trigger.stored()),
        ];
        [
            Value::TextOrNull(after.last_class.map(ErrorClass::as_str)),
            Value::TextOrNull(due.and(one.holder).map(InstanceId::as_str)),
            Value::Big(micros(after.updated_at)),
            Value::Text(after.id.as_str()),
            Value::Text(own.as_str()),
            Value::Big(micros(before.updated_at)),
            Value::BigOrNull(before.state.due().map(micros)),
            Value::Text(before.trigger.stored()),
            Value::Text(before.hook_id.as_str()),
        ]
    });
    let changed = Line::<MoveOn, _>::new(values).execute(conn)?;
    Ok(changed == 1)
}

fn close_and_log(conn: &mut diesel::SqliteConnection, own: &InstanceId, one: &Settled<'_>) -> Result<bool> {
    let (before, after) = (one.before, one.after);
    let closed = Line::<Close, 6>::new([
        Value::Text(after.id.as_str()),
        Value::Text(own.as_str()),
        Value::Big(micros(before.updated_at)),
        Value::BigOrNull(before.state.due().map(micros)),
        Value::Text(before.trigger.stored()),
        Value::Text(before.hook_id.as_str()),
    ])
    .execute(conn)?;
    if closed == 0 {
        return Ok(false);
    }
    let values = tried!(values! {
        after;
        [Value::Text(after.state.status().as_str()), Value::Text(after.trigger.stored())];
        [
            Value::BigOrNull(after.state.completed_at().map(micros)),
            Value::TextOrNull(after.last_class.map(ErrorClass::as_str)),
            Value::Big(micros(after.updated_at)),
            Value::Text(after.id.as_str()),
        ]
    });
    Line::<Log, _>::new(values).execute(conn)?;
    Ok(true)
}

struct MoveOn;

impl Statement for MoveOn {
    const SQL: &'static str = concat!(
        "UPDATE open_deliveries SET status = ?, due_at = ?, next_trigger = ?, ",
        tried!(set_values! {}),
        ", last_class = ?, holder = ?, updated_at = ? \
        WHERE delivery_id = ? AND holder = ? AND updated_at = ? AND due_at = ? AND next_trigger = ? AND hook_id = ?"
    );
}

struct Close;

impl Statement for Close {
    const SQL: &'static str = "DELETE FROM open_deliveries WHERE delivery_id = ? AND holder = ? AND updated_at = ? \
        AND due_at = ? AND next_trigger = ? AND hook_id = ?";
}

struct Log;

impl Statement for Log {
    // What it had come to before it was sent again stands there since then.
    const SQL: &'static str = concat!(
        "UPDATE deliveries SET status = ?, next_trigger = ?, ",
        tried!(set_values! {}),
        ", completed_at = ?, last_class = ?, updated_at = ? WHERE id = ?"
    );
}

struct Settle;

impl Statement for Settle {
    const SQL: &'static str = concat!(
        "WITH v AS ( \
            SELECT * FROM UNNEST(?, ?, ?, ?, ?, ?, ?, ?, ",
        tried!(marks! {}),
        ", ?, ?, ?, ?) AS v (id, updated_before, due_before, trigger_before, hook_before, status, due_at, next_trigger, ",
        tried!(names! { "" }),
        ", completed_at, last_class, holder, updated_at)), \
        closed AS ( \
            DELETE FROM open_deliveries o USING v WHERE v.completed_at IS NOT NULL \
                AND o.delivery_id = v.id AND o.holder = ? AND o.updated_at = v.updated_before \
                AND o.due_at = v.due_before AND o.next_trigger = v.trigger_before AND o.hook_id = v.hook_before \
            RETURNING v.*), \
        moved_on AS ( \
            UPDATE open_deliveries o SET status = v.status, due_at = v.due_at, next_trigger = v.next_trigger, ",
        tried!(set_from! { "v." }),
        ", last_class = v.last_class, holder = v.holder, updated_at = v.updated_at \
            FROM v WHERE v.completed_at IS NULL \
                AND o.delivery_id = v.id AND o.holder = ? AND o.updated_at = v.updated_before \
                AND o.due_at = v.due_before AND o.next_trigger = v.trigger_before AND o.hook_id = v.hook_before \
            RETURNING v.id), \
        logged AS ( \
            UPDATE deliveries d SET status = c.status, next_trigger = c.next_trigger, ",
        tried!(set_from! { "c." }),
        ", completed_at = c.completed_at, last_class = c.last_class, updated_at = c.updated_at \
            FROM closed c WHERE d.id = c.id) \
        INSERT INTO attempts (id, delivery_id, number, trigger_kind, started_at, finished_at, request_target, \
            request_headers, response_status, response_headers, response_headers_cut, response_body, response_body_cut, \
            dns_us, connect_us, first_byte_us, total_us, remote, error_class, detail, secret_ends_in, key_ends_in) \
        SELECT a.* FROM UNNEST(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) AS a (id, delivery_id, number, \
            trigger_kind, started_at, finished_at, request_target, request_headers, response_status, response_headers, \
            response_headers_cut, response_body, response_body_cut, dns_us, connect_us, first_byte_us, total_us, remote, \
            error_class, detail, secret_ends_in, key_ends_in) \
            JOIN (SELECT id FROM closed UNION ALL SELECT id FROM moved_on) AS changed ON changed.id = a.delivery_id \
        RETURNING delivery_id"
    );
}

fn settle_postgres<'a>(
    conn: &mut diesel::PgConnection,
    own: &InstanceId,
    settled: &[Settled<'a>],
) -> Result<HashSet<String>> {
    let text = |of: for<'x> fn(&'x Settled<'_>) -> &'x str| Column::Text(settled.iter().map(of).collect());
    let time = |of: fn(&Settled<'_>) -> Option<DateTime<Utc>>| {
        Column::BigOrNull(settled.iter().map(|one| of(one).map(micros)).collect())
    };
    let big = |of: fn(&Settled<'_>) -> DateTime<Utc>| Column::Big(settled.iter().map(|one| micros(of(one))).collect());
    let attempts: Vec<attempt::AttemptRow> =
        settled.iter().map(|one| attempt::AttemptRow::write(one.attempt)).collect();
    let holder = |one: &Settled<'a>| one.holder.filter(|_| one.after.state.due().is_some()).map(InstanceId::as_str);
    let mut columns = tried!(arrays! {
        settled, |one| one.after;
        [
            text(|one| one.after.id.as_str()),
            big(|one| one.before.updated_at),
            time(|one| one.before.state.due()),
            text(|one| one.before.trigger.stored()),
            text(|one| one.before.hook_id.as_str()),
            text(|one| one.after.state.status().as_str()),
            time(|one| one.after.state.due()),
            text(|one| one.after.trigger.stored()),
        ];
        [
            time(|one| one.after.state.completed_at()),
            Column::TextOrNull(settled.iter().map(|one| one.after.last_class.map(ErrorClass::as_str)).collect()),
            Column::TextOrNull(settled.iter().map(holder).collect()),
            big(|one| one.after.updated_at),
            Column::One(own.as_str()),
            Column::One(own.as_str()),
        ]
    });
    columns.extend(attempt::columns(&attempts));
    let written: Vec<String> = Batch::<Settle>::new(columns).load(conn)?;
    Ok(written.into_iter().collect())
}
