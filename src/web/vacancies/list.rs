//! Every vacancy of the mode.

use crate::domain::vacancy::Vacancy;
use crate::web::prelude::*;

/// The page.
pub async fn show(visit: Visit) -> Answer {
    let vacancies =
        visit.read(move |conn, viewer| store::vacancy::list(conn, &viewer.organisation.id, viewer.mode)).await?;
    let list = List { viewer: &visit.viewer, vacancies, time: visit.time() }.render();
    Ok(visit.page("Vacancies", Nav::Vacancies, list).ok())
}

struct List<'a> {
    viewer: &'a Viewer,
    vacancies: Vec<(Vacancy, i64)>,
    time: LocalTime,
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
            (Head::of(Nav::Vacancies, "Vacancies").acts(acts))
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
        Table::pairs(["Title", "Status", "Reference", "Department", "Location"])
            .numbers("Candidates")
            .columns(["Created"])
            .captioned(html! { "Vacancies in " (self.viewer.mode) " mode, newest first" })
            .rows(html! {
                @for (vacancy, candidates) in &self.vacancies {
                    tr {
                        th scope="row" { a href=(paths::vacancy(&vacancy.id)) { bdi { (vacancy.title) } } }
                        td { (State::of_vacancy(vacancy.status).plain()) }
                        td { (vacancy.reference.as_deref().unwrap_or("–")) }
                        td { (vacancy.department.as_deref().unwrap_or("–")) }
                        td { (vacancy.location.as_deref().unwrap_or("–")) }
                        td.num data-l="Candidates" { (candidates) }
                        td data-l="Created" { (self.time.day(vacancy.created_at)) }
                    }
                }
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::samples::{time, vacancy, viewer};

    #[test]
    fn a_vacancy_is_a_row_whose_title_stays_text() {
        let viewer = viewer(Role::Recruiter);
        let vacancies = vec![(vacancy("<script>alert(1)</script>"), 128)];
        let page = List { viewer: &viewer, vacancies, time: time() }.render().0;
        assert!(page.contains("<bdi>&lt;script&gt;alert(1)&lt;/script&gt;</bdi>"));
        assert!(page.contains(">New vacancy</a>") && page.contains("data-l=\"Candidates\">128<"));
    }

    #[test]
    fn without_a_vacancy_the_page_says_where_they_come_from_and_who_may_make_one() {
        let page = |role| List { viewer: &viewer(role), vacancies: Vec::new(), time: time() }.render().0;
        assert!(
            page(Role::Admin).contains("No vacancy in live mode yet.") && page(Role::Admin).contains("New vacancy")
        );
        assert!(!page(Role::Support).contains("New vacancy"));
    }
}
