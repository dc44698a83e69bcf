//! Every vacancy of the mode.

use actix_web::{HttpResponse, web};
use chrono::{DateTime, Utc};
use maud::{Markup, Render, html};

use super::super::error::WebError;
use super::super::gate::Organisations;
use super::super::layout::{Head, Nav, Page};
use super::super::status::State;
use super::super::{paths, time};
use crate::actions::{Context, Viewer};
use crate::domain::role::Permission;
use crate::domain::vacancy::Vacancy;
use crate::store;

/// The page.
pub async fn show(
    context: web::Data<Context>,
    viewer: Viewer,
    organisations: Organisations,
) -> Result<HttpResponse, WebError> {
    let (organisation, mode) = (viewer.organisation.id.clone(), viewer.mode);
    let vacancies = context.store.read(move |conn| store::vacancy::list(conn, &organisation, mode)).await?;
    let list = List { viewer: &viewer, vacancies, now: context.clock.now() }.render();
    Ok(Page { organisations: organisations.0, ..Page::new("Vacancies", Nav::Vacancies, &viewer, list) }.ok())
}

struct List<'a> {
    viewer: &'a Viewer,
    vacancies: Vec<(Vacancy, i64)>,
    now: DateTime<Utc>,
}

impl Render for List<'_> {
    fn render(&self) -> Markup {
        let may_create = self.viewer.role.may(Permission::ManageVacancies);
        let new = html! { @if may_create { a.btn.main href=(paths::NEW_VACANCY) { "New vacancy" } } };
        let acts = if self.vacancies.is_empty() {
            html! {}
        } else {
            new.clone()
        };
        html! {
            (Head { acts, ..Head::new(&[], html! { "Vacancies" }) })
            @if self.vacancies.is_empty() {
                section.empty {
                    h2 { "No vacancy in " (self.viewer.mode) " mode yet." }
                    p {
                        "A vacancy is what candidates apply to, and what they are exported from. It comes from your own system through the partner API, or is made here by hand."
                    }
                    @if may_create { p { (new) } }
                    @else { p.small.soft { "Recruiters and Organisation Admins make vacancies." } }
                }
            } @else {
                (self.table())
            }
        }
    }
}

impl List<'_> {
    fn table(&self) -> Markup {
        let zone = self.viewer.organisation.time_zone;
        html! {
            div.table {
                table.cards.pairs {
                    caption.hush { "Vacancies in " (self.viewer.mode) " mode, newest first" }
                    thead {
                        tr {
                            th scope="col" { "Title" }
                            th scope="col" { "Status" }
                            th scope="col" { "Reference" }
                            th scope="col" { "Department" }
                            th scope="col" { "Location" }
                            th.num scope="col" { "Candidates" }
                            th scope="col" { "Created" }
                        }
                    }
                    tbody {
                        @for (vacancy, candidates) in &self.vacancies {
                            tr {
                                th scope="row" { a href=(paths::vacancy(&vacancy.id)) { bdi { (vacancy.title) } } }
                                td { (State::of_vacancy(vacancy.status).plain()) }
                                td { (vacancy.reference.as_deref().unwrap_or("–")) }
                                td { (vacancy.department.as_deref().unwrap_or("–")) }
                                td { (vacancy.location.as_deref().unwrap_or("–")) }
                                td.num data-l="Candidates" { (candidates) }
                                td data-l="Created" { (time::day(vacancy.created_at, zone, self.now)) }
                            }
                        }
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::role::Role;
    use crate::web::samples::{now, vacancy, viewer};

    #[test]
    fn a_vacancy_is_a_row_whose_title_stays_text() {
        let viewer = viewer(Role::Recruiter);
        let vacancies = vec![(vacancy("<script>alert(1)</script>"), 128)];
        let page = List { viewer: &viewer, vacancies, now: now() }.render().0;
        assert!(page.contains("<bdi>&lt;script&gt;alert(1)&lt;/script&gt;</bdi>"));
        assert!(page.contains(">New vacancy</a>") && page.contains("data-l=\"Candidates\">128<"));
    }

    #[test]
    fn without_a_vacancy_the_page_says_where_they_come_from_and_who_may_make_one() {
        let page = |role| List { viewer: &viewer(role), vacancies: Vec::new(), now: now() }.render().0;
        assert!(
            page(Role::Admin).contains("No vacancy in live mode yet.") && page(Role::Admin).contains("New vacancy")
        );
        assert!(!page(Role::Support).contains("New vacancy"));
    }
}
