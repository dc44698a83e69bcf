//! Why the list is empty, and what to do about it.

use chrono::Days;

use super::filter::Filters;
use crate::domain::delivery::Status;
use crate::domain::ids::OrganisationId;
use crate::domain::mode::Mode;
use crate::store::log::{LogFilter, MAX_COUNTED, ResponseClass};
use crate::store::page::Slice;
use crate::web::prelude::*;
use crate::web::words::{cardinal, grouped};

/// What is known when no line was found.
#[derive(Debug, Clone, Default)]
pub struct Nothing {
    /// How many deliveries of the mode the viewer may see, tests left out.
    pub in_mode: u64,
    /// Whether there are tests.
    pub has_tests: bool,
    /// How many there are to the same webhook in the same days, whatever their event, status and response.
    pub nearby: u64,
    /// Whether the mode has a webhook.
    pub has_hook: bool,
    /// How many events matched no webhook.
    pub unrouted: usize,
}

impl Nothing {
    /// Reads what an empty page tells.
    pub fn read(
        conn: &mut Conn,
        organisation: &OrganisationId,
        mode: Mode,
        filter: &LogFilter,
        has_hook: bool,
    ) -> Result<Self, StoreError> {
        let mut count = |filter: &LogFilter| {
            store::log::counts(conn, organisation, mode, filter).map(|(counts, _)| counts.iter().sum::<u64>())
        };
        let visible = LogFilter { exported_by: filter.exported_by.clone(), ..LogFilter::default() };
        let nearby = LogFilter { status: None, response: None, event: None, ..filter.clone() };
        let (in_mode, nearby) = (count(&visible)?, count(&nearby)?);
        let tests = LogFilter { tests: true, ..visible };
        let has_tests = !store::log::page(conn, organisation, mode, &tests, &Slice::Newest, 1)?.lines.is_empty();
        let unrouted = store::event::count_unrouted(conn, organisation, mode)?;
        Ok(Self { in_mode, has_tests, nearby, has_hook, unrouted })
    }
}

/// Nothing was ever sent in this mode.
pub fn nothing_sent(nothing: &Nothing, viewer: &Viewer) -> Markup {
    let (mode, other) = match viewer.mode {
        Mode::Live => ("live", Mode::Test),
        Mode::Test => ("test", Mode::Live),
    };
    let recruiter = viewer.role == Role::Recruiter;
    let may_create = viewer.role.may(Permission::ManageHooks) && !nothing.has_hook;
    html! {
        // Once there is something, the page has no such part any more, and the script loads it anew.
        section.empty #nothing data-live="3000" {
            @if recruiter {
                h2 { "You have sent nothing in " (mode) " mode." }
                p { "Each of your exports appears here the moment it is due, with what was sent, what came back and what happens next." }
            } @else {
                h2 { "Nothing has been sent in " (mode) " mode." }
                p { "Each call to a webhook appears here the moment it is due, with what was sent, what came back and what happens next." }
                (waiting(nothing, mode))
            }
            div.row {
                @if may_create { a.btn.main href=(paths::NEW_WEBHOOK) { "Create Webhook" } }
                @if recruiter { a.btn.main href=(paths::VACANCIES) { "Go to Vacancies" } }
                form method="post" action=(paths::MODE) {
                    input type="hidden" name="back" value=(paths::LOGS);
                    button.btn name="mode" value=(other) { "Look at " (other) " mode" }
                }
            }
        }
    }
}

fn waiting(nothing: &Nothing, mode: &str) -> Markup {
    let events = match nothing.unrouted {
        0 => None,
        1 => Some("one event waits without a webhook".to_owned()),
        many if many as i64 > MAX_COUNTED => Some("more than 10,000 events wait without a webhook".to_owned()),
        many => Some(format!("{} events wait without a webhook", grouped(many))),
    };
    let unrouted = format!("{}?webhook=none", paths::EVENTS);
    html! {
        @match (nothing.has_hook, events) {
            (false, None) => p { "There is no webhook in " (mode) " mode yet, so events are recorded but go nowhere." },
            (false, Some(events)) => p { "There is no webhook in " (mode) " mode yet, so events are recorded but go nowhere: " a href=(unrouted) { (events) } "." },
            (true, Some(events)) => p { "No event has matched a webhook so far: " a href=(unrouted) { (events) } "." },
            (true, None) => p { "A webhook is ready, and nothing has happened yet that it wants to hear of." },
        }
    }
}

