//! The catalogue: every event with when it happens, its fields, and a sample that can be sent (T6, B4).

use chrono::{DateTime, Utc};

use crate::domain::catalogue::{CATALOGUE, Entry, Field, fields, sample};
use crate::domain::event::{Cause, Event, EventType};
use crate::domain::hook::{FieldSet, Hook, HookState};
use crate::domain::ids::EventId;
use crate::domain::payload;
use crate::web::prelude::*;

/// What stands around each event's data: name, type, meaning.
const ENVELOPE: [(&str, &str, &str); 8] = [
    ("id", "string", "The event’s id, as in the header Webhook-Id"),
    ("event", "string", "The type, as in the header X-Webhook-Event"),
    ("apiVersion", "string", "The version of these payloads; a new one is announced before it comes"),
    ("timestamp", "time", "When it happened"),
    ("companyId", "string", "The organisation"),
    ("clientId", "string or null", "What caused it: an API key, a member, or null for Hirewire itself, on schedule"),
    ("test", "boolean", "True in test mode, for Send Test and for samples"),
    ("data", "object", "What happened, as the page of the event says"),
];

/// When the sample happened.
const SAMPLED_AT: i64 = 1_795_167_000;
/// Its id.
const SAMPLED: &str = "evt_01KAGZ7Q1FM8XW4T0R9B5YHC3N";

/// Every event.
pub async fn show(visit: Visit) -> HttpResponse {
    visit.page("Catalogue", Nav::Catalogue, overview()).ok()
}

/// One event.
pub async fn show_entry(visit: Visit, name: web::Path<String>) -> Answer {
    let kind = EventType::parse(&name).ok_or(WebError::NotFound)?;
    let listed = visit.read(|conn, viewer| store::hook::list(conn, &viewer.organisation.id, viewer.mode));
    let hooks = if visit.may(Permission::ManageHooks) { Some(listed.await?.hooks) } else { None };
    let body = EntryPage { kind, hooks, viewer: &visit.viewer }.render();
    Ok(visit.page(kind.as_str(), Nav::Catalogue, body).ok())
}

fn overview() -> Markup {
    let head = Head::of(Nav::Catalogue, "Catalogue").lede(html! {
        "Every event that Hirewire sends, with its fields and a sample. Today only interviews, exports and tests cause events in Hirewire itself; the others come from partner systems, which "
        a href=(paths::API) { "report them with an API key" } "."
    });
    html! {
        (head)
        div.stack {
            (group("To every subscribed webhook", CATALOGUE.into_iter().filter(|entry| entry.is_subscribable() && !entry.is_reported)))
            (group("Only reported by partner systems", CATALOGUE.into_iter().filter(|entry| entry.is_reported)))
            (group("To one webhook alone", CATALOGUE.into_iter().filter(|entry| !entry.is_subscribable())))
        }
        (part("Around each event", html! { "The same for all: what happened is in " code { "data" } "." }, html! {
            (table("Around each event", ENVELOPE.iter().map(|(path, kind, meaning)| ((*path).to_owned(), *kind, *meaning))))
            p.small { a href={ (paths::RECEIVING) "#body" } { "How the body is printed, and how large it gets" } }
        }))
    }
}

fn group(title: &str, entries: impl Iterator<Item = &'static Entry>) -> Markup {
    Table::cards([title, "When it happens"]).captioned(title).rows(html! {
        @for entry in entries {
            tr {
                th.whole scope="row" { a href={ (paths::CATALOGUE) "/" (entry.name) } { (entry.name) } }
                td.whole { (entry.when) }
            }
        }
    })
}

fn table(name: &str, rows: impl Iterator<Item = (String, &'static str, &'static str)>) -> Markup {
    Table::cards(["Field", "Type", "Meaning"]).region(name).rows(html! {
        @for (path, kind, meaning) in rows {
            tr { th scope="row" { code { (path) } } td { (kind) } td.whole { (meaning) } }
        }
    })
}

/// The page of one event.
struct EntryPage<'a> {
    kind: EventType,
    /// Where a sample may be sent; `None` when the reader sends none.
    hooks: Option<Vec<Hook>>,
    viewer: &'a Viewer,
}

impl Render for EntryPage<'_> {
    fn render(&self) -> Markup {
        let fields =
            fields(self.kind).into_iter().map(|Field { path, kind, meaning }| (format!("data.{path}"), kind, meaning));
        html! {
            (Head::below(Nav::Catalogue, self.kind.entry().name))
            p.says { (self.kind.entry().when) }
            (part("Who gets it", html! {}, self.route()))
            (part("Sample", html! { "The whole body, with every field. A webhook with a smaller field set gets less of a candidate." }, self.sample()))
            (part("Send the sample", html! { "It goes the way of every delivery, marked as a test." }, self.send()))
            (part("Fields", html! { "Of " code { "data" } ". " a href={ (paths::CATALOGUE) } { "What stands around it" } }, table("Fields", fields)))
        }
    }
}

