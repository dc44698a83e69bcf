//! Imports in the database: the uploaded file until it has been read in, then what came of it.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::row::Reader;
use super::schema::imports;
use super::time::micros;
use super::{Conn, Result};
use crate::domain::ids::{ImportId, MemberId, OrganisationId, VacancyId};

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = imports)]
struct ImportRow {
    id: String,
    organisation_id: String,
    vacancy_id: String,
    member_id: String,
    file_name: String,
    content: Option<Vec<u8>>,
    report: Option<String>,
    created_at: i64,
}

/// An uploaded file on its way into a vacancy.
#[derive(Debug, Clone)]
pub struct Import {
    /// Its id.
    pub id: ImportId,
    /// Whose.
    pub organisation_id: OrganisationId,
    /// Into what.
    pub vacancy_id: VacancyId,
    /// Who uploaded it.
    pub member_id: MemberId,
    /// What the file was called.
    pub file_name: String,
    /// The file; once it has been read in, what was left out of it, for a day.
    pub content: Option<Vec<u8>>,
    /// What came of it, a JSON document; `None` until then.
    pub report: Option<String>,
    /// When it was uploaded.
    pub created_at: DateTime<Utc>,
}

/// Writes a new import.
pub fn insert(conn: &mut Conn, import: &Import) -> Result<()> {
    let row = ImportRow {
        id: import.id.to_string(),
        organisation_id: import.organisation_id.to_string(),
        vacancy_id: import.vacancy_id.to_string(),
        member_id: import.member_id.to_string(),
        file_name: import.file_name.clone(),
        content: import.content.clone(),
        report: import.report.clone(),
        created_at: micros(import.created_at),
    };
    diesel::insert_into(imports::table).values(&row).execute(conn)?;
    Ok(())
}

/// One import of an organisation.
pub fn find(conn: &mut Conn, organisation: &OrganisationId, id: &ImportId) -> Result<Option<Import>> {
    let row = imports::table
        .find(id.as_str())
        .filter(imports::organisation_id.eq(organisation.as_str()))
        .select(ImportRow::as_select())
        .first(conn)
        .optional()?;
    row.map(|row| {
        let read = Reader { table: "imports", id: &row.id };
        Ok(Import {
            id: read.parse(&row.id)?,
            organisation_id: read.parse(&row.organisation_id)?,
            vacancy_id: read.parse(&row.vacancy_id)?,
            member_id: read.parse(&row.member_id)?,
            created_at: read.time(row.created_at)?,
            file_name: row.file_name,
            content: row.content,
            report: row.report,
        })
    })
    .transpose()
}

/// Takes an open import to read it in: its file goes. Whether it was still open; whoever asks second waits for the
/// first to commit and is told no.
pub fn take(conn: &mut Conn, id: &ImportId) -> Result<bool> {
    let changed = diesel::update(
        imports::table.find(id.as_str()).filter(imports::content.is_not_null().and(imports::report.is_null())),
    )
    .set(imports::content.eq(None::<Vec<u8>>))
    .execute(conn)?;
    Ok(changed == 1)
}

/// Ends an import: its file goes, its report stays, and so does for a while what was left out. Whether it was still open.
pub fn finish(conn: &mut Conn, id: &ImportId, report: &str, left_out: Option<Vec<u8>>) -> Result<bool> {
    let changed = diesel::update(imports::table.find(id.as_str()).filter(imports::report.is_null()))
        .set((imports::content.eq(left_out), imports::report.eq(report)))
        .execute(conn)?;
    Ok(changed == 1)
}

/// Drops the imports nobody finished, and what was left out of the others. How many nobody finished.
pub fn drop_abandoned(conn: &mut Conn, before: DateTime<Utc>) -> Result<usize> {
    let corrected = imports::report.is_not_null().and(imports::content.is_not_null());
    let corrected = corrected.and(imports::created_at.lt(micros(before)));
    diesel::update(imports::table.filter(corrected)).set(imports::content.eq(None::<Vec<u8>>)).execute(conn)?;
    let abandoned = imports::report.is_null().and(imports::created_at.lt(micros(before)));
    Ok(diesel::delete(imports::table.filter(abandoned)).execute(conn)?)
}
