//! The sentence: what happened, and what comes next.

use chrono::{DateTime, TimeDelta, Utc};
use maud::{Markup, html};

use super::detail::Detail;
use super::words::{self, ordinal, tries};
use crate::domain::attempt::{ErrorClass, Trigger};
use crate::domain::delivery::DeliveryState;
use crate::domain::hook::HookState;
use crate::domain::policy::{Policy, spoken};
use crate::web::time;
use crate::web::time::LocalTime;
use crate::web::words::with_both;

/// So long after it was due, a first try is called late.
const PROMPT: TimeDelta = TimeDelta::seconds(3);

/// Where a delivery stands, one to three sentences.
pub fn sentence(detail: &Detail, time: LocalTime) -> Markup {
    html! {
        @if detail.delivery.is_resent() { "It arrived before; it is being sent again. " }
        (stands(detail, time))
    }
}

fn stands(detail: &Detail, time: LocalTime) -> Markup {
    let Detail { delivery, hook, .. } = detail;
    let tried = delivery.tries.counted();
    let at = |moment| words::at(moment, time);
    match delivery.state {
        _ if delivery.state.is_held() => html! {
            "It is held because " bdi { (hook.name) } " is paused"
            @if tried > 0 { ", after " (tries(tried)) }
            ". It goes out as soon as an admin resumes the webhook; nothing is lost."
        },
        DeliveryState::Pending { due } => {
            let due = due.unwrap_or(time.now);
            if due > time.now {
                html! { "The first try to " bdi { (hook.name) } " is due " (at(due)) "." }
            } else if time.now - due < PROMPT {
                html! { bdi { (hook.name) } " is being called for the first time." }
            } else {
                html! { (waits(detail)) " It has been due since " (since(due, time)) "." }
            }
        }
        DeliveryState::Retrying { due } => {
            let due = due.unwrap_or(time.now);
            if delivery.trigger == Trigger::Manual {
                let who = detail.retried_by(time.now).unwrap_or("Someone");
                html! { bdi { (who) } " asked for another try " (at(delivery.updated_at)) ". " bdi { (hook.name) } " is being called." }
            } else if delivery.is_between_sides() {
                html! { (failed(detail, time)) ". It is being sent again, with the webhook’s other key and secret." }
            } else if time.now - due >= PROMPT && hook.rate.is_some() {
                html! { (failed(detail, time)) ". " (waits(detail)) " The next try has been due since " (since(due, time)) "." }
            } else if due <= time.now {
                html! { (failed(detail, time)) ". It is being tried again now." }
            } else {
                html! { (failed(detail, time)) ". It is tried again " (at(due)) ", " (time.ahead(due)) "." }
            }
        }
        DeliveryState::Success { at: when } if delivery.last_class.is_some() => html! {
            bdi { (hook.name) } " took it " (at(when)) ". Sent again since, it was not taken: " (failed(detail, time))
            ". Nothing more happens until someone sends it again."
        },
        DeliveryState::Success { at: when } => html! {
            bdi { (hook.name) } " took it " (at(when)) " with " (delivery.response_status.unwrap_or(200))
            @if let Some(last) = detail.last() { ", in " (time::span(last.timings.total)) }
            ", on the " (ordinal(tried)) " try."
            @if hook.state == HookState::Deleted { " The webhook has been deleted since." }
        },
        DeliveryState::Failed { at: when, class: ErrorClass::Cancelled } => html! {
            (cancelled(detail, at(when)))
            @if let Some(status) = delivery.response_status.filter(|_| delivery.has_arrived_all_the_same()) {
                " It had arrived all the same: the answer of " bdi { (hook.name) } ", " (status) ", came after that."
            }
        },
        DeliveryState::Failed { at: when, class: ErrorClass::Missed } => missed(detail, at(when)),
        DeliveryState::Failed { .. } => html! { (failed(detail, time)) ". " (nothing_more(detail)) },
    }
}

/// Why what is due has not been sent.
fn waits(detail: &Detail) -> Markup {
    let name = &detail.hook.name;
    html! {
        @match detail.hook.rate {
            Some(rate) => { "It waits its turn: " (name) " takes at most " (rate.spoken()) ", and others are first." },
            None => { "It waits its turn: other deliveries go to " (name) " first." },
        }
    }
}

