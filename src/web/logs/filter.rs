//! Which deliveries the list shows: read from its address, written back into links.

use chrono::{DateTime, Datelike as _, Days, NaiveDate};
use chrono_tz::Tz;

use crate::actions::FieldError;
use crate::domain::catalogue;
use crate::domain::delivery::Status;
use crate::domain::event::EventType;
use crate::domain::hook::{Hook, HookState};
use crate::domain::ids::MemberId;
use crate::store::log::{Cursor, LogFilter, Page, ResponseClass};
use crate::web::form::{describedby, wrong};
use crate::web::prelude::*;
use crate::web::time::start_of;
use crate::web::words::isolated;

/// The families of events that the filter offers.
pub const FAMILIES: [&str; 4] = ["candidate.*", "interview.*", "job.*", "resume.*"];

/// The fields of the form, in the order of the address.
const FIELDS: [&str; 6] = ["status", "response", "event", "webhook", "from", "to"];

/// What the visitor asked for: as typed, as understood, and what could not be.
#[derive(Debug, Clone, Default)]
pub struct Filters {
    typed: [String; 6],
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
    pub page: Page,
    /// What could not be read.
    pub errors: Errors,
    /// Days of this year are said without it.
    year: i32,
}

impl Filters {
    /// Reads the query of an address. `hooks` are those of the mode that ever were.
    pub fn read(query: &str, hooks: &[Hook], today: NaiveDate) -> Self {
        let fields = Fields::parse(query.as_bytes());
        let typed = FIELDS.map(|name| fields.one(name).trim().to_owned());
        let mut errors = Errors::default();
        let [status, response, event, webhook, from, to] = &typed;
        let mut filters = Self {
            status: choice(&mut errors, "status", "Choose a status from the list", status, |word| Status::parse(&word)),
            response: choice(&mut errors, "response", "Choose a response from the list", response, |word| {
                ResponseClass::ALL
                    .into_iter()
                    .find(|class| word == class.as_str() || word == class.label().to_lowercase())
            }),
            event: choice(&mut errors, "event", "Choose an event from the list", event, |word| {
                (FAMILIES.contains(&word.as_str()) || EventType::parse(&word).is_some()).then_some(word)
            }),
            hook: choice(&mut errors, "webhook", "Choose a webhook from the list", webhook, |_| {
                hooks.iter().find(|hook| hook.id.as_str() == webhook).cloned()
            }),
            from: choice(&mut errors, "from", "From must be a day, such as 2026-11-14", from, |word| day(&word)),
            to: choice(&mut errors, "to", "To must be a day, such as 2026-11-20", to, |word| day(&word)),
            tests: matches!(fields.one("tests"), "1" | "only"),
            only_tests: fields.one("tests") == "only",
            year: today.year(),
            ..Self::default()
        };
        if filters.from.zip(filters.to).is_some_and(|(from, to)| from > to) {
            errors.0.push(FieldError::new("from", "From must be on or before To"));
        }
        let edge = |name: &str| Some(fields.one(name)).filter(|text| !text.is_empty());
        match (edge("before").map(cursor), edge("after").map(cursor)) {
            (Some(Some(at)), None) => filters.page = Page::OlderThan(at),
            (None, Some(Some(at))) => filters.page = Page::NewerThan(at),
            (None, None) => {}
            _ => errors.0.push(FieldError::new("main", "The address names no page of the log; start from the newest")),
        }
        filters.typed = typed;
        filters.errors = errors;
        filters
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

    /// The address of the newest page with these filters, some of them set otherwise; an empty value removes one.
    pub fn link(&self, changes: &[(&str, &str)]) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        let own = FIELDS.iter().copied().zip(self.typed.iter().map(String::as_str));
        let tests = ("tests", self.tests_word());
        for (name, value) in own.chain([tests]) {
            let value = changes.iter().find(|(changed, _)| *changed == name).map_or(value, |(_, value)| value);
            if !value.is_empty() && !value.eq_ignore_ascii_case("any") {
                query.append_pair(name, value);
            }
        }
        for (name, value) in changes.iter().filter(|(name, _)| matches!(*name, "before" | "after")) {
            query.append_pair(name, value);
        }
        let query = query.finish();
        if query.is_empty() { paths::LOGS.to_owned() } else { format!("{}?{query}", paths::LOGS) }
    }

    /// How tests stand in an address.
    fn tests_word(&self) -> &'static str {
        match (self.only_tests, self.tests) {
            (true, _) => "only",
            (false, true) => "1",
            (false, false) => "",
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
                    (self.choices(0, "Status", &statuses))
                    (self.choices(1, "Response", &responses))
                    (self.choices(2, "Event", &events))
                    (self.choices(3, "Webhook", &named))
                    (self.date(4, "From"))
                    (self.date(5, "To"))
                    @if self.tests { input type="hidden" name="tests" value=(self.tests_word()); }
                    button.btn.main { "Filter" }
                }
            }
        }
    }

    fn choices(&self, at: usize, label: &str, options: &[(String, String)]) -> Markup {
        select(FIELDS[at], label, &self.typed[at], options, &self.errors)
    }

    fn date(&self, at: usize, label: &str) -> Markup {
        date(FIELDS[at], label, &self.typed[at], &self.errors)
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
                        " " a.chip href=(self.link(without)) { (label) span.hush { ", remove this filter" } (icon("x")) }
                    }
                    " " a href=(paths::LOGS) { "Clear all" }
                }
            }
        }
    }
}

