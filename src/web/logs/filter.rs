//! Which deliveries the list shows: read from its address, written back into links.

use chrono::{Datelike as _, Days, NaiveDate};
use chrono_tz::Tz;

use crate::domain::catalogue;
use crate::domain::delivery::Status;
use crate::domain::event::EventType;
use crate::domain::hook::{Hook, HookState};
use crate::domain::ids::{DeliveryId, MemberId};
use crate::store::log::{LogFilter, ResponseClass};
use crate::store::page::Slice;
use crate::web::bidi::isolated;
use crate::web::prelude::*;
use crate::web::query::Query;
use crate::web::time::start_of;

/// The families of events that the filter offers.
pub const FAMILIES: [&str; 4] = ["candidate.*", "interview.*", "job.*", "resume.*"];

/// The fields of the form, in the order of the address.
const FIELDS: [&str; 7] = ["status", "response", "event", "webhook", "from", "to", "tests"];

/// What the visitor asked for: as typed, as understood, and what could not be.
#[derive(Debug, Clone, Default)]
pub struct Filters {
    /// As it stands in the address.
    pub query: Query,
    /// In this status.
    pub status: Option<Status>,
    /// With an answer of this class.
    pub response: Option<ResponseClass>,
    /// Of this type or family.
    pub event: Option<String>,
    /// To this hook.
    pub hook: Option<Hook>,
    /// From the start of this day.
    pub from: Option<NaiveDate>,
    /// To the end of this day.
    pub to: Option<NaiveDate>,
    /// Tests and samples too.
    pub tests: bool,
    /// Nothing but tests and samples.
    pub only_tests: bool,
    /// Which page.
    pub page: Slice<DeliveryId>,
    /// Days of this year are said without it.
    year: i32,
}

impl Filters {
    /// Reads the query of an address. `hooks` are those of the mode that ever were.
    pub fn read(query: &str, hooks: &[Hook], today: NaiveDate) -> Self {
        let mut query = Query::read(paths::LOGS, &FIELDS, query);
        let status = query.choice("status", "Choose a status from the list", Status::parse);
        let response = query.choice("response", "Choose a response from the list", |word| {
            let is_it = |class: &ResponseClass| word == class.as_str() || word == class.label().to_lowercase();
            ResponseClass::ALL.into_iter().find(is_it)
        });
        let event = query.choice("event", "Choose an event from the list", event_or_family);
        let named = hooks.iter().find(|hook| hook.id.as_str() == query.typed("webhook")).cloned();
        let hook = query.choice("webhook", "Choose a webhook from the list", |_| named);
        let ((from, to), page) = (query.days(), query.slice("log"));
        let word = query.tests(&["1", "only"]);
        let (tests, only_tests) = (!word.is_empty(), word == "only");
        Self { query, status, response, event, hook, from, to, tests, only_tests, page, year: today.year() }
    }

    /// The same for the store. Days begin and end in the organisation's time zone.
    pub fn log_filter(&self, zone: Tz, exported_by: Option<MemberId>) -> LogFilter {
        LogFilter {
            status: self.status,
            response: self.response,
            event: self.event.clone(),
            hook: self.hook.as_ref().map(|hook| hook.id.clone()),
            from: self.from.map(|day| start_of(day, zone)),
            until: self.to.map(|day| start_of(day + Days::new(1), zone)),
            // Who asks for tests by name wants to see them.
            tests: self.tests || self.event.as_deref() == Some(EventType::WEBHOOK_TEST.as_str()),
            only_tests: self.only_tests,
            exported_by,
        }
    }

    /// How many filters there are; tests are none, and the two days are one.
    pub fn count(&self) -> usize {
        let words = [self.status.is_some(), self.response.is_some(), self.event.is_some(), self.hook.is_some()];
        words.into_iter().filter(|is_set| *is_set).count() + usize::from(self.days().is_some())
    }

