//! Attempts in the database.

use std::time::Duration;

use diesel::prelude::*;

use super::row::Reader;
use super::schema::attempts;
use super::statement::{Column, Line, Statement, Value};
use super::time::micros;
use super::{Conn, Result};
use crate::domain::attempt::{Attempt, ErrorClass, Outcome, Proof, Request, Response, Timings, Trigger};
use crate::domain::ids::{AttemptId, DeliveryId};

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = attempts)]
pub(super) struct AttemptRow {
    id: String,
    delivery_id: String,
    number: i32,
    trigger_kind: String,
    started_at: i64,
    finished_at: i64,
    request_target: Option<String>,
    request_headers: Option<String>,
    response_status: Option<i32>,
    response_headers: Option<String>,
    response_headers_cut: bool,
    response_body: Option<Vec<u8>>,
    response_body_cut: bool,
    dns_us: Option<i64>,
    connect_us: Option<i64>,
    first_byte_us: Option<i64>,
    total_us: i64,
    remote: Option<String>,
    error_class: Option<String>,
    detail: Option<String>,
    secret_ends_in: Option<String>,
    key_ends_in: Option<String>,
}

fn to_us(span: Duration) -> i64 {
    i64::try_from(span.as_micros()).unwrap_or(i64::MAX)
}

fn from_us(stored: i64) -> Duration {
    Duration::from_micros(u64::try_from(stored).unwrap_or_default())
}

impl AttemptRow {
    pub(super) fn write(attempt: &Attempt) -> Self {
        let response = attempt.response.as_ref();
        Self {
            id: attempt.id.to_string(),
            delivery_id: attempt.delivery_id.to_string(),
            number: i32::try_from(attempt.number).unwrap_or(i32::MAX),
            trigger_kind: attempt.trigger.stored().to_owned(),
            started_at: micros(attempt.started_at),
            finished_at: micros(attempt.finished_at),
            request_target: attempt.request.as_ref().map(|request| request.target.clone()),
            request_headers: attempt.request.as_ref().map(|request| request.headers.as_str().to_owned()),
            response_status: attempt.outcome.status.map(i32::from),
            response_headers: response.map(|response| response.headers.as_str().to_owned()),
            response_headers_cut: response.is_some_and(|response| response.headers_cut),
            response_body: response.map(|response| response.body.clone()),
            response_body_cut: response.is_some_and(|response| response.body_cut),
            dns_us: attempt.timings.dns.map(to_us),
            connect_us: attempt.timings.connect.map(to_us),
            first_byte_us: attempt.timings.first_byte.map(to_us),
            total_us: to_us(attempt.timings.total),
            remote: attempt.remote.map(|remote| remote.to_string()),
            error_class: attempt.outcome.class.map(|class| class.as_str().to_owned()),
            detail: attempt.outcome.detail.clone(),
            secret_ends_in: attempt.proof.secret.clone(),
            key_ends_in: attempt.proof.key.clone(),
        }
    }

    fn read(self) -> Result<Attempt> {
        let row = Reader { table: "attempts", id: &self.id };
        let status = row.status(self.response_status)?;
        let response = match (status, self.response_headers, self.response_body) {
            (Some(status), Some(headers), Some(body)) => Some(Response {
                status,
                headers: row.header_lines(headers)?,
                headers_cut: self.response_headers_cut,
                body,
                body_cut: self.response_body_cut,
            }),
            _ => None,
        };
        let request = match (self.request_target, self.request_headers) {
            (Some(target), Some(headers)) => Some(Request { target, headers: row.header_lines(headers)? }),
            _ => None,
        };
        Ok(Attempt {
            id: row.parse(&self.id)?,
            delivery_id: row.parse(&self.delivery_id)?,
            number: row.count(self.number)?,
            trigger: row.word("trigger_kind", &self.trigger_kind, Trigger::parse)?,
            proof: Proof { secret: self.secret_ends_in, key: self.key_ends_in },
            started_at: row.time(self.started_at)?,
            finished_at: row.time(self.finished_at)?,
            request,
            response,
            timings: Timings {
                dns: self.dns_us.map(from_us),
                connect: self.connect_us.map(from_us),
                first_byte: self.first_byte_us.map(from_us),
                total: from_us(self.total_us),
            },
            remote: row.parse_some(self.remote.as_deref())?,
            outcome: Outcome {
                status,
                class: self
                    .error_class
                    .as_deref()
                    .map(|word| row.word("error_class", word, ErrorClass::parse))
                    .transpose()?,
                detail: self.detail,
                retry_after: None,
            },
        })
    }
}

/// Writes an attempt.
pub fn insert(conn: &mut Conn, attempt: &Attempt) -> Result<()> {
    diesel::insert_into(attempts::table).values(&AttemptRow::write(attempt)).execute(conn)?;
    Ok(())
}

