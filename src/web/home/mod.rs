//! Home: what needs attention first; on the first day, the first steps.

mod known;
mod matters;

use actix_web::{HttpResponse, web};
use chrono::{DateTime, Utc};
use maud::{Markup, Render, html};

use super::chart::Chart;
use super::error::WebError;
use super::gate::Organisations;
use super::icons::icon;
use super::layout::{Head, Nav, Page, part};
use super::status::State;
use super::webhooks::list::percent;
use super::words::{count, first, grouped};
use super::{paths, time};
use crate::actions::{Context, Viewer};
use crate::domain::delivery::Status;
use crate::domain::role::Permission;
use known::{Known, WINDOW};
use matters::{Matter, matters};

/// In how many spans the figures are drawn, and how many exports are listed.
const SPANS: usize = 48;
const RECENT: usize = 5;

/// Shows the page.
pub async fn show(
    context: web::Data<Context>,
    viewer: Viewer,
    organisations: Organisations,
) -> Result<HttpResponse, WebError> {
    let (asking, now, rule) = (viewer.clone(), context.clock.now(), context.engine.rule());
    let known = context.store.read(move |conn| Known::read(conn, &asking, rule, now)).await?;
    let matters = matters(&known, &viewer, now);
    let view = HomeView { known: &known, viewer: &viewer, matters, now };
    let page = Page::new(view.title(), Nav::Home, &viewer, view.render());
    Ok(Page { organisations: organisations.0, ..page }.ok())
}

struct HomeView<'a> {
    known: &'a Known,
    viewer: &'a Viewer,
    matters: Vec<Matter>,
    now: DateTime<Utc>,
}

