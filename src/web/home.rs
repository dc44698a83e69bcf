//! Home: what needs attention first; on the first day, the first steps.

use actix_web::{HttpResponse, web};
use chrono::{DateTime, TimeDelta, Utc};
use maud::{Markup, Render, html};

use super::chart::Chart;
use super::error::WebError;
use super::gate::Organisations;
use super::icons::icon;
use super::layout::{Head, Nav, Page, part};
use super::status::State;
use super::webhooks::health::Standing;
use super::webhooks::list::percent;
use super::words::up_to;
use super::{paths, time};
use crate::actions::{Context, Viewer};
use crate::domain::delivery::{Delivery, Status};
use crate::domain::health::Rule;
use crate::domain::hook::{Hook, HookState};
use crate::domain::ids::HookId;
use crate::domain::role::{Permission, Role};
use crate::store::export::{ExportFilter, ExportView};
use crate::store::{self, Conn, StoreError};

/// How far back the page looks, and in how many spans.
const WINDOW: TimeDelta = TimeDelta::hours(24);
const SPANS: usize = 48;
/// A hook needs attention after this many failures in a row.
const FAILURES: usize = 3;

/// Shows the page.
pub async fn show(
    context: web::Data<Context>,
    viewer: Viewer,
    organisations: Organisations,
) -> Result<HttpResponse, WebError> {
    let (asking, now, rule) = (viewer.clone(), context.clock.now(), context.engine.rule());
    let known = context.store.read(move |conn| Known::read(conn, &asking, rule, now)).await?;
    let view = HomeView { known: &known, viewer: &viewer, now };
    let page = Page::new(view.title(), Nav::Home, &viewer, view.render());
    Ok(Page { organisations: organisations.0, ..page }.ok())
}

struct Known {
    hooks: Vec<Hook>,
    failing: Vec<(Hook, usize, Standing)>,
    disabled: Vec<(Hook, Standing)>,
    held: Vec<(Hook, (usize, bool))>,
    ended: Vec<(Status, DateTime<Utc>)>,
    exports: Vec<ExportView>,
    has_vacancies: bool,
    has_keys: bool,
    unrouted: usize,
}

impl Known {
    fn read(conn: &mut Conn, viewer: &Viewer, rule: Rule, now: DateTime<Utc>) -> Result<Self, StoreError> {
        let (organisation, mode) = (&viewer.organisation.id, viewer.mode);
        let hooks = store::hook::list(conn, organisation, mode)?;
        let recent = store::delivery::recent_statuses(conn, organisation, mode, None, now - WINDOW)?;
        let ids: Vec<HookId> = hooks.iter().map(|hook| hook.id.clone()).collect();
        let mut health = store::health::of_hooks(conn, &ids)?;
        let (mut failing, mut disabled) = (Vec::new(), Vec::new());
        let mut held = Vec::new();
        for hook in &hooks {
            let own = store::delivery::recent_statuses(conn, organisation, mode, Some(&hook.id), now - WINDOW)?;
            let row = own
                .iter()
                .map(|(_, status, _)| *status)
                .filter(|status| !matches!(status, Status::Pending))
                .take_while(|status| *status != Status::Success)
                .count();
            let mut standing = Standing { health: health.remove(&hook.id), rule, missed: (0, false) };
            if hook.state == HookState::Active && (row >= FAILURES || standing.ends(hook).is_some()) {
                failing.push((hook.clone(), row, standing));
            }
            if hook.state == HookState::Disabled {
                standing.missed = store::delivery::count_missed_by(conn, &hook.id)?;
                disabled.push((hook.clone(), standing));
            }
            if hook.state == HookState::Paused {
                held.push((hook.clone(), store::delivery::count_owed_to(conn, &hook.id)?));
            }
        }
        let requested_by = (viewer.role == Role::Recruiter).then(|| viewer.member.id.clone());
        let filter = ExportFilter { requested_by, limit: 5, ..ExportFilter::default() };
        Ok(Self {
            failing,
            disabled,
            held,
            ended: recent.into_iter().map(|(_, status, at)| (status, at)).collect(),
            exports: store::export::list(conn, organisation, mode, &filter)?,
            has_vacancies: !store::vacancy::list(conn, organisation, mode)?.is_empty(),
            has_keys: store::api_key::list(conn, organisation)?
                .iter()
                .any(|key| key.mode == mode && key.revoked_at.is_none()),
            unrouted: store::event::count_unrouted(conn, organisation, mode)?,
            hooks,
        })
    }

    /// Exports that have not arrived.
    fn stuck(&self) -> impl Iterator<Item = &ExportView> {
        let missing = |delivery: &Delivery| {
            matches!(delivery.state.status(), Status::Retrying | Status::Failed) && !delivery.is_resent()
        };
        self.exports.iter().filter(move |view| missing(&view.delivery))
    }

