//! What is owed to a hook: counted, held while it is paused, made due again, ended with it.

use chrono::{DateTime, Utc};
use diesel::dsl::auto_type;
use diesel::prelude::*;

use super::DeliveryRow;
use super::end::end;
use super::free::Free;
use crate::domain::attempt::ErrorClass;
use crate::domain::delivery::Delivery;
use crate::domain::hook::HookState;
use crate::domain::ids::HookId;
use crate::store::schema::{deliveries, hooks};
use crate::store::time::micros;
use crate::store::{Conn, Result, hook};

/// What is owed to a hook: deliveries not yet final.
#[auto_type]
pub(super) fn owed<'a>(hook: &'a str) -> _ {
    deliveries::table.filter(deliveries::hook_id.eq(hook).and(deliveries::completed_at.is_null()))
}

/// What a hook still owes or is owed: deliveries not yet final, oldest first, at most `limit`.
pub fn owed_to(conn: &mut Conn, hook: &HookId, limit: i64) -> Result<Vec<Delivery>> {
    let rows = owed(hook.as_str())
        .order((deliveries::created_at, deliveries::id))
        .limit(limit)
        .select(DeliveryRow::as_select())
        .load(conn)?;
    rows.into_iter().map(DeliveryRow::read).collect()
}

/// Ends everything that is owed to a hook as cancelled; how many deliveries that were.
pub fn cancel_owed_to(conn: &mut Conn, hook: &HookId, now: DateTime<Utc>) -> Result<usize> {
    Free::owed_to(conn, hook)?.change(|ids| end(conn, ids, ErrorClass::Cancelled, now))
}

/// The same for tests alone: they are for one address.
pub fn cancel_tests_of(conn: &mut Conn, hook: &HookId, now: DateTime<Utc>) -> Result<usize> {
    Free::tests_of(conn, hook)?.change(|ids| end(conn, ids, ErrorClass::Cancelled, now))
}

/// Holds everything that is owed to a hook that is paused; how many deliveries that were, `None` when it is not paused. The
/// hook stays as it is until the transaction ends, or what is held after somebody has resumed it would be held for ever.
pub fn hold_for(conn: &mut Conn, id: &HookId) -> Result<Option<usize>> {
    if hook::current_state(conn, id)? != Some(HookState::Paused) {
        return Ok(None);
    }
    let held = Free::owed_to(conn, id)?.change(|ids| {
        let changed = diesel::update(deliveries::table.filter(deliveries::id.eq_any(ids)))
            .set((deliveries::due_at.eq(None::<i64>), deliveries::holder.eq(None::<String>)))
            .execute(conn)?;
        Ok(changed)
    })?;
    Ok(Some(held))
}

/// Makes everything that was held for a hook due now; how many deliveries that were.
pub fn release_for(conn: &mut Conn, hook: &HookId, now: DateTime<Utc>) -> Result<usize> {
    Free::held_for(conn, hook)?.change(|ids| {
        let held = deliveries::table.filter(deliveries::id.eq_any(ids));
        Ok(diesel::update(held).set(deliveries::due_at.eq(micros(now))).execute(conn)?)
    })
}

/// At most this many of what a hook is owed are counted.
pub const MOST_OWED: usize = 1_000;

/// How much is still owed to a hook, counted up to [`MOST_OWED`]; the second value says whether counting stopped there.
pub fn count_owed_to(conn: &mut Conn, hook: &HookId) -> Result<(usize, bool)> {
    let found: Vec<String> = owed(hook.as_str())
        .select(deliveries::id)
        .limit(i64::try_from(MOST_OWED).unwrap_or(i64::MAX - 1) + 1)
        .load(conn)?;
    Ok((found.len().min(MOST_OWED), found.len() > MOST_OWED))
}

/// Makes due what is held for a hook that is active again: it was recorded in the very moment of the resumption.
pub fn release_stranded(conn: &mut Conn, now: DateTime<Utc>) -> Result<usize> {
    let active = hooks::table.filter(hooks::state.eq("active")).select(hooks::id);
    let stranded =
        deliveries::completed_at.is_null().and(deliveries::due_at.is_null()).and(deliveries::hook_id.eq_any(active));
    Ok(diesel::update(deliveries::table.filter(stranded)).set(deliveries::due_at.eq(micros(now))).execute(conn)?)
}
