//! Settings the database itself carries, such as the check that the sealing key fits.

use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{Binary, Text};

use super::schema::settings;
use super::{Conn, Result};

/// The value of a setting.
pub fn get(conn: &mut Conn, name: &str) -> Result<Option<Vec<u8>>> {
    Ok(settings::table.find(name).select(settings::value).first(conn).optional()?)
}

/// Writes a setting that is not there yet.
pub fn insert(conn: &mut Conn, name: &str, value: &[u8]) -> Result<()> {
    diesel::insert_into(settings::table).values((settings::name.eq(name), settings::value.eq(value))).execute(conn)?;
    Ok(())
}

/// Writes a setting, whether it is there or not.
pub fn put(conn: &mut Conn, name: &str, value: &[u8]) -> Result<()> {
    let statement =
        "INSERT INTO settings (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value";
    sql_query(statement).bind::<Text, _>(name).bind::<Binary, _>(value).execute(conn)?;
    Ok(())
}
