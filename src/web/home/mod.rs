//! Home: what needs attention first; until the first delivery has arrived, the first steps.
//!
//! It claims only what it has read: of the deliveries of the last 24 hours to those who see webhooks, of their own exports to
//! recruiters.

mod known;
mod matters;
mod steps;

use crate::actions::hold;
use crate::domain::delivery::Status;
use crate::store::export::ExportView;
use crate::web::chart::Histogram;
use crate::web::prelude::*;
use crate::web::words::{count, first, grouped, percent};
use known::{EXPORTS, Known, WINDOW};
use matters::{Matter, matters};

/// In how many spans the figures are drawn, and how many exports are listed.
const SPANS: usize = 48;
const RECENT: usize = 5;

/// Shows the page.
pub async fn show(visit: Visit) -> Answer {
    let (now, rule) = (visit.now, visit.app.engine.rule());
    let known = visit.read(move |conn, viewer| Known::read(conn, viewer, rule, now)).await?;
    let matters = matters(&known, &visit.viewer, visit.time());
    let view = HomeView { known: &known, viewer: &visit.viewer, matters, time: visit.time() };
    Ok(visit.page(view.title(), Nav::Home, view).ok())
}

/// Releases what a restored copy holds.
pub async fn release(visit: Visit) -> Answer {
    hold::release(&visit.app, &visit.viewer).await?;
    Ok(done::see_other(paths::HOME, "Released: what is owed is being sent."))
}

struct HomeView<'a> {
    known: &'a Known,
    viewer: &'a Viewer,
    matters: Vec<Matter>,
    time: LocalTime,
}

impl HomeView<'_> {
    fn title(&self) -> String {
        if !self.known.has_arrived {
            return "First steps".into();
        }
        match self.matters.len() {
            0 if self.sees_hooks() => self.calm_title(),
            0 if self.recent_exports() == 0 => "You have no exports in the last 7 days".into(),
            0 => "No problems with your exports".into(),
            1 => "One thing needs your attention".into(),
            count => format!("{} things need your attention", first(count)),
        }
    }

    /// What is known of the last hours when nothing needs anybody.
    fn calm_title(&self) -> String {
        let count = |status| self.known.count(status);
        let (succeeded, failed, retrying) = (count(Status::Success), count(Status::Failed), count(Status::Retrying));
        match (succeeded + failed + retrying, failed, retrying) {
            (0, ..) => "Nothing was sent in the last 24 hours".into(),
            (_, 0, 0) => "No problems in the last 24 hours".into(),
            (_, 0, _) => format!("{} being retried", deliveries_are(retrying)),
            (all, ..) => format!("{} of {} deliveries failed in the last 24 hours", grouped(failed), grouped(all)),
        }
    }

    /// How many exports of the last days the viewer sees.
    fn recent_exports(&self) -> usize {
        self.known.exports.iter().filter(|view| self.time.now - view.export.created_at < EXPORTS).count()
    }

    fn sees_hooks(&self) -> bool {
        self.viewer.role.may(Permission::ViewHooks)
    }
}

impl Render for HomeView<'_> {
    fn render(&self) -> Markup {
        let head = Head::of(Nav::Home, self.title()).lede(
            html! { (self.time.local(self.time.now).format("%A, %-d %B %Y, %H:%M").to_string()) ". " (self.summary()) },
        );
        html! {
            (head)
            @if !self.matters.is_empty() { ul.matters { @for matter in &self.matters { (matter) } } }
            @if !self.known.has_arrived { (self.first_steps()) }
            @if self.viewer.role == Role::Recruiter && !self.known.vacancies.is_empty() {
                (part("Recent vacancies", html! { a href=(paths::VACANCIES) { "All vacancies" } }, self.vacancies()))
            }
            @if self.sees_hooks() && !self.known.ended.is_empty() { (part("Last 24 hours", html! { (self.viewer.mode.label()) " mode, all webhooks" }, self.day())) }
            @if !self.known.exports.is_empty() { (part(if self.viewer.role == Role::Recruiter { "Your exports" } else { "Recent exports" }, html! { a href=(paths::EXPORTS) { "All exports" } }, self.exports())) }
        }
    }
}

