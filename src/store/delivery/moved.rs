//! What is owed to a hook that is replaced moves to the one that takes over (A2).
//!
//! Nobody holds what has moved, so whoever had it in memory finds out before it starts ([`super::still_held`]), and it is
//! claimed again with its new hook. A try under way meanwhile finds on being settled that its delivery has moved.

use chrono::{DateTime, Utc};
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Bool;

use super::free::Free;
use super::missed::IS_MISSED;
use super::owed::{cancel_owed_to, cancel_tests_of};
use crate::domain::hook::HookState;
use crate::domain::ids::{DeliveryId, HookId};
use crate::store::row::Reader;
use crate::store::schema::{deliveries, exports, hooks};
use crate::store::time::micros;
use crate::store::{Conn, Result, hook};

/// Moves what is owed to a hook to its successor, with the exports it carries, and what it missed while it was disabled;
/// how many deliveries are owed. Tests stay: they were for that address.
pub fn move_owed(conn: &mut Conn, hook: &HookId, successor: &HookId, now: DateTime<Utc>) -> Result<usize> {
    Free::missed_by(conn, hook)?.change(|ids| {
        let missed = deliveries::id.eq_any(ids).and(deliveries::probe.eq(false));
        Ok(diesel::update(deliveries::table.filter(missed))
            .set(deliveries::hook_id.eq(successor.as_str()))
            .execute(conn)?)
    })?;
    let moved = Free::owed_to(conn, hook)?.change(|ids| {
        let owed = deliveries::id.eq_any(ids).and(deliveries::probe.eq(false));
        let moved = diesel::update(deliveries::table.filter(owed))
            .set((
                deliveries::hook_id.eq(successor.as_str()),
                deliveries::holder.eq(None::<String>),
                deliveries::updated_at.eq(micros(now)),
            ))
            .execute(conn)?;
        Ok(moved)
    })?;
    // From the few exports to the old one, not from the many deliveries of its successor.
    let carried: Vec<String> = exports::table
        .inner_join(deliveries::table.on(deliveries::id.eq(exports::delivery_id)))
        .filter(exports::hook_id.eq(hook.as_str()).and(deliveries::hook_id.eq(successor.as_str())))
        .select(exports::id)
        .load(conn)?;
    for export in carried {
        diesel::update(exports::table.find(export)).set(exports::hook_id.eq(successor.as_str())).execute(conn)?;
    }
    Ok(moved)
}

/// The export that a delivery carries went to this hook.
pub fn readdress(conn: &mut Conn, delivery: &DeliveryId, hook: &HookId) -> Result<()> {
    diesel::update(exports::table.filter(exports::delivery_id.eq(delivery.as_str())))
        .set(exports::hook_id.eq(hook.as_str()))
        .execute(conn)?;
    Ok(())
}

/// Hooks that are deleted and have something left all the same that [`hand_on`] can take from them: it was recorded, or an
/// answer to it was written down, in the very moment of the deletion.
pub fn left_with_deleted(conn: &mut Conn) -> Result<Vec<HookId>> {
    let deleted = || hooks::table.filter(hooks::state.eq(HookState::Deleted.as_str()));
    let owed: Vec<String> = deliveries::table
        .filter(deliveries::completed_at.is_null().and(deliveries::hook_id.eq_any(deleted().select(hooks::id))))
        .select(deliveries::hook_id)
        .distinct()
        .load(conn)?;
    let replaced = deleted().filter(hooks::replaced_by.is_not_null()).select(hooks::id);
    let missed: Vec<String> = deliveries::table
        .filter(sql::<Bool>(IS_MISSED).and(deliveries::hook_id.eq_any(replaced)))
        .select(deliveries::hook_id)
        .distinct()
        .load(conn)?;
    let read = |id: &String| Reader { table: "hooks", id }.parse(id);
    let mut left = owed.iter().map(read).collect::<Result<Vec<HookId>>>()?;
    for id in &missed {
        let id = read(id)?;
        // What those have missed who have no heir stays with them.
        if !left.contains(&id) && hook::heir(conn, &id)?.is_some() {
            left.push(id);
        }
    }
    Ok(left)
}

/// What is owed to a hook that is deleted, and what it has missed, goes to its heir if it was replaced; if not, what is owed
/// ends as cancelled. Tests end in either case. What somebody is writing at this moment is left out.
pub fn hand_on(conn: &mut Conn, hook: &HookId, now: DateTime<Utc>) -> Result<()> {
    match hook::heir(conn, hook)? {
        Some(heir) => {
            move_owed(conn, hook, &heir, now)?;
            cancel_tests_of(conn, hook, now)?;
        }
        None => {
            cancel_owed_to(conn, hook, now)?;
        }
    }
    Ok(())
}
