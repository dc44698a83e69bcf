//! How a hook stands that fails or is disabled, in words (B9).

use chrono::{DateTime, Utc};

use crate::domain::delivery::Status;
use crate::domain::health::{Health, Rule, Why};
use crate::domain::hook::{Hook, HookState};
use crate::web::prelude::*;
use crate::web::words::{grouped, up_to};

/// What a page knows of a hook's health.
#[derive(Debug, Clone, Copy)]
pub(in crate::web) struct Standing {
    /// How it does; `None` for a hook without a past.
    pub health: Option<Health>,
    /// When one that fails is disabled.
    pub rule: Rule,
    /// How much it has missed, and whether counting stopped there.
    pub missed: (usize, bool),
}

impl Standing {
    /// When the hook will be disabled if nothing arrives.
    pub fn ends(&self, hook: &Hook) -> Option<DateTime<Utc>> {
        let health = self.health.filter(|_| hook.state == HookState::Active)?;
        self.rule.end_of(&health)
    }

    /// Whether the hook is failing: it will be disabled if nothing arrives, or the latest delivery that was tried was not
    /// accepted. `recent` are those of the last days, newest first.
    pub fn is_failing(&self, hook: &Hook, recent: impl IntoIterator<Item = Status>) -> bool {
        let tried = || recent.into_iter().find(|status| *status != Status::Pending);
        let is_refused = || matches!(tried(), Some(Status::Failed | Status::Retrying));
        hook.state == HookState::Active && (self.ends(hook).is_some() || is_refused())
    }

    /// The hook's state as every page says it.
    pub fn state(&self, hook: &Hook, recent: impl IntoIterator<Item = Status>) -> State {
        if self.is_failing(hook, recent) { State::FAILING } else { State::of_hook(hook) }
    }

    /// Whether its receiver said that the address is gone for good.
    pub fn is_gone(&self) -> bool {
        self.health.and_then(|health| health.disabled).is_some_and(|(why, _)| why == Why::Gone)
    }

    /// `Failing since today at 02:42: 26 deliveries in a row failed. It will be disabled …`; nothing while it does not fail for that.
    pub fn warning(&self, hook: &Hook, time: LocalTime) -> Option<Markup> {
        let (end, health) = (self.ends(hook)?, self.health?);
        Some(html! {
            "Failing since " (time.near(health.since)) ": "
            (grouped(health.failed_in_row)) " deliveries in a row failed. It will be disabled " (time.on(end)) (time.near(end)) " unless a delivery succeeds."
        })
    }

    /// Why and since when the hook is disabled, as one sentence.
    pub fn reason(&self, time: LocalTime) -> Markup {
        let Some((why, at)) = self.health.and_then(|health| health.disabled) else { return html! {} };
        html! {
            @match why {
                Why::Gone => { "Its receiver answered 410, gone for good, " (time.near(at)) "." },
                Why::Failing => {
                    "Its deliveries failed until " (time.near(at))
                    @if let Some(health) = self.health { ", and none has arrived since " (time.near(health.since)) }
                    "."
                },
            }
        }
    }

    /// `312 deliveries were`, `1 delivery was`.
    pub fn missed(&self) -> String {
        match self.missed {
            (1, false) => "1 delivery was".into(),
            missed => format!("{} deliveries were", up_to(missed)),
        }
    }

    /// The box above a hook's page; nothing when all is well. `manages` says whether the reader may act on it.
    pub fn notice(&self, hook: &Hook, manages: bool, time: LocalTime) -> Markup {
        let listed = format!("{}?status=failed&webhook={}", paths::LOGS, hook.id);
        html! {
            @if let Some(warning) = self.warning(hook, time) {
                div.notice.warn {
                    h2 { "It is failing" }
                    p { (warning) }
                    p { strong { "Do this:" } " " a href=(listed) { "see what it answered" } ", and fix that. " (need_help()) }
                }
            }
            @if hook.state == HookState::Disabled {
                div.notice.bad {
                    h2 { "Nothing is sent to it" }
                    p { (self.reason(time)) " What happens meanwhile is listed as missed, and can be sent later." }
                    @if self.missed.0 > 0 { p { a href=(listed) { (self.missed()) " missed" } " so far." } }
                    p {
                        strong { "Do this:" } " "
                        @match (self.is_gone(), manages) {
                            (true, true) => {
                                "get the new address from whoever runs the receiver, and "
                                a href=(paths::webhook_replacement(&hook.id)) { "replace the webhook" } "."
                            },
                            (true, false) => "ask an Organisation Admin to get the new address and replace the webhook.",
                            (false, true) => "fix the receiver, try it with Send Test, then enable the webhook.",
                            (false, false) => "ask an Organisation Admin to enable it once the receiver is fixed.",
                        }
                        " " (need_help())
                    }
                }
            } @else if self.missed.0 > 0 && hook.state != HookState::Deleted {
                div.notice.info {
                    p { (self.missed()) " missed while it was disabled. " a href=(listed) { "They are in the log." } }
                    @if manages && hook.state == HookState::Active {
                        p { a.btn href=(paths::webhook_missed(&hook.id)) { "Send what it missed (" (up_to(self.missed)) ")" } }
                    }
                }
            }
        }
    }
}

