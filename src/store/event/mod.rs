//! Events and their frozen bodies in the database.

mod list;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::row::Reader;
use super::schema::{event_bodies, event_candidates, events};
use super::statement::{Batch, Column, Line, Statement, Value};
use super::time::micros;
use super::{Conn, Result};
use crate::domain::event::{Cause, Event, EventType};
use crate::domain::hook::FieldSet;
use crate::domain::ids::{CandidateId, EventId, OrganisationId};
use crate::domain::mode::Mode;

pub use list::{EventFilter, EventLine, bodies, deliveries_of, page};

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = events)]
pub(super) struct EventRow {
    id: String,
    organisation_id: String,
    mode: String,
    kind: String,
    client_id: Option<String>,
    occurred_at: i64,
    probe: bool,
    deliveries: i32,
    created_at: i64,
}

impl EventRow {
    fn write(event: &Event, deliveries: usize, now: DateTime<Utc>) -> Self {
        Self {
            id: event.id.to_string(),
            organisation_id: event.organisation_id.to_string(),
            mode: event.mode.to_string(),
            kind: event.kind.to_string(),
            client_id: event.cause.client_id().map(str::to_owned),
            occurred_at: micros(event.occurred_at),
            probe: event.probe,
            deliveries: i32::try_from(deliveries).unwrap_or(i32::MAX),
            created_at: micros(now),
        }
    }

    pub(super) fn read(self) -> Result<Event> {
        let row = Reader { table: "events", id: &self.id };
        Ok(Event {
            id: row.parse(&self.id)?,
            organisation_id: row.parse(&self.organisation_id)?,
            mode: row.word("mode", &self.mode, Mode::parse)?,
            kind: row.word("kind", &self.kind, EventType::parse)?,
            cause: Cause::from_client_id(self.client_id.as_deref())
                .ok_or_else(|| row.corrupt("client_id is neither a key nor a member"))?,
            occurred_at: row.time(self.occurred_at)?,
            probe: self.probe,
        })
    }
}

/// An event about to be recorded, with everything that belongs to it but its deliveries.
#[derive(Debug, Clone)]
pub struct NewEvent {
    /// What happened.
    pub event: Event,
    /// The frozen bytes, once for each field set in its route.
    pub bodies: Vec<(FieldSet, Bytes)>,
    /// Whom it is about.
    pub candidates: Vec<CandidateId>,
}

/// Writes an event, its bodies and whom it is about. `deliveries` is how many hooks its route held.
pub fn insert(conn: &mut Conn, new: &NewEvent, deliveries: usize, now: DateTime<Utc>) -> Result<()> {
    insert_all(conn, &[(new, deliveries)], now)
}

/// Writes events, each with how many hooks its route held.
pub fn insert_all(conn: &mut Conn, new: &[(&NewEvent, usize)], now: DateTime<Utc>) -> Result<()> {
    match conn {
        Conn::Sqlite(conn) => insert_sqlite(conn, new, now)?,
        Conn::Postgres(_) if new.is_empty() => {}
        Conn::Postgres(conn) => {
            let rows = new.iter().map(|(new, deliveries)| EventRow::write(&new.event, *deliveries, now));
            insert_batch(&rows.collect::<Vec<_>>(), new).execute(conn)?;
        }
    }
    for (event, _) in new {
        for candidate in &event.candidates {
            diesel::insert_into(event_candidates::table)
                .values((
                    event_candidates::candidate_id.eq(candidate.as_str()),
                    event_candidates::event_id.eq(event.event.id.as_str()),
                ))
                .execute(conn)?;
        }
    }
    Ok(())
}

