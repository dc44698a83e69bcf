//! One vacancy: its candidates by stage, ready to be ticked and exported, and what was exported before.

use std::collections::HashMap;

use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{DateTime, Utc};
use maud::{Markup, Render, html};

use super::super::error::WebError;
use super::super::exports::table::History;
use super::super::form::{Errors, Fields};
use super::super::gate::Organisations;
use super::super::layout::{Head, Nav, Page, part};
use super::super::status::State;
use super::super::words::grouped;
use super::super::{paths, time};
use super::people::People;
use crate::actions::export::ticked;
use crate::actions::{Context, Viewer};
use crate::domain::candidate::Applicant;
use crate::domain::ids::{CandidateId, VacancyId};
use crate::domain::role::Permission;
use crate::domain::vacancy::{Vacancy, VacancyStatus};
use crate::store::candidate::ApplicantPage;
use crate::store::export::{ExportFilter, ExportView};
use crate::store::{self, StoreError};

/// So many candidates stand on a page.
pub const PAGE: i64 = 50;
/// So many exports stand below them.
const HISTORY: i64 = 10;

/// Which part of a vacancy is looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// Only this stage.
    pub stage: Option<String>,
    /// Which page, from 1.
    pub page: i64,
}

impl Wanted {
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

/// The page.
pub async fn show(
    request: HttpRequest,
    context: web::Data<Context>,
    viewer: Viewer,
    organisations: Organisations,
    id: web::Path<String>,
) -> Result<HttpResponse, WebError> {
    let wanted = Wanted::read(&Fields::parse(request.query_string().as_bytes()));
    let shown = Shown::load(&context, &viewer, &id, wanted).await?;
    Ok(shown.page(&viewer, organisations).ok())
}

/// A vacancy as its page shows it.
pub struct Shown {
    /// The vacancy.
    pub vacancy: Vacancy,
    /// How many candidates are in each stage.
    pub stages: Vec<(String, i64)>,
    /// What is looked at.
    pub wanted: Wanted,
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
    pub now: DateTime<Utc>,
}

impl Shown {
    /// Reads a vacancy of the viewer's organisation.
    pub async fn load(context: &Context, viewer: &Viewer, id: &str, wanted: Wanted) -> Result<Self, WebError> {
        let id: VacancyId = id.parse().map_err(|_| WebError::NotFound)?;
        let (reader, now) = (viewer.clone(), context.clock.now());
        let found = context
            .store
            .read(move |conn| {
                let organisation = &reader.organisation.id;
                let Some(vacancy) = store::vacancy::find(conn, organisation, &id)? else { return Ok(None) };
                let stages = store::candidate::stages(conn, &id)?;
                let total = total(&stages, wanted.stage.as_deref());
                let page = wanted.page.min((total - 1).max(0) / PAGE + 1);
                let asked = ApplicantPage { stage: wanted.stage.clone(), offset: (page - 1) * PAGE, limit: PAGE };
                let applicants = store::candidate::applicants(conn, &id, &asked)?;
                let ids: Vec<CandidateId> = applicants.iter().map(|one| one.candidate.id.clone()).collect();
                let sent = store::export::last_sent(conn, &id, &ids)?;
                let kept = ticked(conn, &reader, &id)?;
                let ticked = store::candidate::stages_of(conn, &id, &kept)?.into_iter().collect();
                let filter = ExportFilter { vacancy: Some(id), limit: HISTORY, ..ExportFilter::default() };
                let history = store::export::list(conn, organisation, vacancy.mode, &filter)?;
                let (wanted, errors) = (Wanted { page, ..wanted }, Errors::default());
                Ok::<_, StoreError>(Some(Self {
                    vacancy,
                    stages,
                    wanted,
                    applicants,
                    sent,
                    history,
                    ticked,
                    errors,
                    now,
                }))
            })
            .await?;
        found.ok_or(WebError::NotFound)
    }

    /// The page around it.
    pub fn page<'a>(&self, viewer: &'a Viewer, organisations: Organisations) -> Page<'a> {
        let body = View { shown: self, viewer }.render();
        let page = Page::new(self.vacancy.title.clone(), Nav::Vacancies, viewer, body).in_mode(self.vacancy.mode);
        Page { organisations: organisations.0, ..page }
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

fn total(stages: &[(String, i64)], wanted: Option<&str>) -> i64 {
    stages.iter().filter(|(stage, _)| wanted.is_none_or(|wanted| wanted == stage)).map(|(_, count)| count).sum()
}

struct View<'a> {
    shown: &'a Shown,
    viewer: &'a Viewer,
}

