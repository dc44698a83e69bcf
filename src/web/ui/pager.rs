//! The ways to other pages of a list.

use maud::{Markup, Render, html};

/// The ways that there are, and between them what the page shows.
#[derive(Default)]
pub struct Pager {
    /// The address of the newest page.
    pub newest: Option<String>,
    /// The address of the next newer one.
    pub newer: Option<String>,
    /// What this one shows.
    pub shown: Markup,
    /// The address of the next older one.
    pub older: Option<String>,
}

impl Render for Pager {
    fn render(&self) -> Markup {
        html! {
            nav.row.small aria-label="Pages" {
                @if let Some(newest) = &self.newest { a.btn href=(newest) { "Newest" } " " }
                @if let Some(newer) = &self.newer { a.btn rel="prev" href=(newer) { "Newer" } " " }
                @if !self.shown.0.is_empty() { span.soft { (self.shown) } " " }
                @if let Some(older) = &self.older { a.btn.end rel="next" href=(older) { "Older" } }
            }
        }
    }
}
