//! The warning after a hook was created whose host name leads to no public address yet.

use serde::Deserialize;

use crate::domain::hook::Hook;
use crate::web::prelude::*;

/// What the address of a page says about the hook it shows.
#[derive(Deserialize)]
pub struct Query {
    resolves: Option<String>,
}

impl Query {
    /// Whether the page was reached from creating the hook, while its name led nowhere.
    pub(in crate::web) fn warns(&self) -> bool {
        self.resolves.as_deref() == Some("no")
    }
}

/// The hook was saved although its name leads to no public address.
pub(in crate::web) struct Unresolved<'a>(pub(in crate::web) &'a Hook);

impl Render for Unresolved<'_> {
    fn render(&self) -> Markup {
        html! {
            div.notice.warn {
                h2 { "This host name does not lead to a public address" }
                p {
                    "The webhook is saved and active, but until " bdi { (self.0.url.host()) }
                    " leads to a public address, every delivery fails with " code { "dns_failed" } "."
                }
                p {
                    strong { "Do this: " } "check the spelling and the DNS record. "
                    @if let Some(interview) = self.0.interview() {
                        "If it is wrong, enter another one in " a href=(paths::interview_settings(interview)) { "the interview’s settings" } "."
                    } @else {
                        "The address cannot be edited: if it is wrong, "
                        a href=(paths::webhook_replacement(&self.0.id)) { "replace this webhook" } "."
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::samples;

    #[test]
    fn it_names_the_host_and_says_what_to_do() {
        let hook = samples::hook("HRIS");
        let shown = Unresolved(&hook).render().into_string();
        assert!(shown.contains("<bdi>hooks.northwind-data.example</bdi>"), "{shown}");
        assert!(shown.contains("Do this: ") && shown.contains(&paths::webhook_replacement(&hook.id)), "{shown}");
    }

    #[test]
    fn only_the_address_that_creating_leads_to_warns() {
        let read = |query: &str| serde_json::from_str::<Query>(query).expect("a query").warns();
        assert!(read(r#"{"resolves":"no"}"#) && !read(r#"{"resolves":"yes"}"#) && !read("{}"));
    }
}
