//! Which events the list shows: read from its address, written back into links.

use chrono::{DateTime, Days, NaiveDate};
use chrono_tz::Tz;

use crate::actions::FieldError;
use crate::domain::catalogue;
use crate::domain::event::EventType;
use crate::domain::ids::MemberId;
use crate::store::event::{EventCursor, EventFilter, EventsWanted};
use crate::web::logs::filter::{FAMILIES, choice, date, day, select};
use crate::web::prelude::*;
use crate::web::time::start_of;

/// The fields of the form, in the order of the address.
const FIELDS: [&str; 4] = ["event", "webhook", "from", "to"];

/// What the visitor asked for: as typed, as understood, and what could not be.
#[derive(Debug, Default)]
pub struct EventFilters {
    typed: [String; 4],
    event: Option<String>,
    /// With a webhook, or without one.
    pub routed: Option<bool>,
    from: Option<NaiveDate>,
    to: Option<NaiveDate>,
    /// Tests and samples too.
    pub tests: bool,
    /// Which page.
    pub page: EventsWanted,
    /// What could not be read.
    pub errors: Errors,
}

impl EventFilters {
    /// Reads the query of an address.
    pub fn read(query: &str) -> Self {
        let fields = Fields::parse(query.as_bytes());
        let typed = FIELDS.map(|name| fields.one(name).trim().to_owned());
        let mut errors = Errors::default();
        let [event, webhook, from, to] = &typed;
        let mut filters = Self {
            event: choice(&mut errors, "event", "Choose an event from the list", event, |word| {
                (FAMILIES.contains(&word.as_str()) || EventType::parse(&word).is_some()).then_some(word)
            }),
            routed: choice(&mut errors, "webhook", "Choose with or without a webhook", webhook, |word| {
                match word.as_str() {
                    "matched" => Some(true),
                    "none" => Some(false),
                    _ => None,
                }
            }),
            from: choice(&mut errors, "from", "From must be a day, such as 2026-11-14", from, |word| day(&word)),
            to: choice(&mut errors, "to", "To must be a day, such as 2026-11-20", to, |word| day(&word)),
            tests: fields.one("tests") == "1",
            ..Self::default()
        };
        if filters.from.zip(filters.to).is_some_and(|(from, to)| from > to) {
            errors.0.push(FieldError::new("from", "From must be on or before To"));
        }
        let edge = |name: &str| Some(fields.one(name)).filter(|text| !text.is_empty());
        match (edge("before").map(cursor), edge("after").map(cursor)) {
            (Some(Some(at)), None) => filters.page = EventsWanted::OlderThan(at),
            (None, Some(Some(at))) => filters.page = EventsWanted::NewerThan(at),
            (None, None) => {}
            _ => errors.0.push(FieldError::new("main", "The address names no page of the list; start from the newest")),
        }
        filters.typed = typed;
        filters.errors = errors;
        filters
    }

    /// The same for the store. Days begin and end in the organisation's time zone.
    pub fn for_store(&self, zone: Tz, exported_by: Option<MemberId>) -> EventFilter {
        EventFilter {
            kind: self.event.clone(),
            routed: self.routed,
            from: self.from.map(|day| start_of(day, zone)),
            until: self.to.map(|day| start_of(day + Days::new(1), zone)),
            // Who asks for tests by name wants to see them.
            tests: self.tests || self.event.as_deref() == Some(EventType::WEBHOOK_TEST.as_str()),
            exported_by,
        }
    }

    /// Whether anything is filtered by.
    pub fn is_any(&self) -> bool {
        self.typed.iter().any(|typed| !typed.is_empty() && !typed.eq_ignore_ascii_case("any"))
    }

    /// The address of the newest page with these filters, some of them set otherwise; an empty value removes one.
    pub fn link(&self, changes: &[(&str, &str)]) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        let own = FIELDS.iter().copied().zip(self.typed.iter().map(String::as_str));
        for (name, value) in own.chain([("tests", if self.tests { "1" } else { "" })]) {
            let value = changes.iter().find(|(changed, _)| *changed == name).map_or(value, |(_, value)| value);
            if !value.is_empty() && !value.eq_ignore_ascii_case("any") {
                query.append_pair(name, value);
            }
        }
        for (name, value) in changes.iter().filter(|(name, _)| matches!(*name, "before" | "after")) {
            query.append_pair(name, value);
        }
        let query = query.finish();
        if query.is_empty() { paths::EVENTS.to_owned() } else { format!("{}?{query}", paths::EVENTS) }
    }

    /// The form.
    pub fn form(&self) -> Markup {
        let events = FAMILIES.into_iter().chain(catalogue::all().map(EventType::as_str));
        let events: Vec<_> = events.map(|name| (name.to_owned(), name.to_owned())).collect();
        let routes = [("matched", "With a webhook"), ("none", "Without one")];
        let routes = routes.map(|(value, label)| (value.to_owned(), label.to_owned()));
        html! {
            search {
                form.filters method="get" action=(paths::EVENTS) novalidate {
                    (select("event", "Event", &self.typed[0], &events, &self.errors))
                    (select("webhook", "Webhook", &self.typed[1], &routes, &self.errors))
                    (date("from", "From", &self.typed[2], &self.errors))
                    (date("to", "To", &self.typed[3], &self.errors))
                    @if self.tests { input type="hidden" name="tests" value="1"; }
                    button.btn.main { "Filter" }
                }
            }
            @if self.is_any() || self.tests { p.small { a href=(paths::EVENTS) { "Clear all filters" } } }
        }
    }
}

/// A place in the list as it stands in an address.
pub fn cursor_text(at: &EventCursor) -> String {
    format!("{}.{}", at.created_at.timestamp_micros(), at.id)
}

fn cursor(text: &str) -> Option<EventCursor> {
    let (micros, id) = text.split_once('.')?;
    Some(EventCursor { created_at: DateTime::from_timestamp_micros(micros.parse().ok()?)?, id: id.parse().ok()? })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::EventId;
    use crate::web::samples;

    #[test]
    fn every_filter_is_read_and_kept_in_links() {
        let query = "event=job.*&webhook=none&from=2026-11-14&to=2026-11-20&tests=1";
        let filters = EventFilters::read(query);
        assert!(filters.errors.is_empty() && filters.is_any());
        assert_eq!(filters.link(&[]), format!("/developers/events?{query}"));
        let store = filters.for_store(chrono_tz::Europe::Berlin, None);
        assert_eq!((store.kind.as_deref(), store.routed, store.tests), (Some("job.*"), Some(false), true));
        assert_eq!(store.until.map(|at| at.to_rfc3339()), Some("2026-11-20T23:00:00+00:00".into()));
        let at = EventCursor { created_at: samples::now(), id: EventId::new(samples::now()) };
        let page = EventFilters::read(&format!("before={}", cursor_text(&at))).page;
        assert_eq!(page, EventsWanted::OlderThan(at));
    }

    #[test]
    fn what_cannot_be_read_is_named_and_kept() {
        let filters = EventFilters::read("event=cat.*&webhook=all&from=14.11.2026&to=%3Cscript%3E&after=x");
        let fields: Vec<&str> = filters.errors.0.iter().map(|error| error.field.as_str()).collect();
        assert_eq!(fields, ["event", "webhook", "from", "to", "main"]);
        let form = filters.form().into_string();
        assert!(form.contains("value=\"14.11.2026\"") && form.contains("&lt;script&gt;"), "{form}");
    }
}
