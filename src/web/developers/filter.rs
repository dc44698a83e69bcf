//! Which events the list shows: read from its address, written back into links.

use chrono::{Days, NaiveDate};
use chrono_tz::Tz;

use crate::domain::catalogue;
use crate::domain::event::EventType;
use crate::domain::ids::{EventId, MemberId};
use crate::store::event::EventFilter;
use crate::store::page::Slice;
use crate::web::logs::filter::{FAMILIES, event_or_family};
use crate::web::prelude::*;
use crate::web::query::Query;
use crate::web::time::start_of;

/// The fields of the form, in the order of the address.
const FIELDS: [&str; 5] = ["event", "webhook", "from", "to", "tests"];

/// What the visitor asked for: as typed, as understood, and what could not be.
#[derive(Debug, Default)]
pub struct EventFilters {
    /// As it stands in the address.
    pub query: Query,
    event: Option<String>,
    /// With a webhook, or without one.
    pub routed: Option<bool>,
    from: Option<NaiveDate>,
    to: Option<NaiveDate>,
    /// Tests and samples too.
    pub tests: bool,
    /// Which page.
    pub page: Slice<EventId>,
}

impl EventFilters {
    /// Reads the query of an address.
    pub fn read(query: &str) -> Self {
        let mut query = Query::read(paths::EVENTS, &FIELDS, query);
        let event = query.choice("event", "Choose an event from the list", event_or_family);
        let routed = query.choice("webhook", "Choose with or without a webhook", |word| match word {
            "matched" => Some(true),
            "none" => Some(false),
            _ => None,
        });
        let ((from, to), page) = (query.days(), query.slice("list"));
        let tests = !query.tests(&["1"]).is_empty();
        Self { query, event, routed, from, to, tests, page }
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

    /// The form.
    pub fn form(&self) -> Markup {
        let events = FAMILIES.into_iter().chain(catalogue::all().map(EventType::as_str));
        let events: Vec<_> = events.map(|name| (name.to_owned(), name.to_owned())).collect();
        let routes = [("matched", "With a webhook"), ("none", "Without one")];
        let routes = routes.map(|(value, label)| (value.to_owned(), label.to_owned()));
        html! {
            search {
                form.filters method="get" action=(paths::EVENTS) novalidate {
                    (self.query.select("event", "Event", &events))
                    (self.query.select("webhook", "Webhook", &routes))
                    (self.query.date("from", "From"))
                    (self.query.date("to", "To"))
                    @if self.tests { input type="hidden" name="tests" value="1"; }
                    button.btn.main { "Filter" }
                }
            }
            @if self.query.is_any() || self.tests { p.small { a href=(paths::EVENTS) { "Clear all filters" } } }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::page::Cursor;
    use crate::web::query::cursor_text;
    use crate::web::samples;

    #[test]
    fn every_filter_is_read_and_kept_in_links() {
        let query = "event=job.*&webhook=none&from=2026-11-14&to=2026-11-20&tests=1";
        let filters = EventFilters::read(query);
        assert!(filters.query.errors.is_empty() && filters.query.is_any());
        assert_eq!(filters.query.link(&[]), format!("/developers/events?{query}"));
        let store = filters.for_store(chrono_tz::Europe::Berlin, None);
        assert_eq!((store.kind.as_deref(), store.routed, store.tests), (Some("job.*"), Some(false), true));
        assert_eq!(store.until.map(|at| at.to_rfc3339()), Some("2026-11-20T23:00:00+00:00".into()));
        let at = Cursor { created_at: samples::now(), id: EventId::new(samples::now()) };
        let page = EventFilters::read(&format!("before={}", cursor_text(&at))).page;
        assert_eq!(page, Slice::OlderThan(at));
    }

    #[test]
    fn what_cannot_be_read_is_named_and_kept() {
        let filters = EventFilters::read("event=cat.*&webhook=all&from=14.11.2026&to=%3Cscript%3E&after=x");
        let fields: Vec<&str> = filters.query.errors.0.iter().map(|error| error.field.as_str()).collect();
        assert_eq!(fields, ["event", "webhook", "from", "to", "main"]);
        let form = filters.form().into_string();
        assert!(form.contains("value=\"14.11.2026\"") && form.contains("&lt;script&gt;"), "{form}");
    }
}
