//! Why a delivery failed: one class, one sentence, one thing to do (B5).

use super::detail::Detail;
use crate::domain::attempt::ErrorClass;
use crate::domain::delivery::DeliveryState;
use crate::domain::hook::HookState;
use crate::domain::mask;
use crate::web::advice::{Failure, Of, help};
use crate::web::prelude::*;

/// The box below the sentence; nothing when the last try went well or there was none.
pub fn notice(detail: &Detail, viewer: &Viewer) -> Markup {
    let Some(class) = detail.delivery.last_class else { return html! {} };
    let status = detail.delivery.response_status;
    let failure = failure(detail, class);
    // While it is retried by itself, and where it cannot be, nobody is told to press the button.
    let may_retry = !detail.delivery.state.is_owed()
        && detail.hook.state == HookState::Active
        && viewer.role.may(Permission::Resend);
    let then = may_retry.then_some(match detail.delivery.state {
        DeliveryState::Success { .. } => "press Send again",
        _ => "press Retry now",
    });
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
                (failure.sentence())
                @if let Some(target) = target { " It points to " code { (target) } "." }
                @if let Some(operator) = operator { " " span.soft { (sentence_of(operator)) } }
            }
            p {
                strong { "Do this:" } " " (failure.advice(viewer.role.may(Permission::ManageHooks), then)) " " (help(class))
            }
        }
    }
}

fn failure(detail: &Detail, class: ErrorClass) -> Failure {
    Failure {
        class,
        status: detail.delivery.response_status,
        of: if detail.delivery.probe { Of::Test } else { Of::Delivery },
        proves: !detail.credentials.is_empty(),
        hook: detail.hook.state,
    }
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
    use super::*;
    use crate::web::logs::sample;

    fn notice(detail: &Detail) -> Markup {
        super::notice(detail, &sample::viewer(Role::Admin))
    }

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
        detail.delivery.response_status = Some(410);
        detail.hook.state = HookState::Disabled;
        let page = notice(&detail).into_string();
        assert!(
            page.contains("gone for good, so the webhook was disabled.") && page.contains("and replace the webhook.")
        );
        let support = super::notice(&detail, &sample::viewer(Role::Support)).into_string();
        assert!(support.contains("Do this:</strong> ask an Organisation Admin to get the new address"), "{support}");
        detail.delivery.probe = true;
        let page = notice(&detail).into_string();
        assert!(page.contains("A real delivery that is answered like this disables the webhook."), "{page}");
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
        assert!(page.contains("https://hris.example/") && !page.contains("login/") && !page.contains("anna"), "{page}");
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
        detail.delivery = detail.delivery.again(sample::now()).missed(sample::now()).expect("owed");
        detail.hook.state = HookState::Disabled;
        let page = notice(&detail).into_string();
        assert!(
            page.contains("<h2>missed</h2>") && page.contains("enable the webhook, then send what it missed."),
            "{page}"
        );
        detail.hook.state = HookState::Active;
        assert!(notice(&detail).into_string().contains("or this delivery alone with Retry now."));
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