    fn is_first_day(&self) -> bool {
        self.hooks.is_empty() && self.ended.is_empty() && self.exports.is_empty()
    }
}

struct HomeView<'a> {
    known: &'a Known,
    viewer: &'a Viewer,
    now: DateTime<Utc>,
}

impl HomeView<'_> {
    fn title(&self) -> String {
        if self.known.is_first_day() {
            return "First steps".into();
        }
        match self.count() {
            0 => "Everything arrives".into(),
            1 => "One thing needs you".into(),
            count => format!("{} things need you", spelled(count)),
        }
    }

    fn count(&self) -> usize {
        let hooks = if self.sees_hooks() {
            self.known.disabled.len() + self.known.failing.len() + self.known.held.len()
        } else {
            0
        };
        hooks + self.known.stuck().count()
    }

    fn sees_hooks(&self) -> bool {
        self.viewer.role.may(Permission::ViewHooks)
    }
}

fn spelled(count: usize) -> String {
    const WORDS: [&str; 8] = ["Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine"];
    count.checked_sub(2).and_then(|at| WORDS.get(at)).map_or_else(|| count.to_string(), |word| (*word).into())
}

impl Render for HomeView<'_> {
    fn render(&self) -> Markup {
        let mut head = Head::new(&[], html! { (self.title()) });
        let zone = self.viewer.organisation.time_zone;
        head.lede =
            html! { (self.now.with_timezone(&zone).format("%A, %-d %B %Y, %H:%M").to_string()) ". " (self.summary()) };
        if self.known.is_first_day() {
            return html! { (head) (self.first_steps()) };
        }
        html! {
            (head)
            (self.matters())
            @if self.sees_hooks() { (part("Last 24 hours", html! { (self.viewer.mode.label()) " mode, all webhooks" }, self.day())) }
            @if !self.known.exports.is_empty() { (part("Recent exports", html! {}, self.exports())) }
        }
    }
}

