//! Send Test, and its answer on the page it was sent from.

use crate::actions::test;
use crate::actions::test::Sample;
use crate::domain::attempt::{Attempt, ErrorClass};
use crate::domain::catalogue;
use crate::domain::delivery::Delivery;
use crate::domain::event::EventType;
use crate::domain::hook::{Hook, HookState};
use crate::domain::ids::{DeliveryId, HookId, OrganisationId};
use crate::web::advice::{Failure, Of, help};
use crate::web::logs::charset::in_utf8;
use crate::web::logs::tries::steps;
use crate::web::prelude::*;
use crate::web::time;

/// The first lines of an answer's body that the page shows.
const SHOWN: usize = 600;
/// Without script, a page that waits for an answer looks again after so many seconds.
pub(super) const LOOK_AGAIN: u32 = 2;

/// Sends a test, waits for its answer, and leads to the page that shows it: the preview if it was sent from there, the
/// hook's own otherwise.
pub async fn send(visit: Visit, fields: Fields, Path(id): Path<HookId>) -> Answer {
    let kind = match fields.one("event") {
        "" => EventType::WEBHOOK_TEST,
        name => EventType::parse(name).ok_or_else(|| WebError::Refused("Choose an event from the list".into()))?,
    };
    let previewed = match fields.one("previewed") {
        "" => None,
        id => Some(id.parse().map_err(|_| WebError::Refused("This is no preview of ours".into()))?),
    };
    let from_preview = previewed.is_some();
    let delivery = test::send_sample(&visit.app, &visit.viewer, id.clone(), Sample { kind, previewed }).await?;
    let page = if from_preview { paths::webhook_tests(id) } else { paths::webhook(id) };
    Ok(see_other(paths::test_answer(page, delivery)))
}

/// The row above the answer: where to, what, and the button.
pub(super) struct SendTest<'a>(pub(super) &'a Hook);

impl Render for SendTest<'_> {
    fn render(&self) -> Markup {
        let hook = self.0;
        let tests = paths::webhook_tests(&hook.id);
        html! {
            form.row method="post" action=(tests) {
                p.given.small { code.id { (hook.url) } (code::copy("webhook URL")) }
                div.row {
                    (events(EventType::WEBHOOK_TEST))
                    // On a disabled webhook, what ends that is the main thing.
                    button class={ "btn" @if hook.state != HookState::Disabled { " main" } } { (icon("send")) "Send Test" }
                    button.btn formmethod="get" { "Preview" }
                }
            }
        }
    }
}

/// Every event of the catalogue, to choose a sample.
pub(super) fn events(chosen: EventType) -> Markup {
    html! {
        select name="event" aria-label="Event to send" {
            option value=(EventType::WEBHOOK_TEST) selected[chosen == EventType::WEBHOOK_TEST] { (EventType::WEBHOOK_TEST) }
            @for kind in catalogue::all().filter(|kind| *kind != EventType::WEBHOOK_TEST) {
                option value=(kind) selected[chosen == kind] { (kind) }
            }
        }
    }
}

/// A test of a hook and its one try, once there is one; `None` when it is none of this hook's.
pub(in crate::web) struct Sent {
    pub(in crate::web) delivery: Delivery,
    pub(in crate::web) attempt: Option<Attempt>,
}

impl Sent {
    pub(in crate::web) fn read(
        conn: &mut Conn,
        organisation: &OrganisationId,
        hook: &HookId,
        test: &DeliveryId,
    ) -> Result<Option<Self>, StoreError> {
        let found =
            store::delivery::find(conn, organisation, test)?.filter(|found| found.probe && found.hook_id == *hook);
        let Some(delivery) = found else { return Ok(None) };
        let attempt = store::attempt::of_delivery(conn, test)?.into_iter().next();
        Ok(Some(Self { delivery, attempt }))
    }

    /// Whether its answer is still to come.
    pub(super) fn waits(&self) -> bool {
        self.attempt.is_none() && self.delivery.state.is_owed()
    }
}

/// How a test went.
pub(in crate::web) struct TestResult<'a> {
    /// The test.
    pub(in crate::web) sent: &'a Sent,
    /// The hook it went to.
    pub(in crate::web) hook: &'a Hook,
    /// How to tell the time.
    pub(in crate::web) time: LocalTime,
}

impl Render for TestResult<'_> {
    fn render(&self) -> Markup {
        match &self.sent.attempt {
            Some(attempt) => self.answer(attempt),
            None => self.without_a_try(),
        }
    }
}

