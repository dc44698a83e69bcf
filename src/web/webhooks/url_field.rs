//! The address of a webhook as it is typed: behind a fixed `https://` (S3).

use maud::{Markup, Render, html};

use super::super::form::{describedby, wrong};

/// The field *Webhook URL*.
pub(super) struct UrlField<'a> {
    /// One line under the label.
    pub hint: &'a str,
    /// What was typed.
    pub value: &'a str,
    /// What is wrong with it.
    pub error: Option<&'a str>,
}

impl Render for UrlField<'_> {
    fn render(&self) -> Markup {
        // What was pasted with https:// stands behind the fixed prefix without it, so that it does not show twice.
        let typed = self.value.trim();
        let shown = typed.strip_prefix("https://").unwrap_or(typed);
        html! {
            div.field {
                label for="url" { "Webhook URL" }
                p.soft.small #url-hint { (self.hint) }
                (wrong("url", self.error))
                div.url {
                    span #url-prefix { "https://" }
                    input #url name="url" value=(shown) inputmode="url" spellcheck="false" autocapitalize="none" autocomplete="off"
                        aria-invalid=[self.error.map(|_| "true")] aria-describedby={ "url-prefix " (describedby("url", self.hint, self.error)) };
                }
            }
        }
    }
}
