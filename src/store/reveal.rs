//! What one session may see once: new keys and secrets on their way to the page that shows them.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::schema::reveals;
use super::time::micros;
use super::{Conn, Result};

/// Leaves something for a session to see once. What was left there before is gone.
pub fn leave(conn: &mut Conn, owner: &str, object: &str, sealed: &[u8], now: DateTime<Utc>) -> Result<()> {
    diesel::delete(reveals::table.find((owner, object))).execute(conn)?;
    diesel::insert_into(reveals::table)
        .values((
            reveals::owner.eq(owner),
            reveals::object.eq(object),
            reveals::sealed.eq(sealed),
            reveals::created_at.eq(micros(now)),
        ))
        .execute(conn)?;
    Ok(())
}

/// Takes out what was left: the second call finds nothing.
pub fn take(conn: &mut Conn, owner: &str, object: &str) -> Result<Option<Vec<u8>>> {
    Ok(diesel::delete(reveals::table.find((owner, object))).returning(reveals::sealed).get_result(conn).optional()?)
}

/// Forgets what nobody came to see; how many there were.
pub fn forget(conn: &mut Conn, before: DateTime<Utc>) -> Result<usize> {
    Ok(diesel::delete(reveals::table.filter(reveals::created_at.lt(micros(before)))).execute(conn)?)
}
