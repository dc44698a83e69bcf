//! What a webhook has lost with the server's sealing key, and what to do about it.

use crate::domain::hook::Hook;
use crate::store::sealed::Lost;
use crate::web::prelude::*;
use crate::web::words::list;

/// What a webhook has lost: “its signing secret and the value of X-Team”.
pub fn lost_things(lost: &Lost) -> String {
    let kinds = lost.kinds.iter().map(|kind| format!("its {}", kind.label().to_lowercase()));
    let headers = lost.headers.iter().map(|name| format!("the value of {}", name.as_str()));
    list(&kinds.chain(headers).collect::<Vec<_>>())
}

/// The notice on the page of a webhook that lost something.
pub struct LostNotice<'a> {
    /// Which webhook.
    pub hook: &'a Hook,
    /// What it lost.
    pub lost: &'a Lost,
    /// Whether the viewer may make it anew.
    pub manages: bool,
}

impl Render for LostNotice<'_> {
    fn render(&self) -> Markup {
        let Self { hook, lost, manages } = self;
        html! {
            @if !lost.is_nothing() {
                div.notice.bad {
                    h2 { "This webhook has lost " (lost_things(lost)) }
                    p { "The server lost its sealing key, so nobody can read what was sealed with it. Deliveries are held until there are new ones." }
                    @if *manages {
                        p {
                            strong { "Do this: " }
                            @if !lost.kinds.is_empty() { "generate new ones below and give them to the receiver, or do without. " }
                            @if !lost.headers.is_empty() {
                                a href=(paths::webhook_settings(&hook.id)) { "Enter the lost header values again" } ". "
                            }
                            "Then resume the webhook."
                        }
                    }
                }
            }
        }
    }
}
