//! Deleting a hook, on a page that says what stops and what stays (A3).

use crate::actions::hook;
use crate::domain::delivery::Delivery;
use crate::domain::hook::{Hook, HookState};
use crate::domain::ids::HookId;
use crate::store::export::ExportView;
use crate::store::log::LogFilter;
use crate::store::page::Slice;
use crate::web::bidi::isolated;
use crate::web::prelude::*;
use crate::web::ui::{Confirm, stays};
use crate::web::words::{count, up_to};

/// Asks.
pub async fn show(visit: Visit, Path(id): Path<HookId>) -> Answer {
    let hook = hook::find_alive(&visit.app, &visit.viewer, id).await?;
    page(&visit, hook).await
}

/// Deletes; refused while an export is in progress, unless it is to be cancelled too.
pub async fn submit(visit: Visit, fields: Fields, Path(id): Path<HookId>) -> Answer {
    let hook = hook::find_alive(&visit.app, &visit.viewer, id.clone()).await?;
    match hook::delete(&visit.app, &visit.viewer, id, fields.ticked("cancel_exports")).await {
        Ok(()) => Ok(done::see_other(paths::WEBHOOKS, format!("{} was deleted.", isolated(&hook.name)))),
        // An export began meanwhile: the same page shows it.
        Err(ActionError::Refused(_)) => page(&visit, hook).await,
        Err(error) => Err(error.into()),
    }
}

async fn page(visit: &Visit, hook: Hook) -> Answer {
    let (id, mode) = (hook.id.clone(), hook.mode);
    let is_default = hook.is_default;
    let (exports, owed, missed, last, followers) = visit
        .read(move |conn, viewer| {
            let exports = store::export::in_progress_to(conn, &id)?;
            let owed = store::delivery::count_owed_to(conn, &id)?;
            let missed = store::delivery::count_missed_by(conn, &id)?;
            let filter = LogFilter { hook: Some(id), tests: true, ..LogFilter::default() };
            let page = store::log::page(conn, &viewer.organisation.id, mode, &filter, &Slice::Newest, 1)?;
            let last = page.lines.into_iter().next().map(|line| line.delivery);
            let followers =
                if is_default { store::hook::list(conn, &viewer.organisation.id, mode)?.hooks } else { Vec::new() };
            let followers = followers.iter().filter(|other| other.interview().is_some()).count();
            Ok((exports, owed, missed, last, followers))
        })
        .await?;
    let view =
        DeleteView { hook: &hook, exports: &exports, owed, missed, last: last.as_ref(), followers, time: visit.time() };
    Ok(visit.page(format!("Delete {}", hook.name), Nav::Webhooks, view).in_mode(hook.mode).ok())
}

struct DeleteView<'a> {
    hook: &'a Hook,
    exports: &'a [ExportView],
    owed: (usize, bool),
    missed: (usize, bool),
    last: Option<&'a Delivery>,
    /// How many interviews' own webhooks have its key, secret and policy as far as they have none themselves.
    followers: usize,
    time: LocalTime,
}

impl Render for DeleteView<'_> {
    fn render(&self) -> Markup {
        let back = paths::webhook(&self.hook.id);
        html! {
            (super::head(self.hook, html! { "Delete " bdi { (self.hook.name) } "?" }))
            @if self.exports.is_empty() { (self.ask(&back)) } @else { (self.refuse(&back)) }
        }
    }
}

impl DeleteView<'_> {
    fn ask(&self, back: &str) -> Markup {
        let says = html! { "Nothing more is sent to " (self.hook.url.host()) " from the moment you press the button." };
        let details = html! { (self.consequences()) (self.facts()) };
        let ask = Confirm::new(says, "Delete Webhook", paths::webhook_deletion(&self.hook.id), back);
        ask.details(details).instead(self.gentler()).render()
    }

    /// An export is in progress: no red button, but links to what stands in the way.
    fn refuse(&self, back: &str) -> Markup {
        let count = self.exports.len();
        html! {
            p.says { "Not yet: " @if count == 1 { "an export" } @else { (count) " exports" } " to it " @if count == 1 { "is" } @else { "are" } " still in progress." }
            div.form {
                div.notice.warn {
                    h2 { "In progress" }
                    ul {
                        @for view in self.exports {
                            li {
                                a href=(paths::export(&view.export.id)) { (view.export.candidate_count) " candidates of " bdi { (view.vacancy_title) } }
                                ", " bdi { (view.requested_by_name) } ", " (self.time.near(view.export.created_at))
                            }
                        }
                    }
                    p { "Wait until they have arrived or failed, or cancel them: what the receiver has not acknowledged by then is not sent again." }
                    @if self.hook.state == HookState::Paused { p { "The webhook is paused: they wait until you resume it." } }
                }
                (self.consequences())
                (self.facts())
                form.row method="post" action=(paths::webhook_deletion(&self.hook.id)) {
                    button.btn.risk name="cancel_exports" value="1" { "Cancel exports and delete" } " " a.btn href=(back) { "Keep it" }
                }
            }
        }
    }

    fn consequences(&self) -> Markup {
        html! {
            div.notice.bad {
                h2 { "What stops" }
                ul {
                    @if self.hook.interview().is_some() {
                        li { "Every event of its interview that it gets now: they go to the default webhook again, if there is one." }
                    } @else if self.hook.is_default {
                        li { "Every event of " (self.hook.mode) " mode that it gets now: it is the default webhook, and no other takes its place automatically." }
                    } @else {
                        li { "Every event it gets now." }
                    }
                    @match self.owed {
                        (0, _) => {},
                        (1, false) => li { "1 delivery that is " (self.waits()) "; it ends as Failed, cancelled." },
                        owed => li { (up_to(owed)) " deliveries that are " (self.waits()) "; they end as Failed, cancelled." },
                    }
                    @match self.missed {
                        (0, _) => {},
                        (1, false) => li { "1 delivery that it missed while it was disabled: it stays Failed, and cannot be sent any more." },
                        missed => li { (up_to(missed)) " deliveries that it missed while it was disabled: they stay Failed, and cannot be sent any more." },
                    }
                    li { "Its key and secret: they are destroyed." }
                    @if self.followers > 0 {
                        li {
                            "Its key, secret and policy for " (count(self.followers, "webhook")) " of "
                            a href=(paths::INTERVIEWS) { "interviews" } ": those without their own send without them from then on."
                        }
                    }
                }
            }
            (stays(html! { p { "The log of its deliveries." } }))
        }
    }

    /// What a paused webhook is owed is held for it.
    fn waits(&self) -> &'static str {
        if self.hook.state == HookState::Paused { "held while it is paused" } else { "still owed" }
    }

    fn facts(&self) -> Markup {
        html! {
            dl.facts {
                div { dt { "Webhook URL" } dd { code.id { (self.hook.url) } } }
                @if let Some(last) = self.last {
                    div {
                        dt { "Last delivery" }
                        dd { (State::of_delivery(last).plain()) " " (self.time.near(last.sent_at.unwrap_or(last.created_at))) }
                    }
                }
                div { dt { "Made" } dd { (self.time.long(self.hook.created_at)) } }
            }
        }
    }

    fn gentler(&self) -> Markup {
        html! {
            @if self.hook.state == HookState::Active {
                p.small.soft { "Only another address? " a href=(paths::webhook_replacement(&self.hook.id)) { "Replace it" } ": a new webhook takes over, and nothing is lost." }
                form.row.small.soft method="post" action=(paths::webhook_pause(&self.hook.id)) {
                    span { "Only want quiet? A pause holds deliveries until you resume." }
                    button.btn { "Pause instead" }
                }
            }
        }
    }
}