/// There are deliveries, but none like these.
pub fn none_match(filters: &Filters, nothing: &Nothing, viewer: &Viewer, time: LocalTime) -> Markup {
    let month = last_30_days(time);
    let month_link = filters.query.link(&[("from", month.0.as_str()), ("to", month.1.as_str())]);
    html! {
        section.empty {
            @if filters.page != Slice::Newest {
                h2 { "There is nothing further back." }
                p.row { a.btn href=(filters.query.link(&[])) { "Newest" } }
            } @else if filters.count() == 0 && filters.only_tests {
                h2 { "No test has been sent in " (viewer.mode) " mode." }
                p { "Send Test, on a webhook’s page, sends one real request." }
                p.row { a.btn href=(filters.query.link(&[("tests", "")])) { "Show all deliveries" } }
            } @else if filters.count() == 0 {
                h2 { "Only tests have been sent in " (viewer.mode) " mode." }
                p { "Tests and samples are left out of the log unless you ask for them." }
                p.row { a.btn href=(filters.query.link(&[("tests", "1")])) { "Include tests" } }
            } @else {
                h2 { (title(filters.count())) }
                p { (sentence(filters, nothing.nearby)) " " (advice(filters)) }
                p.row {
                    a.btn href=(paths::LOGS) { "Clear all filters" }
                    @if filters.days().is_some() && month_link != filters.query.link(&[]) { " " a.btn href=(month_link) { "Last 30 days" } }
                }
            }
        }
    }
}

fn title(filters: usize) -> String {
    match filters {
        1 => "No delivery matches this filter.".into(),
        many => format!("No delivery matches these {} filters.", cardinal(many as u32)),
    }
}

/// What was looked for, and how many deliveries it was looked for among.
fn sentence(filters: &Filters, nearby: u64) -> String {
    let mut among = String::new();
    if let Some(hook) = &filters.hook {
        among += &format!(" to {}", hook.name);
    }
    if let Some(days) = filters.days() {
        let on = if days.starts_with("since") || days.starts_with("until") {
            ""
        } else if days.contains(" to ") {
            "from "
        } else {
            "on "
        };
        among += &format!(" {on}{days}");
    }
    let mut none = Vec::new();
    if let Some(event) = &filters.event {
        none.push(format!("is {event}"));
    }
    if let Some(status) = filters.status {
        none.push(match status {
            Status::Pending => "is pending".into(),
            Status::Retrying => "is being retried".into(),
            Status::Success => "succeeded".into(),
            Status::Failed => "failed".into(),
        });
    }
    if let Some(response) = filters.response {
        none.push(match response {
            ResponseClass::None => "went unanswered".into(),
            class @ ResponseClass::Status(_) => format!("was answered {}", class.label()),
        });
    }
    match nearby {
        0 => format!("Nothing was sent{among}."),
        1 => format!("There is one delivery{among}, but none that {}.", none.join(" and ")),
        many => {
            let many = if many as i64 >= MAX_COUNTED { "10,000+".into() } else { grouped(many) };
            format!("Of the {many} deliveries{among}, none {}.", none.join(" and "))
        }
    }
}

fn advice(filters: &Filters) -> &'static str {
    if filters.from.is_some() { "Remove a filter, or look further back." } else { "Remove a filter to see more." }
}

fn last_30_days(time: LocalTime) -> (String, String) {
    let today = time.today();
    ((today - Days::new(29)).to_string(), today.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::logs::sample;

    #[test]
    fn the_first_day_says_what_is_missing_to_those_who_can_do_it() {
        let nothing = Nothing { unrouted: 6, ..Nothing::default() };
        let admin = nothing_sent(&nothing, &sample::viewer(Role::Admin)).into_string();
        assert!(
            admin.contains("Nothing has been sent in live mode.")
                && admin.contains("?webhook=none\">6 events wait without a webhook</a>."),
            "{admin}"
        );
        assert!(admin.contains("Create Webhook") && admin.contains("Look at test mode"));
        let support = nothing_sent(&nothing, &sample::viewer(Role::Support)).into_string();
        assert!(!support.contains("Create Webhook"));
        let recruiter = nothing_sent(&nothing, &sample::viewer(Role::Recruiter)).into_string();
        assert!(recruiter.contains("You have sent nothing") && !recruiter.contains("6 events"), "{recruiter}");
    }

    #[test]
    fn asked_for_tests_alone_it_says_that_there_are_none_and_leads_to_everything() {
        let nothing = Nothing { in_mode: 300, ..Nothing::default() };
        let page = |query: &str| {
            let filters = Filters::read(query, &[], sample::now().date_naive());
            none_match(&filters, &nothing, &sample::viewer(Role::Admin), sample::time()).into_string()
        };
        let only = page("tests=only");
        assert!(only.contains("No test has been sent in live mode.") && !only.contains("Only tests"), "{only}");
        assert!(only.contains("href=\"/developers/logs\">Show all deliveries"), "{only}");
        assert!(page("").contains("Only tests have been sent in live mode."));
    }

    #[test]
    fn no_match_names_the_filters_and_counts_what_they_were_held_against() {
        let hook = sample::hook();
        let query = format!("response=3xx&webhook={}&from=2026-11-14&to=2026-11-20", hook.id);
        let filters = Filters::read(&query, &[hook], sample::now().date_naive());
        let nothing = Nothing { nearby: 58, in_mode: 900, ..Nothing::default() };
        let page = none_match(&filters, &nothing, &sample::viewer(Role::Admin), sample::time()).into_string();
        assert!(page.contains("No delivery matches these three filters."), "{page}");
        assert!(
            page.contains("Of the 58 deliveries to HRIS Sync from 14 to 20 November, none was answered 3xx."),
            "{page}"
        );
        assert!(page.contains("from=2026-10-22&amp;to=2026-11-20"), "{page}");
    }
}
