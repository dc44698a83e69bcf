//! What of a hook's deliveries may be changed all together at this moment.

use diesel::prelude::*;

use super::missed::missed;
use super::owed::owed;
use crate::domain::ids::HookId;
use crate::store::schema::deliveries;
use crate::store::{Conn, Result};

/// SQLite takes so many values in a statement, and some more.
const IN_ONE_STATEMENT: usize = 1_000;

/// Ids of what is owed to a hook, or of what it has missed, as far as nobody is writing it at this moment.
///
/// Whoever changes it does not wait for answers that are being written down. What is left out for that belongs to a try that
/// has just ended: it has arrived, or whoever tries it next finds how its hook stands by then.
pub(super) struct Free(Vec<String>);

impl Free {
    /// What is owed to a hook.
    pub fn owed_to(conn: &mut Conn, hook: &HookId) -> Result<Self> {
        let owed = owed(hook.as_str()).select(deliveries::id);
        Ok(Self(load_free!(owed, conn)))
    }

    /// The tests among what is owed to a hook.
    pub fn tests_of(conn: &mut Conn, hook: &HookId) -> Result<Self> {
        let tests = owed(hook.as_str()).filter(deliveries::probe.eq(true)).select(deliveries::id);
        Ok(Self(load_free!(tests, conn)))
    }

    /// What is held of what is owed to a hook.
    pub fn held_for(conn: &mut Conn, hook: &HookId) -> Result<Self> {
        let held = owed(hook.as_str()).filter(deliveries::due_at.is_null()).select(deliveries::id);
        Ok(Self(load_free!(held, conn)))
    }

    /// What a hook has missed.
    pub fn missed_by(conn: &mut Conn, hook: &HookId) -> Result<Self> {
        let missed = missed(hook.as_str()).select(deliveries::id);
        Ok(Self(load_free!(missed, conn)))
    }

    /// Changes them, so many at a time as fit in a statement; how many were changed.
    pub fn change(&self, change: impl FnMut(&[String]) -> Result<usize>) -> Result<usize> {
        self.0.chunks(IN_ONE_STATEMENT).map(change).sum()
    }
}
