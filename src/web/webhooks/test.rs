//! Send Test, and its answer on the hook's page.

use actix_web::{HttpResponse, web};
use maud::{Markup, Render, html};

use super::super::error::WebError;
use super::super::gate::see_other;
use super::super::{paths, time};
use crate::actions::{Context, Viewer, test};
use crate::domain::attempt::{Attempt, Timings};
use crate::domain::delivery::Delivery;
use crate::domain::ids::HookId;

/// The first lines of an answer's body that the page shows.
const SHOWN: usize = 600;

/// Sends a test, waits for its answer, and leads to the hook's page that shows it.
pub async fn send(
    context: web::Data<Context>,
    viewer: Viewer,
    id: web::Path<String>,
) -> Result<HttpResponse, WebError> {
    let id: HookId = id.parse().map_err(|_| WebError::NotFound)?;
    let delivery = test::send(&context, &viewer, id.clone()).await?;
    Ok(see_other(format!("{}?test={delivery}#test", paths::webhook(id))))
}

/// How a test went.
pub(super) struct TestResult<'a> {
    /// The test.
    pub(super) delivery: &'a Delivery,
    /// Its one try, once it is settled.
    pub(super) attempt: Option<&'a Attempt>,
    /// In which time zone to tell the time.
    pub(super) zone: chrono_tz::Tz,
}

impl Render for TestResult<'_> {
    fn render(&self) -> Markup {
        let log = paths::log(&self.delivery.id);
        let Some(attempt) = self.attempt else {
            return html! {
                div #test.notice.info role="status" data-live="1000" {
                    h3 { "On its way" }
                    p.small { "The receiver has not answered yet. This page looks again by itself; " a href=(log) { "its row in the log" } " has the answer too." }
                }
            };
        };
        let outcome = &attempt.outcome;
        let total = time::span(attempt.timings.total);
        let colour = if outcome.is_success() { "ok" } else { "bad" };
        html! {
            div #test class={ "notice " (colour) } role="status" {
                h3 {
                    @match (outcome.status, outcome.class) {
                        (Some(status), _) => { "Answered " (status) " in " (total) ", at " (time::clock(attempt.finished_at, self.zone)) },
                        (None, class) => {
                            (class.map_or("no_answer", |class| class.as_str())) ", after " (total) ", at " (time::clock(attempt.finished_at, self.zone))
                        },
                    }
                }
                @if let Some(class) = outcome.class {
                    p.small { (class.sentence()) @if let Some(detail) = &outcome.detail { " " span.soft { "(" (detail) ")" } } }
                    p.small { strong { "Do this: " } (class.advice()) }
                }
                p.small { (timings(&attempt.timings)) " " a href=(log) { "Its row in the log" } }
                @if let Some(response) = attempt.response.as_ref().filter(|response| !response.body.is_empty()) {
                    pre.wrap tabindex="0" role="region" aria-label="First lines of the answer" { (first_lines(&response.body)) }
                }
            }
        }
    }
}

/// Where the time went, in words: `DNS 12 ms, connect with TLS 61 ms, first byte 104 ms, rest 7 ms.`
pub(in crate::web) fn timings(timings: &Timings) -> String {
    let mut parts = Vec::new();
    match (timings.dns, timings.connect, timings.first_byte) {
        (None, None, Some(_)) => parts.push("Connection reused".to_owned()),
        (dns, connect, _) => {
            parts.extend(dns.map(|dns| format!("DNS {}", time::span(dns))));
            parts.extend(connect.map(|connect| format!("connect with TLS {}", time::span(connect))));
        }
    }
    if let Some(first_byte) = timings.first_byte {
        parts.push(format!("first byte {}", time::span(first_byte)));
        let before = timings.dns.unwrap_or_default() + timings.connect.unwrap_or_default() + first_byte;
        parts.push(format!("rest {}", time::span(timings.total.saturating_sub(before))));
    }
    let mut words = parts.join(", ");
    if let Some(first) = words.get_mut(..1) {
        first.make_ascii_uppercase();
        words.push('.');
    }
    words
}

fn first_lines(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(&body[..body.len().min(SHOWN)]);
    let lines: Vec<&str> = text.lines().take(8).collect();
    let cut = body.len() > SHOWN || text.lines().count() > 8;
    format!("{}{}", lines.join("\n"), if cut { "\n…" } else { "" })
}