    /// The days in words: `14 to 20 November`.
    pub fn days(&self) -> Option<String> {
        let spoken = |day: NaiveDate| {
            let form = if day.year() == self.year { "%-d %B" } else { "%-d %B %Y" };
            day.format(form).to_string()
        };
        match (self.from, self.to) {
            (None, None) => None,
            (Some(from), None) => Some(format!("since {}", spoken(from))),
            (None, Some(to)) => Some(format!("until {}", spoken(to))),
            (Some(from), Some(to)) if from == to => Some(spoken(from)),
            (Some(from), Some(to)) if (from.year(), from.month()) == (to.year(), to.month()) => {
                Some(format!("{} to {}", from.day(), spoken(to)))
            }
            (Some(from), Some(to)) => Some(format!("{} to {}", spoken(from), spoken(to))),
        }
    }

    /// The form.
    pub fn form(&self, hooks: &[Hook]) -> Markup {
        let statuses = Status::ALL.map(|status| (status.as_str().to_owned(), status.label().to_owned()));
        let responses = ResponseClass::ALL.map(|class| (class.as_str().to_owned(), class.label().to_owned()));
        let pair = |name: &str| (name.to_owned(), name.to_owned());
        let events: Vec<_> = FAMILIES.into_iter().chain(catalogue::all().map(EventType::as_str)).map(pair).collect();
        let named: Vec<_> = hooks.iter().map(|hook| (hook.id.to_string(), hook_label(hook))).collect();
        html! {
            search {
                form.filters method="get" action=(paths::LOGS) novalidate {
                    (self.query.select("status", "Status", &statuses))
                    (self.query.select("response", "Response", &responses))
                    (self.query.select("event", "Event", &events))
                    (self.query.select("webhook", "Webhook", &named))
                    (self.query.date("from", "From"))
                    (self.query.date("to", "To"))
                    @if self.tests { input type="hidden" name="tests" value=(self.query.typed("tests")); }
                    button.btn.main { "Filter" }
                }
            }
        }
    }

    /// What is filtered by; following a chip removes its filter.
    pub fn chips(&self) -> Markup {
        let mut chips: Vec<(String, &[(&str, &str)])> = Vec::new();
        if let Some(status) = self.status {
            chips.push((format!("Status: {}", status.label()), &[("status", "")]));
        }
        if let Some(response) = self.response {
            chips.push((format!("Response: {}", response.label()), &[("response", "")]));
        }
        if let Some(event) = &self.event {
            chips.push((format!("Event: {event}"), &[("event", "")]));
        }
        if let Some(hook) = &self.hook {
            chips.push((format!("Webhook: {}", isolated(&hook_label(hook))), &[("webhook", "")]));
        }
        if let Some(days) = self.days() {
            let days = days[..1].to_uppercase() + &days[1..];
            chips.push((days, &[("from", ""), ("to", "")]));
        }
        if self.tests {
            let what = if self.only_tests { "Only tests" } else { "Tests included" };
            chips.push((what.into(), &[("tests", "")]));
        }
        html! {
            @if !chips.is_empty() {
                p.row.small {
                    span.soft { "Filtered by" }
                    @for (label, without) in &chips {
                        " " a.chip href=(self.query.link(without)) { (label) span.hush { ", remove this filter" } (icon("x")) }
                    }
                    " " a href=(paths::LOGS) { "Clear all" }
                }
            }
        }
    }
}

fn hook_label(hook: &Hook) -> String {
    let ended = match hook.state {
        HookState::Deleted if hook.replaced_by.is_some() => Some("replaced"),
        HookState::Deleted => Some("deleted"),
        HookState::Active | HookState::Paused | HookState::Disabled => None,
    };
    let words: Vec<&str> = hook.interview().map(|_| "interview").into_iter().chain(ended).collect();
    if words.is_empty() { hook.name.clone() } else { format!("{} ({})", hook.name, words.join(", ")) }
}

