//! Why a delivery failed: one class, one sentence, one thing to do (B5).

use maud::{Markup, html};

use super::super::paths;
use super::show::Detail;
use crate::domain::attempt::ErrorClass;
use crate::domain::delivery::DeliveryState;
use crate::domain::hook::HookState;
use crate::domain::mask;
use crate::domain::secret::CredentialKind;

/// How an advice ends when the receiver, once mended, has missed this delivery.
const THEN_RETRY: &str = ", then press Retry now.";

/// The box below the sentence; nothing when the last try went well or there was none.
pub fn notice(detail: &Detail) -> Markup {
    let Some(class) = detail.delivery.last_class else { return html! {} };
    let status = detail.delivery.response_status;
    let (sentence, advice) = words(detail, class, status);
    // While it is retried by itself, and where it cannot be, nobody is told to press the button.
    let may_retry = !detail.delivery.state.is_owed() && detail.hook.state == HookState::Active;
    let colour = match (class, detail.delivery.state.is_owed()) {
        (class, _) if class.is_decision() => "",
        (_, true) => " warn",
        (_, false) => " bad",
    };
    let operator = detail.last().and_then(|last| last.outcome.detail.as_deref()).filter(|_| !class.is_decision());
    let target = (class == ErrorClass::RedirectRefused).then(|| location(detail)).flatten();
    html! {
        div class={ "notice" (colour) } {
            h2 {
                (class.as_str())
                @if !class.is_decision() {
                    ": " (class.brief())
                    @if let Some(status) = status { ", " (status) }
                }
            }
            p {
                (sentence)
                @if let Some(target) = target { " It points to " code { (target) } "." }
                @if let Some(operator) = operator { " " span.soft { (sentence_of(operator)) } }
            }
            p {
                strong { "Do this:" } " "
                @match (advice.strip_suffix(THEN_RETRY), may_retry, detail.delivery.state) {
                    (Some(advice), false, _) => { (advice) "." },
                    (Some(advice), true, DeliveryState::Success { .. }) => { (advice) ", then press Send again." },
                    _ => (advice),
                }
                " " (help(class))
            }
        }
    }
}

/// The way to the guide's own words on a failure, for wherever one is shown.
pub fn help(class: ErrorClass) -> Markup {
    html! { a href=(paths::help(class)) { "Need help?" } }
}

/// The sentence and the advice, as exact as the status allows.
fn words(detail: &Detail, class: ErrorClass, status: Option<u16>) -> (&'static str, &'static str) {
    let has = |kind: CredentialKind| detail.credentials.iter().any(|(own, _)| *own == kind);
    let proves = has(CredentialKind::Key) || has(CredentialKind::Secret);
    let is_deleted = detail.hook.state == HookState::Deleted;
    let general = (class.sentence(), class.advice());
    match (class, status) {
        (ErrorClass::Missed, _) if detail.hook.state == HookState::Paused => {
            (general.0, "resume the webhook, then send what it missed from its page.")
        }
        (ErrorClass::Missed, _) if detail.hook.state == HookState::Active => (
            general.0,
            "send it from the page of the webhook, with all that it missed, or press Retry now for this one alone.",
        ),
        (class, _) if class.is_decision() && is_deleted => {
            (general.0, "create a webhook with the same address; what happens from then on is sent to it.")
        }
        (class, status) => status.and_then(|status| by_status(class, status, proves || is_deleted)).unwrap_or(general),
    }
}

/// The sentence and the advice for an answer with this status, where it says more than its class. `proves` says whether the
/// webhook sends a key or a signature.
pub fn by_status(class: ErrorClass, status: u16, proves: bool) -> Option<(&'static str, &'static str)> {
    Some(match (class, status) {
        (ErrorClass::ClientError, 401 | 403) if proves => (
            "The receiver does not accept the key or the signature.",
            "give the receiver the key and secret that this webhook has now, then press Retry now.",
        ),
        (ErrorClass::ClientError, 401 | 403) => (
            "The receiver asks for a proof of who calls, and this webhook sends neither a key nor a signature.",
            "turn on signing or generate a key on the webhook's page, give it to the receiver, then press Retry now.",
        ),
        (ErrorClass::ClientError, 400 | 422) => (
            "The receiver could not make sense of the request.",
            "read its answer below: it says what it did not accept.",
        ),
        (ErrorClass::ClientError, 404) => (
            "The receiver's host answers, but knows nothing at this path.",
            "check the path with whoever runs the receiver; Replace, on the webhook's page, changes an address.",
        ),
        (ErrorClass::ClientError, 405) => (
            "The receiver does not take POST at this address.",
            "have it accept POST there, or replace the webhook by one with the address that does.",
        ),
        (ErrorClass::ClientError, 408) => (
            "The receiver gave up waiting for the request.",
            "look at the receiver's log, and at any proxy in front of it, for this time.",
        ),
        (ErrorClass::ClientError, 410) => (
            "The receiver says that this address is gone for good.",
            "ask whoever runs the receiver for the new address and replace the webhook.",
        ),
        (ErrorClass::ClientError, 413) => (
            "The payload is larger than the receiver takes.",
            "raise the receiver's limit, or give the webhook a smaller field set.",
        ),
        (ErrorClass::ClientError, 415) => {
            ("The receiver does not take application/json.", "have it accept JSON at this address.")
        }
        (ErrorClass::ClientError, 429) => (
            "The receiver gets more requests than it takes in this time.",
            "raise the receiver's limit for Hirewire. A pause that it asks for with Retry-After is kept.",
        ),
        (ErrorClass::ServerError, 502 | 504) => (
            "The proxy in front of the receiver got no answer from it.",
            "check that the application behind the proxy runs, then press Retry now.",
        ),
        (ErrorClass::ServerError, 503) => (
            "The receiver says that it cannot work just now.",
            "check whether it is being maintained or is overloaded, then press Retry now.",
        ),
        _ => return None,
    })
}

