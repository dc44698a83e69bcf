//! Events: everything that happened, with and without a webhook (B1).

use std::collections::HashMap;

use actix_web::HttpRequest;

use super::filter::EventFilters;
use crate::domain::event::Cause;
use crate::domain::ids::OrganisationId;
use crate::store::event::EventLine;
use crate::store::page::{Cursor, Page as EventPage, Slice};
use crate::web::logs::own_exports_only;
use crate::web::prelude::*;
use crate::web::ui::Pager;
use crate::web::words;

/// How many events a page holds.
const PAGE: usize = 50;
/// How many events without a webhook are counted at the most.
const MAX_COUNTED: usize = 10_000;

/// A page of events.
pub async fn show(visit: Visit, request: HttpRequest) -> Answer {
    let filters = EventFilters::read(request.query_string());
    let page = |body: Markup| visit.page("Events", Nav::Events, body);
    if !filters.query.errors.is_empty() {
        return Ok(page(html! { (filters.query.errors.summary()) (head()) (filters.form()) }).refused());
    }
    let filter = filters.for_store(visit.viewer.organisation.time_zone, own_exports_only(&visit.viewer));
    let wanted = filters.page.clone();
    let sees_all = filter.exported_by.is_none();
    let found = visit.read(move |conn, viewer| {
        let page = store::event::page(conn, &viewer.organisation.id, viewer.mode, &filter, &wanted, PAGE)?;
        let unrouted =
            if sees_all { store::event::count_unrouted(conn, &viewer.organisation.id, viewer.mode)? } else { 0 };
        let names = names(conn, &viewer.organisation.id, &page.lines)?;
        Ok((page, unrouted, names))
    });
    let (found, unrouted, names) = found.await?;
    if matches!(filters.page, Slice::NewerThan(_)) && !found.has_newer {
        return Ok(see_other(filters.query.link(&[])));
    }
    Ok(page(
        List { filters: &filters, found: &found, unrouted, names: &names, viewer: &visit.viewer, time: visit.time() }
            .render(),
    )
    .ok())
}

/// What those are called who caused these events: members and API keys, by their ids.
fn names(
    conn: &mut Conn,
    organisation: &OrganisationId,
    lines: &[EventLine],
) -> Result<HashMap<String, String>, StoreError> {
    let causes = || lines.iter().map(|line| &line.event.cause);
    let members: Vec<String> = causes()
        .filter_map(|cause| matches!(cause, Cause::Member(_)).then(|| cause.client_id())?.map(str::to_owned))
        .collect();
    let mut names = store::member::names(conn, &members)?;
    if causes().any(|cause| matches!(cause, Cause::ApiKey(_))) {
        let keys = store::api_key::list(conn, organisation)?;
        names.extend(keys.into_iter().map(|key| (key.id.to_string(), key.name)));
    }
    Ok(names)
}

fn head() -> Markup {
    let head = Head::of(Nav::Events, "Events")
        .lede("Everything that happened, newest first, whether or not it matched a webhook.");
    head.render()
}

/// What to do about events that no webhook wants.
pub(super) fn connect(viewer: &Viewer) -> Markup {
    html! {
        strong { "Do this:" } " "
        @if viewer.role.may(Permission::ManageHooks) {
            a href=(paths::NEW_WEBHOOK) { "create a webhook" } " that takes such events; what happens from then on is sent to it."
        } @else {
            "have an Organisation Admin create a webhook that takes such events; what happens from then on is sent to it."
        }
    }
}

/// The page as it stands.
struct List<'a> {
    filters: &'a EventFilters,
    found: &'a EventPage<EventLine>,
    /// How many matched no webhook, counted up to one more than [`MAX_COUNTED`].
    unrouted: usize,
    /// Names of those who caused them, by id.
    names: &'a HashMap<String, String>,
    viewer: &'a Viewer,
    time: LocalTime,
}

impl Render for List<'_> {
    fn render(&self) -> Markup {
        html! {
            (head())
            div.stack {
                (self.waiting())
                (self.filters.form())
                @if self.found.lines.is_empty() { (self.nothing()) } @else { (self.table()) (self.pages()) }
            }
        }
    }
}

