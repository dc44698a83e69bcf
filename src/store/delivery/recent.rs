//! How the deliveries of the last hours stand.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use crate::domain::delivery::Status;
use crate::domain::ids::{HookId, OrganisationId};
use crate::domain::mode::Mode;
use crate::store::row::Reader;
use crate::store::schema::deliveries;
use crate::store::time::micros;
use crate::store::{Conn, Result};

/// How the deliveries of an organisation and mode since a time stand, newest first, tests left out, those of one hook or of
/// all: `(hook, status, recorded)` of each.
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
    let mut query = deliveries::table
        .filter(deliveries::organisation_id.eq(organisation.as_str()).and(deliveries::mode.eq(mode.as_str())))
        .filter(deliveries::created_at.ge(micros(since)).and(deliveries::probe.eq(false)))
        .into_boxed();
    if let Some(hook) = hook {
        query = query.filter(deliveries::hook_id.eq(hook.as_str()));
    }
    let rows: Vec<(String, String, String, i64)> = query
        .order((deliveries::created_at.desc(), deliveries::id.desc()))
        .limit(10_001)
        .select((deliveries::id, deliveries::hook_id, deliveries::status, deliveries::created_at))
        .load(conn)?;
    rows.iter()
        .map(|(id, hook, status, created)| {
            let row = Reader { table: "deliveries", id };
            Ok((row.parse(hook)?, row.word("status", status, Status::parse)?, row.time(*created)?))
        })
        .collect()
}
