//! The one place where times become whole microseconds, as tables hold them, and back.

use chrono::{DateTime, Utc};

use diesel::sql_types::BigInt;
use diesel::{QueryableByName, RunQueryDsl as _, sql_query};

use super::{Conn, Result, StoreError};

/// A time as it is stored.
pub fn micros(at: DateTime<Utc>) -> i64 {
    at.timestamp_micros()
}

/// A stored time.
pub fn from_micros(table: &'static str, id: &str, stored: i64) -> Result<DateTime<Utc>> {
    DateTime::from_timestamp_micros(stored).ok_or_else(|| StoreError::Corrupt {
        table,
        id: id.to_owned(),
        what: format!("{stored} µs is no time"),
    })
}

#[derive(QueryableByName)]
struct Now {
    #[diesel(sql_type = BigInt)]
    micros: i64,
}

/// What the database's own clock says, which all instances share; `None` on SQLite, which has none of its own.
pub fn of_database(conn: &mut Conn) -> Result<Option<DateTime<Utc>>> {
    let Conn::Postgres(conn) = conn else { return Ok(None) };
    let statement = "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint AS micros";
    let now: Now = sql_query(statement).get_result(conn)?;
    from_micros("(the database's clock)", "now", now.micros).map(Some)
}
