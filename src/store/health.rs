//! How hooks do, and why some are disabled: a row beside each hook.
//!
//! Whoever changes several rows locks them in the order of their hooks' ids, so that two instances never wait for each
//! other. Where all goes well, a batch of answers costs one statement that finds nothing to change.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::row::Reader;
use super::schema::{hook_health, hooks};
use super::statement::{Batch, Column, Line, Statement, Value};
use super::time::micros;
use super::{Conn, Result, StoreError};
use crate::domain::health::{Health, PRECISION, Why};
use crate::domain::hook::{Hook, HookState};
use crate::domain::ids::HookId;

#[derive(Queryable, Selectable)]
#[diesel(table_name = hook_health)]
struct HealthRow {
    hook_id: String,
    failed_in_row: i32,
    since: i64,
    warned: i32,
    disabled_for: Option<String>,
    disabled_at: Option<i64>,
}

impl HealthRow {
    fn read(self) -> Result<(HookId, Health)> {
        let row = Reader { table: "hook_health", id: &self.hook_id };
        let why = self.disabled_for.as_deref().map(|word| row.word("disabled_for", word, Why::parse)).transpose()?;
        let disabled = match (why, row.time_some(self.disabled_at)?) {
            (None, None) => None,
            (Some(why), Some(at)) => Some((why, at)),
            (why, at) => return Err(row.corrupt(format!("disabled for {why:?} at {at:?}"))),
        };
        let health = Health {
            failed_in_row: row.count(self.failed_in_row)?,
            since: row.time(self.since)?,
            warned: u8::try_from(self.warned).map_err(|error| row.corrupt(error))?,
            disabled,
        };
        Ok((row.parse(&self.hook_id)?, health))
    }
}

/// Begins the row of a new hook.
pub(super) fn insert(conn: &mut Conn, hook: &Hook) -> Result<()> {
    diesel::insert_into(hook_health::table)
        .values((
            hook_health::hook_id.eq(hook.id.as_str()),
            hook_health::failed_in_row.eq(0),
            hook_health::since.eq(micros(hook.created_at)),
            hook_health::warned.eq(0),
        ))
        .execute(conn)?;
    Ok(())
}

/// How these hooks do.
pub fn of_hooks(conn: &mut Conn, ids: &[HookId]) -> Result<HashMap<HookId, Health>> {
    let ids: Vec<&str> = ids.iter().map(HookId::as_str).collect();
    let rows: Vec<HealthRow> =
        hook_health::table.filter(hook_health::hook_id.eq_any(ids)).select(HealthRow::as_select()).load(conn)?;
    rows.into_iter().map(HealthRow::read).collect()
}

/// How these hooks do, in the order of their ids; locked until the transaction ends. What cannot be read is left out and said
/// in the log, so that it keeps no answer from being written down.
pub fn lock(conn: &mut Conn, ids: &[&HookId]) -> Result<Vec<(HookId, Health)>> {
    let ids: Vec<&str> = ids.iter().map(|id| id.as_str()).collect();
    let query = hook_health::table.filter(hook_health::hook_id.eq_any(ids)).order(hook_health::hook_id);
    let rows: Vec<HealthRow> = match conn {
        // The one writer needs no row locks.
        Conn::Sqlite(conn) => query.select(HealthRow::as_select()).load(conn)?,
        Conn::Postgres(conn) => query.select(HealthRow::as_select()).for_no_key_update().load(conn)?,
    };
    let mut health = Vec::with_capacity(rows.len());
    for row in rows {
        match row.read() {
            Ok(read) => health.push(read),
            Err(error @ StoreError::Corrupt { .. }) => {
                tracing::error!(%error, "how a webhook does cannot be read; the others are judged");
            }
            Err(error) => return Err(error),
        }
    }
    Ok(health)
}

