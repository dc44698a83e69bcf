//! One event: what happened, and what became of it at each webhook (B1).

use super::events::{caused_by, connect};
use crate::domain::delivery::Delivery;
use crate::domain::event::Event;
use crate::domain::hook::FieldSet;
use crate::domain::ids::EventId;
use crate::domain::mask;
use crate::web::logs::own_exports_only;
use crate::web::prelude::*;
use crate::web::status::response;
use crate::web::words;

/// The page of an event.
pub async fn show(visit: Visit, Path(id): Path<EventId>) -> Answer {
    let told = visit.find(move |conn, viewer| Told::read(conn, viewer, &id)).await?;
    let body = Sheet { told: &told, viewer: &visit.viewer, time: visit.time() }.render();
    Ok(visit.page(told.event.kind.as_str(), Nav::Events, body).in_mode(told.event.mode).ok())
}

/// Everything the page tells.
struct Told {
    event: Event,
    /// Each with its hook's name, first to last.
    deliveries: Vec<(Delivery, String)>,
    /// The frozen bytes, personal data masked for those who may not see it.
    bodies: Vec<(FieldSet, Vec<u8>)>,
    is_masked: bool,
}

impl Told {
    /// Reads an event with all that belongs to it; `None` when there is none, or none that this viewer may see.
    fn read(conn: &mut Conn, viewer: &Viewer, id: &EventId) -> Result<Option<Self>, StoreError> {
        let organisation = &viewer.organisation.id;
        let Some(event) = store::event::find(conn, organisation, id)? else { return Ok(None) };
        let deliveries = store::event::deliveries_of(conn, organisation, id)?;
        if let Some(own) = own_exports_only(viewer) {
            let Some((delivery, _)) = deliveries.first() else { return Ok(None) };
            let export = store::export::find_by_delivery(conn, organisation, &delivery.id)?;
            if export.is_none_or(|view| view.export.requested_by != own) {
                return Ok(None);
            }
        }
        let is_masked = !viewer.role.may(Permission::SeePersonalData);
        let kind = event.kind;
        let shown = |body: Vec<u8>| if is_masked { mask::json::payload(kind, &body) } else { Some(body) };
        let bodies = store::event::bodies(conn, id)?;
        let bodies = bodies.into_iter().filter_map(|(set, body)| Some((set, shown(body)?))).collect();
        Ok(Some(Self { event, deliveries, bodies, is_masked }))
    }
}

struct Sheet<'a> {
    told: &'a Told,
    viewer: &'a Viewer,
    time: LocalTime,
}

impl Render for Sheet<'_> {
    fn render(&self) -> Markup {
        let Told { event, deliveries, .. } = self.told;
        let head = Head::below(Nav::Events, event.kind.as_str()).state(if deliveries.is_empty() {
            State::UNROUTED.pill()
        } else {
            html! {}
        });
        html! {
            (head)
            p.says { (self.says()) }
            @if deliveries.is_empty() {
                div.notice.info {
                    p { "It is kept with its payload, and nothing was sent." }
                    p { (connect(self.viewer)) }
                }
            } @else {
                (part("Deliveries", html! { "One for each webhook that it matched." }, self.deliveries()))
            }
            (part("Facts", html! {}, self.facts()))
            (part("Payload", html! { @if !deliveries.is_empty() { "The same bytes on every try." } }, self.payload()))
        }
    }
}

impl Sheet<'_> {
    fn says(&self) -> Markup {
        let at = self.time.near(self.told.event.occurred_at);
        html! {
            "It happened " (at)
            @match self.told.deliveries.len() {
                0 => { ", and matched no webhook." },
                count => { ", and went to " (words::count(count, "webhook")) "." },
            }
        }
    }

    fn deliveries(&self) -> Markup {
        Table::cards(["Webhook", "Status", "Response"]).captioned("Its deliveries").rows(html! {
            @for (delivery, hook) in &self.told.deliveries {
                tr {
                    th scope="row" { a href=(paths::log(&delivery.id)) { bdi { (hook) } } }
                    td { (State::of_delivery(delivery).plain()) }
                    td { (response(delivery)) }
                }
            }
        })
    }

    fn facts(&self) -> Markup {
        let event = &self.told.event;
        let fact = |name: &str, value: Markup| html! { div { dt { (name) } dd { (value) } } };
        html! {
            dl.facts.two {
                (fact("Event id", code::id("event id", event.id.as_str())))
                (fact("Happened", self.time.exact(event.occurred_at)))
                (fact("Company id", code::id("company id", event.organisation_id.as_str())))
                (fact("Client id", html! {
                    @match event.cause.client_id() {
                        Some(id) => { (code::id("client id", id)) " " span.soft { (caused_by(&event.cause)) } },
                        None => { span.soft { "none: Hirewire, on schedule" } },
                    }
                }))
                (fact("Mode", html! { (event.mode.label()) @if event.probe { " " span.tag.probe { "Test" } } }))
                (fact("In the catalogue", html! { a href=(paths::catalogue_entry(event.kind)) { (event.kind) } }))
            }
        }
    }

    fn payload(&self) -> Markup {
        let several = self.told.bodies.len() > 1;
        html! {
            @if self.told.bodies.is_empty() { p.soft { "The payload is no longer kept." } }
            @for (field_set, body) in &self.told.bodies {
                @let name = if several { format!("Payload, field set {}", field_set.as_str()) } else { "Payload".to_owned() };
                @let caption = html! {
                    strong { "Body" } " application/json"
                    @if several { ", field set " (field_set.as_str()) }
                    @if self.told.is_masked { ", personal data masked for Support" }
                };
                (code::figure(&name, caption, code::json(body), false))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::event::{Cause, EventType};
    use crate::web::samples;

    #[test]
    fn an_event_that_matched_no_webhook_says_so_and_shows_what_it_was() {
        let viewer = samples::viewer(Role::Admin);
        let event = Event {
            id: EventId::new(samples::now()),
            organisation_id: viewer.organisation.id.clone(),
            mode: viewer.mode,
            kind: EventType::parse("job.created").expect("in the catalogue"),
            cause: Cause::Member(viewer.member.id.clone()),
            occurred_at: samples::now(),
            probe: false,
        };
        let bodies = vec![(FieldSet::Standard, br#"{"name":"<script>"}"#.to_vec())];
        let told = Told { event, deliveries: Vec::new(), bodies, is_masked: false };
        let page = Sheet { told: &told, viewer: &viewer, time: samples::time() }.render().into_string();
        for part in [
            "and matched no webhook.",
            "create a webhook",
            "&lt;script&gt;",
            "/developers/catalogue/job.created",
            "a member",
        ] {
            assert!(page.contains(part), "{part}: {page}");
        }
    }
}
