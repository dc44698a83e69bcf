//! What happened, page by page: every event, whether or not a hook wanted it (B1).
//!
//! Pages go by key (created, id), never by offset.

use chrono::{DateTime, Utc};
use diesel::dsl::sql;
use diesel::expression::SqlLiteral;
use diesel::prelude::*;
use diesel::sql_types::Bool;

use super::EventRow;
use crate::domain::catalogue;
use crate::domain::delivery::Delivery;
use crate::domain::event::{Event, EventType};
use crate::domain::hook::FieldSet;
use crate::domain::ids::{EventId, MemberId, OrganisationId};
use crate::domain::mode::Mode;
use crate::store::delivery::rows::{DeliveryRow, OpenRow, both_rows, read};
use crate::store::page::{Page, Slice, sliced};
use crate::store::row::Reader;
use crate::store::schema::{deliveries, event_bodies, events, exports, hooks};
use crate::store::time::micros;
use crate::store::{Conn, Result};

/// Which events; everything combines.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct EventFilter {
    /// Of this type; a name that ends in `.*` is a whole family.
    pub kind: Option<String>,
    /// With a hook in their route, or without one.
    pub routed: Option<bool>,
    /// Recorded at or after.
    pub from: Option<DateTime<Utc>>,
    /// Recorded before.
    pub until: Option<DateTime<Utc>>,
    /// Tests and samples too.
    pub tests: bool,
    /// Only exports confirmed by this member: what a recruiter may see.
    pub exported_by: Option<MemberId>,
}

/// An event as the list shows it.
#[derive(Debug, Clone)]
pub struct EventLine {
    /// What happened.
    pub event: Event,
    /// How many hooks its route held.
    pub deliveries: usize,
    /// When it was recorded; pages go by this.
    pub created_at: DateTime<Utc>,
}

impl EventRow {
    fn line(self) -> Result<EventLine> {
        let row = Reader { table: "events", id: &self.id };
        let (deliveries, created_at) = (row.count(self.deliveries)? as usize, row.time(self.created_at)?);
        Ok(EventLine { deliveries, created_at, event: self.read()? })
    }
}

/// No hook was in the route. The number is written out, for no database knows from a placeholder that the index of such
/// events will do.
pub(super) fn unrouted() -> SqlLiteral<Bool> {
    sql("events.deliveries = 0")
}

/// A page of events, at most `size`.
pub fn page(
    conn: &mut Conn,
    organisation: &OrganisationId,
    mode: Mode,
    filter: &EventFilter,
    slice: &Slice<EventId>,
    size: usize,
) -> Result<Page<EventLine>> {
    let mut query = events::table
        .filter(events::organisation_id.eq(organisation.as_str()).and(events::mode.eq(mode.as_str())))
        .select(EventRow::as_select())
        .into_boxed();
    if let Some(kind) = &filter.kind {
        match kind.strip_suffix('*') {
            Some(family) => {
                let kinds: Vec<&str> =
                    catalogue::all().map(EventType::as_str).filter(|kind| kind.starts_with(family)).collect();
                query = query.filter(events::kind.eq_any(kinds));
            }
            None => query = query.filter(events::kind.eq(kind.as_str())),
        }
    }
    match filter.routed {
        Some(true) => query = query.filter(events::deliveries.gt(0)),
        Some(false) => query = query.filter(unrouted()),
        None => {}
    }
    if let Some(from) = filter.from {
        query = query.filter(events::created_at.ge(micros(from)));
    }
    if let Some(until) = filter.until {
        query = query.filter(events::created_at.lt(micros(until)));
    }
    if !filter.tests {
        query = query.filter(events::probe.eq(false));
    }
    if let Some(member) = &filter.exported_by {
        let own = exports::table.filter(exports::requested_by.eq(member.as_str())).select(exports::event_id);
        query = query.filter(events::id.eq_any(own));
    }
    let rows: Vec<EventRow> = sliced!(query, events, slice, size).load(conn)?;
    Page::of(rows, slice, size, EventRow::line)
}

/// The deliveries that an event caused, first to last, each with its hook's name.
pub fn deliveries_of(conn: &mut Conn, organisation: &OrganisationId, id: &EventId) -> Result<Vec<(Delivery, String)>> {
    let rows: Vec<(DeliveryRow, Option<OpenRow>, String)> = both_rows!()
        .inner_join(hooks::table.on(hooks::id.eq(deliveries::hook_id)))
        .filter(deliveries::event_id.eq(id.as_str()).and(deliveries::organisation_id.eq(organisation.as_str())))
        .order((deliveries::created_at, deliveries::id))
        .select((DeliveryRow::as_select(), Option::<OpenRow>::as_select(), hooks::name))
        .load(conn)?;
    rows.into_iter().map(|(log, open, name)| Ok((read((log, open))?, name))).collect()
}

/// The frozen bytes of an event, once for each field set that was in its route; one when there was none.
pub fn bodies(conn: &mut Conn, id: &EventId) -> Result<Vec<(FieldSet, Vec<u8>)>> {
    let rows: Vec<(String, Vec<u8>)> = event_bodies::table
        .filter(event_bodies::event_id.eq(id.as_str()))
        .order(event_bodies::field_set)
        .select((event_bodies::field_set, event_bodies::body))
        .load(conn)?;
    let reader = Reader { table: "event_bodies", id: id.as_str() };
    rows.into_iter().map(|(set, body)| Ok((reader.word("field_set", &set, FieldSet::parse)?, body))).collect()
}