impl EntryPage<'_> {
    fn route(&self) -> Markup {
        html! {
            @if self.kind.entry().is_subscribable() {
                p { "The default webhook of the mode, and every webhook subscribed to this event." }
                @if self.kind.entry().is_reported {
                    p { strong { "Only partner systems report this event." } " Nothing that is done in Hirewire causes it yet." }
                }
                p { "Systems with an API key " a href=(paths::API) { "report it" } " with " code { "POST /v1/partner/events" } "; then " code { "data" } " is what they say, and may differ from this." }
            } @else if self.kind == EventType::CANDIDATES_EXPORTED {
                p { "Only the webhook that was chosen when the export was confirmed." }
            } @else {
                p { "Only the webhook that is tested." }
            }
        }
    }

    fn sample(&self) -> Markup {
        let body = sample_body(self.kind, self.viewer);
        code::figure(
            &format!("Sample of {}", self.kind.entry().name),
            html! { strong { "Body" } " application/json" },
            code::json(&body),
            false,
        )
    }

    fn send(&self) -> Markup {
        let Some(hooks) = &self.hooks else {
            return html! { p { "An Organisation Admin can send it to a webhook from this page." } };
        };
        html! {
            @if hooks.is_empty() {
                p { "There is no webhook in " (self.viewer.mode) " mode yet." }
                p { a.btn href=(paths::NEW_WEBHOOK) { "Create Webhook" } }
            } @else {
                ul.stack {
                    @for hook in hooks {
                        li {
                            a.btn href=(paths::webhook_sample(&hook.id, self.kind)) { "Send it to " bdi { (hook.name) } } " "
                            span.small.soft { (hook.url.host()) @if hook.state == HookState::Disabled { ", disabled" } @else if hook.state == HookState::Paused { ", paused" } }
                        }
                    }
                }
            }
        }
    }
}

/// The sample as a receiver of this organisation would get it, with every field.
fn sample_body(kind: EventType, viewer: &Viewer) -> Vec<u8> {
    let occurred_at = DateTime::<Utc>::from_timestamp(SAMPLED_AT, 0).unwrap_or_default();
    let event = Event {
        id: SAMPLED.parse().unwrap_or_else(|_| EventId::new(occurred_at)),
        organisation_id: viewer.organisation.id.clone(),
        mode: viewer.mode,
        kind,
        cause: Cause::Member(viewer.member.id.clone()),
        occurred_at,
        probe: true,
    };
    payload::body(&event, sample(kind, FieldSet::Full))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::catalogue::all;
    use crate::web::samples;

    fn page(kind: EventType, hooks: Option<Vec<Hook>>) -> String {
        let viewer = samples::viewer(Role::Admin);
        EntryPage { kind, hooks, viewer: &viewer }.render().into_string()
    }

    #[test]
    fn every_event_has_a_page_with_its_fields_and_the_whole_sample() {
        let overview = overview().into_string();
        for kind in all() {
            assert!(overview.contains(&format!("href=\"{}\"", paths::catalogue_entry(kind))), "{kind}");
            let page = page(kind, None);
            for Field { path, meaning, .. } in fields(kind) {
                assert!(page.contains(&format!("<code>data.{path}</code>")), "{kind}: {path}");
                assert!(page.contains(&html! { (meaning) }.into_string()), "{kind}: {meaning}");
            }
            for (name, ..) in ENVELOPE {
                assert!(page.contains(&format!("\"{name}\"</span>:")), "{kind}: {name}");
            }
            assert!(page.contains(&format!("{kind}")) && page.len() < 50_000, "{kind}: {}", page.len());
        }
    }

    #[test]
    fn the_sample_is_sent_from_here_to_any_webhook_of_the_mode() {
        let hook = samples::hook("HRIS <Sync>");
        let kind = EventType::parse("job.created").expect("in the catalogue");
        let with = page(kind, Some(vec![hook.clone()]));
        let link = format!("href=\"/settings/webhooks/{}/tests?event=job.created\"", hook.id);
        assert!(with.contains(&link) && with.contains("Send it to <bdi>HRIS &lt;Sync&gt;</bdi>"), "{with}");
        assert!(page(kind, Some(Vec::new())).contains("There is no webhook in live mode yet."));
        assert!(page(kind, None).contains("An Organisation Admin can send it"));
    }
}