/// `HRIS Sync refused it with 401 at 14:42:13, the last of four tries`.
fn failed(detail: &Detail, time: LocalTime) -> Markup {
    let delivery = &detail.delivery;
    let tried = delivery.tries.counted();
    let when = detail.last().map_or(delivery.updated_at, |last| last.finished_at);
    let class = delivery.last_class.unwrap_or(ErrorClass::ServerError);
    let is_last = !delivery.state.is_owed();
    html! {
        bdi { (detail.hook.name) } " " (deed(class, delivery.response_status, detail.hook.policy)) " " (words::at(when, time))
        @match (tried, is_last) {
            (1, true) => ", on its only try",
            (1, false) => ", on the first try",
            (many, true) => { ", the last of " (tries(many)) },
            (many, false) => { ", on the " (ordinal(many)) " try" },
        }
        (with_both(delivery.tries))
    }
}

/// What the receiver did, after its name.
fn deed(class: ErrorClass, status: Option<u16>, policy: Policy) -> String {
    let status = status.map_or_else(|| "an error".to_owned(), |status| status.to_string());
    match class {
        ErrorClass::DnsFailed | ErrorClass::BlockedAddress => {
            "was not called, because it does not lead to a public address,".into()
        }
        ErrorClass::ConnectRefused => "refused the connection".into(),
        ErrorClass::ConnectTimeout => "did not take the connection in time".into(),
        ErrorClass::TlsFailed => "could not be called over trusted TLS".into(),
        ErrorClass::ConnectionReset => "broke the connection".into(),
        ErrorClass::ResponseTimeout => format!("did not answer within {}", spoken(policy.timeout())),
        ErrorClass::ProtocolError => "sent back what is no HTTP answer".into(),
        ErrorClass::RedirectRefused => format!("pointed elsewhere with {status}"),
        ErrorClass::ClientError if status == "410" => "answered 410, gone for good,".into(),
        ErrorClass::ClientError => format!("refused it with {status}"),
        ErrorClass::ServerError => format!("failed with {status}"),
        ErrorClass::ResponseTooLarge => "answered with headers that are too large".into(),
        ErrorClass::Cancelled | ErrorClass::Missed => "was not called again".into(),
    }
}

fn nothing_more(detail: &Detail) -> &'static str {
    if detail.hook.state == HookState::Deleted {
        return "The webhook has been deleted since: nothing is sent to it any more.";
    }
    if detail.delivery.response_status == Some(410) && !detail.delivery.probe {
        return "The webhook was disabled, and no retry follows.";
    }
    if detail.delivery.probe && detail.delivery.tries.rotation > 0 {
        return "A test is tried once with the old and once with the new: nothing more happens until someone sends it again.";
    }
    if detail.delivery.probe {
        return "A test is tried once: nothing more happens until someone sends it again.";
    }
    if detail.last().is_some_and(|last| last.trigger == Trigger::Manual) {
        return "A manual retry is sent once. It is not sent again unless someone retries it.";
    }
    match detail.hook.policy {
        Policy::Single if detail.delivery.tries.rotation > 0 => {
            "Neither its new key and secret nor the old were taken: nothing more happens until someone sends it again."
        }
        Policy::Single => "Its policy has no retries. It is not sent again unless someone retries it.",
        _ => "No retries are left. It is not sent again unless someone retries it.",
    }
}

fn cancelled(detail: &Detail, at: Markup) -> Markup {
    let tried = match detail.delivery.tries.counted() {
        0 => "before its first try".to_owned(),
        many => format!("after {}", tries(many)),
    };
    let is_deleted = detail.hook.state == HookState::Deleted;
    let name = &detail.hook.name;
    html! {
        @match detail.cancelled_by() {
            Some(who) => { bdi { (who) } " cancelled it " (at) ", " (tried) "." },
            None if is_deleted => { "It ended when " (name) " was deleted, " (at) ", " (tried) "." },
            None => { "It was cancelled " (at) ", " (tried) "." },
        }
        @if is_deleted { " Nothing is sent to this webhook any more." } @else { " Nothing more happens until someone sends it again." }
    }
}

fn missed(detail: &Detail, at: Markup) -> Markup {
    let name = &detail.hook.name;
    html! {
        @match detail.delivery.tries.counted() {
            0 => { (name) " was disabled when this happened, so nothing was sent." },
            many => { "It ended when " (name) " was disabled, " (at) ", after " (tries(many)) "." },
        }
        @match detail.hook.state {
            HookState::Deleted => " Nothing is sent to this webhook any more.",
            HookState::Disabled => " It can be sent as soon as an admin enables the webhook; nothing is lost.",
            HookState::Active | HookState::Paused => " Nothing more happens until someone sends it.",
        }
    }
}

