//! What is owed to a hook that is replaced moves to the one that takes over (A2), a chunk at a time.
//!
//! Whoever holds what has moved goes on holding it, and learns by the change that names both hooks that it has another
//! address. An attempt under way meanwhile finds on being settled that its delivery has moved.

use chrono::{DateTime, Utc};
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Bool;

use super::missed::{CHUNK, IS_MISSED, missed};
use super::owed::{cancel_chunk, cancel_tests_chunk, owed};
use crate::domain::hook::HookState;
use crate::domain::ids::{DeliveryId, HookId};
use crate::store::row::Reader;
use crate::store::schema::{deliveries, exports, hooks, open_deliveries};
use crate::store::time::micros;
use crate::store::{Conn, Result, hook};

/// Moves what is owed to a hook to its successor, with the exports it carries, [`CHUNK`] deliveries at most; how many. Tests
/// stay: they were for that address. What somebody is writing at this moment is left out.
pub fn move_chunk(conn: &mut Conn, hook: &HookId, successor: &HookId, now: DateTime<Utc>) -> Result<usize> {
    let query = owed(hook.as_str()).filter(open_deliveries::probe.eq(false)).limit(CHUNK as i64);
    let query = query.select(open_deliveries::delivery_id);
    let ids = load_free!(query, conn);
    if ids.is_empty() {
        return Ok(0);
    }
    diesel::update(open_deliveries::table.filter(open_deliveries::delivery_id.eq_any(&ids)))
        .set((open_deliveries::hook_id.eq(successor.as_str()), open_deliveries::updated_at.eq(micros(now))))
        .execute(conn)?;
    diesel::update(deliveries::table.filter(deliveries::id.eq_any(&ids)))
        .set(deliveries::hook_id.eq(successor.as_str()))
        .execute(conn)?;
    diesel::update(exports::table.filter(exports::delivery_id.eq_any(&ids)))
        .set(exports::hook_id.eq(successor.as_str()))
        .execute(conn)?;
    Ok(ids.len())
}

/// The same for what a hook missed while it was disabled.
pub fn move_missed_chunk(conn: &mut Conn, hook: &HookId, successor: &HookId) -> Result<usize> {
    let query = missed(hook.as_str()).filter(deliveries::probe.eq(false)).limit(CHUNK as i64).select(deliveries::id);
    let ids = load_free!(query, conn);
    if ids.is_empty() {
        return Ok(0);
    }
    diesel::update(exports::table.filter(exports::delivery_id.eq_any(&ids)))
        .set(exports::hook_id.eq(successor.as_str()))
        .execute(conn)?;
    Ok(diesel::update(deliveries::table.filter(deliveries::id.eq_any(&ids)))
        .set(deliveries::hook_id.eq(successor.as_str()))
        .execute(conn)?)
}

/// The export that a delivery carries went to this hook.
pub fn readdress(conn: &mut Conn, delivery: &DeliveryId, hook: &HookId) -> Result<()> {
    diesel::update(exports::table.filter(exports::delivery_id.eq(delivery.as_str())))
        .set(exports::hook_id.eq(hook.as_str()))
        .execute(conn)?;
    Ok(())
}

/// Hooks that were replaced and have something missed left with them that [`hand_on_chunk`] can take from them: an answer to
/// it was written down in the very moment of the replacement, or a crash has cut that off. Those that are owed something say
/// so themselves ([`super::out_of_place`]).
pub fn hooks_to_hand_on(conn: &mut Conn) -> Result<Vec<HookId>> {
    let replaced = hooks::table
        .filter(hooks::state.eq(HookState::Deleted.as_str()).and(hooks::replaced_by.is_not_null()))
        .select(hooks::id);
    let missed: Vec<String> = deliveries::table
        .filter(sql::<Bool>(IS_MISSED).and(deliveries::probe.eq(false)).and(deliveries::hook_id.eq_any(replaced)))
        .select(deliveries::hook_id)
        .distinct()
        .load(conn)?;
    let mut left = Vec::new();
    for id in &missed {
        let id = Reader { table: "hooks", id }.parse(id)?;
        // What those have missed who have no heir stays with them.
        if hook::heir(conn, &id)?.is_some() {
            left.push(id);
        }
    }
    Ok(left)
}

/// What is owed to a hook that is deleted, and what it has missed, goes to its heir if it was replaced; if not, what is owed
/// ends as cancelled. Tests end in either case. [`CHUNK`] deliveries of a kind at most; how many, none when all is done.
pub fn hand_on_chunk(conn: &mut Conn, hook: &HookId, now: DateTime<Utc>) -> Result<usize> {
    match hook::heir(conn, hook)? {
        Some(heir) => {
            let moved = move_chunk(conn, hook, &heir, now)? + move_missed_chunk(conn, hook, &heir)?;
            Ok(moved + cancel_tests_chunk(conn, hook, now)?)
        }
        None => cancel_chunk(conn, hook, now),
    }
}
