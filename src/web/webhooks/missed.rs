//! Sending what a hook missed while it was disabled, on a page that says how much that is.

use crate::actions::{health, hook};
use crate::domain::hook::{Hook, HookState};
use crate::domain::ids::HookId;
use crate::web::prelude::*;
use crate::web::words::up_to;

/// Asks.
pub async fn show(visit: Visit, Path(id): Path<HookId>) -> Answer {
    let hook = hook::find_alive(&visit.app, &visit.viewer, id.clone()).await?;
    let missed = visit.read(move |conn, _| store::delivery::count_missed_by(conn, &id)).await?;
    if missed.0 == 0 || hook.state != HookState::Active {
        return Ok(see_other(paths::webhook(&hook.id)));
    }
    let view = MissedView { hook: &hook, missed };
    Ok(visit.page("Send what it missed", Nav::Webhooks, view).in_mode(hook.mode).ok())
}

/// Sends.
pub async fn submit(visit: Visit, Path(id): Path<HookId>) -> Answer {
    health::send_missed(&visit.app, &visit.viewer, id.clone()).await?;
    Ok(done::see_other(format!("{}?webhook={id}", paths::LOGS), "What the webhook missed is being sent."))
}

struct MissedView<'a> {
    hook: &'a Hook,
    missed: (usize, bool),
}

impl Render for MissedView<'_> {
    fn render(&self) -> Markup {
        let back = paths::webhook(&self.hook.id);
        let is_one = self.missed == (1, false);
        html! {
            (super::head(self.hook, "Send what it missed?"))
            p.says {
                @if is_one { "1 delivery goes" } @else { (up_to(self.missed)) " deliveries go" }
                " to " (self.hook.url.host()) ", the oldest first."
            }
            div.form {
                div.notice {
                    h2 { "What the receiver gets" }
                    ul {
                        li { "Each as it was when it happened, with the time of then and the same id as ever." }
                        li { "Between them what happens now: it does not wait for the old ones." }
                        li { "What fails is tried again as the policy " (self.hook.policy.label()) " says." }
                    }
                }
                form.row method="post" action=(paths::webhook_missed(&self.hook.id)) {
                    button.btn.main { "Send " @if is_one { "it" } @else { "them" } } " " a.btn href=(back) { "Not now" }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::samples::hook;

    #[test]
    fn it_says_how_much_goes_where() {
        let hook = hook("<HRIS>");
        let page = |missed| MissedView { hook: &hook, missed }.render().into_string();
        assert!(page((312, false)).contains("312 deliveries go to hooks.northwind-data.example, the oldest first."));
        assert!(page((1, false)).contains("1 delivery goes to ") && page((1, false)).contains("Send it"));
        assert!(page((1_000, true)).contains("1,000+ deliveries go") && page((1, false)).contains("&lt;HRIS&gt;"));
    }
}
