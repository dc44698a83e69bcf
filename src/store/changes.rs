//! Named changes: what members decide and instances keep in memory or hold, numbered in the order of their commits.
//!
//! Keys, hooks, credentials and suspensions are read once and kept ([`crate::delivery::hook_cache`]), and what is owed is
//! held. Whatever changes one of them, or what is due of it, takes the next number in the same transaction and names what it
//! changed under it. Whoever reads a newer number than before forgets and looks at what is named since, and at nothing else.
//!
//! The number is one row, locked until the commit, so the order of numbers is the order of commits. An older version takes
//! numbers without naming anything; whoever finds a gap takes everything for changed.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::row::Reader;
use super::schema::{changes, generation};
use super::time::micros;
use super::{Conn, Result};
use crate::domain::hook::Hook;
use crate::domain::ids::{DeliveryId, HookId, OrganisationId};

/// What has changed.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Change {
    /// All there is.
    Everything,
    /// An organisation's keys, suspension, or default hook, which interviews' own hooks follow: whatever is kept of it.
    Organisation(OrganisationId),
    /// Anything of one hook, and of what is owed to it.
    Hook(OrganisationId, HookId),
    /// One delivery: it was sent again or cancelled.
    Delivery(OrganisationId, DeliveryId),
}

impl Change {
    /// Anything of this hook.
    pub fn of(hook: &Hook) -> Self {
        Change::Hook(hook.organisation_id.clone(), hook.id.clone())
    }

    fn read(organisation: Option<&str>, hook: Option<&str>, delivery: Option<&str>, seq: &str) -> Result<Self> {
        let row = Reader { table: "changes", id: seq };
        Ok(match (organisation, hook, delivery) {
            (None, None, None) => Change::Everything,
            (Some(whose), None, None) => Change::Organisation(row.parse(whose)?),
            (Some(whose), Some(hook), None) => Change::Hook(row.parse(whose)?, row.parse(hook)?),
            (Some(whose), None, Some(delivery)) => Change::Delivery(row.parse(whose)?, row.parse(delivery)?),
            (whose, hook, delivery) => return Err(row.corrupt(format!("{whose:?}, {hook:?} and {delivery:?}"))),
        })
    }

    /// Organisation, hook and delivery.
    fn columns(&self) -> (Option<&str>, Option<&str>, Option<&str>) {
        match self {
            Change::Everything => (None, None, None),
            Change::Organisation(whose) => (Some(whose.as_str()), None, None),
            Change::Hook(whose, hook) => (Some(whose.as_str()), Some(hook.as_str()), None),
            Change::Delivery(whose, delivery) => (Some(whose.as_str()), None, Some(delivery.as_str())),
        }
    }
}

/// The number of the last change that this transaction sees.
pub fn head(conn: &mut Conn) -> Result<i64> {
    // Without a limit: SQLite compiles a statement anew each time a value is bound to its `LIMIT`.
    Ok(generation::table.select(generation::value).get_result(conn)?)
}

/// Takes the next number and names what changed under it; others learn of it with the commit.
pub fn record(conn: &mut Conn, named: &[Change], now: DateTime<Utc>) -> Result<i64> {
    let seq: i64 = diesel::update(generation::table)
        .set(generation::value.eq(generation::value + 1))
        .returning(generation::value)
        .get_result(conn)?;
    for (place, change) in named.iter().enumerate() {
        let (organisation, hook, delivery) = change.columns();
        diesel::insert_into(changes::table)
            .values((
                changes::seq.eq(seq),
                changes::place.eq(i32::try_from(place).unwrap_or(i32::MAX)),
                changes::organisation_id.eq(organisation),
                changes::hook_id.eq(hook),
                changes::delivery_id.eq(delivery),
                changes::at.eq(micros(now)),
            ))
            .execute(conn)?;
    }
    Ok(seq)
}

/// What has changed since a number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changes {
    /// The number of the last change.
    pub head: i64,
    /// What was changed, first to last; `None` when part of it is no longer kept, or was never named.
    pub named: Option<Vec<Change>>,
}

/// What has changed since this number was read.
pub fn since(conn: &mut Conn, after: i64) -> Result<Changes> {
    type Row = (i64, Option<String>, Option<String>, Option<String>);
    let head = head(conn)?;
    if head == after {
        return Ok(Changes { head, named: Some(Vec::new()) });
    }
    let rows: Vec<Row> = changes::table
        .filter(changes::seq.gt(after).and(changes::seq.le(head)))
        .order((changes::seq, changes::place))
        .select((changes::seq, changes::organisation_id, changes::hook_id, changes::delivery_id))
        .load(conn)?;
    let mut numbers: Vec<i64> = rows.iter().map(|(seq, ..)| *seq).collect();
    numbers.dedup();
    if i64::try_from(numbers.len()).ok() != Some(head - after) {
        return Ok(Changes { head, named: None });
    }
    let named = rows.iter().map(|(seq, organisation, hook, delivery)| {
        Change::read(organisation.as_deref(), hook.as_deref(), delivery.as_deref(), &seq.to_string())
    });
    Ok(Changes { head, named: Some(named.collect::<Result<_>>()?) })
}

/// Forgets what all but the newest `keep` numbers changed; how many names were forgotten.
pub fn forget_old(conn: &mut Conn, keep: i64) -> Result<usize> {
    let head = head(conn)?;
    Ok(diesel::delete(changes::table.filter(changes::seq.le(head.saturating_sub(keep)))).execute(conn)?)
}