fn insert_sqlite(conn: &mut SqliteConnection, new: &[(&NewEvent, usize)], now: DateTime<Utc>) -> Result<()> {
    for (NewEvent { event, bodies, .. }, deliveries) in new {
        let id = event.id.as_str();
        Line::<InsertEvent, 9>::new([
            Value::Text(id),
            Value::Text(event.organisation_id.as_str()),
            Value::Text(event.mode.as_str()),
            Value::Text(event.kind.as_str()),
            Value::TextOrNull(event.cause.client_id()),
            Value::Big(micros(event.occurred_at)),
            Value::Bool(event.probe),
            Value::Int(i32::try_from(*deliveries).unwrap_or(i32::MAX)),
            Value::Big(micros(now)),
        ])
        .execute(conn)?;
        for (field_set, body) in bodies {
            let body = [Value::Text(id), Value::Text(field_set.as_str()), Value::Bytes(body)];
            Line::<InsertBody, 3>::new(body).execute(conn)?;
        }
    }
    Ok(())
}

struct InsertEvent;

impl Statement for InsertEvent {
    const SQL: &'static str = "INSERT INTO events (id, organisation_id, mode, kind, client_id, occurred_at, probe, \
        deliveries, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)";
}

struct InsertBody;

impl Statement for InsertBody {
    const SQL: &'static str = "INSERT INTO event_bodies (event_id, field_set, body) VALUES (?, ?, ?)";
}

struct InsertEvents;

impl Statement for InsertEvents {
    const SQL: &'static str = "WITH bodies AS ( \
            INSERT INTO event_bodies (event_id, field_set, body) SELECT * FROM UNNEST(?, ?, ?)) \
        INSERT INTO events (id, organisation_id, mode, kind, client_id, occurred_at, probe, deliveries, created_at) \
        SELECT * FROM UNNEST(?, ?, ?, ?, ?, ?, ?, ?, ?)";
}

fn insert_batch<'a>(rows: &'a [EventRow], new: &'a [(&NewEvent, usize)]) -> Batch<'a, InsertEvents> {
    let text = |of: fn(&EventRow) -> &str| Column::Text(rows.iter().map(of).collect());
    let big = |of: fn(&EventRow) -> i64| Column::Big(rows.iter().map(of).collect());
    let bodies = || new.iter().flat_map(|(new, _)| new.bodies.iter().map(|(set, body)| (&new.event.id, set, body)));
    Batch::new(vec![
        Column::Text(bodies().map(|(id, ..)| id.as_str()).collect()),
        Column::Text(bodies().map(|(_, set, _)| set.as_str()).collect()),
        Column::Bytes(bodies().map(|(.., body)| body.as_ref()).collect()),
        text(|row| &row.id),
        text(|row| &row.organisation_id),
        text(|row| &row.mode),
        text(|row| &row.kind),
        Column::TextOrNull(rows.iter().map(|row| row.client_id.as_deref()).collect()),
        big(|row| row.occurred_at),
        Column::Bool(rows.iter().map(|row| row.probe).collect()),
        Column::Int(rows.iter().map(|row| row.deliveries).collect()),
        big(|row| row.created_at),
    ])
}

/// One event of an organisation.
pub fn find(conn: &mut Conn, organisation: &OrganisationId, id: &EventId) -> Result<Option<Event>> {
    let row = events::table
        .find(id.as_str())
        .filter(events::organisation_id.eq(organisation.as_str()))
        .select(EventRow::as_select())
        .first(conn)
        .optional()?;
    row.map(EventRow::read).transpose()
}

/// The frozen bytes of an event for a field set.
pub fn body(conn: &mut Conn, id: &EventId, field_set: FieldSet) -> Result<Option<Vec<u8>>> {
    Ok(event_bodies::table.find((id.as_str(), field_set.as_str())).select(event_bodies::body).first(conn).optional()?)
}

/// How many events of a mode matched no hook, counted up to 10,001.
pub fn count_unrouted(conn: &mut Conn, organisation: &OrganisationId, mode: Mode) -> Result<usize> {
    let ids: Vec<String> = events::table
        .filter(events::organisation_id.eq(organisation.as_str()).and(events::mode.eq(mode.as_str())))
        .filter(list::unrouted())
        .select(events::id)
        .limit(10_001)
        .load(conn)?;
    Ok(ids.len())
}
