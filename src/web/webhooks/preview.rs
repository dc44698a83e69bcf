//! A sample event before it is sent: the very bytes, and the answer afterwards on the same page (B4).

use serde::Deserialize;

use super::test::{LOOK_AGAIN, Sent, TestResult, events};
use crate::actions::hook;
use crate::actions::test::{Preview, preview};
use crate::domain::event::EventType;
use crate::domain::hook::Hook;
use crate::domain::ids::{DeliveryId, HookId};
use crate::web::prelude::*;
use crate::web::words::size;

/// Which event, and which test's answer.
#[derive(Deserialize)]
pub struct Query {
    event: Option<String>,
    test: Option<String>,
}

/// Shows what would be sent.
pub async fn show(visit: Visit, Path(id): Path<HookId>, query: web::Query<Query>) -> Answer {
    let hook = hook::find_alive(&visit.app, &visit.viewer, id).await?;
    let sent = match query.test.as_deref().and_then(|test| test.parse::<DeliveryId>().ok()) {
        Some(test) => {
            let id = hook.id.clone();
            visit.read(move |conn, viewer| Sent::read(conn, &viewer.organisation.id, &id, &test)).await?
        }
        None => None,
    };
    let asked = query.event.as_deref().and_then(EventType::parse);
    let kind = asked.or(sent.as_ref().map(|sent| sent.delivery.kind)).unwrap_or(EventType::WEBHOOK_TEST);
    let preview = preview(&visit.app, &visit.viewer, &hook, kind);
    let view = PreviewView { hook: &hook, kind, preview: &preview, sent: sent.as_ref(), time: visit.time() };
    let refresh = sent.as_ref().filter(|sent| sent.waits()).map(|_| LOOK_AGAIN);
    let page = visit.page(format!("Test {}", hook.name), Nav::Webhooks, view);
    Ok(page.in_mode(hook.mode).refreshed(refresh).ok())
}

struct PreviewView<'a> {
    hook: &'a Hook,
    kind: EventType,
    preview: &'a Preview,
    sent: Option<&'a Sent>,
    time: LocalTime,
}

impl Render for PreviewView<'_> {
    fn render(&self) -> Markup {
        let hook = self.hook;
        let tests = paths::webhook_tests(&hook.id);
        let head = super::head(hook, html! { "Test " bdi { (hook.name) } })
            .lede("A real request, signed as always and marked as a test, tried once. It never changes the health.");
        let body = &self.preview.body;
        html! {
            (head)
            @if let Some(sent) = self.sent {
                (TestResult { sent, hook, time: self.time })
            }
            form.row method="get" action=(tests) {
                (events(self.kind)) " "
                button.btn { "Preview" }
            }
            p.small.soft { (self.kind.entry().when) }
            (code::figure("Preview of the body", html! { strong { (self.kind) } " " (size(body.len())) }, code::json(body), false))
            details {
                summary.small { "The very bytes, as they go out" }
                pre.wrap tabindex="0" role="region" aria-label="The very bytes" { (code::text(body)) }
            }
            form.row method="post" action=(tests) {
                input type="hidden" name="event" value=(self.kind);
                input type="hidden" name="previewed" value=(self.preview.id);
                button.btn.main { (icon("send")) "Send Test" } " "
                a.btn href=(paths::webhook(&hook.id)) { "Back to the webhook" }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::EventId;
    use crate::web::samples;

    #[test]
    fn the_bytes_are_shown_and_what_is_sent_names_them() {
        let hook = samples::hook("HRIS <b>");
        let preview =
            Preview { id: EventId::new(samples::now()), body: br#"{"event":"job.created","a":"<script>"}"#.to_vec() };
        let kind = EventType::parse("job.created").expect("a type");
        let view = PreviewView { hook: &hook, kind, preview: &preview, sent: None, time: samples::time() };
        let shown = view.render().into_string();
        assert!(
            shown.contains("{&quot;event&quot;:&quot;job.created&quot;,&quot;a&quot;:&quot;&lt;script&gt;&quot;}"),
            "{shown}"
        );
        assert!(shown.contains(&format!("name=\"previewed\" value=\"{}\"", preview.id)), "{shown}");
        assert!(shown.contains("<option value=\"job.created\" selected>") && shown.contains("A vacancy was created."));
    }
}
