//! The interviews of a mode.

use std::collections::HashMap;

use crate::domain::hook::Hook;
use crate::domain::ids::InterviewId;
use crate::domain::interview::Interview;
use crate::web::prelude::*;

/// The page.
pub async fn show(visit: Visit) -> Answer {
    let rows = visit.read(read).await?;
    let list = List { viewer: &visit.viewer, rows, time: visit.time() }.render();
    Ok(visit.page("Interviews", Nav::Interviews, list).ok())
}

fn read(conn: &mut Conn, viewer: &Viewer) -> Result<Vec<Row>, StoreError> {
    let (organisation, mode) = (&viewer.organisation.id, viewer.mode);
    let vacancies = store::vacancy::list(conn, organisation, mode)?;
    let titles: HashMap<String, String> =
        vacancies.into_iter().map(|(vacancy, _)| (vacancy.id.to_string(), vacancy.title)).collect();
    let hooks = store::hook::list(conn, organisation, mode)?.hooks;
    let has_own = |id: &InterviewId| hooks.iter().any(|hook: &Hook| hook.interview() == Some(id));
    let row = |(interview, counts): (Interview, HashMap<String, i64>)| Row {
        vacancy: interview.vacancy_id.as_ref().and_then(|id| titles.get(id.as_str()).cloned()),
        has_own_hook: has_own(&interview.id),
        interview,
        counts,
    };
    Ok(store::interview::list(conn, organisation, mode)?.into_iter().map(row).collect())
}

struct Row {
    interview: Interview,
    counts: HashMap<String, i64>,
    vacancy: Option<String>,
    has_own_hook: bool,
}

impl Row {
    fn count(&self, state: &str) -> i64 {
        self.counts.get(state).copied().unwrap_or_default()
    }
}

struct List<'a> {
    viewer: &'a Viewer,
    rows: Vec<Row>,
    time: LocalTime,
}

impl Render for List<'_> {
    fn render(&self) -> Markup {
        let may_create = self.viewer.role.may(Permission::ManageInterviews);
        let new = html! { @if may_create { a.btn.main href=(paths::NEW_INTERVIEW) { "New interview" } } };
        if self.rows.is_empty() {
            return html! {
                (Head::of(Nav::Interviews, "Interviews"))
                section.empty {
                    h2 { "No interview in " (self.viewer.mode) " mode yet." }
                    p {
                        "Candidates are invited to an interview, each to a session of their own. When a session is completed, or expires before that, the webhooks that ask for it are told."
                    }
                    @if may_create { p { (new) } }
                    @else { p.small.soft { "Recruiters and Organisation Admins make interviews." } }
                }
            };
        }
        html! {
            (Head::of(Nav::Interviews, "Interviews").acts(new))
            (self.table())
        }
    }
}

impl List<'_> {
    fn table(&self) -> Markup {
        Table::pairs(["Title", "Vacancy"])
            .numbers("Invited")
            .numbers("Started")
            .numbers("Completed")
            .numbers("Abandoned")
            .columns(["Created"])
            .captioned(html! { "Interviews in " (self.viewer.mode) " mode, newest first" })
            .rows(html! {
                @for row in &self.rows {
                    tr {
                        th scope="row" {
                            a href=(paths::interview(&row.interview.id)) { bdi { (row.interview.title) } }
                            @if row.has_own_hook { " " span.tag { "Own webhook" } }
                        }
                        td { @match &row.vacancy { Some(title) => bdi { (title) }, None => "–" } }
                        td.num data-l="Invited" { (row.count("invited")) }
                        td.num data-l="Started" { (row.count("started")) }
                        td.num data-l="Completed" { (row.count("completed")) }
                        td.num data-l="Abandoned" { (row.count("abandoned")) }
                        td data-l="Created" { (self.time.day(row.interview.created_at)) }
                    }
                }
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::interview::payload::sample;
    use crate::web::samples::{time, viewer};

    fn page(role: Role, rows: Vec<Row>) -> String {
        List { viewer: &viewer(role), rows, time: time() }.render().0
    }

    #[test]
    fn an_interview_is_a_row_with_its_sessions_by_state_and_its_title_stays_text() {
        let (interview, ..) = sample::parts();
        let counts = HashMap::from([("completed".to_owned(), 12), ("abandoned".to_owned(), 3)]);
        let vacancy = Some("محمد & Co".to_owned());
        let page = page(Role::Recruiter, vec![Row { interview, counts, vacancy, has_own_hook: true }]);
        assert!(page.contains("<bdi>First interview &lt;script&gt;</bdi>") && page.contains("Own webhook"), "{page}");
        assert!(page.contains(r#"data-l="Completed">12<"#) && page.contains(r#"data-l="Invited">0<"#), "{page}");
        assert!(page.contains("<bdi>محمد &amp; Co</bdi>") && page.contains(">New interview</a>"), "{page}");
    }

    #[test]
    fn without_an_interview_the_page_says_what_one_is_and_who_may_make_it() {
        let told = page(Role::Admin, Vec::new());
        assert!(told.contains("No interview in live mode yet.") && told.contains("New interview"), "{told}");
        assert!(!page(Role::Support, Vec::new()).contains("New interview"));
    }
}
