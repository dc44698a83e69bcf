//! Events and their frozen bodies in the database.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::row::Reader;
use super::schema::{event_bodies, event_candidates, events};
use super::time::micros;
use super::{Conn, Result};
use crate::domain::event::{Cause, Event, EventType};
use crate::domain::hook::FieldSet;
use crate::domain::ids::{CandidateId, EventId, OrganisationId};
use crate::domain::mode::Mode;

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
    pub bodies: Vec<(FieldSet, Vec<u8>)>,
    /// Whom it is about.
    pub candidates: Vec<CandidateId>,
}

/// Writes an event, its bodies and whom it is about. `deliveries` is how many hooks its route held.
pub fn insert(conn: &mut Conn, new: &NewEvent, deliveries: usize, now: DateTime<Utc>) -> Result<()> {
    let event = &new.event;
    let row = EventRow {
        id: event.id.to_string(),
        organisation_id: event.organisation_id.to_string(),
        mode: event.mode.to_string(),
        kind: event.kind.to_string(),
        client_id: event.cause.client_id().map(str::to_owned),
        occurred_at: micros(event.occurred_at),
        probe: event.probe,
        deliveries: i32::try_from(deliveries).unwrap_or(i32::MAX),
        created_at: micros(now),
    };
    diesel::insert_into(events::table).values(&row).execute(conn)?;
    for (field_set, body) in &new.bodies {
        diesel::insert_into(event_bodies::table)
            .values((
                event_bodies::event_id.eq(event.id.as_str()),
                event_bodies::field_set.eq(field_set.as_str()),
                event_bodies::body.eq(body),
            ))
            .execute(conn)?;
    }
    for candidate in &new.candidates {
        diesel::insert_into(event_candidates::table)
            .values((
                event_candidates::candidate_id.eq(candidate.as_str()),
                event_candidates::event_id.eq(event.id.as_str()),
            ))
            .execute(conn)?;
    }
    Ok(())
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
        .filter(events::deliveries.eq(0))
        .select(events::id)
        .limit(10_001)
        .load(conn)?;
    Ok(ids.len())
}
