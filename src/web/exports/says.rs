//! How an export stands, in one sentence, and what to do about it.

use chrono::{DateTime, TimeDelta, Utc};

use super::outcome::Outcome;
use crate::domain::attempt::ErrorClass;
use crate::domain::delivery::DeliveryState;
use crate::domain::hook::HookState;
use crate::web::advice::{Failure, Of, help};
use crate::web::prelude::*;
use crate::web::words::{on_all_tries, on_try};

impl Outcome {
    /// How it stands.
    pub(super) fn says(&self) -> Markup {
        let delivery = self.delivery();
        let host = self.hook.url.host();
        let near = |at| self.time.near(at);
        html! {
            @match delivery.state {
                DeliveryState::Retrying { due } if delivery.is_resent() => {
                    "It arrived before; "
                    @if due.is_some() { "it is being sent again." }
                    @else { "it is sent again as soon as an Organisation Admin resumes " bdi { (self.hook.name) } ", which is paused." }
                }
                DeliveryState::Pending { due: None } => {
                    "It waits: " bdi { (self.hook.name) } " is paused. It is sent as soon as an Organisation Admin resumes it."
                }
                DeliveryState::Pending { .. } => { "It is on its way to " (host) "." }
                DeliveryState::Retrying { due: None } => {
                    "It has not arrived yet: " (self.last_answer()) ". " bdi { (self.hook.name) }
                    " is paused now, and the next try waits until an Organisation Admin resumes it."
                }
                DeliveryState::Retrying { due: Some(due) } => {
                    "It has not arrived yet: " (self.last_answer()) ". "
                    @if due <= self.time.now { "It is being retried now." }
                    @else {
                        "We retry it " @if due - self.time.now > TimeDelta::minutes(1) { (near(due)) ", " }
                        (self.time.ahead(due)) (self.until(due)) "."
                    }
                }
                DeliveryState::Success { at } if delivery.last_class.is_some() => {
                    "It arrived " (near(at)) ". Sent again since, it was not taken: " (self.last_answer()) "."
                }
                DeliveryState::Success { at } => {
                    "It arrived: " (host) " answered " (delivery.response_status.unwrap_or(200)) " " (near(at))
                    (on_try(delivery.tries)) "."
                }
                DeliveryState::Failed { at, class: ErrorClass::Cancelled } => {
                    "It was cancelled " (near(at)) @if self.hook.state == HookState::Deleted { ", when its webhook was deleted" }
                    @if delivery.tries.all() == 0 { ". Nothing was sent." } @else { ". Nothing more is sent." }
                }
                DeliveryState::Failed { at, class: ErrorClass::Missed } => {
                    @if delivery.tries.all() == 0 { "It was not sent: " } @else { "It did not arrive: " }
                    bdi { (self.hook.name) } " was disabled " (near(at)) "."
                    @if self.hook.state == HookState::Disabled {
                        " Once an Organisation Admin enables it, what it missed can be sent."
                    }
                }
                DeliveryState::Failed { class, .. } => {
                    "It did not arrive. "
                    @match delivery.response_status {
                        Some(status) => { "The receiver answered " (status) }
                        None => { (class.sentence().trim_end_matches('.')) }
                    }
                    (on_all_tries(delivery.tries)) "."
                }
            }
        }
    }

    /// What the last try came to, and how many there were.
    fn last_answer(&self) -> String {
        let delivery = self.delivery();
        let times = on_try(delivery.tries);
        match (delivery.response_status, delivery.last_class) {
            (Some(status), _) => format!("the receiver answered {status}{times}"),
            (None, Some(class)) => format!("{}{times}", class.brief()),
            (None, None) => "nothing came back".to_owned(),
        }
    }

    /// Until when it is tried, when that is long.
    fn until(&self, due: DateTime<Utc>) -> Markup {
        let done = self.delivery().tries.automatic as usize;
        let rest = self.hook.policy.pauses().get(done..).unwrap_or_default();
        let left = rest.iter().sum::<std::time::Duration>();
        let end = TimeDelta::from_std(left).ok().map(|left| due + left);
        html! {
            @if let Some(end) = end.filter(|end| *end - due > TimeDelta::hours(1)) {
                ", and then until " (self.time.day(end)) " at the latest"
            }
        }
    }
}

/// What the sentence leaves open: what happened, when a code alone says it, and the one thing to do.
pub(super) fn advice(outcome: &Outcome, viewer: &Viewer) -> Markup {
    let delivery = outcome.delivery();
    let DeliveryState::Failed { class, .. } = delivery.state else { return html! {} };
    if class == ErrorClass::Cancelled {
        return html! {};
    }
    let (status, hook) = (delivery.response_status, outcome.hook.state);
    let failure = Failure { class, status, of: Of::Delivery, proves: outcome.proves, hook };
    let then = outcome.may_retry(viewer).then_some("press Retry now");
    html! {
        p {
            @if status.is_some() { (failure.sentence()) " " }
            strong { "Do this:" } " " (failure.advice(viewer.role.may(Permission::ManageHooks), then)) " " (help(class))
        }
    }
}
