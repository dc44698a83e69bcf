//! Candidates and applications in the database.

use diesel::dsl::count_star;
use diesel::prelude::*;

use super::row::{Reader, json_text};
use super::schema::{applications, candidates};
use super::time::micros;
use super::{Conn, Result};
use crate::domain::candidate::{Applicant, Application, Candidate};
use crate::domain::email::{folded, spellings};
use crate::domain::ids::{CandidateId, OrganisationId, VacancyId};
use crate::domain::mode::Mode;

#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = candidates, treat_none_as_null = true)]
struct CandidateRow {
    id: String,
    organisation_id: String,
    mode: String,
    external_id: Option<String>,
    email: Option<String>,
    profile: String,
    consent_withdrawn_at: Option<i64>,
    created_at: i64,
    updated_at: i64,
}

impl CandidateRow {
    fn write(candidate: &Candidate) -> Self {
        Self {
            id: candidate.id.to_string(),
            organisation_id: candidate.organisation_id.to_string(),
            mode: candidate.mode.to_string(),
            external_id: candidate.external_id.clone(),
            email: candidate.profile.email().map(folded),
            profile: json_text(&candidate.profile),
            consent_withdrawn_at: candidate.consent_withdrawn_at.map(micros),
            created_at: micros(candidate.created_at),
            updated_at: micros(candidate.updated_at),
        }
    }

    fn read(self) -> Result<Candidate> {
        let row = Reader { table: "candidates", id: &self.id };
        Ok(Candidate {
            id: row.parse(&self.id)?,
            organisation_id: row.parse(&self.organisation_id)?,
            mode: row.word("mode", &self.mode, Mode::parse)?,
            profile: row.json(&self.profile)?,
            consent_withdrawn_at: row.time_some(self.consent_withdrawn_at)?,
            created_at: row.time(self.created_at)?,
            updated_at: row.time(self.updated_at)?,
            external_id: self.external_id,
        })
    }
}

#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = applications, treat_none_as_null = true)]
struct ApplicationRow {
    id: String,
    candidate_id: String,
    vacancy_id: String,
    applied_at: i64,
    source: Option<String>,
    status: String,
    stage: String,
    review: String,
    updated_at: i64,
}

impl ApplicationRow {
    fn write(application: &Application) -> Self {
        Self {
            id: application.id.to_string(),
            candidate_id: application.candidate_id.to_string(),
            vacancy_id: application.vacancy_id.to_string(),
            applied_at: micros(application.applied_at),
            source: application.source.clone(),
            status: application.status.clone(),
            stage: application.stage.clone(),
            review: json_text(&application.review),
            updated_at: micros(application.updated_at),
        }
    }

    fn read(self) -> Result<Application> {
        let row = Reader { table: "applications", id: &self.id };
        Ok(Application {
            id: row.parse(&self.id)?,
            candidate_id: row.parse(&self.candidate_id)?,
            vacancy_id: row.parse(&self.vacancy_id)?,
            applied_at: row.time(self.applied_at)?,
            review: row.json(&self.review)?,
            updated_at: row.time(self.updated_at)?,
            source: self.source,
            status: self.status,
            stage: self.stage,
        })
    }
}

/// Writes a new candidate.
pub fn insert(conn: &mut Conn, candidate: &Candidate) -> Result<()> {
    diesel::insert_into(candidates::table).values(&CandidateRow::write(candidate)).execute(conn)?;
    Ok(())
}

/// Writes a candidate that has changed.
pub fn update(conn: &mut Conn, candidate: &Candidate) -> Result<()> {
    diesel::update(candidates::table.find(candidate.id.as_str())).set(&CandidateRow::write(candidate)).execute(conn)?;
    Ok(())
}

/// Writes a new application.
pub fn insert_application(conn: &mut Conn, application: &Application) -> Result<()> {
    diesel::insert_into(applications::table).values(&ApplicationRow::write(application)).execute(conn)?;
    Ok(())
}

/// Writes an application that has changed.
pub fn update_application(conn: &mut Conn, application: &Application) -> Result<()> {
    diesel::update(applications::table.find(application.id.as_str()))
        .set(&ApplicationRow::write(application))
        .execute(conn)?;
    Ok(())
}

/// One candidate of an organisation.
pub fn find(conn: &mut Conn, organisation: &OrganisationId, id: &CandidateId) -> Result<Option<Candidate>> {
    Ok(by_ids(conn, organisation, std::slice::from_ref(id))?.pop())
}

/// These candidates of an organisation, in no order; ids that are none of its own are passed over.
pub fn by_ids(conn: &mut Conn, organisation: &OrganisationId, ids: &[CandidateId]) -> Result<Vec<Candidate>> {
    let ids: Vec<&str> = ids.iter().map(CandidateId::as_str).collect();
    let rows = candidates::table
        .filter(candidates::organisation_id.eq(organisation.as_str()).and(candidates::id.eq_any(ids)))
        .select(CandidateRow::as_select())
        .load(conn)?;
    rows.into_iter().map(CandidateRow::read).collect()
}

/// The candidate another system knows by this id.
pub fn find_by_external_id(
    conn: &mut Conn,
    organisation: &OrganisationId,
    mode: Mode,
    external_id: &str,
) -> Result<Option<Candidate>> {
    let row = candidates::table
        .filter(candidates::organisation_id.eq(organisation.as_str()).and(candidates::mode.eq(mode.as_str())))
        .filter(candidates::external_id.eq(external_id))
        .select(CandidateRow::as_select())
        .first(conn)
        .optional()?;
    row.map(CandidateRow::read).transpose()
}