impl HomeView<'_> {
    fn title(&self) -> String {
        if self.known.is_first_day() {
            return "First steps".into();
        }
        match self.matters.len() {
            0 => "Everything arrives".into(),
            1 => "One thing needs you".into(),
            count => format!("{} things need you", first(count)),
        }
    }

    fn sees_hooks(&self) -> bool {
        self.viewer.role.may(Permission::ViewHooks)
    }
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
            @if !self.matters.is_empty() { ul.matters { @for matter in &self.matters { (matter) } } }
            @if self.sees_hooks() { (part("Last 24 hours", html! { (self.viewer.mode.label()) " mode, all webhooks" }, self.day())) }
            @if !self.known.exports.is_empty() { (part("Recent exports", html! { a href=(paths::EXPORTS) { "All exports" } }, self.exports())) }
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
        match self.matters.len() {
            0 => "Nothing is waiting for you.".into(),
            _ => "Everything else arrives as it should.".into(),
        }
    }

    fn first_steps(&self) -> Markup {
        let may = |permission| self.viewer.role.may(permission);
        let mode = self.viewer.mode;
        let connected = !self.known.hooks.is_empty() || !self.known.unreadable.is_empty();
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
        let zone = self.viewer.organisation.time_zone;
        let label = format!("Deliveries in each half hour of the last 24 hours: {good} succeeded, {bad} failed.");
        html! {
            dl.sums {
                div { dt { "Deliveries" } dd { (grouped((good + bad + owed) as usize)) } }
                div { dt { "Succeeded" } dd { (percent(good, good + bad)) } }
                div { dt { "Failed" } dd { (grouped(bad as usize)) } }
                div { dt { "Owed now" } dd { (grouped(owed as usize)) } }
            }
            @if good + bad > 0 {
                (Chart { succeeded: &succeeded, failed: &failed, label: &label })
                p.scale.small.soft {
                    (time::near(self.now - WINDOW, zone, self.now))
                    @for quarter in 1..=4 {
                        span { ((self.now - WINDOW + WINDOW / 4 * quarter).with_timezone(&zone).format("%H:%M").to_string()) }
                    }
                }
            }
            p.small { span.soft { "Succeeded stands on the line, failed hangs below it." } " " a href=(paths::LOGS) { "All deliveries" } }
        }
    }

    fn exports(&self) -> Markup {
        let zone = self.viewer.organisation.time_zone;
        html! {
            div.table {
                table.cards.pairs {
                    caption.hush { "Recent exports" }
                    thead { tr {
                        th scope="col" { "Vacancy" }
                        th scope="col" { "Outcome" }
                        th scope="col" { "Webhook" }
                        th scope="col" { "By" }
                    } }
                    tbody {
                        @for view in self.known.exports.iter().take(RECENT) {
                            tr {
                                th scope="row" { a href=(paths::export(&view.export.id)) { bdi { (view.vacancy_title) } } span.sub { (count(view.export.candidate_count as usize, "candidate")) } }
                                td { (State::of_delivery(&view.delivery).plain()) }
                                td { bdi { (view.hook_name) } }
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

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;
    use crate::domain::api_key::ApiKey;
    use crate::domain::attempt::ErrorClass;
    use crate::domain::delivery::DeliveryState;
    use crate::domain::hook::{Hook, HookState};
    use crate::domain::ids::{ApiKeyId, OrganisationId};
    use crate::domain::mode::Mode;
    use crate::domain::role::Role;
    use crate::store::export::ExportView;
    use crate::web::samples::{export, hook, now, vacancy, viewer};

    fn home(known: &Known, role: Role) -> String {
        let viewer = viewer(role);
        let matters = matters(known, &viewer, now());
        let view = HomeView { known, viewer: &viewer, matters, now: now() };
        format!("{} {}", view.title(), view.render().0)
    }

    fn exported(state: DeliveryState) -> ExportView {
        export(&viewer(Role::Recruiter), &vacancy("Senior <Engineer>"), &hook("Warehouse"), state)
    }

    #[test]
    fn on_the_first_day_it_says_what_comes_first() {
        let page = home(&Known::default(), Role::Admin);
        assert!(page.contains("First steps") && page.contains("Create Webhook") && !page.contains("Last 24 hours"));
        // Whoever may not create one is not sent there.
        assert!(!home(&Known::default(), Role::Recruiter).contains(paths::NEW_WEBHOOK));
    }

    #[test]
    fn an_export_that_did_not_arrive_needs_someone_until_a_later_one_does() {
        let failed = exported(DeliveryState::Failed { at: now(), class: ErrorClass::ServerError });
        let mut known = Known { exports: vec![failed.clone()], ..Known::default() };
        let page = home(&known, Role::Recruiter);
        assert!(page.starts_with("One thing needs you") && page.contains("has not arrived</h2>"), "{page}");
        assert!(page.contains("Senior &lt;Engineer&gt;") && page.contains(&paths::export(&failed.export.id)));
        let mut arrived = exported(DeliveryState::Success { at: now() });
        arrived.export.vacancy_id = failed.export.vacancy_id.clone();
        arrived.export.hook_id = failed.export.hook_id.clone();
        known.exports.insert(0, arrived);
        assert!(home(&known, Role::Recruiter).starts_with("Everything arrives"));
        known.exports = vec![exported(DeliveryState::Failed { at: now(), class: ErrorClass::Cancelled })];
        assert!(home(&known, Role::Recruiter).starts_with("Everything arrives"), "someone decided that");
        let mut old = failed;
        old.export.created_at = now() - TimeDelta::days(8);
        known.exports = vec![old];
        assert!(home(&known, Role::Recruiter).starts_with("Everything arrives"), "nobody waits for that any more");
    }

    #[test]
    fn held_deliveries_and_unused_keys_are_told_to_those_who_can_do_something() {
        let paused = Hook { state: HookState::Paused, ..hook("Slack relay") };
        let key = ApiKey {
            id: ApiKeyId::new(now()),
            organisation_id: OrganisationId::new(now()),
            mode: Mode::Live,
            name: "Job board <old>".into(),
            ends_in: "x9Zq".into(),
            created_by: None,
            created_at: now() - TimeDelta::days(90),
            last_used_at: None,
            revoked_at: None,
        };
        let known = Known {
            hooks: vec![paused.clone()],
            held: vec![(paused, (23, false))],
            unused_keys: vec![key],
            ..Known::default()
        };
        let page = home(&known, Role::Admin);
        assert!(
            page.starts_with("Two things need you") && page.contains("23 deliveries are held for <bdi>Slack relay")
        );
        assert!(page.contains("1 API key has not been used for 30 days") && page.contains("Job board &lt;old&gt;"));
        let recruiter = home(&known, Role::Recruiter);
        assert!(recruiter.starts_with("Everything arrives") && !recruiter.contains("Slack relay"), "{recruiter}");
    }
}
