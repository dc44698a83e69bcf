//! The table of exports: on a vacancy, on an export, and as a list of its own.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use maud::{Markup, Render, html};

use super::super::status::State;
use super::super::{paths, time};
use crate::domain::ids::ExportId;
use crate::store::export::ExportView;

/// The exports of one vacancy.
pub struct History<'a> {
    /// Newest first.
    pub exports: &'a [ExportView],
    /// The one whose page this is.
    pub current: Option<&'a ExportId>,
    /// In which times are told.
    pub zone: Tz,
    /// The time.
    pub now: DateTime<Utc>,
}

impl Render for History<'_> {
    fn render(&self) -> Markup {
        html! {
            div.table {
                table.cards.pairs {
                    caption.hush { "Exports of this vacancy, newest first" }
                    thead {
                        tr {
                            th scope="col" { "When" }
                            th scope="col" { "Outcome" }
                            th scope="col" { "Webhook" }
                            th scope="col" { "By" }
                            th.num scope="col" { "Candidates" }
                        }
                    }
                    tbody {
                        @for view in self.exports {
                            tr {
                                th scope="row" {
                                    a href=(paths::export(&view.export.id))
                                        aria-current=[(self.current == Some(&view.export.id)).then_some("true")] {
                                        (when(view, self.zone, self.now))
                                    }
                                }
                                td { (State::of_delivery(&view.delivery).plain()) }
                                td { bdi { (view.hook_name) } }
                                td { bdi { (view.requested_by_name) } }
                                td.num data-l="Candidates" { (view.export.candidate_count) }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// When an export was confirmed, as a cell begins with it: `Today at 14:41`.
pub fn when(view: &ExportView, zone: Tz, now: DateTime<Utc>) -> Markup {
    let words = time::near_words(view.export.created_at, zone, now);
    let mut letters = words.chars();
    let first: String = letters.next().into_iter().flat_map(char::to_uppercase).collect();
    let machine = view.export.created_at.to_rfc3339_opts(chrono::SecondsFormat::Millis, true);
    html! { time datetime=(machine) { (first) (letters.as_str()) } }
}
