//! One hook: test it, see how it does, what it proves itself with, what it was sent.

use serde::Deserialize;

use super::lost::LostNotice;
use super::page_data::{HookPageData, RECENT, WINDOW};
use super::rotation::Rotation;
use super::test::{LOOK_AGAIN, SendTest, TestResult};
use super::unresolved::{self, Unresolved};
use super::unused::{self, Unused};
use crate::domain::hook::{Credential, HookKind, HookState, Subscription};
use crate::domain::ids::{DeliveryId, HookId};
use crate::domain::policy::Policy;
use crate::domain::rotation;
use crate::domain::secret::{CredentialKind, DOTS};
use crate::web::chart::Histogram;
use crate::web::prelude::*;
use crate::web::status::{ladder, response};
use crate::web::words::{count, percent, up_to};

/// In how many spans the chart is drawn.
const SPANS: usize = 56;

/// Which test's answer to show.
#[derive(Deserialize)]
pub struct Query {
    test: Option<String>,
}

/// Shows a hook.
pub async fn show(
    visit: Visit,
    Path(id): Path<HookId>,
    query: web::Query<Query>,
    arrival: web::Query<unresolved::Query>,
) -> Answer {
    let test = query.test.as_deref().and_then(|id| id.parse::<DeliveryId>().ok());
    let (now, rule) = (visit.now, visit.app.engine.rule());
    let known = visit.find(move |conn, viewer| HookPageData::read(conn, viewer, &id, test.as_ref(), rule, now)).await?;
    let view = HookView { known: &known, viewer: &visit.viewer, time: visit.time(), warns: arrival.warns() };
    let refresh = known.test.as_ref().filter(|test| test.waits()).map(|_| LOOK_AGAIN);
    let page = visit.page(known.hook.name.clone(), Nav::Webhooks, view).in_mode(known.hook.mode);
    Ok(page.refreshed(refresh).ok())
}

struct HookView<'a> {
    known: &'a HookPageData,
    viewer: &'a Viewer,
    time: LocalTime,
    /// Whether it was created a moment ago with a host name that does not resolve.
    warns: bool,
}

impl Render for HookView<'_> {
    fn render(&self) -> Markup {
        let hook = &self.known.hook;
        let alive = hook.state != HookState::Deleted;
        let state = html! {
            (self.state().pill())
            @if alive && rotation::is_under_way(&self.known.credentials, self.time.now) { " " span.tag { "Rotating" } }
        };
        let head = Head::below(Nav::Webhooks, html! { bdi { (hook.name) } });
        html! {
            (head.state(state).acts(self.acts()).lede(self.lede()))
            @if alive && self.warns { (Unresolved(hook)) }
            @if unused::since(hook, self.known.last, self.time.now).is_some() { (Unused { hook, last: self.known.last, manages: self.manages(), time: self.time }) }
            @if alive { (LostNotice { hook, lost: &self.known.lost, manages: self.manages() }) }
            (self.known.standing.notice(hook, self.manages(), self.time))
            @if alive && self.manages() && self.known.lost.is_nothing() { (self.send_test()) }
            (part("Health", html! { "Last 7 days" }, self.health()))
            @if alive { (self.credential(CredentialKind::Secret)) (self.credential(CredentialKind::Key)) }
            (part("Delivery policy", html! {}, self.policy()))
            (part("Recent deliveries", html! { "Latest " (RECENT) }, self.recent()))
            (part("Facts", html! {}, self.facts()))
        }
    }
}

