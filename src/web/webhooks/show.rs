//! One hook: test it, see how it does, what it proves itself with, what it was sent.

use std::collections::HashMap;

use actix_web::{HttpResponse, web};
use chrono::{DateTime, TimeDelta, Utc};
use maud::{Markup, Render, html};
use serde::Deserialize;

use super::super::chart::Chart;
use super::super::error::WebError;
use super::super::gate::Organisations;
use super::super::layout::{Head, Nav, Page, part};
use super::super::status::{State, ladder, response};
use super::super::words::up_to;
use super::super::{code, paths, time};
use super::health::Standing;
use super::list::percent;
use super::test::{LOOK_AGAIN, SendTest, Sent, TestResult};
use super::unresolved::{self, Unresolved};
use super::unused::{self, Unused};
use crate::actions::{Context, Viewer};
use crate::domain::delivery::{Delivery, Status};
use crate::domain::health::Rule;
use crate::domain::hook::{Credential, Hook, HookState, Subscription};
use crate::domain::hook_header::HeaderName;
use crate::domain::ids::{DeliveryId, HookId};
use crate::domain::policy::Policy;
use crate::domain::role::Permission;
use crate::domain::secret::{CredentialKind, DOTS};
use crate::store::log::{LogFilter, Page as LogPage};
use crate::store::{self, Conn, StoreError};

/// How far back the chart looks, and in how many spans.
const WINDOW: TimeDelta = TimeDelta::days(7);
const SPANS: usize = 56;
/// How many deliveries the page lists.
const RECENT: usize = 5;

/// Which test's answer to show.
#[derive(Deserialize)]
pub struct Query {
    test: Option<String>,
}

/// Shows a hook.
pub async fn show(
    context: web::Data<Context>,
    viewer: Viewer,
    organisations: Organisations,
    id: web::Path<String>,
    query: web::Query<Query>,
    arrival: web::Query<unresolved::Query>,
) -> Result<HttpResponse, WebError> {
    let id: HookId = id.parse().map_err(|_| WebError::NotFound)?;
    let test = query.test.as_deref().and_then(|id| id.parse::<DeliveryId>().ok());
    let (asking, now, rule) = (viewer.clone(), context.clock.now(), context.engine.rule());
    let known = context.store.read(move |conn| Known::read(conn, &asking, &id, test.as_ref(), rule, now)).await?;
    let known = known.ok_or(WebError::NotFound)?;
    let view = HookView { known: &known, viewer: &viewer, now, warns: arrival.warns() };
    let refresh = known.test.as_ref().filter(|test| test.waits()).map(|_| LOOK_AGAIN);
    let page = Page::new(known.hook.name.clone(), Nav::Webhooks, &viewer, view.render()).in_mode(known.hook.mode);
    let page = page.refreshed(refresh);
    Ok(Page { organisations: organisations.0, ..page }.ok())
}

/// What the page shows of a hook.
struct Known {
    hook: Hook,
    credentials: Vec<Credential>,
    names: HashMap<String, String>,
    recent: Vec<Delivery>,
    ended: Vec<(Status, DateTime<Utc>)>,
    owed: (usize, bool),
    standing: Standing,
    test: Option<Sent>,
    headers: Vec<HeaderName>,
    /// When something was last recorded for it; tests do not count.
    last: Option<DateTime<Utc>>,
}

impl Known {
    fn read(
        conn: &mut Conn,
        viewer: &Viewer,
        id: &HookId,
        test: Option<&DeliveryId>,
        rule: Rule,
        now: DateTime<Utc>,
    ) -> Result<Option<Self>, StoreError> {
        let organisation = &viewer.organisation.id;
        let Some(hook) = store::hook::find(conn, organisation, id)? else { return Ok(None) };
        let sealed = store::credential::of_hooks(conn, std::slice::from_ref(id))?;
        let credentials: Vec<Credential> = sealed.into_iter().map(|sealed| sealed.credential).collect();
        let makers =
            credentials.iter().filter_map(|credential| credential.created_by.clone()).chain(hook.created_by.clone());
        let makers: Vec<String> = makers.map(String::from).collect();
        let names = store::member::names(conn, &makers)?;
        let filter = LogFilter { hook: Some(id.clone()), tests: true, ..LogFilter::default() };
        let page = store::log::page(conn, organisation, hook.mode, &filter, &LogPage::Newest, RECENT)?;
        let recent = page.lines.into_iter().map(|line| line.delivery).collect();
        let all = store::delivery::recent_statuses(conn, organisation, hook.mode, Some(id), now - WINDOW)?;
        let ended = all.into_iter().map(|(_, status, at)| (status, at)).collect();
        let owed = store::delivery::count_owed_to(conn, id)?;
        let health = store::health::of_hooks(conn, std::slice::from_ref(id))?.remove(id);
        let standing = Standing { health, rule, missed: store::delivery::count_missed_by(conn, id)? };
        let test = match test {
            Some(test) => Sent::read(conn, organisation, id, test)?,
            None => None,
        };
        let headers = store::hook_header::of_hook(conn, id)?.into_iter().map(|header| header.name).collect();
        let real = LogFilter { hook: Some(id.clone()), ..LogFilter::default() };
        let last = store::log::page(conn, organisation, hook.mode, &real, &LogPage::Newest, 1)?.lines;
        let last = last.first().map(|line| line.delivery.created_at);
        Ok(Some(Self { hook, credentials, names, recent, ended, owed, standing, test, headers, last }))
    }

