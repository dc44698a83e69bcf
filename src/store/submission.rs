//! What forms were answered with: a double click makes one thing.
//!
//! Every form that makes something carries a random token. The first submission records what it made in the same
//! transaction; the second finds it and is answered alike.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::schema::submissions;
use super::time::micros;
use super::{Conn, Result};

/// What a form with this token was answered with before.
pub fn find(conn: &mut Conn, token: &str) -> Result<Option<String>> {
    Ok(submissions::table.find(token).select(submissions::result).first(conn).optional()?)
}

/// Remembers what a form is answered with. Fails as a duplicate when another submission was faster.
pub fn insert(conn: &mut Conn, token: &str, result: &str, now: DateTime<Utc>) -> Result<()> {
    diesel::insert_into(submissions::table)
        .values((submissions::token.eq(token), submissions::result.eq(result), submissions::created_at.eq(micros(now))))
        .execute(conn)?;
    Ok(())
}

/// Remembers what stands under a token from now on, whatever stood there before.
pub fn replace(conn: &mut Conn, token: &str, result: &str, now: DateTime<Utc>) -> Result<()> {
    diesel::delete(submissions::table.find(token)).execute(conn)?;
    insert(conn, token, result, now)
}

/// Forgets submissions made before a time; how many there were.
pub fn forget(conn: &mut Conn, before: DateTime<Utc>) -> Result<usize> {
    Ok(diesel::delete(submissions::table.filter(submissions::created_at.lt(micros(before)))).execute(conn)?)
}