impl HookView<'_> {
    fn state(&self) -> State {
        self.known.standing.state(&self.known.hook, self.known.ended.iter().map(|(status, _)| *status))
    }

    fn manages(&self) -> bool {
        self.viewer.role.may(Permission::ManageHooks)
    }

    fn acts(&self) -> Markup {
        let hook = &self.known.hook;
        if !self.manages() || hook.state == HookState::Deleted {
            return html! {};
        }
        // Where the address is gone for good, another one is the way on.
        let is_gone = hook.state == HookState::Disabled && self.known.standing.is_gone();
        html! {
            @if hook.state == HookState::Disabled {
                form method="post" action=(paths::webhook_activation(&hook.id)) { button class={ "btn" @if !is_gone { " main" } } { "Enable" } }
            } @else if hook.state == HookState::Paused {
                // What was lost has to be made anew first.
                @if self.known.lost.is_nothing() {
                    form method="post" action=(paths::webhook_resumption(&hook.id)) { button.btn { "Resume" } }
                }
            } @else {
                form method="post" action=(paths::webhook_pause(&hook.id)) { button.btn { "Pause" } }
            }
            " " a.btn href=(paths::webhook_settings(&hook.id)) { "Edit" }
            " " a class={ "btn" @if is_gone { " main" } } href=(paths::webhook_replacement(&hook.id)) { "Replace" }
            " " a.btn.risk href=(paths::webhook_deletion(&hook.id)) { "Delete" }
        }
    }

    fn lede(&self) -> Markup {
        let hook = &self.known.hook;
        let events = match &hook.subscription {
            _ if hook.interview().is_some() => "gets its events".to_owned(),
            Subscription::All => "gets every event, for all API keys".to_owned(),
            Subscription::Only(kinds) if kinds.len() == 1 => "gets one event".to_owned(),
            Subscription::Only(kinds) => format!("gets {} events", kinds.len()),
        };
        let what = if hook.interview().is_some() {
            format!("Webhook of an interview in {} mode, in place of the default webhook", hook.mode)
        } else if hook.is_default {
            format!("Default webhook of {} mode", hook.mode)
        } else {
            format!("Webhook of {} mode", hook.mode)
        };
        html! {
            @if let Some(note) = &hook.note { bdi { (note) } br; }
            @match hook.state {
                HookState::Active => { (what) ": " (events) "." },
                HookState::Paused => { (what) ", paused: " (self.owed()) " held until you resume." @if self.known.lost.is_nothing() { " Nothing is lost." } },
                HookState::Disabled => { (what) ", disabled." },
                HookState::Deleted if hook.replaced_by.is_some() => {
                    @if let Some(successor) = &hook.replaced_by {
                        "Replaced by " a href=(paths::webhook(successor)) { "another webhook" } ", which took over what was owed. Nothing more is sent to this one; its log stays."
                    }
                },
                HookState::Deleted => { "Deleted: nothing more is ever sent to it. Its log stays." },
            }
        }
    }

    fn owed(&self) -> String {
        match self.known.owed {
            (1, false) => "1 delivery is".into(),
            owed => format!("{} deliveries are", up_to(owed)),
        }
    }

    fn send_test(&self) -> Markup {
        let hook = &self.known.hook;
        let content = html! {
            (SendTest(hook))
            @if let Some(sent) = &self.known.test {
                (TestResult { sent, hook, time: self.time })
            }
        };
        part("Send Test", html! { "Sends one real, signed request. Health figures are not affected." }, content)
    }

    fn health(&self) -> Markup {
        let ended = self.known.ended.iter().map(|(status, at)| (*status, at));
        let histogram = Histogram::of(ended, self.time.now, WINDOW, SPANS);
        let (good, bad) = histogram.totals();
        let label = format!("Deliveries in each three hours of the last 7 days: {good} succeeded, {bad} failed.");
        let first_day = self.time.now - WINDOW;
        html! {
            dl.sums {
                div { dt { "Succeeded" } dd { (percent(good, good + bad)) } }
                div { dt { "Deliveries" } dd { (good + bad) } }
                div { dt { "Failed" } dd { (bad) } }
                div { dt { "Waiting" } dd { (up_to(self.known.owed)) } }
            }
            @if good + bad > 0 {
                div {
                    (histogram.chart(&label))
                    p.scale.small.soft {
                        span { (self.time.day(first_day)) }
                        span { "Today" }
                    }
                }
            } @else {
                p.small.soft { "Nothing has been sent to it in these days. Tests do not count." }
            }
        }
    }

    fn rotation(&self) -> Rotation<'_> {
        Rotation {
            hook: &self.known.hook,
            credentials: &self.known.credentials,
            preference: self.known.preference,
            time: self.time,
        }
    }

    fn credential(&self, kind: CredentialKind) -> Markup {
        let rotation = self.rotation();
        let both = rotation.of(kind);
        let (title, hint) = match kind {
            CredentialKind::Secret => ("Signing secret", "Every delivery carries four signature headers"),
            CredentialKind::Key => ("Webhook key", "Sent in X-Webhook-Key"),
        };
        let hint = both.map_or_else(|| html! { (hint) }, |(_, old)| rotation.hint(old));
        let content = html! {
            @if let Some((new, old)) = both {
                (rotation.table(kind, (new, old), |credential| self.by(credential.created_by.as_ref())))
                (rotation.in_force(kind, old))
                (self.acts_on(kind))
            } @else if let Some(credential) = self.known.of(kind, self.time.now) {
                (self.masked(credential))
                (self.acts_on(kind))
            } @else {
                (self.none(kind))
            }
        };
        part(title, hint, content)
    }

    fn acts_on(&self, kind: CredentialKind) -> Markup {
        let (id, rotation) = (&self.known.hook.id, self.rotation());
        let is_rotating = rotation.of(kind).is_some();
        let is_first = kind == CredentialKind::Secret || rotation.of(CredentialKind::Secret).is_none();
        let (regenerate, end) = match kind {
            CredentialKind::Secret => ("Regenerate secret", "Turn off signing"),
            CredentialKind::Key => ("Regenerate key", "Remove key"),
        };
        html! {
            @if self.manages() {
                div.row {
                    @if is_rotating {
                        @if is_first { (rotation.switch()) }
                        a.btn.risk href=(paths::webhook_credential_revocation(id, kind.as_str())) { "Revoke old now" } " "
                    }
                    a.btn href=(paths::webhook_credential(id, kind.as_str())) { (regenerate) } " "
                    a.btn.risk href=(paths::webhook_credential_end(id, kind.as_str())) { (end) }
                }
            }
        }
    }

    fn none(&self, kind: CredentialKind) -> Markup {
        let is_overriding = self.known.hook.interview().is_some();
        let is_lost = self.known.lost.kinds.contains(&kind);
        let (words, button) = match kind {
            _ if is_lost => ("It was lost with the server’s sealing key.", "Generate a new one"),
            CredentialKind::Secret if is_overriding => (
                "It has none of its own: deliveries are signed with the secret of the default webhook, if that one has one.",
                "Give it a secret of its own",
            ),
            CredentialKind::Key if is_overriding => (
                "It has none of its own: deliveries carry the key of the default webhook, if that one has one.",
                "Give it a key of its own",
            ),
            CredentialKind::Secret => {
                ("Deliveries are not signed: the receiver cannot tell them from anybody else’s.", "Turn on signing")
            }
            CredentialKind::Key => ("No key is sent.", "Generate key"),
        };
        html! {
            p { (words) }
            @if self.manages() {
                form method="post" action=(paths::webhook_credential(&self.known.hook.id, kind.as_str())) {
                    (token_field(&token()))
                    button.btn { (button) }
                }
                @if is_lost { p.small { a href=(paths::webhook_credential_end(&self.known.hook.id, kind.as_str())) { "Do without one" } } }
            }
        }
    }

    fn masked(&self, credential: &Credential) -> Markup {
        let near = |at| self.time.near(at);
        html! {
            p.row {
                code { (credential.kind.mask()) }
                span.soft.small {
                    "ends in " (credential.ends_in) ", made " (near(credential.created_at)) (self.by(credential.created_by.as_ref()))
                    @match credential.last_used_at {
                        Some(at) => { ", last used " (near(at)) },
                        None => ", not used yet",
                    }
                }
            }
        }
    }

    fn by(&self, member: Option<&crate::domain::ids::MemberId>) -> Markup {
        let name = member.and_then(|member| self.known.names.get(member.as_str()));
        html! { @if let Some(name) = name { ", " bdi { (name) } } }
    }

    fn policy(&self) -> Markup {
        let policy = self.known.hook.policy;
        let words = match policy {
            Policy::Quick => {
                "Waits 5 s for an answer. After a failure it tries up to three times more, within two seconds."
            }
            Policy::Patient => {
                "Waits 15 s for an answer. After a failure it tries up to twelve times more, over three days, each pause ±20%."
            }
            Policy::Single => "Waits 30 s for an answer and tries once.",
        };
        html! {
            p { strong { (policy.label()) "." } " " (words) }
            @if let HookKind::Interview { own_policy: false, .. } = self.known.hook.kind {
                p.small.soft { "It is the policy of the default webhook, and changes with it." }
            }
            (ladder(policy, 0, false))
        }
    }

    fn recent(&self) -> Markup {
        if self.known.recent.is_empty() {
            return html! {
                p.small.soft {
                    @if self.known.hook.state == HookState::Deleted { "Its log is empty." }
                    @else { "Nothing yet." @if self.manages() { " Send Test is the quickest way to see something here." } }
                }
            };
        }
        html! {
            (Table::of("cards recent", ["Timestamp", "Event", "Status", "Response"]).numbers("Retries")
                .rows(html! {
                    @for delivery in &self.known.recent {
                        tr {
                            td { (self.time.short(delivery.sent_at.unwrap_or(delivery.created_at))) }
                            th scope="row" {
                                a href=(paths::log(&delivery.id)) { (delivery.kind) }
                                @if delivery.probe { " " span.tag.probe { "Test" } }
                            }
                            td { (State::of_delivery(delivery).plain()) }
                            td { (response(delivery)) }
                            td.num data-l="Retries" { (delivery.tries.retries()) }
                        }
                    }
                }))
            p.small { a href={ (paths::LOGS) "?webhook=" (self.known.hook.id) } { "All deliveries of this webhook" } }
        }
    }

    fn facts(&self) -> Markup {
        let hook = &self.known.hook;
        html! {
            dl.facts.two {
                div { dt { "Webhook URL" } dd { code.id { (hook.url.shown_to(self.viewer.role)) } } }
                @if let Some(interview) = hook.interview() {
                    div { dt { "Interview" } dd { a href=(paths::interview_settings(interview)) { bdi { (hook.name) } } } }
                } @else if hook.is_default && self.known.overrides > 0 {
                    div { dt { "Overridden by" } dd { a href=(paths::INTERVIEWS) { (count(self.known.overrides, "interview")) } } }
                }
                div {
                    dt { "Events" }
                    dd {
                        @match &hook.subscription {
                            Subscription::All if hook.interview().is_some() => "All of its interview",
                            Subscription::All => "All, including new ones",
                            Subscription::Only(kinds) => { @for (at, kind) in kinds.iter().enumerate() { @if at > 0 { ", " } code { (kind) } } },
                        }
                    }
                }
                div { dt { "Field set" } dd { (hook.field_set.label()) " " span.soft { (hook.field_set.explanation()) } } }
                @if !self.known.headers.is_empty() {
                    div {
                        dt { "Headers" }
                        dd { @for (at, name) in self.known.headers.iter().enumerate() { @if at > 0 { br; } code { (name.as_str()) ": " (DOTS) } } }
                    }
                }
                div { dt { "Rate limit" } dd { @match hook.rate { Some(rate) => (rate.spoken()), None => "none" } } }
                div { dt { "Made" } dd { (self.time.long(hook.created_at)) (self.by(hook.created_by.as_ref())) } }
                @if let Some(predecessor) = &self.known.predecessor {
                    div { dt { "In place of" } dd { a href=(paths::webhook(&predecessor.id)) { (predecessor.url.shown_to(self.viewer.role)) } " " span.soft { "its log stays there" } } }
                }
                div { dt { "Webhook id" } dd { (code::id("webhook id", hook.id.as_str())) } }
            }
        }
    }
}
