//! What is owed to a hook that is replaced moves to the one that takes over (A2).
//!
//! Nobody holds what has moved, so whoever had it in memory finds out before it starts ([`super::still_held`]), and it is
//! claimed again with its new hook. A try under way meanwhile finds on being settled that its delivery has moved.

use chrono::{DateTime, Utc};
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Bool;

use super::missed::IS_MISSED;
use crate::domain::ids::{DeliveryId, HookId};
use crate::store::row::Reader;
use crate::store::schema::{deliveries, exports, hooks};
use crate::store::time::micros;
use crate::store::{Conn, Result};

/// Moves what is owed to a hook to its successor, with the exports it carries, and what it missed while it was disabled;
/// how many deliveries are owed. Tests stay: they were for that address.
pub fn move_owed(conn: &mut Conn, hook: &HookId, successor: &HookId, now: DateTime<Utc>) -> Result<usize> {
    let of_hook = || deliveries::hook_id.eq(hook.as_str()).and(deliveries::probe.eq(false));
    diesel::update(deliveries::table.filter(of_hook().and(sql::<Bool>(IS_MISSED))))
        .set(deliveries::hook_id.eq(successor.as_str()))
        .execute(conn)?;
    let moved = diesel::update(deliveries::table.filter(of_hook().and(deliveries::completed_at.is_null())))
        .set((
            deliveries::hook_id.eq(successor.as_str()),
            deliveries::holder.eq(None::<String>),
            deliveries::updated_at.eq(micros(now)),
        ))
        .execute(conn)?;
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

/// Hooks that were replaced and are owed something all the same: it was recorded in the very moment of the replacement.
pub fn owed_to_replaced(conn: &mut Conn) -> Result<Vec<HookId>> {
    let replaced = hooks::table.filter(hooks::replaced_by.is_not_null()).select(hooks::id);
    let ids: Vec<String> = deliveries::table
        .filter(deliveries::completed_at.is_null().and(deliveries::hook_id.eq_any(replaced)))
        .filter(deliveries::probe.eq(false))
        .select(deliveries::hook_id)
        .distinct()
        .load(conn)?;
    ids.iter().map(|id| Reader { table: "hooks", id }.parse(id)).collect()
}
