//! Settings the database itself carries, such as the check that the sealing key fits.

use diesel::prelude::*;

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
