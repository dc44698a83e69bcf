//! The table of exports: on a vacancy, on an export, and as a list of its own.

use crate::domain::ids::ExportId;
use crate::store::export::ExportView;
use crate::web::prelude::*;

/// The exports of one vacancy.
pub struct History<'a> {
    /// Newest first.
    pub exports: &'a [ExportView],
    /// The one whose page this is.
    pub current: Option<&'a ExportId>,
    /// In which times are told.
    /// The time.
    pub time: LocalTime,
}

impl Render for History<'_> {
    fn render(&self) -> Markup {
        Table::pairs(["When", "Outcome", "Webhook", "By"])
            .numbers("Candidates")
            .captioned("Exports of this vacancy, newest first")
            .rows(html! {
                @for view in self.exports {
                    tr {
                        th scope="row" {
                            a href=(paths::export(&view.export.id))
                                aria-current=[(self.current == Some(&view.export.id)).then_some("true")] {
                                (when(view, self.time))
                            }
                        }
                        td { (State::of_delivery(&view.delivery).plain()) }
                        td { bdi { (view.hook_name) } }
                        td { bdi { (view.requested_by_name) } }
                        td.num data-l="Candidates" { (view.export.candidate_count) }
                    }
                }
            })
    }
}

/// When an export was confirmed, as a cell begins with it: `Today at 14:41`.
pub fn when(view: &ExportView, time: LocalTime) -> Markup {
    let words = time.near_words(view.export.created_at);
    let mut letters = words.chars();
    let first: String = letters.next().into_iter().flat_map(char::to_uppercase).collect();
    let machine = view.export.created_at.to_rfc3339_opts(chrono::SecondsFormat::Millis, true);
    html! { time datetime=(machine) { (first) (letters.as_str()) } }
}
