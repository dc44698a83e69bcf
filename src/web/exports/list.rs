//! Exports of the mode: a recruiter's own, everybody's for admins and support; or those of one vacancy, which whoever sees
//! the vacancy sees.

use actix_web::HttpRequest;

use super::table::when;
use crate::domain::delivery::Status;
use crate::domain::ids::{ExportId, VacancyId};
use crate::domain::vacancy::Vacancy;
use crate::store::export::{ExportFilter, ExportView};
use crate::web::prelude::*;
use crate::web::ui::{Pager, Tabs};

/// So many exports stand on a page.
const PAGE: usize = 50;

/// The page.
pub async fn show(visit: Visit, request: HttpRequest) -> Answer {
    let (wanted, time) = (ExportsQuery::read(request.query_string()), visit.time());
    let list = visit.read(move |conn, viewer| {
        let organisation = &viewer.organisation.id;
        let vacancy = match &wanted.vacancy {
            Some(id) => store::vacancy::find(conn, organisation, id)?.filter(|vacancy| vacancy.mode == viewer.mode),
            None => None,
        };
        let own = (viewer.role == Role::Recruiter && vacancy.is_none()).then(|| viewer.member.id.clone());
        let filter = ExportFilter {
            vacancy: vacancy.as_ref().map(|vacancy| vacancy.id.clone()),
            requested_by: own,
            status: wanted.status,
            before: wanted.before.clone(),
            // One more says whether there are older ones.
            limit: PAGE as i64 + 1,
        };
        let mut exports = store::export::list(conn, organisation, viewer.mode, &filter)?;
        let more = exports.len() > PAGE;
        exports.truncate(PAGE);
        Ok(List {
            viewer: viewer.clone(),
            wanted: ExportsQuery { vacancy: filter.vacancy, ..wanted },
            vacancy,
            exports,
            more,
            time,
        })
    });
    Ok(visit.page("Exports", Nav::Exports, list.await?).ok())
}

/// Which exports are looked at; what makes no sense is all of them.
#[derive(Debug, Clone, Default)]
struct ExportsQuery {
    vacancy: Option<VacancyId>,
    status: Option<Status>,
    before: Option<ExportId>,
}

impl ExportsQuery {
    fn read(query: &str) -> Self {
        let fields = Fields::parse(query.as_bytes());
        let status = Status::ALL.into_iter().find(|status| status.as_str() == fields.one("status"));
        Self { vacancy: fields.one("vacancy").parse().ok(), status, before: fields.one("before").parse().ok() }
    }

    fn address(&self) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(self.vacancy.iter().map(|id| ("vacancy", id.as_str())));
        query.extend_pairs(self.status.iter().map(|status| ("status", status.as_str())));
        query.extend_pairs(self.before.iter().map(|id| ("before", id.as_str())));
        let query = query.finish();
        if query.is_empty() { paths::EXPORTS.to_owned() } else { format!("{}?{query}", paths::EXPORTS) }
    }
}

struct List {
    viewer: Viewer,
    wanted: ExportsQuery,
    vacancy: Option<Vacancy>,
    exports: Vec<ExportView>,
    more: bool,
    time: LocalTime,
}

impl List {
    fn own(&self) -> bool {
        self.viewer.role == Role::Recruiter && self.vacancy.is_none()
    }

    fn lede(&self) -> Markup {
        html! {
            @match &self.vacancy {
                Some(vacancy) => {
                    "Everybody’s exports of " a href=(paths::vacancy(&vacancy.id)) { bdi { (vacancy.title) } } ", newest first. "
                    a href=(paths::EXPORTS) { "All vacancies" }
                }
                None => {
                    (if self.own() { "Your exports" } else { "Everybody’s exports" }) " in " (self.viewer.mode) " mode, newest first."
                    @if self.own() { " Exports by others are on each vacancy’s page." }
                }
            }
        }
    }

    fn tabs(&self) -> Markup {
        let tab = |tabs: Tabs, status: Option<Status>| {
            let href = ExportsQuery { status, before: None, ..self.wanted.clone() }.address();
            tabs.tab(status.map_or("All", Status::label), href, self.wanted.status == status)
        };
        Status::ALL.into_iter().map(Some).fold(tab(Tabs::by("Outcome"), None), tab).render()
    }

    fn pages(&self) -> Markup {
        let newest = ExportsQuery { before: None, ..self.wanted.clone() };
        let last = self.exports.last().filter(|_| self.more).map(|view| view.export.id.clone());
        if self.wanted.before.is_none() && last.is_none() {
            return html! {};
        }
        Pager {
            newest: self.wanted.before.as_ref().map(|_| newest.address()),
            older: last.map(|last| ExportsQuery { before: Some(last), ..newest }.address()),
            ..Pager::default()
        }
        .render()
    }

