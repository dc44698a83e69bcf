//! Deliveries with what it takes to send them: the frozen bytes, and when their event happened.

use bytes::Bytes;
use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::rows::{BothRows, DeliveryRow, OpenRow, both_rows, read};
use crate::domain::delivery::Delivery;
use crate::domain::ids::DeliveryId;
use crate::store::row::Reader;
use crate::store::schema::{deliveries, event_bodies, events, open_deliveries};
use crate::store::{Conn, Result, StoreError};

/// A delivery with what the engine needs to send it.
#[derive(Debug, Clone)]
pub struct Owed {
    /// The delivery.
    pub delivery: Delivery,
    /// When its event happened.
    pub occurred_at: DateTime<Utc>,
    /// The frozen bytes.
    pub body: Bytes,
}

/// What was loaded, and what could not be read.
#[derive(Debug, Default)]
pub struct Loaded {
    /// The longest due first.
    pub owed: Vec<Owed>,
    /// Those whose rows are impossible, or whose bytes are not there. Each has to be set aside ([`super::set_aside`]), or it
    /// comes up again at once.
    pub unreadable: Vec<(DeliveryId, StoreError)>,
}

/// Both rows, when the event happened, and the bytes.
type LoadedRow = (DeliveryRow, OpenRow, Option<i64>, Option<Vec<u8>>);

/// So many are loaded by one query.
const IN_ONE_QUERY: usize = 500;

/// These deliveries as far as they are open, in order of when they are due and of their ids. For a reader, after the claim's
/// commit.
pub fn load_all(conn: &mut Conn, ids: &[DeliveryId]) -> Result<Loaded> {
    let body = event_bodies::event_id.eq(deliveries::event_id).and(event_bodies::field_set.eq(deliveries::field_set));
    let mut loaded = Loaded::default();
    for some in ids.chunks(IN_ONE_QUERY) {
        let some: Vec<&str> = some.iter().map(DeliveryId::as_str).collect();
        let rows: Vec<LoadedRow> = deliveries::table
            .inner_join(open_deliveries::table.on(open_deliveries::delivery_id.eq(deliveries::id)))
            .left_join(events::table.on(events::id.eq(deliveries::event_id)))
            .left_join(event_bodies::table.on(body))
            .filter(deliveries::id.eq_any(some))
            .select((
                DeliveryRow::as_select(),
                OpenRow::as_select(),
                events::occurred_at.nullable(),
                event_bodies::body.nullable(),
            ))
            .load(conn)?;
        for (log, open, occurred_at, body) in rows {
            let id: DeliveryId = Reader { table: "deliveries", id: &log.id }.parse(&log.id)?;
            match owed((log, Some(open)), occurred_at.zip(body)) {
                Ok(owed) => loaded.owed.push(owed),
                Err(error @ StoreError::Corrupt { .. }) => loaded.unreadable.push((id, error)),
                Err(error) => return Err(error),
            }
        }
    }
    loaded.owed.sort_by(|a, b| {
        let place = |owed: &Owed| owed.delivery.state.due();
        place(a).cmp(&place(b)).then_with(|| a.delivery.id.cmp(&b.delivery.id))
    });
    Ok(loaded)
}

/// One delivery with what it takes to send it, open or not.
pub fn load(conn: &mut Conn, id: &DeliveryId) -> Result<Option<Owed>> {
    let found: Option<BothRows> = both_rows!()
        .filter(deliveries::id.eq(id.as_str()))
        .select((DeliveryRow::as_select(), Option::<OpenRow>::as_select()))
        .first(conn)
        .optional()?;
    let Some(rows) = found else { return Ok(None) };
    let frozen = events::table
        .inner_join(event_bodies::table.on(event_bodies::event_id.eq(events::id)))
        .filter(events::id.eq(&rows.0.event_id).and(event_bodies::field_set.eq(&rows.0.field_set)))
        .select((events::occurred_at, event_bodies::body))
        .first(conn)
        .optional()?;
    owed(rows, frozen).map(Some)
}

fn owed(rows: BothRows, frozen: Option<(i64, Vec<u8>)>) -> Result<Owed> {
    let log = &rows.0;
    let (occurred_at, body) = frozen.ok_or_else(|| StoreError::Corrupt {
        table: "deliveries",
        id: log.id.clone(),
        what: format!("event {} has no body for field set {}", log.event_id, log.field_set),
    })?;
    let occurred_at = Reader { table: "events", id: &log.event_id }.time(occurred_at)?;
    Ok(Owed { delivery: read(rows)?, occurred_at, body: body.into() })
}
