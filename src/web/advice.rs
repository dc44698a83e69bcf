//! What a failure means and the one thing to do about it (B5): the same words wherever it is told of, be it the log, a test,
//! an export, or the guide.
//!
//! Each piece of advice begins with what to do, so that someone who may not do it is told whom to ask for it.

use crate::domain::attempt::ErrorClass;
use crate::domain::hook::HookState;
use crate::web::prelude::*;

/// What failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Of {
    /// A delivery.
    Delivery,
    /// A test or a sample, which never changes the health.
    Test,
    /// None in particular: the guide.
    Anything,
}

/// A failure, with what there is to know of its webhook.
#[derive(Debug, Clone, Copy)]
pub struct Failure {
    /// Its class.
    pub class: ErrorClass,
    /// The status of the answer, when there was one.
    pub status: Option<u16>,
    /// Of what.
    pub of: Of,
    /// Whether the webhook sends a key or a signature.
    pub proves: bool,
    /// Where the webhook stands now.
    pub hook: HookState,
}

/// What to do, without a full stop, and whether the delivery is to be retried afterwards.
struct Remedy(&'static str, bool);

impl Failure {
    /// A failure of a class, for the guide.
    pub fn in_general(class: ErrorClass, status: Option<u16>) -> Self {
        Self { class, status, of: Of::Anything, proves: true, hook: HookState::Disabled }
    }

    /// What happened, one or two sentences.
    pub fn sentence(&self) -> String {
        let sentence = self.by_status().map_or(self.class.sentence(), |(sentence, _)| sentence);
        match self.of {
            _ if self.status != Some(410) => sentence.to_owned(),
            Of::Delivery => format!("{}, so the webhook was disabled.", sentence.trim_end_matches('.')),
            Of::Test => format!("{sentence} A real delivery that is answered like this disables the webhook."),
            Of::Anything => format!("{sentence} A delivery that is answered like this disables the webhook at once."),
        }
    }

    /// The one thing to do, for someone who manages webhooks or not. It ends with `then` where the delivery has to be retried
    /// after it: “press Retry now”.
    pub fn advice(&self, manages: bool, then: Option<&str>) -> String {
        let Remedy(what, retries) = self.remedy();
        let what = what.trim_end_matches('.');
        let asked = if manages || self.class == ErrorClass::Cancelled { "" } else { "ask an Organisation Admin to " };
        match then {
            Some(then) if retries => format!("{asked}{what}, then {then}."),
            _ => format!("{asked}{what}."),
        }
    }

    fn remedy(&self) -> Remedy {
        let is_deleted = self.hook == HookState::Deleted;
        match self.class {
            ErrorClass::Missed if self.hook == HookState::Paused => {
                Remedy("resume the webhook, then send what it missed from its page", false)
            }
            ErrorClass::Missed if self.hook == HookState::Active => {
                Remedy("send what the webhook missed from its page, or this delivery alone with Retry now", false)
            }
            class if class.is_decision() && is_deleted => {
                Remedy("create a webhook with the same address; what happens from then on is sent to it", false)
            }
            class => self.by_status().map_or(Remedy(class.advice(), false), |(_, remedy)| remedy),
        }
    }

    /// What is known of an answer with this status, where it says more than its class.
    fn by_status(&self) -> Option<(&'static str, Remedy)> {
        let proves = self.proves || self.hook == HookState::Deleted;
        Some(match (self.class, self.status?) {
            (ErrorClass::ClientError, 401 | 403) if proves => (
                "The receiver does not accept the key or the signature.",
                Remedy("give the receiver the key and secret that this webhook has now", true),
            ),
            (ErrorClass::ClientError, 401 | 403) => (
                "The receiver asks for a proof of who calls, and this webhook sends neither a key nor a signature.",
                Remedy("turn on signing or generate a key on the webhook's page, and give it to the receiver", true),
            ),
            (ErrorClass::ClientError, 400 | 422) => (
                "The receiver could not make sense of the request.",
                Remedy("read the receiver's answer: it says what it did not accept", false),
            ),
            (ErrorClass::ClientError, 404) => (
                "The receiver's host answers, but knows nothing at this path.",
                Remedy(
                    "check the path with whoever runs the receiver; Replace, on the webhook's page, changes an address",
                    false,
                ),
            ),
            (ErrorClass::ClientError, 405) => (
                "The receiver does not take POST at this address.",
                Remedy("have it accept POST there, or replace the webhook by one with the address that does", false),
            ),
            (ErrorClass::ClientError, 408) => (
                "The receiver gave up waiting for the request.",
                Remedy("look at the receiver's log, and at any proxy in front of it, for this time", false),
            ),
            (ErrorClass::ClientError, 410) => (
                "The receiver says that this address is gone for good.",
                Remedy("get the new address from whoever runs the receiver, and replace the webhook", false),
            ),
            (ErrorClass::ClientError, 413) => (
                "The payload is larger than the receiver takes.",
                Remedy("raise the receiver's limit, or give the webhook a smaller field set", false),
            ),
            (ErrorClass::ClientError, 415) => {
                ("The receiver does not take application/json.", Remedy("have it accept JSON at this address", false))
            }
            (ErrorClass::ClientError, 429) => (
                "The receiver gets more requests than it takes in this time.",
                Remedy(
                    "raise the receiver's limit for Hirewire. A pause that it asks for with Retry-After is kept",
                    false,
                ),
            ),
            (ErrorClass::ServerError, 502 | 504) => (
                "The proxy in front of the receiver got no answer from it.",
                Remedy("check that the application behind the proxy runs", true),
            ),
            (ErrorClass::ServerError, 503) => (
                "The receiver says that it cannot work just now.",
                Remedy("check whether it is being maintained or is overloaded", true),
            ),
            _ => return None,
        })
    }
}

/// The way to the guide's own words on a failure, for wherever one is shown.
pub fn help(class: ErrorClass) -> Markup {
    html! { a href=(paths::help(class)) { "Need help?" } }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(status: u16) -> Failure {
        Failure { of: Of::Delivery, ..Failure::in_general(ErrorClass::ClientError, Some(status)) }
    }

    #[test]
    fn who_may_not_do_it_is_told_whom_to_ask_and_nobody_of_a_button_that_is_not_there() {
        let failure = refused(401);
        let retry = Some("press Retry now");
        assert_eq!(
            failure.advice(true, retry),
            "give the receiver the key and secret that this webhook has now, then press Retry now."
        );
        assert_eq!(
            failure.advice(false, None),
            "ask an Organisation Admin to give the receiver the key and secret that this webhook has now."
        );
        let unproven = Failure { proves: false, ..failure };
        assert!(unproven.sentence().contains("neither a key nor a signature"));
    }

    #[test]
    fn an_address_that_is_gone_has_disabled_the_webhook_and_a_test_says_that_it_would() {
        assert!(refused(410).sentence().ends_with("gone for good, so the webhook was disabled."));
        let test = Failure { of: Of::Test, ..refused(410) };
        assert!(test.sentence().ends_with("A real delivery that is answered like this disables the webhook."));
        assert!(!refused(404).sentence().contains("disable"));
        assert!(refused(410).advice(true, Some("press Retry now")).ends_with("and replace the webhook."));
    }

    #[test]
    fn every_class_and_status_has_a_sentence_and_something_to_do() {
        let statuses = [400, 401, 403, 404, 405, 408, 409, 410, 413, 415, 422, 429, 499, 500, 502, 503, 504];
        for class in ErrorClass::ALL {
            for status in statuses.map(Some).into_iter().chain([None]) {
                let failure = Failure::in_general(class, status);
                assert!(failure.sentence().ends_with('.'), "{class:?} {status:?}");
                let advice = failure.advice(true, None);
                assert!(advice.ends_with('.') && !advice.ends_with("..") && !advice.contains("below"), "{advice}");
            }
        }
    }
}