/// Where a redirect pointed.
fn location(detail: &Detail) -> Option<String> {
    let value = detail.last()?.response.as_ref()?.headers.get("location")?;
    Some(if detail.is_masked { mask::json::header("location", value) } else { value.to_owned() })
}

/// A detail as a sentence: it begins with a capital and ends with a full stop.
fn sentence_of(detail: &str) -> String {
    let mut letters = detail.trim_end_matches('.').chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).chain(['.']).collect())
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    #[test]
    fn a_refusal_is_told_apart_by_its_status_and_by_what_the_webhook_sends() {
        let mut detail = sample::detail();
        let page = notice(&detail).into_string();
        assert!(
            page.contains("client_error: refused, 401") && page.contains("does not accept the key or the signature"),
            "{page}"
        );
        detail.credentials.clear();
        assert!(notice(&detail).into_string().contains("sends neither a key nor a signature"));
        for status in [400, 403, 404, 405, 408, 409, 410, 413, 415, 422, 429, 499] {
            assert!(words(&detail, ErrorClass::ClientError, Some(status)).0.ends_with('.'));
        }
    }

    #[test]
    fn support_does_not_read_a_person_in_the_address_of_a_redirect() {
        let mut detail = sample::detail();
        detail.delivery.last_class = Some(ErrorClass::RedirectRefused);
        let response = detail.attempts[0].response.as_mut().expect("an answer");
        response.headers.push("Location", "https://hris.example/login/anna@mail.example");
        assert!(notice(&detail).into_string().contains("/login/anna@mail.example"));
        detail.is_masked = true;
        let page = notice(&detail).into_string();
        assert!(page.contains("https://hris.example/login/") && !page.contains("anna"), "{page}");
    }

    #[test]
    fn nobody_is_told_to_press_a_button_that_is_not_needed() {
        let mut detail = sample::detail();
        assert!(notice(&detail).into_string().contains("has now, then press Retry now."));
        detail.delivery.state = DeliveryState::Success { at: sample::now() };
        assert!(notice(&detail).into_string().contains("has now, then press Send again."));
        detail.delivery.state = DeliveryState::Retrying { due: None };
        let page = notice(&detail).into_string();
        assert!(page.contains("has now. <a ") && page.contains("notice warn"), "{page}");
    }

    #[test]
    fn what_was_missed_is_sent_once_its_webhook_is_there_again() {
        let mut detail = sample::detail();
        detail.delivery = detail.delivery.again(sample::now()).missed(sample::now());
        detail.hook.state = HookState::Disabled;
        let page = notice(&detail).into_string();
        assert!(
            page.contains("<h2>missed</h2>") && page.contains("enable the webhook, then send what it missed."),
            "{page}"
        );
        detail.hook.state = HookState::Active;
        assert!(notice(&detail).into_string().contains("or press Retry now for this one alone."));
        detail.hook.state = HookState::Deleted;
        assert!(notice(&detail).into_string().contains("create a webhook with the same address"));
    }

    #[test]
    fn every_class_has_a_sentence_and_one_thing_to_do_and_the_operators_word_stays_text() {
        let mut detail = sample::detail();
        for class in ErrorClass::ALL {
            detail.delivery.last_class = Some(class);
            detail.delivery.response_status = None;
            detail.attempts[0].outcome.detail = Some("<script> said no".into());
            let page = notice(&detail).into_string();
            assert!(page.contains(class.as_str()) && page.contains("Do this:") && !page.contains("<script>"), "{page}");
        }
        detail.delivery.last_class = None;
        assert_eq!(notice(&detail).into_string(), "");
    }
}