impl TestResult<'_> {
    fn without_a_try(&self) -> Markup {
        let log = paths::log(&self.sent.delivery.id);
        if !self.sent.waits() {
            let class = self.sent.delivery.last_class;
            return html! {
                div #test.notice.bad {
                    h3 { "Nothing was sent" }
                    @if let Some(class) = class { p.small { (class.sentence()) } }
                    p.small { a href=(log) { "View in the log" } }
                }
            };
        }
        html! {
            div #test.notice.info data-live="1000" {
                h3 { "On its way" }
                p.small {
                    "The receiver has not answered yet. This page updates on its own; " a href=(log) { "the log" } " has the answer too."
                    @if let Some(rate) = self.hook.rate { " This webhook takes at most " (rate.spoken()) ", so it may wait for its turn." }
                }
            }
        }
    }

    fn answer(&self, attempt: &Attempt) -> Markup {
        let log = paths::log(&self.sent.delivery.id);
        let outcome = &attempt.outcome;
        let total = time::span(attempt.timings.total);
        let colour = if outcome.is_success() { "ok" } else { "bad" };
        html! {
            div #test class={ "notice " (colour) } {
                h3 {
                    @match (outcome.status, outcome.class) {
                        (Some(status), _) => { "Answered " (status) " in " (total) ", at " (self.time.clock(attempt.finished_at)) },
                        (None, class) => {
                            "Failed after " (total) ": " (class.map_or("no answer", |class| class.brief())) ", at " (self.time.clock(attempt.finished_at))
                        },
                    }
                }
                @if let Some(class) = outcome.class {
                    @let failure = self.failure(attempt, class);
                    p.small { (failure.sentence()) @if let Some(detail) = &outcome.detail { " " span.soft { "(" (detail) ")" } } }
                    p.small { strong { "Do this: " } (failure.advice(true, Some("send the test again"))) " " (help(class)) }
                }
                p.small { code { (self.sent.delivery.kind) } ": " (steps(attempt)) ". " a href=(log) { "View in the log" } }
                @if let Some(response) = attempt.response.as_ref().filter(|response| !response.body.is_empty()) {
                    pre.wrap tabindex="0" role="region" aria-label="First lines of the answer" { (first_lines(&in_utf8(response).0)) }
                }
            }
        }
    }
}

impl TestResult<'_> {
    fn failure(&self, attempt: &Attempt, class: ErrorClass) -> Failure {
        let proves = attempt.proof.secret.is_some() || attempt.proof.key.is_some();
        Failure { class, status: attempt.outcome.status, of: Of::Test, proves, hook: self.hook.state }
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
    use super::*;
    use crate::domain::attempt::Outcome;
    use crate::domain::delivery::DeliveryState;
    use crate::domain::rate::RateLimit;
    use crate::web::logs::sample;

    fn shown(sent: &Sent, hook: &Hook) -> String {
        TestResult { sent, hook, time: sample::time() }.render().into_string()
    }

    #[test]
    fn a_test_words_its_steps_as_the_log_does() {
        let detail = sample::detail();
        let sent = Sent { delivery: detail.delivery.clone(), attempt: detail.last().cloned() };
        let page = shown(&sent, &detail.hook);
        let words = "DNS 11 ms, connect with TLS 58 ms, first byte 131 ms, rest 2 ms, total 202 ms, to 203.0.113.41. ";
        assert!(page.contains(words) && page.contains("Do this: "), "{page}");
    }

    #[test]
    fn a_refused_test_says_what_the_log_says_and_what_a_real_delivery_would_do() {
        let detail = sample::detail();
        let answered = |status| {
            let attempt = Attempt { outcome: Outcome::answered(status), ..sample::attempt() };
            shown(&Sent { delivery: detail.delivery.clone(), attempt: Some(attempt) }, &detail.hook)
        };
        let page = answered(401);
        assert!(
            page.contains("does not accept the key or the signature") && page.contains(", then send the test again.")
        );
        let page = answered(410);
        assert!(page.contains("A real delivery that is answered like this disables the webhook."), "{page}");
        assert!(page.contains("get the new address") && answered(405).contains("does not take POST"), "{page}");
    }

    #[test]
    fn one_that_waits_says_why_and_one_that_never_went_says_so() {
        let detail = sample::detail();
        let mut sent = Sent { delivery: detail.delivery.clone(), attempt: None };
        sent.delivery.state = DeliveryState::Pending { due: Some(sample::now()) };
        let limited = Hook { rate: RateLimit::parse("1/minute"), ..detail.hook.clone() };
        let page = shown(&sent, &limited);
        assert!(page.contains("On its way") && page.contains("at most 1 request a minute"), "{page}");
        sent.delivery = sent.delivery.cancelled(sample::now()).expect("owed");
        assert_eq!(sent.delivery.last_class, Some(ErrorClass::Cancelled));
        assert!(shown(&sent, &limited).contains("Nothing was sent"));
    }

    #[test]
    fn every_event_can_be_chosen_and_the_test_itself_stands_first() {
        let row = SendTest(&sample::hook()).render().into_string();
        assert!(row.contains("<option value=\"webhook.test\" selected>"), "{row}");
        assert!(catalogue::all().all(|kind| row.matches(&format!("<option value=\"{kind}\"")).count() == 1), "{row}");
        assert_eq!(row.matches("Send Test").count(), 1, "{row}");
    }
}
