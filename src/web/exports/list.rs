//! Exports of the mode: a recruiter's own, everybody's for admins and support.

use actix_web::{HttpResponse, web};
use chrono::{DateTime, Utc};
use maud::{Markup, Render, html};

use super::super::error::WebError;
use super::super::gate::Organisations;
use super::super::layout::{Head, Nav, Page};
use super::super::paths;
use super::super::status::State;
use super::table::when;
use crate::actions::{Context, Viewer};
use crate::domain::role::Role;
use crate::store;
use crate::store::export::{ExportFilter, ExportView};

/// So many exports are listed.
const MOST: i64 = 200;

/// The page.
pub async fn show(
    context: web::Data<Context>,
    viewer: Viewer,
    organisations: Organisations,
) -> Result<HttpResponse, WebError> {
    let (organisation, mode) = (viewer.organisation.id.clone(), viewer.mode);
    let own = (viewer.role == Role::Recruiter).then(|| viewer.member.id.clone());
    let filter = ExportFilter { vacancy: None, requested_by: own, limit: MOST };
    let exports = context.store.read(move |conn| store::export::list(conn, &organisation, mode, &filter)).await?;
    let list = List { viewer: &viewer, exports, now: context.clock.now() }.render();
    Ok(Page { organisations: organisations.0, ..Page::new("Exports", Nav::Exports, &viewer, list) }.ok())
}

struct List<'a> {
    viewer: &'a Viewer,
    exports: Vec<ExportView>,
    now: DateTime<Utc>,
}

impl List<'_> {
    fn own(&self) -> bool {
        self.viewer.role == Role::Recruiter
    }

    fn lede(&self) -> Markup {
        let whose = if self.own() { "Yours" } else { "Everybody’s" };
        html! {
            (whose) " in " (self.viewer.mode) " mode, the latest first"
            @if self.exports.len() as i64 == MOST { ", at most " (MOST) }
            "."
            @if self.own() { " Those of others stand on the page of their vacancy." }
        }
    }

    fn table(&self) -> Markup {
        let zone = self.viewer.organisation.time_zone;
        html! {
            div.table {
                table.cards.pairs {
                    caption.hush { "Exports in " (self.viewer.mode) " mode, the latest first" }
                    thead {
                        tr {
                            th scope="col" { "Vacancy" }
                            th scope="col" { "Outcome" }
                            th scope="col" { "Webhook" }
                            th scope="col" { "By" }
                            th scope="col" { "When" }
                            th.num scope="col" { "Candidates" }
                        }
                    }
                    tbody {
                        @for view in &self.exports {
                            tr {
                                th scope="row" { a href=(paths::vacancy(&view.export.vacancy_id)) { bdi { (view.vacancy_title) } } }
                                td { (State::of_delivery(&view.delivery).plain()) }
                                td { (view.hook_name) }
                                td { bdi { (view.requested_by_name) } }
                                td { a href=(paths::export(&view.export.id)) { (when(view, zone, self.now)) } }
                                td.num data-l="Candidates" { (view.export.candidate_count) }
                            }
                        }
                    }
                }
            }
        }
    }
}

impl Render for List<'_> {
    fn render(&self) -> Markup {
        let lede = if self.exports.is_empty() {
            html! {}
        } else {
            self.lede()
        };
        html! {
            (Head { lede, ..Head::new(&[], html! { "Exports" }) })
            @if self.exports.is_empty() {
                section.empty {
                    h2 {
                        @if self.own() { "You have exported nobody in " (self.viewer.mode) " mode yet." }
                        @else { "Nobody was exported in " (self.viewer.mode) " mode yet." }
                    }
                    p { "Open a vacancy, tick its candidates, and choose Export to Webhook. What was sent stands here, with how it went." }
                    p { a.btn.main href=(paths::VACANCIES) { "Open vacancies" } }
                }
            } @else {
                (self.table())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::attempt::ErrorClass;
    use crate::domain::delivery::DeliveryState;
    use crate::web::samples::{export, hook, now, vacancy, viewer};

    #[test]
    fn each_export_says_how_it_went_and_leads_to_its_page() {
        let viewer = viewer(Role::Admin);
        let failed = DeliveryState::Failed { at: now(), class: ErrorClass::ServerError };
        let view = export(&viewer, &vacancy("<b>Engineer"), &hook("Candidate warehouse"), failed);
        let href = paths::export(&view.export.id);
        let page = List { viewer: &viewer, exports: vec![view], now: now() }.render().0;
        assert!(page.contains("&lt;b&gt;Engineer") && page.contains("Failed</span>") && page.contains(&href));
        assert!(page.contains(">Today at 14:41</time>") && page.contains("Everybody’s in live mode"));
    }

    #[test]
    fn an_empty_list_says_how_an_export_is_made() {
        let page = |role| List { viewer: &viewer(role), exports: Vec::new(), now: now() }.render().0;
        assert!(page(Role::Recruiter).contains("You have exported nobody in live mode yet."));
        assert!(page(Role::Support).contains("Nobody was exported in live mode yet."));
    }
}