/// Reads an event type or a family.
pub(in crate::web) fn event_or_family(word: &str) -> Option<String> {
    (FAMILIES.contains(&word) || EventType::parse(word).is_some()).then(|| word.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::page::Cursor;
    use crate::web::logs::sample;
    use crate::web::query::cursor_text;

    fn today() -> NaiveDate {
        sample::now().date_naive()
    }

    #[test]
    fn every_filter_is_read_kept_in_links_and_named_by_a_chip() {
        let hook = sample::hook();
        let query = format!(
            "status=failed&response=4xx&event=candidate.*&webhook={}&from=2026-11-14&to=2026-11-20&tests=1",
            hook.id
        );
        let filters = Filters::read(&query, std::slice::from_ref(&hook), today());
        assert!(filters.query.errors.is_empty());
        assert_eq!(filters.count(), 5);
        assert_eq!(filters.query.link(&[]), format!("/developers/logs?{query}"));
        let store = filters.log_filter(chrono_tz::Europe::Berlin, None);
        assert_eq!(store.from.map(|at| at.to_rfc3339()), Some("2026-11-13T23:00:00+00:00".into()));
        assert_eq!(store.until.map(|at| at.to_rfc3339()), Some("2026-11-20T23:00:00+00:00".into()));
        let chips = filters.chips().into_string();
        for chip in [
            "Status: Failed",
            "Response: 4xx",
            "Event: candidate.*",
            "Webhook: HRIS Sync",
            "14 to 20 November",
            "Tests included",
        ] {
            assert!(chips.contains(chip), "{chip}: {chips}");
        }
        assert_eq!(
            filters.query.link(&[("from", ""), ("to", ""), ("webhook", ""), ("event", ""), ("tests", "")]),
            "/developers/logs?status=failed&response=4xx"
        );
    }

    #[test]
    fn tests_stay_out_are_included_or_stand_alone() {
        let read = |query: &str| Filters::read(query, &[], today());
        let store = |query: &str| {
            let filter = read(query).log_filter(chrono_tz::UTC, None);
            (filter.tests, filter.only_tests)
        };
        assert_eq!((store(""), store("tests=1"), store("tests=only")), ((false, false), (true, false), (true, true)));
        let only = read("tests=only");
        assert_eq!(only.query.link(&[]), "/developers/logs?tests=only");
        assert!(only.chips().into_string().contains("Only tests"));
        assert!(only.form(&[]).into_string().contains("name=\"tests\" value=\"only\""));
    }

    #[test]
    fn what_cannot_be_read_is_named_and_kept() {
        let filters = Filters::read(
            "status=lost&response=6xx&event=cat.*&webhook=hk_1&from=14.11.2026&to=%3Cscript%3E&before=x",
            &[],
            today(),
        );
        let fields: Vec<&str> = filters.query.errors.0.iter().map(|error| error.field.as_str()).collect();
        assert_eq!(fields, ["status", "response", "event", "webhook", "from", "to", "main"]);
        let form = filters.form(&[]).into_string();
        assert!(form.contains(r#"<option value="lost" selected>lost</option>"#), "{form}");
        assert!(form.contains(r#"type="text" value="14.11.2026""#) && form.contains("&lt;script&gt;"), "{form}");
    }

    #[test]
    fn the_first_day_is_not_after_the_last() {
        let filters = Filters::read("from=2026-11-20&to=2026-11-14", &[], today());
        assert_eq!(filters.query.errors.of("from"), Some("From must be on or before To"));
        assert!(Filters::read("from=2026-11-20&to=2026-11-20&status=Any", &[], today()).query.errors.is_empty());
    }

    #[test]
    fn a_cursor_reads_back() {
        let at = Cursor { created_at: sample::now(), id: sample::delivery().id.clone() };
        let filters = Filters::read(&format!("before={}", cursor_text(&at)), &[], today());
        assert_eq!(filters.page, Slice::OlderThan(at));
    }
}
