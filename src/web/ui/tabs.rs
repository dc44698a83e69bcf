//! Tabs: the parts of a list, one of which is open.

use maud::{Markup, Render, html};

/// One tab.
struct Tab {
    words: Markup,
    href: String,
    is_open: bool,
}

/// A row of tabs.
pub struct Tabs {
    label: &'static str,
    tabs: Vec<Tab>,
}

impl Tabs {
    /// A row that says by what it divides.
    pub fn by(label: &'static str) -> Self {
        Self { label, tabs: Vec::new() }
    }

    /// One more tab.
    pub fn tab(mut self, words: impl Render, href: impl Into<String>, is_open: bool) -> Self {
        self.tabs.push(Tab { words: words.render(), href: href.into(), is_open });
        self
    }
}

impl Render for Tabs {
    fn render(&self) -> Markup {
        html! {
            nav.tabs aria-label=(self.label) {
                ul {
                    @for Tab { words, href, is_open } in &self.tabs {
                        li { a href=(href) aria-current=[is_open.then_some("page")] { (words) } }
                    }
                }
            }
        }
    }
}