fn since(due: DateTime<Utc>, time: LocalTime) -> Markup {
    words::clock_or_day(due, time)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::act::{ActKind, StoredAct};
    use crate::store::audit::Done;
    use crate::web::logs::sample;

    /// The sentence without its tags.
    fn said(detail: &Detail) -> String {
        let markup = sentence(detail, sample::time()).into_string();
        let mut text = String::new();
        let mut inside = false;
        for letter in markup.chars() {
            match letter {
                '<' => inside = true,
                '>' => inside = false,
                letter if !inside => text.push(letter),
                _ => {}
            }
        }
        text
    }

    fn in_state(state: DeliveryState) -> Detail {
        let mut detail = sample::detail();
        detail.delivery.state = state;
        detail
    }

    fn untried(due: Option<DateTime<Utc>>) -> Detail {
        let mut detail = in_state(DeliveryState::Pending { due });
        detail.delivery.tries = Default::default();
        detail.attempts.clear();
        detail
    }

    #[test]
    fn a_failed_one_says_that_nothing_more_happens() {
        assert_eq!(
            said(&sample::detail()),
            "HRIS Sync refused it with 401 at 14:42:13, the last of four tries. No retries are left. It is not \
             sent again unless someone retries it."
        );
        let mut gone = sample::detail();
        gone.delivery.response_status = Some(410);
        assert_eq!(
            said(&gone),
            "HRIS Sync answered 410, gone for good, at 14:42:13, the last of four tries. The webhook was disabled, and no \
             retry follows."
        );
        let mut test = sample::detail();
        test.delivery.probe = true;
        test.delivery.tries.automatic = 1;
        assert!(said(&test).contains("on its only try. A test is tried once"), "{}", said(&test));
    }

    #[test]
    fn a_pending_one_says_why_it_has_not_been_tried() {
        let now = sample::now();
        assert_eq!(said(&untried(Some(now))), "HRIS Sync is being called for the first time.");
        assert_eq!(
            said(&untried(Some(now - TimeDelta::seconds(60)))),
            "It waits its turn: other deliveries go to HRIS Sync first. It has been due since 14:43:11."
        );
        let mut limited = untried(Some(now - TimeDelta::seconds(60)));
        limited.hook.rate = crate::domain::rate::RateLimit::parse("2/minute");
        assert_eq!(
            said(&limited),
            "It waits its turn: HRIS Sync takes at most 2 requests a minute, and others are first. It has been due since 14:43:11."
        );
        assert_eq!(
            said(&untried(None)),
            "It is held because HRIS Sync is paused. It goes out as soon as an admin resumes the webhook; nothing is lost."
        );
    }

    #[test]
    fn a_retrying_one_says_when_it_goes_on() {
        let mut detail = in_state(DeliveryState::Retrying { due: Some(sample::now() + TimeDelta::seconds(300)) });
        assert_eq!(
            said(&detail),
            "HRIS Sync refused it with 401 at 14:42:13, on the fourth try. It is tried again at 14:49:11, in 5 min."
        );
        detail.delivery.trigger = Trigger::Manual;
        detail.acts = vec![Done {
            act: StoredAct::Known(ActKind::DeliveryRetried),
            by: Some("Maeve <b>".into()),
            at: sample::now(),
        }];
        assert_eq!(said(&detail), "Maeve &lt;b&gt; asked for another try at 14:42:13. HRIS Sync is being called.");
    }

    #[test]
    fn between_the_two_secrets_of_a_rotation_it_says_which_try_comes() {
        let mut detail = in_state(DeliveryState::Retrying { due: Some(sample::now()) });
        detail.delivery.trigger = Trigger::Rotation(crate::domain::rotation::Side::New);
        assert!(said(&detail).ends_with(". It is being sent again, with the webhook’s other key and secret."));
        let mut failed = sample::detail();
        failed.delivery.tries = crate::domain::delivery::Tries { automatic: 4, manual: 0, rotation: 4 };
        assert!(said(&failed).contains("the last of four tries, with both secrets. No retries are left."));
        failed.hook.policy = Policy::Single;
        failed.delivery.tries = crate::domain::delivery::Tries { automatic: 1, manual: 0, rotation: 1 };
        let words =
            "on its only try, with both secrets. Neither its new key and secret nor the old were taken: nothing";
        assert!(said(&failed).contains(words), "{}", said(&failed));
    }

    #[test]
    fn a_success_says_how_long_the_answer_took_and_on_which_try() {
        let mut detail = in_state(DeliveryState::Success { at: sample::now() });
        detail.delivery.response_status = Some(202);
        detail.delivery.last_class = None;
        assert_eq!(said(&detail), "HRIS Sync took it at 14:44:11 with 202, in 202 ms, on the fourth try.");
    }

    #[test]
    fn what_arrived_has_arrived_while_it_is_sent_again_and_when_that_fails() {
        let mut detail = in_state(DeliveryState::Success { at: sample::now() });
        assert_eq!(
            said(&detail),
            "HRIS Sync took it at 14:44:11. Sent again since, it was not taken: HRIS Sync refused it with 401 at 14:42:13, \
             the last of four tries. Nothing more happens until someone sends it again."
        );
        detail.delivery = detail.delivery.again(sample::now());
        assert_eq!(
            said(&detail),
            "It arrived before; it is being sent again. Someone asked for another try at 14:44:11. HRIS Sync is being called."
        );
    }

    #[test]
    fn a_cancelled_one_says_who_ended_it() {
        let state = DeliveryState::Failed { at: sample::now(), class: ErrorClass::Cancelled };
        let mut detail = in_state(state);
        detail.acts = vec![Done {
            act: StoredAct::Known(ActKind::DeliveryCancelled),
            by: Some("Maeve".into()),
            at: sample::now(),
        }];
        assert_eq!(
            said(&detail),
            "Maeve cancelled it at 14:44:11, after four tries. Nothing more happens until someone sends it again."
        );
        let mut detail = in_state(state);
        detail.delivery.tries = Default::default();
        detail.hook.state = HookState::Deleted;
        assert_eq!(
            said(&detail),
            "It ended when HRIS Sync was deleted, at 14:44:11, before its first try. Nothing is sent to this webhook any more."
        );
    }

    #[test]
    fn who_cancelled_it_once_did_not_end_it_after_it_was_sent_again() {
        let now = sample::now();
        let mut detail = in_state(DeliveryState::Failed { at: now, class: ErrorClass::Cancelled });
        detail.hook.state = HookState::Deleted;
        let done = |kind, at| Done { act: StoredAct::Known(kind), by: Some("Maeve".into()), at };
        let (before, since) = (now - TimeDelta::seconds(2), now - TimeDelta::seconds(1));
        detail.acts = vec![done(ActKind::DeliveryCancelled, before), done(ActKind::DeliveryRetried, since)];
        assert!(said(&detail).starts_with("It ended when HRIS Sync was deleted, at 14:44:11"), "{}", said(&detail));
    }

    #[test]
    fn a_cancelled_one_that_was_taken_all_the_same_says_so() {
        let mut detail = in_state(DeliveryState::Failed { at: sample::now(), class: ErrorClass::Cancelled });
        detail.acts = vec![Done {
            act: StoredAct::Known(ActKind::DeliveryCancelled),
            by: Some("Maeve".into()),
            at: sample::now(),
        }];
        detail.delivery.response_status = Some(202);
        assert!(
            said(&detail).ends_with(" It had arrived all the same: the answer of HRIS Sync, 202, came after that."),
            "{}",
            said(&detail)
        );
    }

    #[test]
    fn a_missed_one_says_whether_it_was_ever_sent_and_that_nothing_is_lost() {
        let mut detail = in_state(DeliveryState::Failed { at: sample::now(), class: ErrorClass::Missed });
        detail.hook.state = HookState::Disabled;
        assert!(
            said(&detail).contains("It ended when HRIS Sync was disabled, ")
                && said(&detail).contains(", after four tries.")
        );
        detail.delivery.tries = Default::default();
        assert_eq!(
            said(&detail),
            "HRIS Sync was disabled when this happened, so nothing was sent. It can be sent as soon as an admin enables the \
             webhook; nothing is lost."
        );
        detail.hook.state = HookState::Active;
        assert!(said(&detail).ends_with("Nothing more happens until someone sends it."));
    }
}