    fn none(&self) -> Markup {
        let filtered = self.wanted.status.is_some() || self.wanted.before.is_some() || self.vacancy.is_some();
        html! {
            section.empty {
                @if filtered {
                    h2 { "No " @if let Some(status) = self.wanted.status { (status.label().to_lowercase()) " " } "exports here." }
                    p { a href=(paths::EXPORTS) { "Show all exports" } }
                } @else {
                    h2 {
                        @if self.own() { "You have exported nobody in " (self.viewer.mode) " mode yet." }
                        @else { "Nobody was exported in " (self.viewer.mode) " mode yet." }
                    }
                    p { "Open a vacancy, tick its candidates, and choose Export to Webhook. Exports are listed here with their outcome." }
                    p { a.btn.main href=(paths::VACANCIES) { "Open vacancies" } }
                }
            }
        }
    }

    fn table(&self) -> Markup {
        Table::pairs(["Vacancy", "Outcome", "Webhook", "By", "When"]).numbers("Candidates")
        .captioned(html! { "Exports in " (self.viewer.mode) " mode, newest first" })
        .rows(html! {
            @for view in &self.exports {
                tr {
                    th scope="row" { a href=(paths::vacancy(&view.export.vacancy_id)) { bdi { (view.vacancy_title) } } }
                    td { (State::of_delivery(&view.delivery).plain()) }
                    td { bdi { (view.hook_name) } }
                    td { bdi { (view.requested_by_name) } }
                    td { a href=(paths::export(&view.export.id)) { (when(view, self.time)) } }
                    td.num data-l="Candidates" { (view.export.candidate_count) }
                }
            }
        })
    }
}

impl Render for List {
    fn render(&self) -> Markup {
        let ExportsQuery { vacancy, status, before } = &self.wanted;
        let first_day = self.exports.is_empty() && vacancy.is_none() && status.is_none() && before.is_none();
        let lede = if first_day {
            html! {}
        } else {
            self.lede()
        };
        html! {
            (Head::of(Nav::Exports, "Exports").lede(lede))
            @if !first_day { (self.tabs()) }
            @if self.exports.is_empty() { (self.none()) } @else { (self.table()) }
            (self.pages())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::attempt::ErrorClass;
    use crate::domain::delivery::DeliveryState;
    use crate::web::samples::{export, hook, now, time, vacancy, viewer};

    fn list(role: Role, exports: Vec<ExportView>) -> List {
        let wanted = ExportsQuery::default();
        List { viewer: viewer(role), wanted, vacancy: None, exports, more: false, time: time() }
    }

    #[test]
    fn each_export_says_how_it_went_and_leads_to_its_page() {
        let viewer = viewer(Role::Admin);
        let failed = DeliveryState::Failed { at: now(), class: ErrorClass::ServerError };
        let view = export(&viewer, &vacancy("<b>Engineer"), &hook("Candidate warehouse"), failed);
        let href = paths::export(&view.export.id);
        let page = list(Role::Admin, vec![view]).render().0;
        assert!(page.contains("&lt;b&gt;Engineer") && page.contains("Failed</span>") && page.contains(&href));
        assert!(page.contains(">Today at 14:41</time>") && page.contains("Everybody’s exports in live mode"));
    }

    #[test]
    fn an_empty_list_says_how_an_export_is_made() {
        let page = |role| list(role, Vec::new()).render().0;
        assert!(page(Role::Recruiter).contains("You have exported nobody in live mode yet."));
        assert!(page(Role::Support).contains("Nobody was exported in live mode yet."));
    }
    #[test]
    fn a_full_page_leads_to_older_ones_and_a_filter_that_finds_nothing_back_to_all() {
        let state = DeliveryState::Success { at: now() };
        let view = export(&viewer(Role::Admin), &vacancy("Engineer"), &hook("Warehouse"), state);
        let older = format!("/exports?status=success&amp;before={}", view.export.id);
        let mut full = list(Role::Admin, vec![view]);
        (full.more, full.wanted.status) = (true, Some(Status::Success));
        let page = full.render().0;
        assert!(page.contains(&older) && page.contains(r#"aria-current="page">Success</a>"#), "{page}");
        let mut nothing = list(Role::Recruiter, Vec::new());
        nothing.wanted = ExportsQuery::read("status=failed&before=x&vacancy=%00");
        assert!(nothing.wanted.before.is_none());
        let page = nothing.render().0;
        assert!(page.contains("No failed exports here.") && page.contains("Show all exports"));
    }
}
