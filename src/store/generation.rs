//! One number for everything that is kept in memory of what members decide.
//!
//! Keys, hooks, credentials and suspensions are read once and kept ([`crate::delivery::directory`]). Whatever changes one of
//! them, or takes a delivery out of the hands of the instance that holds it, adds one to this number in the same
//! transaction. Whoever reads another number than before forgets what it knew.

use diesel::prelude::*;

use super::schema::generation;
use super::{Conn, Result};

/// The number as this transaction sees it.
pub fn read(conn: &mut Conn) -> Result<i64> {
    // Without a limit: SQLite compiles a statement anew each time a value is bound to its `LIMIT`.
    Ok(generation::table.select(generation::value).get_result(conn)?)
}

/// Adds one; others learn of it with the commit.
pub fn bump(conn: &mut Conn) -> Result<i64> {
    Ok(diesel::update(generation::table)
        .set(generation::value.eq(generation::value + 1))
        .returning(generation::value)
        .get_result(conn)?)
}
