//! A table of candidates, each with a word about them.

use crate::domain::candidate::Applicant;
use crate::domain::mask;
use crate::web::prelude::*;

/// So many names stand in a table; the others are counted.
pub const MAX_NAMES: usize = 50;

/// The table.
pub struct Names<'a> {
    /// What is said of each.
    pub column: &'a str,
    /// The candidates, and what is said of them.
    pub rows: &'a [(&'a Applicant, Markup)],
    /// Who reads it.
    pub viewer: &'a Viewer,
}

impl Render for Names<'_> {
    fn render(&self) -> Markup {
        html! {
            (Table::cards(["Candidate", self.column]).rows(html! {
                @for (applicant, word) in self.rows.iter().take(MAX_NAMES) {
                    tr { th scope="row" { bdi { (self.name(applicant)) } } td.whole { (word) } }
                }
            }))
            @if self.rows.len() > MAX_NAMES { p.small.soft { "And " (self.rows.len() - MAX_NAMES) " more." } }
        }
    }
}

impl Names<'_> {
    fn name(&self, applicant: &Applicant) -> String {
        let name = &applicant.candidate.profile.full_name;
        if self.viewer.role.may(Permission::SeePersonalData) { name.clone() } else { mask::name(name) }
    }
}