/// The active hooks for which at least so many deliveries in a row were given up.
pub fn failing(conn: &mut Conn, at_least: u32) -> Result<Vec<HookId>> {
    let ids: Vec<String> = hook_health::table
        .inner_join(hooks::table.on(hooks::id.eq(hook_health::hook_id)))
        .filter(hook_health::failed_in_row.ge(i32::try_from(at_least).unwrap_or(i32::MAX)))
        .filter(hooks::state.eq(HookState::Active.as_str()))
        .order(hook_health::hook_id)
        .select(hook_health::hook_id)
        .load(conn)?;
    ids.iter().map(|id| Reader { table: "hook_health", id }.parse(id)).collect()
}

/// Hooks whose receivers are gone and that could not be disabled at once.
pub fn gone(conn: &mut Conn) -> Result<Vec<HookId>> {
    let ids: Vec<String> = hook_health::table
        .inner_join(hooks::table.on(hooks::id.eq(hook_health::hook_id)))
        .filter(hook_health::gone_at.is_not_null())
        .filter(hooks::state.eq_any([HookState::Active.as_str(), HookState::Paused.as_str()]))
        .order(hook_health::hook_id)
        .select(hook_health::hook_id)
        .load(conn)?;
    ids.iter().map(|id| Reader { table: "hook_health", id }.parse(id)).collect()
}

struct Succeeded;

impl Statement for Succeeded {
    const SQL: &'static str = "WITH known AS ( \
            SELECT h.hook_id, v.at FROM hook_health h JOIN UNNEST(?, ?, ?) AS v (hook_id, at, noted_before) \
                ON v.hook_id = h.hook_id \
            WHERE (h.failed_in_row > 0 OR h.since < v.noted_before) AND h.disabled_for IS NULL \
            ORDER BY h.hook_id FOR NO KEY UPDATE OF h) \
        UPDATE hook_health h SET failed_in_row = 0, since = GREATEST(h.since, known.at), warned = 0 \
        FROM known WHERE h.hook_id = known.hook_id";
}

struct SucceededOnce;

impl Statement for SucceededOnce {
    const SQL: &'static str = "UPDATE hook_health SET failed_in_row = 0, since = ?, warned = 0 \
        WHERE hook_id = ? AND (failed_in_row > 0 OR since < ?) AND disabled_for IS NULL";
}

/// Something arrived at these hooks, and nothing else happened to them; each hook stands there once, in the order of ids.
pub fn succeeded(conn: &mut Conn, hooks: &[(&HookId, DateTime<Utc>)]) -> Result<()> {
    match conn {
        Conn::Sqlite(conn) => {
            for (hook, at) in hooks {
                let (at, is_old) = (micros(*at), micros(*at - PRECISION));
                let values = [Value::Big(at), Value::Text(hook.as_str()), Value::Big(is_old)];
                Line::<SucceededOnce, 3>::new(values).execute(conn)?;
            }
        }
        Conn::Postgres(_) if hooks.is_empty() => {}
        Conn::Postgres(conn) => {
            Batch::<Succeeded>::new(vec![
                Column::Text(hooks.iter().map(|(hook, _)| hook.as_str()).collect()),
                Column::Big(hooks.iter().map(|(_, at)| micros(*at)).collect()),
                Column::Big(hooks.iter().map(|(_, at)| micros(*at - PRECISION)).collect()),
            ])
            .execute(conn)?;
        }
    }
    Ok(())
}

struct Update;

impl Statement for Update {
    const SQL: &'static str = "UPDATE hook_health h SET failed_in_row = v.failed_in_row, since = v.since, \
            warned = v.warned, gone_at = coalesce(v.gone_at, h.gone_at) \
        FROM UNNEST(?, ?, ?, ?, ?) AS v (hook_id, failed_in_row, since, warned, gone_at) \
        WHERE h.hook_id = v.hook_id";
}