impl HomeView<'_> {
    fn summary(&self) -> String {
        let count = |status| self.known.count(status);
        if !self.known.has_arrived {
            return format!(
                "No delivery has arrived in {} mode yet. These steps lead to the first one.",
                self.viewer.mode
            );
        }
        if !self.sees_hooks() {
            let arrived = |view: &&ExportView| {
                self.time.now - view.export.created_at < EXPORTS && view.delivery.state.status() == Status::Success
            };
            let arrived = self.known.exports.iter().filter(arrived).count();
            return match arrived {
                0 => String::new(),
                1 => "One of your exports arrived in the last 7 days.".into(),
                many => format!("{} of your exports arrived in the last 7 days.", first(many)),
            };
        }
        let (succeeded, failed) = (count(Status::Success), count(Status::Failed));
        let waiting = match count(Status::Pending) + count(Status::Retrying) {
            0 => String::new(),
            many => format!(" {} waiting.", deliveries_are(many)),
        };
        match (succeeded, failed) {
            (0, 0) => format!("No delivery succeeded or failed in the last 24 hours.{waiting}"),
            (_, 0) => format!("{} succeeded and none failed.{waiting}", one_or_more(succeeded)),
            _ => format!(
                "In the last 24 hours {} deliveries succeeded and {} failed.{waiting}",
                grouped(succeeded),
                grouped(failed)
            ),
        }
    }

    fn vacancies(&self) -> Markup {
        Table::pairs(["Vacancy", "Status"]).numbers("Candidates").unseen("What to do")
            .captioned("The newest vacancies")
            .rows(html! {
                @for (vacancy, candidates) in &self.known.vacancies {
                    tr {
                        th scope="row" {
                            a href=(paths::vacancy(&vacancy.id)) { bdi { (vacancy.title) } }
                            @if let Some(reference) = &vacancy.reference { span.sub { bdi { (reference) } } }
                        }
                        td { (State::of_vacancy(vacancy.status).plain()) }
                        td.num data-l="Candidates" { (grouped(*candidates)) }
                        td {
                            a href=(paths::vacancy_import(&vacancy.id)) { "Import" span.hush { " candidates into " bdi { (vacancy.title) } } }
                            @if *candidates > 0 {
                                ", " a href=(paths::vacancy(&vacancy.id)) { "export" span.hush { " candidates of " bdi { (vacancy.title) } } }
                            }
                        }
                    }
                }
            })
    }

    fn day(&self) -> Markup {
        let ended = self.known.ended.iter().map(|(status, at)| (*status, at));
        let histogram = Histogram::of(ended, self.time.now, WINDOW, SPANS);
        let ((good, bad), owed) = (histogram.totals(), histogram.open);
        let label = format!("Deliveries in each half hour of the last 24 hours: {good} succeeded, {bad} failed.");
        html! {
            dl.sums {
                div { dt { "Deliveries" } dd { (grouped(good + bad + owed)) } }
                div { dt { "Succeeded" } dd { (percent(good, good + bad)) } }
                div { dt { "Failed" } dd { (grouped(bad)) } }
                div { dt { "Waiting" } dd { (grouped(owed)) } }
            }
            @if good + bad > 0 {
                (histogram.chart(&label))
                p.scale.small.soft {
                    (self.time.near(self.time.now - WINDOW))
                    @for quarter in 1..=4 {
                        span { (self.time.local(self.time.now - WINDOW + WINDOW / 4 * quarter).format("%H:%M").to_string()) }
                    }
                }
            }
            p.small { @if good + bad > 0 { span.soft { "Above the line: succeeded. Below: failed." } " " } a href=(paths::LOGS) { "All deliveries" } }
        }
    }

    fn exports(&self) -> Markup {
        Table::pairs(["Vacancy", "Outcome", "Webhook", "By"]).captioned("Recent exports").rows(html! {
            @for view in self.known.exports.iter().take(RECENT) {
                tr {
                    th scope="row" {
                        a href=(paths::vacancy(&view.export.vacancy_id)) { bdi { (view.vacancy_title) } }
                        span.sub { a href=(paths::export(&view.export.id)) { "Export of " (count(view.export.candidate_count as usize, "candidate")) } }
                    }
                    td { (State::of_delivery(&view.delivery).plain()) }
                    td { bdi { (view.hook_name) } }
                    td { bdi { (view.requested_by_name) } ", " (self.time.near(view.export.created_at)) }
                }
            }
        })
    }
}

