//! Pages that ask before something ends.

use maud::{Markup, Render, html};

/// What is asked: what happens in one sentence, in full what stops and what stays, a red button, and the way back.
pub struct Confirm<'a> {
    says: Markup,
    button: &'a str,
    action: String,
    back: String,
    details: Markup,
    keep: &'a str,
    instead: Markup,
}

impl<'a> Confirm<'a> {
    /// What happens, the words of the button and where it leads, and the way back.
    pub fn new(says: impl Render, button: &'a str, action: String, back: impl Into<String>) -> Self {
        let (says, back) = (says.render(), back.into());
        Self { says, button, action, back, details: html! {}, keep: "Keep it", instead: html! {} }
    }

    /// What stops, what stays, and what it is about.
    pub fn details(self, details: Markup) -> Self {
        Self { details, ..self }
    }

    /// Other words for the way back.
    pub fn keep(self, keep: &'a str) -> Self {
        Self { keep, ..self }
    }

    /// What else might do.
    pub fn instead(self, instead: Markup) -> Self {
        Self { instead, ..self }
    }
}

impl Render for Confirm<'_> {
    fn render(&self) -> Markup {
        html! {
            p.says { (self.says) }
            div.form {
                (self.details)
                form.row method="post" action=(self.action) {
                    button.btn.stop { (self.button) } " " a.btn href=(self.back) { (self.keep) }
                }
                (self.instead)
            }
        }
    }
}

/// The box that says what stops.
pub fn stops(what: impl Render) -> Markup {
    html! { div.notice.bad { h2 { "What stops" } (what) } }
}

/// What stays.
pub fn stays(what: impl Render) -> Markup {
    html! { div { h2 { "What stays" } (what) } }
}