/// Writes how these hooks do now, and of those in `gone` that their receivers were gone then; why one is disabled stays as it
/// is.
///
/// All in one statement: a second one on the same row would look at its hook, and wait for whoever is changing that.
pub fn update_all(conn: &mut Conn, changed: &[(HookId, Health)], gone: &[(HookId, DateTime<Utc>)]) -> Result<()> {
    let gone = |id: &HookId| gone.iter().find(|(hook, _)| hook == id).map(|(_, at)| micros(*at));
    let count = |health: &Health| i32::try_from(health.failed_in_row).unwrap_or(i32::MAX);
    match conn {
        Conn::Sqlite(conn) => {
            for (hook, health) in changed {
                diesel::update(hook_health::table.find(hook.as_str()))
                    .set((
                        hook_health::failed_in_row.eq(count(health)),
                        hook_health::since.eq(micros(health.since)),
                        hook_health::warned.eq(i32::from(health.warned)),
                        gone(hook).map(|at| hook_health::gone_at.eq(at)),
                    ))
                    .execute(conn)?;
            }
        }
        Conn::Postgres(_) if changed.is_empty() => {}
        Conn::Postgres(conn) => {
            Batch::<Update>::new(vec![
                Column::Text(changed.iter().map(|(hook, _)| hook.as_str()).collect()),
                Column::Int(changed.iter().map(|(_, health)| count(health)).collect()),
                Column::Big(changed.iter().map(|(_, health)| micros(health.since)).collect()),
                Column::Int(changed.iter().map(|(_, health)| i32::from(health.warned)).collect()),
                Column::BigOrNull(changed.iter().map(|(hook, _)| gone(hook)).collect()),
            ])
            .execute(conn)?;
        }
    }
    Ok(())
}

/// Disables a hook: a failing one if it is active, one that is gone also if it is paused. `None` if it is neither, or if
/// somebody is changing it at this very moment: whoever disables holds other rows, and must not wait for a person's act. Of one
/// that is gone a note stays then ([`update_all`]), so that it is disabled later ([`gone`]).
pub fn disable(conn: &mut Conn, id: &HookId, why: Why, now: DateTime<Utc>) -> Result<Option<Hook>> {
    let from: &[HookState] = match why {
        Why::Gone => &[HookState::Active, HookState::Paused],
        Why::Failing => &[HookState::Active],
    };
    let from: Vec<&str> = from.iter().map(|state| state.as_str()).collect();
    let query = hooks::table.find(id.as_str()).filter(hooks::state.eq_any(from)).select(hooks::id);
    let found: Option<String> = match conn {
        // The one writer needs no row locks.
        Conn::Sqlite(conn) => query.first(conn).optional()?,
        Conn::Postgres(conn) => query.for_no_key_update().skip_locked().first(conn).optional()?,
    };
    if found.is_none() {
        return Ok(None);
    }
    diesel::update(hooks::table.find(id.as_str()))
        .set((hooks::state.eq(HookState::Disabled.as_str()), hooks::updated_at.eq(micros(now))))
        .execute(conn)?;
    diesel::update(hook_health::table.find(id.as_str()))
        .set((
            hook_health::disabled_for.eq(why.as_str()),
            hook_health::disabled_at.eq(micros(now)),
            hook_health::gone_at.eq(None::<i64>),
        ))
        .execute(conn)?;
    Ok(super::hook::by_ids(conn, std::slice::from_ref(id))?.pop())
}

/// Makes a disabled hook active and starts its count again; whether it was disabled.
pub fn enable(conn: &mut Conn, id: &HookId, now: DateTime<Utc>) -> Result<bool> {
    let disabled = hooks::table.find(id.as_str()).filter(hooks::state.eq(HookState::Disabled.as_str()));
    let enabled = diesel::update(disabled)
        .set((hooks::state.eq(HookState::Active.as_str()), hooks::updated_at.eq(micros(now))))
        .execute(conn)?;
    if enabled == 1 {
        restart(conn, id, now)?;
    }
    Ok(enabled == 1)
}

/// Starts the count of a hook again: what it could not get is not held against it.
pub fn restart(conn: &mut Conn, id: &HookId, now: DateTime<Utc>) -> Result<()> {
    diesel::update(hook_health::table.find(id.as_str()))
        .set((
            hook_health::failed_in_row.eq(0),
            hook_health::since.eq(micros(now)),
            hook_health::warned.eq(0),
            hook_health::disabled_for.eq(None::<String>),
            hook_health::disabled_at.eq(None::<i64>),
            hook_health::gone_at.eq(None::<i64>),
        ))
        .execute(conn)?;
    Ok(())
}