impl HomeView<'_> {
    fn summary(&self) -> String {
        if self.known.is_first_day() {
            return format!(
                "Nothing has been sent in {} mode yet. Three steps lead to the first delivery.",
                self.viewer.mode
            );
        }
        match self.count() {
            0 => "Nothing is waiting for you.".into(),
            _ => "Everything else arrives as it should.".into(),
        }
    }

    fn first_steps(&self) -> Markup {
        let may = |permission| self.viewer.role.may(permission);
        let mode = self.viewer.mode;
        let connected = !self.known.hooks.is_empty();
        html! {
            ul.matters {
                (step(connected, !connected, "Connect a webhook",
                    "An https address of yours that Hirewire calls. Its key and secret are shown once; Send Test tells at once whether it works.",
                    may(Permission::ManageHooks).then_some((paths::NEW_WEBHOOK, "Create Webhook"))))
                (step(self.known.has_vacancies, connected && !self.known.has_vacancies, "Bring in candidates",
                    "Create a vacancy and import a CSV file from your old system into it: columns are recognised, bad rows are named by line.",
                    may(Permission::ManageVacancies).then_some(if self.known.has_vacancies { (paths::VACANCIES, "Open Vacancies") } else { (paths::NEW_VACANCY, "Create a vacancy") })))
                (step(false, connected && self.known.has_vacancies, "Export them",
                    "Tick candidates on a vacancy, choose Export to Webhook, and see on one page whether it arrived.",
                    may(Permission::Export).then_some((paths::VACANCIES, "Open Vacancies"))))
                (step(self.known.has_keys, false, "Or let other systems report events",
                    "With an API key, your job board or interview tool reports events that go to every webhook which wants them.",
                    may(Permission::ManageApiKeys).then_some((paths::API_KEYS, "Create an API key"))))
            }
            @if self.known.unrouted > 0 {
                p.small.soft { (self.known.unrouted) " events are recorded in " (mode) " mode and wait without a webhook. " @if self.sees_hooks() { a href={ (paths::EVENTS) "?webhook=none" } { "See them" } } }
            }
        }
    }

    fn matters(&self) -> Markup {
        let zone = self.viewer.organisation.time_zone;
        html! {
            @if self.count() > 0 {
                ul.matters {
                    @if self.sees_hooks() {
                        @for (hook, standing) in &self.known.disabled {
                            li.bad {
                                (icon("bad"))
                                div {
                                    h2 { (hook.name) " is disabled" }
                                    p {
                                        (standing.reason(zone, self.now)) " Nothing is sent to it"
                                        @if standing.missed.0 > 0 { "; " (standing.missed()) " missed so far" }
                                        "."
                                    }
                                }
                                div { a.btn href=(paths::webhook(&hook.id)) { "Review and enable" span.hush { ": " (hook.name) } } }
                            }
                        }
                        @for (hook, row, standing) in &self.known.failing {
                            li.bad {
                                (icon("bad"))
                                div {
                                    h2 { (hook.name) " does not accept deliveries" }
                                    @match standing.warning(hook, zone, self.now) {
                                        Some(warning) => p { (warning) },
                                        None => p { "The latest " (row) " in a row were not acknowledged. Look at what it answers." },
                                    }
                                }
                                div { a.btn href=(paths::webhook(&hook.id)) { "See what it answers" span.hush { ": " (hook.name) } } }
                            }
                        }
                    }
                    @for view in self.known.stuck() {
                        @let state = State::of_delivery(&view.delivery);
                        li class=(state.colour()) {
                            (state.icon())
                            div {
                                h2 { "An export of " (view.export.candidate_count) " candidates has not arrived" @if view.delivery.state.is_owed() { " yet" } }
                                p {
                                    (view.vacancy_title) " to " (view.hook_name) ", " (time::near(view.export.created_at, zone, self.now)) "."
                                    @if let Some(due) = view.delivery.state.due() { " The next try is " (time::ahead(due, self.now)) "." }
                                }
                            }
                            div { a.btn href=(paths::export(&view.export.id)) { "Open the export" span.hush { ": " (view.vacancy_title) } } }
                        }
                    }
                    @if self.sees_hooks() {
                        @for (hook, held) in &self.known.held {
                            li {
                                (icon("hold"))
                                div {
                                    h2 { @if *held == (1, false) { "1 delivery is" } @else { (up_to(*held)) " deliveries are" } " held for " (hook.name) }
                                    p { "It is paused since " (time::near(hook.updated_at, zone, self.now)) ". Nothing is lost." }
                                }
                                div { a.btn href=(paths::webhook(&hook.id)) { "Review and resume" span.hush { ": " (hook.name) } } }
                            }
                        }
                    }
                }
            }
        }
    }

    fn day(&self) -> Markup {
        let (mut succeeded, mut failed, mut owed) = ([0u32; SPANS], [0u32; SPANS], 0u32);
        for (status, at) in &self.known.ended {
            let age = usize::try_from((self.now - *at).num_minutes() / 30).unwrap_or_default().min(SPANS - 1);
            match status {
                Status::Success => succeeded[SPANS - 1 - age] += 1,
                Status::Failed => failed[SPANS - 1 - age] += 1,
                Status::Pending | Status::Retrying => owed += 1,
            }
        }
        let (good, bad) = (succeeded.iter().sum::<u32>(), failed.iter().sum::<u32>());
        let label = format!("Deliveries in each half hour of the last 24 hours: {good} succeeded, {bad} failed.");
        html! {
            dl.sums {
                div { dt { "Deliveries" } dd { (good + bad + owed) } }
                div { dt { "Succeeded" } dd { (percent(good, good + bad)) } }
                div { dt { "Failed" } dd { (bad) } }
                div { dt { "Owed now" } dd { (owed) } }
            }
            @if good + bad > 0 {
                (Chart { succeeded: &succeeded, failed: &failed, label: &label })
            }
            p.small { span.soft { "Succeeded stands on the line, failed hangs below it." } " " a href=(paths::LOGS) { "All deliveries" } }
        }
    }

    fn exports(&self) -> Markup {
        let zone = self.viewer.organisation.time_zone;
        html! {
            div.table {
                table.cards.pairs {
                    thead { tr {
                        th scope="col" { "Vacancy" }
                        th scope="col" { "Outcome" }
                        th scope="col" { "Webhook" }
                        th scope="col" { "By" }
                    } }
                    tbody {
                        @for view in &self.known.exports {
                            tr {
                                th scope="row" { a href=(paths::export(&view.export.id)) { (view.vacancy_title) } span.sub { (view.export.candidate_count) " candidates" } }
                                td { (State::of_delivery(&view.delivery).plain()) }
                                td { (view.hook_name) }
                                td { bdi { (view.requested_by_name) } ", " (time::near(view.export.created_at, zone, self.now)) }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// One of the first steps; `next` marks the one to do now.
fn step(done: bool, next: bool, title: &str, text: &str, act: Option<(&str, &str)>) -> Markup {
    html! {
        li class=[done.then_some("ok")] {
            (icon(if done { "ok" } else { "dot" }))
            div { h2 { (title) @if done { span.hush { " (done)" } } } p { (text) } }
            div { @if let Some((href, label)) = act { a.btn.main[next] href=(href) { (label) } } }
        }
    }
}
