//! What is owed to a hook: counted, held while it is paused, made due again, ended with it.
//!
//! Whatever changes all of it does so a chunk at a time, each in a transaction of its own, and leaves out what somebody is
//! writing at this moment: that belongs to an attempt that has just ended, and whoever tries it next looks at its hook first.

use chrono::{DateTime, Utc};
use diesel::dsl::auto_type;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

use super::end::end;
use super::hooks::holders_of;
use super::missed::CHUNK;
use super::rows::{DeliveryRow, OpenRow, read};
use crate::domain::attempt::ErrorClass;
use crate::domain::delivery::Delivery;
use crate::domain::hook::HookState;
use crate::domain::ids::HookId;
use crate::store::schema::{deliveries, open_deliveries};
use crate::store::time::micros;
use crate::store::{Conn, Result, hook};

/// What is owed to a hook: deliveries not yet final.
#[auto_type]
pub(super) fn owed<'a>(hook: &'a str) -> _ {
    open_deliveries::table.filter(open_deliveries::hook_id.eq(hook))
}

/// What a hook still owes or is owed: deliveries not yet final, oldest first, at most `limit`.
pub fn owed_to(conn: &mut Conn, hook: &HookId, limit: i64) -> Result<Vec<Delivery>> {
    let rows: Vec<(DeliveryRow, OpenRow)> = owed(hook.as_str())
        .inner_join(deliveries::table.on(deliveries::id.eq(open_deliveries::delivery_id)))
        .order((deliveries::created_at, deliveries::id))
        .limit(limit)
        .select((DeliveryRow::as_select(), OpenRow::as_select()))
        .load(conn)?;
    rows.into_iter().map(|(log, open)| read((log, Some(open)))).collect()
}

/// Ends what is owed to a hook as cancelled, [`CHUNK`] deliveries at most; how many.
pub fn cancel_chunk(conn: &mut Conn, hook: &HookId, now: DateTime<Utc>) -> Result<usize> {
    let query = owed(hook.as_str()).limit(CHUNK as i64).select(open_deliveries::delivery_id);
    let ids = load_free!(query, conn);
    end(conn, &ids, ErrorClass::Cancelled, now)
}

/// The same for tests alone: they are for one address.
pub fn cancel_tests_chunk(conn: &mut Conn, hook: &HookId, now: DateTime<Utc>) -> Result<usize> {
    let tests = owed(hook.as_str()).filter(open_deliveries::probe.eq(true));
    let query = tests.limit(CHUNK as i64).select(open_deliveries::delivery_id);
    let ids = load_free!(query, conn);
    end(conn, &ids, ErrorClass::Cancelled, now)
}

/// Holds what is owed to a hook that is paused, [`CHUNK`] deliveries at most; how many, `None` when it is not paused. The hook
/// stays as it is until the transaction ends, or what is held after somebody has resumed it would be held for ever. Tests go
/// on: they are sent to a paused hook, too, unless its organisation is suspended.
pub fn hold_chunk(conn: &mut Conn, id: &HookId) -> Result<Option<usize>> {
    if hook::sending_state(conn, id)? != Some(HookState::Paused) {
        return Ok(None);
    }
    let which = if hook::is_suspended(conn, id)? { "due_at >= 0" } else { "due_at >= 0 AND NOT probe" };
    // Where nothing is due the index ends, so that what is held already is stepped over. No time is before this one.
    let ids = of_each_holder(conn, id, which)?;
    let these = open_deliveries::table.filter(open_deliveries::delivery_id.eq_any(ids));
    Ok(Some(diesel::update(these).set(open_deliveries::due_at.eq(None::<i64>)).execute(conn)?))
}

/// Makes due now what was held for a hook that is active, [`CHUNK`] deliveries at most; how many, `None` when it is not active.
pub fn release_chunk(conn: &mut Conn, id: &HookId, now: DateTime<Utc>) -> Result<Option<usize>> {
    if hook::sending_state(conn, id)? != Some(HookState::Active) {
        return Ok(None);
    }
    let ids = of_each_holder(conn, id, "due_at IS NULL")?;
    let these = open_deliveries::table.filter(open_deliveries::delivery_id.eq_any(ids));
    Ok(Some(diesel::update(these).set(open_deliveries::due_at.eq(micros(now))).execute(conn)?))
}

#[derive(QueryableByName)]
struct Id {
    #[diesel(sql_type = Text)]
    delivery_id: String,
}

/// Up to [`CHUNK`] of what is owed to a hook and `which` is true of, asked of each holder in turn: the index finds it there
/// without a walk over the rest.
fn of_each_holder(conn: &mut Conn, hook: &HookId, which: &str) -> Result<Vec<String>> {
    let free = match conn {
        // The one writer needs no row locks.
        Conn::Sqlite(_) => "",
        Conn::Postgres(_) => "FOR UPDATE SKIP LOCKED",
    };
    let mut ids: Vec<String> = Vec::new();
    for holder in holders_of(conn, hook)? {
        let whose = if holder.is_some() { "holder = $2" } else { "holder IS NULL AND $2 = ''" };
        let query = format!(
            "SELECT delivery_id FROM open_deliveries WHERE hook_id = $1 AND {whose} AND {which} LIMIT $3 {free}"
        );
        let found: Vec<Id> = diesel::sql_query(query)
            .bind::<Text, _>(hook.as_str())
            .bind::<Text, _>(holder.unwrap_or_default())
            .bind::<BigInt, _>((CHUNK - ids.len()) as i64)
            .load(conn)?;
        ids.extend(found.into_iter().map(|found| found.delivery_id));
    }
    Ok(ids)
}

/// At most this many of what a hook is owed are counted.
pub const MAX_OWED: usize = 1_000;

/// How much is still owed to a hook, counted up to [`MAX_OWED`]; the second value says whether counting stopped there.
pub fn count_owed_to(conn: &mut Conn, hook: &HookId) -> Result<(usize, bool)> {
    let found: Vec<String> = owed(hook.as_str())
        .select(open_deliveries::delivery_id)
        .limit(i64::try_from(MAX_OWED).unwrap_or(i64::MAX - 1) + 1)
        .load(conn)?;
    Ok((found.len().min(MAX_OWED), found.len() > MAX_OWED))
}
