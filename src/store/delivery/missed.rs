//! What hooks miss while they are disabled: ended, counted, and sent after all; a chunk at a time, so that a hundred
//! thousand hold up nobody.

use chrono::{DateTime, Utc};
use diesel::dsl::{auto_type, sql};
use diesel::expression::SqlLiteral;
use diesel::prelude::*;
use diesel::sql_types::Bool;

use super::MOST_OWED;
use super::end::end;
use super::owed::owed;
use crate::domain::attempt::{ErrorClass, Trigger};
use crate::domain::delivery::Status;
use crate::domain::hook::HookState;
use crate::domain::ids::HookId;
use crate::store::schema::{deliveries, hooks};
use crate::store::time::micros;
use crate::store::{Conn, Result};

/// So many deliveries are changed in one transaction.
pub const CHUNK: usize = 1_000;

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
pub fn miss_owed_to(conn: &mut Conn, hook: &HookId, now: DateTime<Utc>) -> Result<usize> {
    let query = owed(hook.as_str()).filter(deliveries::probe.eq(false)).limit(CHUNK as i64).select(deliveries::id);
    let ids = load_free!(query, conn);
    miss(conn, &ids, now)
}

/// The same for whatever is owed to any disabled hook: it was recorded in the very moment of the disabling, or is due later.
pub fn miss_stranded(conn: &mut Conn, now: DateTime<Utc>) -> Result<usize> {
    let disabled = hooks::table.filter(hooks::state.eq(HookState::Disabled.as_str())).select(hooks::id);
    let query = deliveries::table
        .filter(deliveries::hook_id.eq_any(disabled).and(deliveries::completed_at.is_null()))
        .filter(deliveries::probe.eq(false))
        .limit(CHUNK as i64)
        .select(deliveries::id);
    let ids = load_free!(query, conn);
    miss(conn, &ids, now)
}

fn miss(conn: &mut Conn, ids: &[String], now: DateTime<Utc>) -> Result<usize> {
    if ids.is_empty() { Ok(0) } else { end(conn, ids, ErrorClass::Missed, now) }
}

/// How much a hook has missed, counted up to [`MOST_OWED`]; the second value says whether counting stopped there.
pub fn count_missed_by(conn: &mut Conn, hook: &HookId) -> Result<(usize, bool)> {
    let found: Vec<String> = missed(hook.as_str()).select(deliveries::id).limit(MOST_OWED as i64 + 1).load(conn)?;
    Ok((found.len().min(MOST_OWED), found.len() > MOST_OWED))
}

/// Makes due now what a hook missed, the oldest first, [`CHUNK`] deliveries at most; how many. Its policy goes on where it
/// stopped.
pub fn send_missed_by(conn: &mut Conn, hook: &HookId, now: DateTime<Utc>) -> Result<usize> {
    let query = missed(hook.as_str())
        .order((deliveries::created_at, deliveries::id))
        .limit(CHUNK as i64)
        .select(deliveries::id);
    let ids = load_free!(query, conn);
    if ids.is_empty() {
        return Ok(0);
    }
    let these = || deliveries::table.filter(deliveries::id.eq_any(&ids).and(sql::<Bool>(IS_MISSED)));
    let due = || {
        (
            deliveries::due_at.eq(micros(now)),
            deliveries::completed_at.eq(None::<i64>),
            deliveries::last_class.eq(None::<String>),
            deliveries::next_trigger.eq(Trigger::Automatic.as_str()),
            deliveries::updated_at.eq(micros(now)),
        )
    };
    let never_tried = diesel::update(these().filter(deliveries::sent_at.is_null()))
        .set((deliveries::status.eq(Status::Pending.as_str()), due()))
        .execute(conn)?;
    let tried = diesel::update(these()).set((deliveries::status.eq(Status::Retrying.as_str()), due())).execute(conn)?;
    Ok(never_tried + tried)
}
