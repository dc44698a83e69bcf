//! How the deliveries of the last hours stand.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::rows::{BothRows, DeliveryRow, OpenRow, both_rows, read};
use crate::domain::attempt::ErrorClass;
use crate::domain::delivery::{Delivery, Status};
use crate::domain::ids::{EventId, HookId, OrganisationId};
use crate::domain::mode::Mode;
use crate::store::row::Reader;
use crate::store::schema::{deliveries, open_deliveries};
use crate::store::time::micros;
use crate::store::{Conn, Result};

/// What became of an event: its deliveries, oldest first.
pub fn of_event(conn: &mut Conn, organisation: &OrganisationId, event: &EventId) -> Result<Vec<Delivery>> {
    let rows: Vec<BothRows> = both_rows!()
        .filter(deliveries::event_id.eq(event.as_str()).and(deliveries::organisation_id.eq(organisation.as_str())))
        .order((deliveries::created_at, deliveries::id))
        .select((DeliveryRow::as_select(), Option::<OpenRow>::as_select()))
        .load(conn)?;
    rows.into_iter().map(read).collect()
}

/// How the deliveries of an organisation and mode since a time stand, newest first, tests left out, those of one hook or of
/// all: `(hook, status, recorded)` of each. What a hook missed while it was disabled says nothing of how it does.
///
/// Used for small windows; at most 10,001 rows are read. Whoever tells how a hook does asks for that hook: among all, a busy
/// one leaves no room for a quiet one.
pub fn recent_statuses(
    conn: &mut Conn,
    organisation: &OrganisationId,
    mode: Mode,
    hook: Option<&HookId>,
    since: DateTime<Utc>,
) -> Result<Vec<(HookId, Status, DateTime<Utc>)>> {
    let mut query = both_rows!()
        .filter(deliveries::organisation_id.eq(organisation.as_str()).and(deliveries::mode.eq(mode.as_str())))
        .filter(deliveries::created_at.ge(micros(since)).and(deliveries::probe.eq(false)))
        .filter(deliveries::last_class.is_null().or(deliveries::last_class.ne(ErrorClass::Missed.as_str())))
        .into_boxed();
    if let Some(hook) = hook {
        query = query.filter(deliveries::hook_id.eq(hook.as_str()));
    }
    let rows: Vec<(String, String, String, Option<String>, i64)> = query
        .order((deliveries::created_at.desc(), deliveries::id.desc()))
        .limit(10_001)
        .select((
            deliveries::id,
            deliveries::hook_id,
            deliveries::status,
            open_deliveries::status.nullable(),
            deliveries::created_at,
        ))
        .load(conn)?;
    rows.iter()
        .map(|(id, hook, status, open, created)| {
            let row = Reader { table: "deliveries", id };
            let status = row.word("status", open.as_ref().unwrap_or(status), Status::parse)?;
            Ok((row.parse(hook)?, status, row.time(*created)?))
        })
        .collect()
}

/// When something was last recorded for a hook; tests do not count.
pub fn last_recorded(conn: &mut Conn, hook: &HookId) -> Result<Option<DateTime<Utc>>> {
    let last: Option<(String, i64)> = deliveries::table
        .filter(deliveries::hook_id.eq(hook.as_str()).and(deliveries::probe.eq(false)))
        .order((deliveries::created_at.desc(), deliveries::id.desc()))
        .select((deliveries::id, deliveries::created_at))
        .first(conn)
        .optional()?;
    last.map(|(id, at)| Reader { table: "deliveries", id: &id }.time(at)).transpose()
}

/// What is owed in all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Backlog {
    /// Deliveries that are due or will be.
    pub owed: i64,
    /// Deliveries held for paused hooks.
    pub held: i64,
    /// When the oldest of those that are due or will be was recorded.
    pub oldest: Option<DateTime<Utc>>,
}

/// What is owed in all, of every organisation: for the operator. It costs a walk over what is open.
pub fn backlog(conn: &mut Conn) -> Result<Backlog> {
    let (all, due): (i64, i64) = open_deliveries::table
        .select((diesel::dsl::count_star(), diesel::dsl::count(open_deliveries::due_at)))
        .first(conn)?;
    // Ids begin with the time at which they were made.
    let oldest: Option<String> = open_deliveries::table
        .filter(open_deliveries::due_at.is_not_null())
        .select(diesel::dsl::min(open_deliveries::delivery_id))
        .first(conn)?;
    let oldest = oldest.map(|id| deliveries::table.find(id).select((deliveries::id, deliveries::created_at)));
    let oldest: Option<(String, i64)> = oldest.map(|query| query.first(conn).optional()).transpose()?.flatten();
    let oldest = oldest.map(|(id, at)| Reader { table: "deliveries", id: &id }.time(at)).transpose()?;
    Ok(Backlog { owed: due, held: all - due, oldest })
}