impl Render for View<'_> {
    fn render(&self) -> Markup {
        let Shown { vacancy, history, now, .. } = self.shown;
        let zone = self.viewer.organisation.time_zone;
        let crumbs = [("Vacancies", Some(paths::VACANCIES.to_owned()))];
        let head = Head {
            state: State::of_vacancy(vacancy.status).pill(),
            acts: if self.shown.stages.is_empty() {
                html! {}
            } else {
                self.import("btn")
            },
            lede: self.lede(),
            ..Head::new(&crumbs, html! { bdi { (vacancy.title) } })
        };
        html! {
            (self.shown.errors.summary())
            (head)
            @if self.shown.stages.is_empty() {
                (self.nobody())
            } @else {
                (self.tabs())
                (People { shown: self.shown, viewer: self.viewer })
            }
            @if !history.is_empty() {
                (part("Exports", html! { "The latest first. " a href=(paths::vacancy_exports(&vacancy.id)) { "All of this vacancy" } }, History { exports: history, current: None, zone, now: *now }.render()))
            }
        }
    }
}

impl View<'_> {
    fn import(&self, class: &str) -> Markup {
        html! {
            @if self.viewer.role.may(Permission::ManageVacancies) {
                a class=(class) href=(paths::vacancy_import(&self.shown.vacancy.id)) { "Import candidates" }
            }
        }
    }

    fn lede(&self) -> Markup {
        let vacancy = &self.shown.vacancy;
        let known = [&vacancy.reference, &vacancy.department, &vacancy.location];
        let known = known.into_iter().flatten().map(String::as_str).collect::<Vec<_>>().join(", ");
        let zone = self.viewer.organisation.time_zone;
        let since = time::date(vacancy.created_at, zone, self.shown.now);
        let verb = if vacancy.status == VacancyStatus::Open { "Open since" } else { "Made on" };
        html! { @if !known.is_empty() { bdi { (known) } ". " } (verb) " " (since) "." }
    }

    fn nobody(&self) -> Markup {
        html! {
            section.empty {
                h2 { "Nobody has applied yet." }
                p {
                    "Candidates come from your own system through the partner API, or from a CSV or JSON file, as other systems and spreadsheets write it."
                }
                p { (self.import("btn main")) }
            }
        }
    }

    fn tabs(&self) -> Markup {
        let Shown { vacancy, stages, wanted, .. } = self.shown;
        let keeps = self.shown.has_boxes(self.viewer);
        let tab = |name: &str, stage: Option<String>, count: i64| {
            let current = (wanted.stage == stage).then_some("page");
            // Only what this page cannot change stays true while it is ticked and unticked.
            let is_other = wanted.stage.is_some() && stage.is_some() && wanted.stage != stage;
            let held = self.shown.ticked.values().filter(|of| is_other && Some(*of) == stage.as_ref()).count();
            let to = Wanted { stage, page: 1 };
            let words = html! {
                bdi { (name) } " " span { (grouped(usize::try_from(count).unwrap_or_default())) }
                @if held > 0 { " " span.tag { (grouped(held)) " selected" } }
            };
            html! {
                li {
                    @if keeps { button form="people" name="go" value=(to.query()) aria-current=[current] { (words) } }
                    @else { a href=(to.address(&vacancy.id)) aria-current=[current] { (words) } }
                }
            }
        };
        html! {
            nav.tabs aria-label="Stage" {
                ul {
                    (tab("All", None, total(stages, None)))
                    @for (stage, count) in stages { (tab(stage, Some(stage.clone()), *count)) }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_carries_stage_and_page_and_reads_back() {
        let id = VacancyId::new(DateTime::UNIX_EPOCH);
        let wanted = Wanted { stage: Some("On-site & offer".into()), page: 3 };
        let address = wanted.address(&id);
        assert!(address.ends_with("?stage=On-site+%26+offer&page=3"));
        let query = address.split_once('?').map(|(_, query)| query.as_bytes()).unwrap_or_default();
        assert_eq!(Wanted::read(&Fields::parse(query)), wanted);
        let start = Wanted { stage: None, page: 1 };
        assert_eq!(Wanted::read(&Fields::parse(b"page=-4&stage=")), start);
        assert_eq!(start.address(&id), paths::vacancy(&id));
    }
}
