//! Organisations in the database.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::row::Reader;
use super::schema::organisations;
use super::time::micros;
use super::{Conn, Result};
use crate::domain::ids::OrganisationId;
use crate::domain::organisation::Organisation;

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = organisations)]
pub(super) struct OrganisationRow {
    id: String,
    name: String,
    time_zone: String,
    suspended_at: Option<i64>,
    created_at: i64,
}

impl OrganisationRow {
    pub(super) fn read(self) -> Result<Organisation> {
        let row = Reader { table: "organisations", id: &self.id };
        Ok(Organisation {
            id: row.parse(&self.id)?,
            time_zone: row.parse(&self.time_zone)?,
            suspended_at: row.time_some(self.suspended_at)?,
            created_at: row.time(self.created_at)?,
            name: self.name,
        })
    }
}

/// Writes a new organisation.
pub fn insert(conn: &mut Conn, organisation: &Organisation) -> Result<()> {
    let row = OrganisationRow {
        id: organisation.id.to_string(),
        name: organisation.name.clone(),
        time_zone: organisation.time_zone.name().to_owned(),
        suspended_at: organisation.suspended_at.map(micros),
        created_at: micros(organisation.created_at),
    };
    diesel::insert_into(organisations::table).values(&row).execute(conn)?;
    Ok(())
}

/// One organisation.
pub fn find(conn: &mut Conn, id: &OrganisationId) -> Result<Option<Organisation>> {
    let row = organisations::table.find(id.as_str()).select(OrganisationRow::as_select()).first(conn).optional()?;
    row.map(OrganisationRow::read).transpose()
}

/// Every organisation, oldest first.
pub fn all(conn: &mut Conn) -> Result<Vec<Organisation>> {
    let rows = organisations::table.order(organisations::id).select(OrganisationRow::as_select()).load(conn)?;
    rows.into_iter().map(OrganisationRow::read).collect()
}

/// Whether there is none yet: nobody has begun to use the database.
pub fn none(conn: &mut Conn) -> Result<bool> {
    let any: Option<String> = organisations::table.select(organisations::id).first(conn).optional()?;
    Ok(any.is_none())
}

/// Suspends (with a time) or resumes (with `None`) an organisation; whether there was one.
pub fn set_suspended(conn: &mut Conn, id: &OrganisationId, at: Option<DateTime<Utc>>) -> Result<bool> {
    let changed = diesel::update(organisations::table.find(id.as_str()))
        .set(organisations::suspended_at.eq(at.map(micros)))
        .execute(conn)?;
    Ok(changed == 1)
}

/// Whom the members of an organisation ask for help, as it was typed; `None` when nobody is named.
pub fn support_contact(conn: &mut Conn, id: &OrganisationId) -> Result<Option<String>> {
    let contact: Option<Option<String>> =
        organisations::table.find(id.as_str()).select(organisations::support_contact).first(conn).optional()?;
    Ok(contact.flatten())
}

/// Names whom the members of an organisation ask for help, or with `None` nobody.
pub fn set_support_contact(conn: &mut Conn, id: &OrganisationId, contact: Option<&str>) -> Result<()> {
    diesel::update(organisations::table.find(id.as_str()))
        .set(organisations::support_contact.eq(contact))
        .execute(conn)?;
    Ok(())
}