    fn of(&self, kind: CredentialKind) -> Option<&Credential> {
        self.credentials.iter().find(|credential| credential.kind == kind)
    }
}

struct HookView<'a> {
    known: &'a Known,
    viewer: &'a Viewer,
    now: DateTime<Utc>,
    /// Whether it was created a moment ago with a host name that does not resolve.
    warns: bool,
}

impl Render for HookView<'_> {
    fn render(&self) -> Markup {
        let hook = &self.known.hook;
        let crumbs = [("Settings", None), ("Access Management", None), ("Webhooks", Some(paths::WEBHOOKS.to_owned()))];
        let mut head = Head::new(&crumbs, html! { (hook.name) });
        head.state = State::of_hook(hook).pill();
        head.acts = self.acts();
        head.lede = self.lede();
        let alive = hook.state != HookState::Deleted;
        html! {
            (head)
            @if alive && self.warns { (Unresolved(hook)) }
            @if unused::since(hook, self.known.last, self.now).is_some() { (Unused { hook, last: self.known.last, manages: self.manages(), zone: self.viewer.organisation.time_zone, now: self.now }) }
            (self.known.standing.notice(hook, self.manages(), self.viewer.organisation.time_zone, self.now))
            @if alive && self.manages() { (self.send_test()) }
            (part("Health", html! { "Last 7 days" }, self.health()))
            @if alive { (self.secret()) (self.key()) }
            (part("Delivery policy", html! {}, self.policy()))
            (part("Recent deliveries", html! { "Latest " (RECENT) }, self.recent()))
            (part("Facts", html! {}, self.facts()))
        }
    }
}

