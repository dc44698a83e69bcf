//! States as pages say them: word, icon and colour, always the three.

use maud::{Markup, html};

use crate::domain::attempt::ErrorClass;
use crate::domain::delivery::{Delivery, DeliveryState};
use crate::domain::hook::{Hook, HookState};
use crate::domain::interview::SessionState;
use crate::domain::policy::Policy;
use crate::domain::vacancy::VacancyStatus;
use crate::web::icons::icon;

/// A state: its word, its icon, its colour class.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct State {
    /// What people read.
    pub word: &'static str,
    icon: &'static str,
    colour: &'static str,
}

const fn state(word: &'static str, icon: &'static str, colour: &'static str) -> State {
    State { word, icon, colour }
}

impl State {
    /// A hook that [`super::webhooks::health::Standing`] calls failing.
    pub const FAILING: State = state("Failing", "warn", "warn");
    /// An event that no hook wanted.
    pub const UNROUTED: State = state("No webhook", "off", "");

    /// The key or secret that goes on, while a rotation lasts.
    pub const NEW: State = state("New", "ok", "ok");
    /// The one that comes to its end.
    pub const OLD: State = state("Old", "wait", "");

    /// Where a delivery stands.
    pub fn of_delivery(delivery: &Delivery) -> Self {
        match delivery.state {
            _ if delivery.state.is_held() => state("Pending", "hold", ""),
            DeliveryState::Pending { .. } => state("Pending", "wait", ""),
            DeliveryState::Retrying { .. } => state("Retrying", "again", "warn"),
            DeliveryState::Success { .. } => state("Success", "ok", "ok"),
            DeliveryState::Failed { class, .. } if class.is_decision() => state("Failed", "off", ""),
            DeliveryState::Failed { .. } => state("Failed", "bad", "bad"),
        }
    }

    /// Where a hook stands.
    pub fn of_hook(hook: &Hook) -> Self {
        match hook.state {
            HookState::Active => state("Active", "ok", "ok"),
            HookState::Paused => state("Paused", "hold", ""),
            HookState::Disabled => state("Disabled", "off", "bad"),
            HookState::Deleted if hook.replaced_by.is_some() => state("Replaced", "off", ""),
            HookState::Deleted => state("Deleted", "off", ""),
        }
    }

    /// Whether a vacancy takes candidates.
    pub fn of_vacancy(status: VacancyStatus) -> Self {
        match status {
            VacancyStatus::Draft => state("Draft", "wait", ""),
            VacancyStatus::Open => state("Open", "ok", "ok"),
            VacancyStatus::Closed => state("Closed", "off", ""),
        }
    }

    /// Where a session of an interview stands.
    pub fn of_session(session: &SessionState) -> Self {
        match session {
            SessionState::Invited => state("Invited", "wait", ""),
            SessionState::Started { .. } => state("Started", "again", ""),
            SessionState::Completed { .. } => state("Completed", "ok", "ok"),
            SessionState::Abandoned { .. } => state("Abandoned", "warn", "warn"),
            SessionState::Withdrawn { .. } => state("Withdrawn", "off", ""),
        }
    }

    /// Plain, in tables.
    pub fn plain(self) -> Markup {
        html! { span class={ "st " (self.colour) } { (icon(self.icon)) (self.word) } }
    }

    /// A pill, beside a title.
    pub fn pill(self) -> Markup {
        html! { span class={ "st big " (self.colour) } { (icon(self.icon)) (self.word) } }
    }

    /// The colour class: `ok`, `warn`, `bad` or none.
    pub fn colour(self) -> &'static str {
        self.colour
    }

    /// The icon alone.
    pub fn icon(self) -> Markup {
        icon(self.icon)
    }
}

/// The response column of a delivery: its code, and in a few words what else there is to say.
pub fn response(delivery: &Delivery) -> Markup {
    let note = match delivery.state {
        _ if delivery.state.is_held() => "held: webhook is paused",
        DeliveryState::Pending { .. } => "waiting its turn",
        _ => delivery.last_class.map_or("", ErrorClass::brief),
    };
    html! {
        code { @match delivery.response_status { Some(status) => (status), None => "–" } }
        @if !note.is_empty() { " " span.soft { (note) } }
    }
}

/// The times of a policy; how many tries are done, and whether another one comes.
pub fn ladder(policy: Policy, done: u32, next: bool) -> Markup {
    let pauses = policy.pauses().iter().map(|pause| crate::domain::policy::spoken(*pause));
    let steps: Vec<String> = std::iter::once("at once".to_owned()).chain(pauses).collect();
    html! {
        ol.ladder aria-label="Times of the tries, each after the preceding answer" {
            @for (at, step) in steps.iter().enumerate() {
                @let at = at as u32;
                li class=[if at < done { Some("done") } else if at == done && next { Some("next") } else { None }] { (step) }
            }
        }
    }
}
