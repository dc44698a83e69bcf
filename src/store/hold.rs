//! The hold of a restored copy: while it stands in the database, nothing is sent from it.
//!
//! What a copy owes was, for the most part, sent by the original since. Every copy that `hirewire backup` makes carries the
//! hold, so that none sends it a second time before somebody has looked.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::row::Reader;
use super::schema::settings;
use super::time::micros;
use super::{Conn, Result, setting};

const HELD_SINCE: &str = "held since";

/// Holds everything; `since` says which moment the copy shows, or when somebody asked for it.
pub fn begin(conn: &mut Conn, since: DateTime<Utc>) -> Result<()> {
    setting::put(conn, HELD_SINCE, &micros(since).to_be_bytes())
}

/// Since when everything is held; `None` when nothing is.
pub fn since(conn: &mut Conn) -> Result<Option<DateTime<Utc>>> {
    let Some(value) = setting::get(conn, HELD_SINCE)? else { return Ok(None) };
    let reader = Reader { table: "settings", id: HELD_SINCE };
    let bytes = <[u8; 8]>::try_from(value.as_slice()).map_err(|_| reader.corrupt("it is no time"))?;
    reader.time(i64::from_be_bytes(bytes)).map(Some)
}

/// Ends the hold; whether there was one.
pub fn end(conn: &mut Conn) -> Result<bool> {
    Ok(diesel::delete(settings::table.find(HELD_SINCE)).execute(conn)? == 1)
}
