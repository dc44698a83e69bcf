//! Headers of hooks' own in the database, their values sealed.

use diesel::prelude::*;

use super::row::Reader;
use super::schema::hook_headers;
use super::{Conn, Result};
use crate::domain::hook_header::HeaderName;
use crate::domain::ids::{HookHeaderId, HookId};

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = hook_headers)]
struct HeaderRow {
    id: String,
    hook_id: String,
    place: i32,
    name: String,
    sealed: Vec<u8>,
}

/// A header of a hook and its sealed value.
#[derive(Debug, Clone)]
pub struct SealedHeader {
    /// Its id: with its hook, the place its value is bound to.
    pub id: HookHeaderId,
    /// Its name.
    pub name: HeaderName,
    /// Its value, sealed under the sealing key and bound to its hook; empty when it was lost (see [`super::sealed`]).
    pub sealed: Vec<u8>,
}

impl SealedHeader {
    /// Whether its value was lost with the sealing key.
    pub fn is_lost(&self) -> bool {
        self.sealed.is_empty()
    }
}

/// The headers of a hook, in the order of its form.
pub fn of_hook(conn: &mut Conn, hook: &HookId) -> Result<Vec<SealedHeader>> {
    let rows = hook_headers::table
        .filter(hook_headers::hook_id.eq(hook.as_str()))
        .order((hook_headers::place, hook_headers::id))
        .select(HeaderRow::as_select())
        .load(conn)?;
    let read = |row: HeaderRow| {
        let reader = Reader { table: "hook_headers", id: &row.id };
        let name = HeaderName::parse(&row.name).map_err(|error| reader.corrupt(error))?;
        Ok(SealedHeader { id: reader.parse(&row.id)?, name, sealed: row.sealed })
    };
    rows.into_iter().map(read).collect()
}

/// Writes these as all the headers a hook has.
pub fn replace(conn: &mut Conn, hook: &HookId, headers: Vec<SealedHeader>) -> Result<()> {
    diesel::delete(hook_headers::table.filter(hook_headers::hook_id.eq(hook.as_str()))).execute(conn)?;
    for (place, header) in headers.into_iter().enumerate() {
        let row = HeaderRow {
            id: header.id.to_string(),
            hook_id: hook.to_string(),
            place: i32::try_from(place).unwrap_or(i32::MAX),
            name: header.name.as_str().to_owned(),
            sealed: header.sealed,
        };
        diesel::insert_into(hook_headers::table).values(&row).execute(conn)?;
    }
    Ok(())
}
