//! What opens the page of the first run: one hash for each living instance that found the database empty.

use diesel::prelude::*;

use super::schema::first_runs;
use super::{Conn, Result};
use crate::domain::ids::InstanceId;

/// Remembers what an instance printed, in place of what it printed before. It goes when the instance does.
pub fn offer(conn: &mut Conn, instance: &InstanceId, hash: &str) -> Result<()> {
    diesel::delete(first_runs::table.filter(first_runs::instance_id.eq(instance.as_str()))).execute(conn)?;
    diesel::insert_into(first_runs::table)
        .values((first_runs::hash.eq(hash), first_runs::instance_id.eq(instance.as_str())))
        .execute(conn)?;
    Ok(())
}

/// Whether a living instance printed what has this hash, and nobody has used any yet.
pub fn is_offered(conn: &mut Conn, hash: &str) -> Result<bool> {
    let found: Option<String> = first_runs::table.find(hash).select(first_runs::hash).first(conn).optional()?;
    Ok(found.is_some())
}

/// Takes all of them away at once; whether this one was among them. Of two who come at the same moment with two that are
/// both good, one waits for the other, and finds none.
pub fn take(conn: &mut Conn, hash: &str) -> Result<bool> {
    let taken: Vec<String> = diesel::delete(first_runs::table).returning(first_runs::hash).get_results(conn)?;
    Ok(taken.iter().any(|taken| taken == hash))
}