impl List<'_> {
    fn waiting(&self) -> Markup {
        let count = words::up_to((self.unrouted.min(MAX_COUNTED), self.unrouted > MAX_COUNTED));
        html! {
            @if self.unrouted > 0 {
                div.notice.info {
                    p {
                        @if self.unrouted == 1 { "1 event in " (self.viewer.mode) " mode matched no webhook. It is kept, and nothing was sent. " }
                        @else { (count) " events in " (self.viewer.mode) " mode matched no webhook. They are kept, and nothing was sent. " }
                        @if self.filters.routed != Some(false) { a href=(self.filters.query.link(&[("webhook", "none")])) { "Show them" } }
                    }
                    p { (connect(self.viewer)) }
                }
            }
        }
    }

    fn nothing(&self) -> Markup {
        let recruiter = self.viewer.role == Role::Recruiter;
        html! {
            section.empty {
                @if self.filters.page != Slice::Newest {
                    h2 { "There is nothing further back." }
                    p.row { a.btn href=(self.filters.query.link(&[])) { "Newest" } }
                } @else if self.filters.query.is_any() {
                    h2 { "No event matches these filters." }
                    p { "Remove a filter to see more." }
                    p.row { a.btn href=(paths::EVENTS) { "Clear all filters" } }
                } @else if recruiter {
                    h2 { "You have caused no event in " (self.viewer.mode) " mode." }
                    p { "Each export that you confirm is an event, and appears here." }
                } @else {
                    h2 { "Nothing has happened in " (self.viewer.mode) " mode." }
                    p { "Each export, and whatever another system reports with an API key, appears here the moment it is recorded." }
                }
            }
        }
    }

    fn table(&self) -> Markup {
        html! {
            (Table::of("cards recent", ["Timestamp", "Event", "Webhooks", "Caused by"])
                .captioned("Events, newest first")
                .rows(html! { @for line in &self.found.lines { (self.line(line)) } }))
            @if !self.filters.tests {
                p.small { a href=(self.filters.query.link(&[("tests", "1")])) { "Include tests" } }
            }
        }
    }

    fn line(&self, line: &EventLine) -> Markup {
        let event = &line.event;
        html! {
            tr {
                td { (self.time.short(event.occurred_at)) }
                td {
                    a href=(paths::event(&event.id)) { (event.kind) }
                    @if event.probe { " " span.tag.probe { "Test" } }
                }
                td { @if line.deliveries == 0 { (State::UNROUTED.plain()) } @else { (words::count(line.deliveries, "webhook")) } }
                td.soft {
                    @match event.cause.client_id().and_then(|id| self.names.get(id)) {
                        Some(name) => bdi { (name) },
                        None => (caused_by(&event.cause)),
                    }
                }
            }
        }
    }

    fn pages(&self) -> Pager {
        let place = |line: &EventLine| Cursor { created_at: line.created_at, id: line.event.id.clone() };
        self.filters.query.pager(self.found, place, html! {})
    }
}

/// Who or what caused an event, as a kind.
pub(super) fn caused_by(cause: &Cause) -> &'static str {
    match cause {
        Cause::ApiKey(_) => "an API key",
        Cause::Member(_) => "a member",
        Cause::Clock => "Hirewire, on schedule",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::event::{Event, EventType};
    use crate::domain::ids::{ApiKeyId, EventId};
    use crate::web::samples;

    fn rendered(lines: Vec<EventLine>, unrouted: usize, role: Role, query: &str) -> String {
        let found = EventPage { lines, has_newer: false, has_older: true };
        let (filters, viewer) = (EventFilters::read(query), samples::viewer(role));
        let names = found.lines.iter().filter_map(|line| line.event.cause.client_id());
        let names = names.map(|id| (id.to_owned(), "Job <board>".to_owned())).collect();
        let list =
            List { filters: &filters, found: &found, unrouted, names: &names, viewer: &viewer, time: samples::time() };
        list.render().into_string()
    }

    fn line(deliveries: usize) -> EventLine {
        let viewer = samples::viewer(Role::Admin);
        let event = Event {
            id: EventId::new(samples::now()),
            organisation_id: viewer.organisation.id.clone(),
            mode: viewer.mode,
            kind: EventType::parse("job.created").expect("in the catalogue"),
            cause: Cause::Clock,
            occurred_at: samples::now(),
            probe: false,
        };
        EventLine { event, deliveries, created_at: samples::now() }
    }

    #[test]
    fn an_event_without_a_webhook_says_so_and_what_to_do() {
        let page = rendered(vec![line(0), line(1), line(2)], 1, Role::Admin, "");
        for part in [
            ">No webhook</span>",
            "1 webhook<",
            "2 webhooks<",
            "1 event in live mode matched no webhook",
            "webhook=none",
            "/settings/webhooks/new",
            "Older",
        ] {
            assert!(page.contains(part), "{part}: {page}");
        }
        let page = rendered(vec![line(0)], 10_001, Role::Support, "webhook=none");
        assert!(page.contains("10,000+ events") && page.contains("have an Organisation Admin create"), "{page}");
        assert!(!page.contains("Show them") && !page.contains("/settings/webhooks/new"), "{page}");
    }

    #[test]
    fn who_caused_an_event_is_named() {
        let mut reported = line(1);
        reported.event.cause = Cause::ApiKey(ApiKeyId::new(samples::now()));
        let page = rendered(vec![reported, line(1)], 0, Role::Support, "");
        assert!(page.contains("<bdi>Job &lt;board&gt;</bdi>") && page.contains(">Hirewire, on schedule<"), "{page}");
    }

    #[test]
    fn an_empty_list_says_why_it_is_empty() {
        assert!(rendered(Vec::new(), 0, Role::Admin, "").contains("Nothing has happened in live mode."));
        assert!(rendered(Vec::new(), 0, Role::Recruiter, "").contains("You have caused no event"));
        assert!(rendered(Vec::new(), 0, Role::Admin, "event=job.created").contains("No event matches these filters."));
    }
}