impl HookView<'_> {
    fn manages(&self) -> bool {
        self.viewer.role.may(Permission::ManageHooks)
    }

    fn acts(&self) -> Markup {
        let hook = &self.known.hook;
        if !self.manages() || hook.state == HookState::Deleted {
            return html! {};
        }
        html! {
            @if hook.state == HookState::Disabled {
                form method="post" action=(paths::webhook_activation(&hook.id)) { button.btn.main { "Enable" } }
            } @else if hook.state == HookState::Paused {
                form method="post" action=(paths::webhook_resumption(&hook.id)) { button.btn { "Resume" } }
            } @else {
                form method="post" action=(paths::webhook_pause(&hook.id)) { button.btn { "Pause" } }
            }
            " " a.btn href=(paths::webhook_settings(&hook.id)) { "Edit" }
            " " a.btn.risk href=(paths::webhook_deletion(&hook.id)) { "Delete" }
        }
    }

    fn lede(&self) -> Markup {
        let hook = &self.known.hook;
        let events = match &hook.subscription {
            Subscription::All => "gets every event, for all API keys".to_owned(),
            Subscription::Only(kinds) if kinds.len() == 1 => "gets one event".to_owned(),
            Subscription::Only(kinds) => format!("gets {} events", kinds.len()),
        };
        let what = if hook.is_default {
            format!("Default webhook of {} mode", hook.mode)
        } else {
            format!("Webhook of {} mode", hook.mode)
        };
        html! {
            @if let Some(note) = &hook.note { bdi { (note) } br; }
            @match hook.state {
                HookState::Active => { (what) ": " (events) "." },
                HookState::Paused => { (what) ", paused: " (self.owed()) " held until you resume. Nothing is lost." },
                HookState::Disabled => { (what) ", disabled." },
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
                (TestResult { sent, hook, zone: self.viewer.organisation.time_zone })
            }
        };
        part("Send Test", html! { "A real signed POST, one try. It never changes the health." }, content)
    }

    fn health(&self) -> Markup {
        let (mut succeeded, mut failed) = ([0u32; SPANS], [0u32; SPANS]);
        let width = WINDOW.num_seconds() / SPANS as i64;
        for (status, at) in &self.known.ended {
            let age = usize::try_from((self.now - *at).num_seconds() / width).unwrap_or_default().min(SPANS - 1);
            match status {
                Status::Success => succeeded[SPANS - 1 - age] += 1,
                Status::Failed => failed[SPANS - 1 - age] += 1,
                Status::Pending | Status::Retrying => {}
            }
        }
        let (good, bad) = (succeeded.iter().sum::<u32>(), failed.iter().sum::<u32>());
        let label = format!("Deliveries in each three hours of the last 7 days: {good} succeeded, {bad} failed.");
        let first_day = self.now - WINDOW;
        html! {
            dl.sums {
                div { dt { "Succeeded" } dd { (percent(good, good + bad)) } }
                div { dt { "Deliveries" } dd { (good + bad) } }
                div { dt { "Failed" } dd { (bad) } }
                div { dt { "Owed now" } dd { (up_to(self.known.owed)) } }
            }
            @if good + bad > 0 {
                div {
                    (Chart { succeeded: &succeeded, failed: &failed, label: &label })
                    p.scale.small.soft {
                        span { (time::day(first_day, self.viewer.organisation.time_zone, self.now)) }
                        span { "Today" }
                    }
                }
            } @else {
                p.small.soft { "Nothing has been sent to it in these days. Tests do not count." }
            }
        }
    }

    fn secret(&self) -> Markup {
        let id = &self.known.hook.id;
        let kind = CredentialKind::Secret;
        let content = html! {
            @match self.known.of(kind) {
                Some(secret) => {
                    (self.masked(secret))
                    @if self.manages() {
                        div.row {
                            a.btn href=(paths::webhook_credential(id, kind.as_str())) { "Regenerate secret" } " "
                            a.btn.risk href=(paths::webhook_credential_end(id, kind.as_str())) { "Turn off signing" }
                        }
                    }
                }
                None => {
                    p { "Deliveries are not signed: the receiver cannot tell them from anybody else’s." }
                    @if self.manages() {
                        form method="post" action=(paths::webhook_credential(id, kind.as_str())) { button.btn { "Turn on signing" } }
                    }
                }
            }
        };
        part("Signing secret", html! { "Signs every delivery, four ways side by side" }, content)
    }

    fn key(&self) -> Markup {
        let id = &self.known.hook.id;
        let kind = CredentialKind::Key;
        let content = html! {
            @match self.known.of(kind) {
                Some(key) => {
                    (self.masked(key))
                    @if self.manages() {
                        div.row {
                            a.btn href=(paths::webhook_credential(id, kind.as_str())) { "Regenerate key" } " "
                            a.btn.risk href=(paths::webhook_credential_end(id, kind.as_str())) { "Remove key" }
                        }
                    }
                }
                None => {
                    p { "No key is sent." }
                    @if self.manages() {
                        form method="post" action=(paths::webhook_credential(id, kind.as_str())) { button.btn { "Generate key" } }
                    }
                }
            }
        };
        part("Webhook key", html! { "Sent in X-Webhook-Key" }, content)
    }

    fn masked(&self, credential: &Credential) -> Markup {
        html! {
            p.row {
                code { (credential.kind.mask()) }
                span.soft.small {
                    "ends in " (credential.ends_in) ", made "
                    (time::near(credential.created_at, self.viewer.organisation.time_zone, self.now)) (self.by(credential.created_by.as_ref()))
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
                "Waits 15 s for an answer. After a failure it tries up to twelve times more, over three days, each pause ±20 %."
            }
            Policy::Single => "Waits 30 s for an answer and tries once.",
        };
        html! {
            p { strong { (policy.label()) "." } " " (words) }
            (ladder(policy, 0, false))
        }
    }

    fn recent(&self) -> Markup {
        if self.known.recent.is_empty() {
            return html! {
                p.small.soft { "Nothing yet." @if self.manages() { " Send Test is the quickest way to see something here." } }
            };
        }
        html! {
            div.table {
                table.cards.recent {
                    thead { tr {
                        th scope="col" { "Timestamp" }
                        th scope="col" { "Event" }
                        th scope="col" { "Status" }
                        th scope="col" { "Response" }
                        th.num scope="col" { "Retries" }
                    } }
                    tbody {
                        @for delivery in &self.known.recent {
                            tr {
                                td { (time::short(delivery.sent_at.unwrap_or(delivery.created_at), self.viewer.organisation.time_zone, self.now)) }
                                th scope="row" {
                                    a href=(paths::log(&delivery.id)) { (delivery.kind) }
                                    @if delivery.probe { " " span.tag.probe { "Test" } }
                                }
                                td { (State::of_delivery(delivery).plain()) }
                                td { (response(delivery)) }
                                td.num data-l="Retries" { (delivery.tries.retries()) }
                            }
                        }
                    }
                }
            }
            p.small { a href={ (paths::LOGS) "?webhook=" (self.known.hook.id) } { "All deliveries of this webhook" } }
        }
    }

    fn facts(&self) -> Markup {
        let hook = &self.known.hook;
        html! {
            dl.facts.two {
                div { dt { "Webhook URL" } dd { code.id { (hook.url) } } }
                div {
                    dt { "Events" }
                    dd {
                        @match &hook.subscription {
                            Subscription::All => "All, those to come included",
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
                div { dt { "At most" } dd { @match hook.rate { Some(rate) => (rate.spoken()), None => "as many requests as there are" } } }
                div { dt { "Made" } dd { (time::long(hook.created_at, self.viewer.organisation.time_zone)) (self.by(hook.created_by.as_ref())) } }
                div { dt { "Hook id" } dd { (code::id("hook id", hook.id.as_str())) } }
            }
        }
    }
}