/// The candidates with this main address (in any case and Unicode form), oldest first.
pub fn find_by_email(
    conn: &mut Conn,
    organisation: &OrganisationId,
    mode: Mode,
    email: &str,
) -> Result<Vec<Candidate>> {
    let rows = candidates::table
        .filter(candidates::organisation_id.eq(organisation.as_str()).and(candidates::mode.eq(mode.as_str())))
        .filter(candidates::email.eq_any(spellings(email)))
        .order(candidates::id)
        .select(CandidateRow::as_select())
        .load(conn)?;
    rows.into_iter().map(CandidateRow::read).collect()
}

/// A candidate's application to a vacancy.
pub fn find_application(conn: &mut Conn, vacancy: &VacancyId, candidate: &CandidateId) -> Result<Option<Application>> {
    let row = applications::table
        .filter(applications::vacancy_id.eq(vacancy.as_str()).and(applications::candidate_id.eq(candidate.as_str())))
        .select(ApplicationRow::as_select())
        .first(conn)
        .optional()?;
    row.map(ApplicationRow::read).transpose()
}

/// Which applicants of a vacancy a page shows.
#[derive(Debug, Clone, Default)]
pub struct ApplicantPage {
    /// Only those in this stage.
    pub stage: Option<String>,
    /// How many to pass over.
    pub offset: i64,
    /// How many at the most.
    pub limit: i64,
}

/// A page of a vacancy's applicants, newest change first.
pub fn applicants(conn: &mut Conn, vacancy: &VacancyId, page: &ApplicantPage) -> Result<Vec<Applicant>> {
    let mut query = applications::table
        .inner_join(candidates::table.on(candidates::id.eq(applications::candidate_id)))
        .filter(applications::vacancy_id.eq(vacancy.as_str().to_owned()))
        .into_boxed();
    if let Some(stage) = &page.stage {
        query = query.filter(applications::stage.eq(stage.clone()));
    }
    let rows: Vec<(CandidateRow, ApplicationRow)> = query
        .order((applications::updated_at.desc(), applications::id.desc()))
        .offset(page.offset)
        .limit(page.limit)
        .select((CandidateRow::as_select(), ApplicationRow::as_select()))
        .load(conn)?;
    rows.into_iter().map(read_applicant).collect()
}

/// These applicants of a vacancy, in the order of the page; ids that are none of its own are passed over.
pub fn applicants_by_ids(conn: &mut Conn, vacancy: &VacancyId, ids: &[CandidateId]) -> Result<Vec<Applicant>> {
    let ids: Vec<&str> = ids.iter().map(CandidateId::as_str).collect();
    let rows: Vec<(CandidateRow, ApplicationRow)> = applications::table
        .inner_join(candidates::table.on(candidates::id.eq(applications::candidate_id)))
        .filter(applications::vacancy_id.eq(vacancy.as_str()))
        .filter(applications::candidate_id.eq_any(ids))
        .order((applications::updated_at.desc(), applications::id.desc()))
        .select((CandidateRow::as_select(), ApplicationRow::as_select()))
        .load(conn)?;
    rows.into_iter().map(read_applicant).collect()
}

/// The ids of a vacancy's applicants in a stage (or in all), at most `limit`.
pub fn applicant_ids(
    conn: &mut Conn,
    vacancy: &VacancyId,
    stage: Option<&str>,
    limit: i64,
) -> Result<Vec<CandidateId>> {
    let mut query = applications::table
        .filter(applications::vacancy_id.eq(vacancy.as_str().to_owned()))
        .select(applications::candidate_id)
        .into_boxed();
    if let Some(stage) = stage {
        query = query.filter(applications::stage.eq(stage.to_owned()));
    }
    let ids: Vec<String> =
        query.order((applications::updated_at.desc(), applications::id.desc())).limit(limit).load(conn)?;
    ids.iter().map(|id| Reader { table: "applications", id }.parse(id)).collect()
}

/// Which of these apply to a vacancy, each with the stage.
pub fn stages_of(conn: &mut Conn, vacancy: &VacancyId, ids: &[CandidateId]) -> Result<Vec<(CandidateId, String)>> {
    let rows: Vec<(String, String)> = applications::table
        .filter(applications::vacancy_id.eq(vacancy.as_str()))
        .filter(applications::candidate_id.eq_any(ids.iter().map(CandidateId::as_str)))
        .select((applications::candidate_id, applications::stage))
        .load(conn)?;
    let read = |(id, stage): (String, String)| Ok((Reader { table: "applications", id: &id }.parse(&id)?, stage));
    rows.into_iter().map(read).collect()
}

/// How many applicants a vacancy has in each stage, the fullest first.
pub fn stages(conn: &mut Conn, vacancy: &VacancyId) -> Result<Vec<(String, i64)>> {
    let mut stages: Vec<(String, i64)> = applications::table
        .filter(applications::vacancy_id.eq(vacancy.as_str()))
        .group_by(applications::stage)
        .select((applications::stage, count_star()))
        .load(conn)?;
    stages.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    Ok(stages)
}

fn read_applicant((candidate, application): (CandidateRow, ApplicationRow)) -> Result<Applicant> {
    Ok(Applicant { candidate: candidate.read()?, application: application.read()? })
}