fn need_help() -> Markup {
    html! { a href=(paths::help_disabled()) { "Need help?" } }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;
    use crate::web::samples::{hook, now, time};

    fn standing(health: Health) -> Standing {
        Standing { health: Some(health), rule: Rule::default(), missed: (0, false) }
    }

    fn failing() -> Health {
        Health { failed_in_row: 26, ..Health::starting(now() - TimeDelta::hours(14)) }
    }

    #[test]
    fn who_fails_is_told_when_that_ends() {
        let page = standing(failing()).notice(&hook("HRIS <sync>"), true, time()).into_string();
        assert!(
            page.contains("Failing since") && page.contains(">today at 00:42</time>: 26 deliveries in a row failed."),
            "{page}"
        );
        assert!(
            page.contains("It will be disabled") && page.contains(">21 Nov, 00:42</time> unless a delivery succeeds.")
        );
        let health = Health { failed_in_row: 19, ..failing() };
        assert_eq!(standing(health).notice(&hook("HRIS"), true, time()).into_string(), "");
        let paused = Hook { state: HookState::Paused, ..hook("HRIS") };
        assert_eq!(standing(failing()).notice(&paused, true, time()).into_string(), "");
    }

    #[test]
    fn who_is_disabled_is_told_why_and_who_can_end_that() {
        let off = Hook { state: HookState::Disabled, ..hook("HRIS") };
        let told = |why, manages| {
            let health = Health { disabled: Some((why, now())), ..failing() };
            let standing = Standing { missed: (1_000, true), ..standing(health) };
            standing.notice(&off, manages, time()).into_string()
        };
        let page = told(Why::Gone, true);
        assert!(
            page.contains("answered 410, gone for good, ") && page.contains("1,000+ deliveries were missed"),
            "{page}"
        );
        assert!(page.contains(">replace the webhook</a>") && !page.contains("then enable"), "{page}");
        let page = told(Why::Failing, true);
        assert!(page.contains("then enable the webhook.") && !page.contains("Send what it missed"));
        let page = told(Why::Failing, false);
        assert!(
            page.contains("none has arrived since") && page.contains("ask an Organisation Admin to enable it"),
            "{page}"
        );
    }

    #[test]
    fn a_webhook_is_failing_when_what_was_tried_last_was_not_accepted() {
        let (well, active) = (standing(Health::starting(now())), hook("HRIS"));
        let refused = [Status::Pending, Status::Failed, Status::Success];
        assert_eq!(well.state(&active, refused).word, "Failing");
        assert_eq!(well.state(&active, [Status::Success, Status::Failed]).word, "Active");
        assert_eq!(well.state(&active, []).word, "Active");
        assert_eq!(standing(failing()).state(&active, []).word, "Failing", "it will be disabled");
        let paused = Hook { state: HookState::Paused, ..active };
        assert_eq!(well.state(&paused, refused).word, "Paused");
    }

    #[test]
    fn what_was_missed_can_be_sent_by_whoever_manages_an_active_webhook() {
        let standing = Standing { missed: (312, false), ..standing(Health::starting(now())) };
        let page = standing.notice(&hook("HRIS"), true, time()).into_string();
        assert!(
            page.contains("312 deliveries were missed while") && page.contains("Send what it missed (312)"),
            "{page}"
        );
        assert!(!standing.notice(&hook("HRIS"), false, time()).into_string().contains("Send what"));
        let paused = Hook { state: HookState::Paused, ..hook("HRIS") };
        assert!(!standing.notice(&paused, true, time()).into_string().contains("Send what"));
    }
}
