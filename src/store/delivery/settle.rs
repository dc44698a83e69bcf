//! A try is written down: the delivery moves on and the attempt is kept, if nobody has touched the delivery meanwhile.
//!
//! The condition is part of the write, so the usual case reads nothing first: still held by the instance that tried, and
//! unchanged since the try began. Whatever does not fit is left to the caller, who looks at it under lock.

use std::collections::HashSet;

use diesel::prelude::*;

use super::{DeliveryRow, count};
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
        let (before, after) = (one.before, one.after);
        let due = after.state.due();
        let changed = Line::<MoveOn, 17>::new([
            Value::Text(after.state.status().as_str()),
            Value::BigOrNull(due.map(micros)),
            Value::Text(after.trigger.stored()),
            Value::Int(count(after.tries.automatic)),
            Value::Int(count(after.tries.manual)),
            Value::Int(count(after.tries.rotation)),
            Value::BigOrNull(after.sent_at.map(micros)),
            Value::BigOrNull(after.state.completed_at().map(micros)),
            Value::IntOrNull(after.response_status.map(i32::from)),
            Value::TextOrNull(after.last_class.map(ErrorClass::as_str)),
            Value::TextOrNull(due.and(one.holder).map(InstanceId::as_str)),
            Value::Big(micros(after.updated_at)),
            Value::Text(after.id.as_str()),
            Value::Text(own.as_str()),
            Value::Big(micros(before.updated_at)),
            Value::Text(before.trigger.stored()),
            Value::Text(before.hook_id.as_str()),
        ])
        .execute(conn)?;
        if changed == 1 {
            attempt::insert_line(conn, one.attempt)?;
            written.insert(after.id.to_string());
        }
    }
    Ok(written)
}

struct MoveOn;

impl Statement for MoveOn {
    const SQL: &'static str = "UPDATE deliveries SET status = ?, due_at = ?, next_trigger = ?, automatic_tries = ?, \
        manual_tries = ?, rotation_tries = ?, sent_at = ?, completed_at = ?, response_status = ?, last_class = ?, \
        holder = ?, updated_at = ? \
        WHERE id = ? AND holder = ? AND updated_at = ? AND next_trigger = ? AND hook_id = ?";
}

struct Settle;

impl Statement for Settle {
    const SQL: &'static str = "WITH changed AS ( \
            UPDATE deliveries d SET status = v.status, due_at = v.due_at, next_trigger = v.next_trigger, \
                automatic_tries = v.automatic_tries, manual_tries = v.manual_tries, \
                rotation_tries = v.rotation_tries, sent_at = v.sent_at, completed_at = v.completed_at, \
                response_status = v.response_status, last_class = v.last_class, \
                holder = v.holder, updated_at = v.updated_at \
            FROM UNNEST(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) AS v (id, updated_before, trigger_before, \
                hook_before, status, due_at, next_trigger, automatic_tries, manual_tries, rotation_tries, sent_at, \
                completed_at, response_status, last_class, \
                holder, updated_at) \
            WHERE d.id = v.id AND d.holder = ? AND d.updated_at = v.updated_before \
                AND d.next_trigger = v.trigger_before AND d.hook_id = v.hook_before \
            RETURNING d.id) \
        INSERT INTO attempts (id, delivery_id, number, trigger_kind, started_at, finished_at, request_target, \
            request_headers, response_status, response_headers, response_headers_cut, response_body, response_body_cut, \
            dns_us, connect_us, first_byte_us, total_us, remote, error_class, detail, secret_ends_in, key_ends_in) \
        SELECT a.* FROM UNNEST(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) AS a (id, delivery_id, number, \
            trigger_kind, started_at, finished_at, request_target, request_headers, response_status, response_headers, \
            response_headers_cut, response_body, response_body_cut, dns_us, connect_us, first_byte_us, total_us, remote, \
            error_class, detail, secret_ends_in, key_ends_in) JOIN changed ON changed.id = a.delivery_id \
        RETURNING delivery_id";
}

fn settle_postgres(
    conn: &mut diesel::PgConnection,
    own: &InstanceId,
    settled: &[Settled<'_>],
) -> Result<HashSet<String>> {
    let rows: Vec<DeliveryRow> = settled.iter().map(|one| DeliveryRow::write(one.after, one.holder)).collect();
    let attempts: Vec<attempt::AttemptRow> =
        settled.iter().map(|one| attempt::AttemptRow::write(one.attempt)).collect();
    let mut columns = vec![
        Column::Text(rows.iter().map(|row| row.id.as_str()).collect()),
        Column::Big(settled.iter().map(|one| micros(one.before.updated_at)).collect()),
        Column::Text(settled.iter().map(|one| one.before.trigger.stored()).collect()),
        Column::Text(settled.iter().map(|one| one.before.hook_id.as_str()).collect()),
        Column::Text(rows.iter().map(|row| row.status.as_str()).collect()),
        Column::BigOrNull(rows.iter().map(|row| row.due_at).collect()),
        Column::Text(rows.iter().map(|row| row.next_trigger.as_str()).collect()),
        Column::Int(rows.iter().map(|row| row.automatic_tries).collect()),
        Column::Int(rows.iter().map(|row| row.manual_tries).collect()),
        Column::Int(rows.iter().map(|row| row.rotation_tries).collect()),
        Column::BigOrNull(rows.iter().map(|row| row.sent_at).collect()),
        Column::BigOrNull(rows.iter().map(|row| row.completed_at).collect()),
        Column::IntOrNull(rows.iter().map(|row| row.response_status).collect()),
        Column::TextOrNull(rows.iter().map(|row| row.last_class.as_deref()).collect()),
        Column::TextOrNull(rows.iter().map(|row| row.holder.as_deref()).collect()),
        Column::Big(rows.iter().map(|row| row.updated_at).collect()),
        Column::One(own.as_str()),
    ];
    columns.extend(attempt::columns(&attempts));
    let written: Vec<String> = Batch::<Settle>::new(columns).load(conn)?;
    Ok(written.into_iter().collect())
}