/// A place in the log as it stands in an address.
pub fn cursor_text(at: &Cursor) -> String {
    format!("{}.{}", at.created_at.timestamp_micros(), at.id)
}

fn cursor(text: &str) -> Option<Cursor> {
    let (micros, id) = text.split_once('.')?;
    Some(Cursor { created_at: DateTime::from_timestamp_micros(micros.parse().ok()?)?, id: id.parse().ok()? })
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

/// A choice of a filter; one that is not on the list is kept as it was typed.
pub(in crate::web) fn select(
    name: &str,
    label: &str,
    typed: &str,
    options: &[(String, String)],
    errors: &Errors,
) -> Markup {
    let error = errors.of(name);
    let is_any = typed.is_empty() || typed.eq_ignore_ascii_case("any");
    let chosen = |value: &str, label: &str| typed.eq_ignore_ascii_case(value) || typed.eq_ignore_ascii_case(label);
    let known = is_any || options.iter().any(|(value, label)| chosen(value, label));
    html! {
        div.field {
            label for=(name) { (label) }
            (wrong(name, error))
            select id=(name) name=(name) aria-invalid=[error.map(|_| "true")] aria-describedby=[described(name, error)] {
                option value="" selected[is_any] { "Any" }
                @if !known { option value=(typed) selected { (typed) } }
                @for (value, label) in options {
                    option value=(value) selected[!is_any && chosen(value, label)] { (isolated(label)) }
                }
            }
        }
    }
}

/// A day of a filter.
pub(in crate::web) fn date(name: &str, label: &str, typed: &str, errors: &Errors) -> Markup {
    let error = errors.of(name);
    // A date field cannot show what is no date; a text field keeps what was typed.
    let kind = if typed.is_empty() || day(typed).is_some() { "date" } else { "text" };
    html! {
        div.field {
            label for=(name) { (label) }
            (wrong(name, error))
            input id=(name) name=(name) type=(kind) value=(typed)
                aria-invalid=[error.map(|_| "true")] aria-describedby=[described(name, error)];
        }
    }
}

fn described(name: &str, error: Option<&str>) -> Option<String> {
    error.map(|_| describedby(name, "", error))
}

/// Reads a field whose value comes from a list; empty and `any` are none.
pub(in crate::web) fn choice<T>(
    errors: &mut Errors,
    field: &str,
    problem: &str,
    typed: &str,
    parse: impl FnOnce(String) -> Option<T>,
) -> Option<T> {
    if typed.is_empty() || typed.eq_ignore_ascii_case("any") {
        return None;
    }
    let read = parse(typed.to_lowercase());
    if read.is_none() {
        errors.0.push(FieldError::new(field, problem));
    }
    read
}

/// Reads a day as date fields write it.
pub(in crate::web) fn day(typed: &str) -> Option<NaiveDate> {
    let day = NaiveDate::parse_from_str(typed, "%Y-%m-%d").ok()?;
    (1970..=9998).contains(&day.year()).then_some(day)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::logs::sample;

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
        assert!(filters.errors.is_empty());
        assert_eq!(filters.count(), 5);
        assert_eq!(filters.link(&[]), format!("/developers/logs?{query}"));
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
            filters.link(&[("from", ""), ("to", ""), ("webhook", ""), ("event", ""), ("tests", "")]),
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
        assert_eq!(only.link(&[]), "/developers/logs?tests=only");
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
        let fields: Vec<&str> = filters.errors.0.iter().map(|error| error.field.as_str()).collect();
        assert_eq!(fields, ["status", "response", "event", "webhook", "from", "to", "main"]);
        let form = filters.form(&[]).into_string();
        assert!(form.contains(r#"<option value="lost" selected>lost</option>"#), "{form}");
        assert!(form.contains(r#"type="text" value="14.11.2026""#) && form.contains("&lt;script&gt;"), "{form}");
    }

    #[test]
    fn the_first_day_is_not_after_the_last() {
        let filters = Filters::read("from=2026-11-20&to=2026-11-14", &[], today());
        assert_eq!(filters.errors.of("from"), Some("From must be on or before To"));
        assert!(Filters::read("from=2026-11-20&to=2026-11-20&status=Any", &[], today()).errors.is_empty());
    }

    #[test]
    fn a_cursor_reads_back() {
        let at = Cursor { created_at: sample::now(), id: sample::delivery().id.clone() };
        let filters = Filters::read(&format!("before={}", cursor_text(&at)), &[], today());
        assert_eq!(filters.page, Page::OlderThan(at));
    }
}
