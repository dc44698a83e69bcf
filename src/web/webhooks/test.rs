//! Send Test, and its answer on the hook's page.

use actix_web::{HttpResponse, web};
use maud::{Markup, Render, html};

use super::super::error::WebError;
use super::super::gate::see_other;
use super::super::logs::tries::steps;
use super::super::{paths, time};
use crate::actions::{Context, Viewer, test};
use crate::domain::attempt::Attempt;
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
                div #test.notice.info data-live="1000" {
                    h3 { "On its way" }
                    p.small { "The receiver has not answered yet. This page looks again by itself; " a href=(log) { "its row in the log" } " has the answer too." }
                }
            };
        };
        let outcome = &attempt.outcome;
        let total = time::span(attempt.timings.total);
        let colour = if outcome.is_success() { "ok" } else { "bad" };
        html! {
            div #test class={ "notice " (colour) } {
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
                p.small { (steps(attempt)) ". " a href=(log) { "Its row in the log" } }
                @if let Some(response) = attempt.response.as_ref().filter(|response| !response.body.is_empty()) {
                    pre.wrap tabindex="0" role="region" aria-label="First lines of the answer" { (first_lines(&response.body)) }
                }
            }
        }
    }
}

fn first_lines(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(&body[..body.len().min(SHOWN)]);
    let lines: Vec<&str> = text.lines().take(8).collect();
    let cut = body.len() > SHOWN || text.lines().count() > 8;
    format!("{}{}", lines.join("\n"), if cut { "\n…" } else { "" })
}

#[cfg(test)]
mod tests {
    use super::super::super::logs::sample;
    use super::*;

    #[test]
    fn a_test_words_its_steps_as_the_log_does() {
        let detail = sample::detail();
        let (delivery, attempt) = (&detail.delivery, detail.last());
        let page = TestResult { delivery, attempt, zone: sample::ZONE }.render().into_string();
        let words = "DNS 11 ms, connect with TLS 58 ms, first byte 131 ms, rest 2 ms, total 202 ms, to 203.0.113.41. ";
        assert!(page.contains(words), "{page}");
    }
}