/// Whether this attempt of this delivery is written down already.
pub fn is_there(conn: &mut Conn, delivery: &DeliveryId, id: &AttemptId) -> Result<bool> {
    let found =
        attempts::table.filter(attempts::delivery_id.eq(delivery.as_str())).filter(attempts::id.eq(id.as_str()));
    Ok(diesel::select(diesel::dsl::exists(found)).get_result(conn)?)
}

struct InsertAttempt;

impl Statement for InsertAttempt {
    const SQL: &'static str = "INSERT INTO attempts (id, delivery_id, number, trigger_kind, started_at, finished_at, \
        request_target, request_headers, response_status, response_headers, response_headers_cut, response_body, \
        response_body_cut, dns_us, connect_us, first_byte_us, total_us, remote, error_class, detail, secret_ends_in, \
        key_ends_in) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
}

/// Writes an attempt to SQLite, as fast as can be.
pub(super) fn insert_line(conn: &mut SqliteConnection, attempt: &Attempt) -> Result<()> {
    let (request, response) = (attempt.request.as_ref(), attempt.response.as_ref());
    let remote = attempt.remote.map(|remote| remote.to_string());
    Line::<InsertAttempt, 22>::new([
        Value::Text(attempt.id.as_str()),
        Value::Text(attempt.delivery_id.as_str()),
        Value::Int(i32::try_from(attempt.number).unwrap_or(i32::MAX)),
        Value::Text(attempt.trigger.stored()),
        Value::Big(micros(attempt.started_at)),
        Value::Big(micros(attempt.finished_at)),
        Value::TextOrNull(request.map(|request| request.target.as_str())),
        Value::TextOrNull(request.map(|request| request.headers.as_str())),
        Value::IntOrNull(attempt.outcome.status.map(i32::from)),
        Value::TextOrNull(response.map(|response| response.headers.as_str())),
        Value::Bool(response.is_some_and(|response| response.headers_cut)),
        Value::BytesOrNull(response.map(|response| response.body.as_slice())),
        Value::Bool(response.is_some_and(|response| response.body_cut)),
        Value::BigOrNull(attempt.timings.dns.map(to_us)),
        Value::BigOrNull(attempt.timings.connect.map(to_us)),
        Value::BigOrNull(attempt.timings.first_byte.map(to_us)),
        Value::Big(to_us(attempt.timings.total)),
        Value::TextOrNull(remote.as_deref()),
        Value::TextOrNull(attempt.outcome.class.map(ErrorClass::as_str)),
        Value::TextOrNull(attempt.outcome.detail.as_deref()),
        Value::TextOrNull(attempt.proof.secret.as_deref()),
        Value::TextOrNull(attempt.proof.key.as_deref()),
    ])
    .execute(conn)?;
    Ok(())
}

/// The columns of the table, in its order, for a statement that writes many.
pub(super) fn columns(rows: &[AttemptRow]) -> Vec<Column<'_>> {
    let text = |of: fn(&AttemptRow) -> &str| Column::Text(rows.iter().map(of).collect());
    let text_or_null = |of: fn(&AttemptRow) -> Option<&str>| Column::TextOrNull(rows.iter().map(of).collect());
    let big = |of: fn(&AttemptRow) -> i64| Column::Big(rows.iter().map(of).collect());
    let big_or_null = |of: fn(&AttemptRow) -> Option<i64>| Column::BigOrNull(rows.iter().map(of).collect());
    vec![
        text(|row| &row.id),
        text(|row| &row.delivery_id),
        Column::Int(rows.iter().map(|row| row.number).collect()),
        text(|row| &row.trigger_kind),
        big(|row| row.started_at),
        big(|row| row.finished_at),
        text_or_null(|row| row.request_target.as_deref()),
        text_or_null(|row| row.request_headers.as_deref()),
        Column::IntOrNull(rows.iter().map(|row| row.response_status).collect()),
        text_or_null(|row| row.response_headers.as_deref()),
        Column::Bool(rows.iter().map(|row| row.response_headers_cut).collect()),
        Column::BytesOrNull(rows.iter().map(|row| row.response_body.as_deref()).collect()),
        Column::Bool(rows.iter().map(|row| row.response_body_cut).collect()),
        big_or_null(|row| row.dns_us),
        big_or_null(|row| row.connect_us),
        big_or_null(|row| row.first_byte_us),
        big(|row| row.total_us),
        text_or_null(|row| row.remote.as_deref()),
        text_or_null(|row| row.error_class.as_deref()),
        text_or_null(|row| row.detail.as_deref()),
        text_or_null(|row| row.secret_ends_in.as_deref()),
        text_or_null(|row| row.key_ends_in.as_deref()),
    ]
}

/// The attempts of a delivery, newest first, at most 100.
pub fn of_delivery(conn: &mut Conn, delivery: &DeliveryId) -> Result<Vec<Attempt>> {
    let rows = attempts::table
        .filter(attempts::delivery_id.eq(delivery.as_str()))
        .order(attempts::number.desc())
        .limit(100)
        .select(AttemptRow::as_select())
        .load(conn)?;
    rows.into_iter().map(AttemptRow::read).collect()
}