/// `1 delivery`, `106 deliveries`.
fn one_or_more(number: usize) -> String {
    if number == 1 { "1 delivery".into() } else { format!("{} deliveries", grouped(number)) }
}

/// `One delivery is`, `Four deliveries are`.
fn deliveries_are(number: usize) -> String {
    format!("{} {}", first(number), if number == 1 { "delivery is" } else { "deliveries are" })
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
    use crate::web::samples::{export, hook, now, time, vacancy, viewer};

    fn home(known: &Known, role: Role) -> String {
        let viewer = viewer(role);
        let matters = matters(known, &viewer, time());
        let view = HomeView { known, viewer: &viewer, matters, time: time() };
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
    fn a_restored_copy_is_told_of_to_everybody_and_released_by_an_admin_where_nobody_else_is_concerned() {
        let copy = |is_alone| Known {
            has_arrived: true,
            held_copy: Some((now() - TimeDelta::hours(3), is_alone)),
            owed: (1, false),
            ..Known::default()
        };
        let alone = home(&copy(true), Role::Admin);
        assert!(
            alone.contains("Nothing is sent: this is a restored copy") && alone.contains("1 delivery is owed"),
            "{alone}"
        );
        assert!(alone.contains(&format!("action=\"{}\"", paths::RELEASE)), "{alone}");
        for (known, role) in [(copy(true), Role::Recruiter), (copy(true), Role::Support), (copy(false), Role::Admin)] {
            let page = home(&known, role);
            assert!(page.contains("this is a restored copy") && !page.contains(paths::RELEASE), "{page}");
        }
        assert!(home(&copy(false), Role::Admin).contains("Whoever runs this Hirewire releases it"));
    }

    #[test]
    fn an_export_that_did_not_arrive_needs_someone_until_a_later_one_does() {
        let failed = exported(DeliveryState::Failed { at: now(), class: ErrorClass::ServerError });
        let mut known = Known { has_arrived: true, exports: vec![failed.clone()], ..Known::default() };
        let page = home(&known, Role::Recruiter);
        assert!(page.starts_with("One thing needs your attention") && page.contains("has not arrived</h2>"), "{page}");
        assert!(page.contains("Senior &lt;Engineer&gt;") && page.contains(&paths::export(&failed.export.id)));
        let mut arrived = exported(DeliveryState::Success { at: now() });
        arrived.export.vacancy_id = failed.export.vacancy_id.clone();
        arrived.export.hook_id = failed.export.hook_id.clone();
        known.exports.insert(0, arrived);
        assert!(home(&known, Role::Recruiter).starts_with("No problems with your exports"));
        known.exports = vec![exported(DeliveryState::Failed { at: now(), class: ErrorClass::Cancelled })];
        assert!(home(&known, Role::Recruiter).starts_with("No problems with your exports"), "someone decided that");
        let mut old = failed;
        old.export.created_at = now() - TimeDelta::days(8);
        known.exports = vec![old];
        assert!(
            home(&known, Role::Recruiter).starts_with("You have no exports in the last 7 days"),
            "nobody waits for that any more"
        );
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
            has_arrived: true,
            ..Known::default()
        };
        let page = home(&known, Role::Admin);
        assert!(
            page.starts_with("Two things need your attention")
                && page.contains("23 deliveries are held for <bdi>Slack relay")
        );
        assert!(page.contains("1 API key has not been used for 30 days") && page.contains("Job board &lt;old&gt;"));
        let recruiter = home(&known, Role::Recruiter);
        assert!(
            recruiter.starts_with("You have no exports in the last 7 days") && !recruiter.contains("Slack relay"),
            "{recruiter}"
        );
    }

    fn day(ended: &[Status]) -> Known {
        let ended = ended.iter().map(|status| (*status, now())).collect();
        Known { has_arrived: true, ended, ..Known::default() }
    }

    #[test]
    fn a_calm_day_claims_what_is_known_and_no_more() {
        use Status::{Failed, Retrying, Success};
        let page = home(&day(&[Success, Success]), Role::Admin);
        assert!(
            page.starts_with("No problems in the last 24 hours")
                && page.contains("2 deliveries succeeded and none failed.")
        );
        assert!(home(&day(&[]), Role::Admin).starts_with("Nothing was sent in the last 24 hours"));
        assert!(home(&day(&[Success, Retrying]), Role::Support).starts_with("One delivery is being retried"));
        let page = home(&day(&[Success, Failed]), Role::Admin);
        assert!(page.starts_with("1 of 2 deliveries failed in the last 24 hours"), "{page}");
        // A recruiter does not see deliveries, and nothing is said of them.
        let page = home(&day(&[Failed, Failed]), Role::Recruiter);
        assert!(page.starts_with("You have no exports in the last 7 days") && !page.contains("24 hours"), "{page}");
    }

    #[test]
    fn the_first_steps_stay_until_something_has_arrived_and_tell_how_the_test_went() {
        let mut known = Known { hooks: vec![hook("HRIS")], ..day(&[Status::Failed]) };
        known.has_arrived = false;
        let mut delivery = crate::web::logs::sample::delivery();
        delivery.probe = true;
        known.test = Some(delivery);
        let page = home(&known, Role::Admin);
        assert!(page.starts_with("First steps") && page.contains("Send Test: refused, 401."), "{page}");
        known.has_arrived = true;
        assert!(!home(&known, Role::Admin).contains("Send Test"));
    }

    #[test]
    fn a_failing_webhook_says_what_it_answered_and_leads_to_that_delivery() {
        use crate::domain::health::Rule;
        use crate::web::webhooks::health::Standing;
        let delivery = crate::web::logs::sample::delivery();
        let standing = Standing { health: None, rule: Rule::default(), missed: (0, false) };
        let failing = |last| known::Failing { hook: hook("HRIS <b>"), in_row: 9, standing, last };
        let mut known = Known { failing: vec![failing(Some(delivery.clone()))], ..day(&[]) };
        let page = home(&known, Role::Admin);
        assert!(page.contains("<bdi>HRIS &lt;b&gt;</bdi> is failing: its last answer was 401</h2>"), "{page}");
        assert!(page.contains("The last 9 deliveries failed.") && page.contains(&paths::log(&delivery.id)), "{page}");
        let mut last = delivery;
        (last.response_status, last.last_class) = (None, Some(ErrorClass::ResponseTimeout));
        known.failing = vec![failing(Some(last))];
        assert!(home(&known, Role::Admin).contains(" is failing: no answer in time</h2>"));
    }

    #[test]
    fn a_rotation_that_ends_unseen_is_told_of() {
        use crate::domain::secret::CredentialKind;
        let old = crate::domain::hook::Credential {
            ends_at: Some(now() + TimeDelta::hours(5)),
            last_used_at: Some(now() - TimeDelta::minutes(11)),
            ..crate::web::samples::credential(CredentialKind::Secret, "old1")
        };
        let known = Known { rotations: vec![known::Rotation { hook: hook("Payroll"), old }], ..day(&[]) };
        let page = home(&known, Role::Support);
        assert!(page.contains("The old secret of <bdi>Payroll</bdi> stops working in 5 h"), "{page}");
        assert!(
            page.contains("accepted the old secret <time") && page.contains("not seen it accept the new one."),
            "{page}"
        );
    }

    #[test]
    fn a_recruiter_finds_their_vacancies_and_what_to_do_with_them() {
        let known = Known { vacancies: vec![(vacancy("Engineer <b>"), 128)], ..day(&[]) };
        let page = home(&known, Role::Recruiter);
        assert!(page.contains("<bdi>Engineer &lt;b&gt;</bdi>") && page.contains("/import\">Import<"), "{page}");
        assert!(!home(&known, Role::Admin).contains("Recent vacancies"));
    }
}
