//! Inspection: a database looked at and left exactly as it is, for whoever asks what a start would meet.

use super::connection::{Manager, Purpose};
use super::fault::Faults;
use super::{Conn, DatabaseUrl, Result, server};
use diesel::connection::SimpleConnection as _;

/// Opens a database for reading alone; `None` when there is no such SQLite file.
pub(super) fn open(url: &DatabaseUrl) -> Result<Option<Conn>> {
    match url {
        DatabaseUrl::Sqlite(path) if !path.to_string_lossy().starts_with("file:") && !path.exists() => return Ok(None),
        DatabaseUrl::Sqlite(_) => {}
        DatabaseUrl::Postgres(url) => drop(server::check(url)?),
    }
    let mut conn = Manager { read_only: true, ..Manager::alone(url, Purpose::Migration) }.open(&Faults::default())?;
    if let Conn::Postgres(conn) = &mut conn {
        conn.batch_execute("SET default_transaction_read_only = on")?;
    }
    Ok(Some(conn))
}

/// Reads something from a database and changes nothing; `None` when there is no such SQLite file.
pub fn inspect<T>(url: &DatabaseUrl, read: impl FnOnce(&mut Conn) -> Result<T>) -> Result<Option<T>> {
    open(url)?.map(|mut conn| read(&mut conn)).transpose()
}
