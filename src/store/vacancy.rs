//! Vacancies in the database.

use std::collections::HashMap;

use diesel::dsl::count_star;
use diesel::prelude::*;

use super::row::Reader;
use super::schema::{applications, vacancies};
use super::time::micros;
use super::{Conn, Result};
use crate::domain::ids::{OrganisationId, VacancyId};
use crate::domain::mode::Mode;
use crate::domain::vacancy::{Vacancy, VacancyStatus};

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = vacancies)]
struct VacancyRow {
    id: String,
    organisation_id: String,
    mode: String,
    title: String,
    reference: Option<String>,
    status: String,
    department: Option<String>,
    location: Option<String>,
    created_at: i64,
    updated_at: i64,
}

impl VacancyRow {
    fn read(self) -> Result<Vacancy> {
        let row = Reader { table: "vacancies", id: &self.id };
        Ok(Vacancy {
            id: row.parse(&self.id)?,
            organisation_id: row.parse(&self.organisation_id)?,
            mode: row.word("mode", &self.mode, Mode::parse)?,
            status: row.word("status", &self.status, VacancyStatus::parse)?,
            created_at: row.time(self.created_at)?,
            updated_at: row.time(self.updated_at)?,
            title: self.title,
            reference: self.reference,
            department: self.department,
            location: self.location,
        })
    }
}

/// Writes a new vacancy.
pub fn insert(conn: &mut Conn, vacancy: &Vacancy) -> Result<()> {
    let row = VacancyRow {
        id: vacancy.id.to_string(),
        organisation_id: vacancy.organisation_id.to_string(),
        mode: vacancy.mode.to_string(),
        title: vacancy.title.clone(),
        reference: vacancy.reference.clone(),
        status: vacancy.status.as_str().to_owned(),
        department: vacancy.department.clone(),
        location: vacancy.location.clone(),
        created_at: micros(vacancy.created_at),
        updated_at: micros(vacancy.updated_at),
    };
    diesel::insert_into(vacancies::table).values(&row).execute(conn)?;
    Ok(())
}

/// Locks a vacancy until the transaction ends: of two who export its candidates at once, the second waits.
pub fn lock(conn: &mut Conn, id: &VacancyId) -> Result<()> {
    let query = vacancies::table.find(id.as_str()).select(vacancies::id);
    match conn {
        // The one writer needs no row locks.
        Conn::Sqlite(_) => {}
        Conn::Postgres(conn) => {
            query.for_no_key_update().first::<String>(conn).optional()?;
        }
    }
    Ok(())
}

/// One vacancy of an organisation.
pub fn find(conn: &mut Conn, organisation: &OrganisationId, id: &VacancyId) -> Result<Option<Vacancy>> {
    let row = vacancies::table
        .find(id.as_str())
        .filter(vacancies::organisation_id.eq(organisation.as_str()))
        .select(VacancyRow::as_select())
        .first(conn)
        .optional()?;
    row.map(VacancyRow::read).transpose()
}

/// The vacancies of a mode with how many candidates each has, newest first, at most 500.
pub fn list(conn: &mut Conn, organisation: &OrganisationId, mode: Mode) -> Result<Vec<(Vacancy, i64)>> {
    let rows = vacancies::table
        .filter(vacancies::organisation_id.eq(organisation.as_str()).and(vacancies::mode.eq(mode.as_str())))
        .order((vacancies::created_at.desc(), vacancies::id.desc()))
        .limit(500)
        .select(VacancyRow::as_select())
        .load(conn)?;
    let ids: Vec<String> = rows.iter().map(|row| row.id.clone()).collect();
    let counts: HashMap<String, i64> = applications::table
        .filter(applications::vacancy_id.eq_any(ids))
        .group_by(applications::vacancy_id)
        .select((applications::vacancy_id, count_star()))
        .load::<(String, i64)>(conn)?
        .into_iter()
        .collect();
    rows.into_iter()
        .map(|row| {
            let count = counts.get(&row.id).copied().unwrap_or_default();
            row.read().map(|vacancy| (vacancy, count))
        })
        .collect()
}
