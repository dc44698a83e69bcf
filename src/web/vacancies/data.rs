//! What there is to show of a vacancy, and which part of it.

use std::collections::HashMap;

use crate::actions::export::ticked;
use crate::domain::candidate::Applicant;
use crate::domain::ids::{CandidateId, VacancyId};
use crate::domain::vacancy::Vacancy;
use crate::store::candidate::ApplicantPage;
use crate::store::export::{ExportFilter, ExportView};
use crate::web::prelude::*;

/// So many candidates stand on a page.
pub const PAGE: i64 = 50;
/// So many exports stand below them.
const HISTORY: i64 = 10;

/// Which part of a vacancy is looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VacancyQuery {
    /// Only this stage.
    pub stage: Option<String>,
    /// Which page, from 1.
    pub page: i64,
}

impl VacancyQuery {
    /// Reads a query or a form; what makes no sense is the beginning.
    pub fn read(fields: &Fields) -> Self {
        let stage = Some(fields.one("stage").to_owned()).filter(|stage| !stage.is_empty());
        let page = fields.one("page").parse().unwrap_or(1).clamp(1, 1_000_000);
        Self { stage, page }
    }

    /// The address of a vacancy, looked at like this.
    pub fn address(&self, vacancy: &VacancyId) -> String {
        let query = self.query();
        if query.is_empty() { paths::vacancy(vacancy) } else { format!("{}?{query}", paths::vacancy(vacancy)) }
    }

    /// The query of that address; empty for the beginning.
    pub fn query(&self) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        if let Some(stage) = &self.stage {
            query.append_pair("stage", stage);
        }
        if self.page > 1 {
            query.append_pair("page", &self.page.to_string());
        }
        query.finish()
    }
}

/// A vacancy as its page shows it.
pub struct VacancyData {
    /// The vacancy.
    pub vacancy: Vacancy,
    /// How many candidates are in each stage.
    pub stages: Vec<(String, i64)>,
    /// What is looked at.
    pub wanted: VacancyQuery,
    /// The candidates of this page.
    pub applicants: Vec<Applicant>,
    /// Who was sent before, by candidate.
    pub sent: HashMap<String, ExportView>,
    /// The latest exports.
    pub history: Vec<ExportView>,
    /// Who is ticked in the vacancy, each with the stage: here, on other pages, and in other stages.
    pub ticked: HashMap<CandidateId, String>,
    /// Why the selection was refused.
    pub errors: Errors,
    /// The time.
    pub time: LocalTime,
}

impl VacancyData {
    /// Reads a vacancy of the viewer's organisation.
    pub async fn load(visit: &Visit, id: VacancyId, wanted: VacancyQuery) -> Result<Self, WebError> {
        let time = visit.time();
        visit
            .find(move |conn, viewer| {
                let organisation = &viewer.organisation.id;
                let Some(vacancy) = store::vacancy::find(conn, organisation, &id)? else { return Ok(None) };
                let stages = store::candidate::stages(conn, &id)?;
                let total = total(&stages, wanted.stage.as_deref());
                let page = wanted.page.min((total - 1).max(0) / PAGE + 1);
                let asked = ApplicantPage { stage: wanted.stage.clone(), offset: (page - 1) * PAGE, limit: PAGE };
                let applicants = store::candidate::applicants(conn, &id, &asked)?;
                let ids: Vec<CandidateId> = applicants.iter().map(|one| one.candidate.id.clone()).collect();
                let sent = store::export::last_sent(conn, &id, &ids)?;
                let kept = ticked(conn, viewer, &id)?;
                let ticked = store::candidate::stages_of(conn, &id, &kept)?.into_iter().collect();
                let filter = ExportFilter { vacancy: Some(id), limit: HISTORY, ..ExportFilter::default() };
                let history = store::export::list(conn, organisation, vacancy.mode, &filter)?;
                let (wanted, errors) = (VacancyQuery { page, ..wanted }, Errors::default());
                Ok(Some(Self { vacancy, stages, wanted, applicants, sent, history, ticked, errors, time }))
            })
            .await
    }

    /// Whether this viewer may tick somebody here: then the ways to other stages and pages are buttons, which keep the ticks.
    pub fn has_boxes(&self, viewer: &Viewer) -> bool {
        viewer.role.may(Permission::Export) && !self.applicants.is_empty()
    }

    /// How many are ticked who are not on this page.
    pub fn ticked_elsewhere(&self) -> usize {
        let here = self.applicants.iter().filter(|one| self.ticked.contains_key(&one.candidate.id)).count();
        self.ticked.len() - here
    }

    /// How many candidates the stage that is looked at has.
    pub fn total(&self) -> i64 {
        total(&self.stages, self.wanted.stage.as_deref())
    }
}

/// How many candidates a stage has, or all of them.
pub fn total(stages: &[(String, i64)], wanted: Option<&str>) -> i64 {
    stages.iter().filter(|(stage, _)| wanted.is_none_or(|wanted| wanted == stage)).map(|(_, count)| count).sum()
}
