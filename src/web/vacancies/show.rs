//! One vacancy: its candidates by stage, ready to be ticked and exported, and what was exported before.

use actix_web::HttpRequest;

use super::data::{VacancyData, VacancyQuery, total};
use super::people::People;
use crate::domain::ids::VacancyId;
use crate::domain::vacancy::VacancyStatus;
use crate::web::exports::table::History;
use crate::web::prelude::*;
use crate::web::words::grouped;

/// The page.
pub async fn show(visit: Visit, Path(id): Path<VacancyId>, request: HttpRequest) -> Answer {
    let wanted = VacancyQuery::read(&Fields::parse(request.query_string().as_bytes()));
    let shown = VacancyData::load(&visit, id, wanted).await?;
    Ok(page(&visit, &shown).ok())
}

/// The page of a vacancy.
pub fn page<'a>(visit: &'a Visit, shown: &VacancyData) -> Page<'a> {
    let view = View { shown, viewer: &visit.viewer };
    visit.page(shown.vacancy.title.clone(), Nav::Vacancies, view).in_mode(shown.vacancy.mode)
}

struct View<'a> {
    shown: &'a VacancyData,
    viewer: &'a Viewer,
}

impl Render for View<'_> {
    fn render(&self) -> Markup {
        let VacancyData { vacancy, history, time, .. } = self.shown;
        let head = Head::below(Nav::Vacancies, html! { bdi { (vacancy.title) } })
            .state(State::of_vacancy(vacancy.status).pill())
            .acts(if self.shown.stages.is_empty() {
                html! {}
            } else {
                self.import("btn")
            })
            .lede(self.lede());
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
                (part("Exports", html! { "The latest first. " a href=(paths::vacancy_exports(&vacancy.id)) { "All of this vacancy" } }, History { exports: history, current: None, time: *time }.render()))
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
        let since = self.shown.time.date(vacancy.created_at);
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
        let VacancyData { vacancy, stages, wanted, .. } = self.shown;
        let keeps = self.shown.has_boxes(self.viewer);
        let tab = |name: &str, stage: Option<String>, count: i64| {
            let current = (wanted.stage == stage).then_some("page");
            // Only what this page cannot change stays true while it is ticked and unticked.
            let is_other = wanted.stage.is_some() && stage.is_some() && wanted.stage != stage;
            let held = self.shown.ticked.values().filter(|of| is_other && Some(*of) == stage.as_ref()).count();
            let to = VacancyQuery { stage, page: 1 };
            let words = html! {
                bdi { (name) } " " span { (grouped(count)) }
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
    use chrono::DateTime;

    use super::*;

    #[test]
    fn an_address_carries_stage_and_page_and_reads_back() {
        let id = VacancyId::new(DateTime::UNIX_EPOCH);
        let wanted = VacancyQuery { stage: Some("On-site & offer".into()), page: 3 };
        let address = wanted.address(&id);
        assert!(address.ends_with("?stage=On-site+%26+offer&page=3"));
        let query = address.split_once('?').map(|(_, query)| query.as_bytes()).unwrap_or_default();
        assert_eq!(VacancyQuery::read(&Fields::parse(query)), wanted);
        let start = VacancyQuery { stage: None, page: 1 };
        assert_eq!(VacancyQuery::read(&Fields::parse(b"page=-4&stage=")), start);
        assert_eq!(start.address(&id), paths::vacancy(&id));
    }
}
