//! What hooks prefer while a rotation lasts: a row beside each hook that was ever rotated.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::row::Reader;
use super::schema::preferences;
use super::time::micros;
use super::{Conn, Result};
use crate::domain::ids::HookId;
use crate::domain::rotation::{Preference, Side};

/// What a hook prefers; `None` while it was never rotated.
pub fn preference(conn: &mut Conn, hook: &HookId) -> Result<Option<Preference>> {
    let found: Option<(String, i64)> = preferences::table
        .find(hook.as_str())
        .select((preferences::prefers, preferences::since))
        .first(conn)
        .optional()?;
    let row = Reader { table: "preferences", id: hook.as_str() };
    found
        .map(|(side, since)| Ok(Preference { side: row.word("prefers", &side, Side::parse)?, since: row.time(since)? }))
        .transpose()
}

/// A regeneration begins: the old one is preferred, from now on.
pub fn begin(conn: &mut Conn, hook: &HookId, now: DateTime<Utc>) -> Result<()> {
    diesel::delete(preferences::table.find(hook.as_str())).execute(conn)?;
    diesel::insert_into(preferences::table)
        .values((
            preferences::hook_id.eq(hook.as_str()),
            preferences::prefers.eq(Side::Old.as_str()),
            preferences::since.eq(micros(now)),
        ))
        .execute(conn)?;
    Ok(())
}

/// Has a hook prefer one side; whether it preferred the other. A hook that is not rotated prefers nothing.
pub fn prefer(conn: &mut Conn, hook: &HookId, side: Side, now: DateTime<Utc>) -> Result<bool> {
    let other = preferences::table.find(hook.as_str()).filter(preferences::prefers.ne(side.as_str()));
    let changed = diesel::update(other)
        .set((preferences::prefers.eq(side.as_str()), preferences::since.eq(micros(now))))
        .execute(conn)?;
    Ok(changed == 1)
}

/// Gives what a hook prefers to the one that takes over from it.
pub fn give(conn: &mut Conn, hook: &HookId, successor: &HookId) -> Result<()> {
    diesel::update(preferences::table.find(hook.as_str()))
        .set(preferences::hook_id.eq(successor.as_str()))
        .execute(conn)?;
    Ok(())
}
