//! Hooks that nothing has been sent to for long: probably forgotten.

use chrono::{DateTime, TimeDelta, Utc};

use crate::domain::hook::{Hook, HookState, Subscription};
use crate::web::prelude::*;

/// How long a hook may lie idle before its pages say so.
const IDLE: TimeDelta = TimeDelta::days(30);

/// Since when an active hook has had nothing to do, if that is long. `last` is when something was last recorded for it.
pub(super) fn since(hook: &Hook, last: Option<DateTime<Utc>>, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let since = last.unwrap_or(hook.created_at);
    (hook.state == HookState::Active && now - since >= IDLE).then_some(since)
}

/// The box above the page of such a hook.
pub(super) struct Unused<'a> {
    pub(super) hook: &'a Hook,
    pub(super) last: Option<DateTime<Utc>>,
    /// Whether the reader may act on it.
    pub(super) manages: bool,
    pub(super) time: LocalTime,
}

impl Render for Unused<'_> {
    fn render(&self) -> Markup {
        let id = &self.hook.id;
        html! {
            div.notice.info {
                h2 { "Unused for 30 days" }
                p {
                    @match self.last {
                        Some(last) => { "Nothing has happened that it wants since " (self.time.date(last)) "." },
                        None => { "Nothing has happened that it wants since it was made, " (self.time.date(self.hook.created_at)) "." },
                    }
                    " Tests do not count."
                }
                @if self.manages {
                    p {
                        strong { "Do this:" } " "
                        @if matches!(self.hook.subscription, Subscription::Only(_)) {
                            a href=(paths::webhook_settings(id)) { "look at its events" } ", or "
                        }
                        a href=(paths::webhook_deletion(id)) { "delete it" } " if nobody needs it any more."
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::samples::{hook, now, time};

    #[test]
    fn a_hook_is_unused_after_thirty_days_without_an_event_while_it_is_active() {
        let made = |days| Hook { created_at: now() - TimeDelta::days(days), ..hook("HRIS") };
        assert_eq!(since(&made(29), None, now()), None);
        assert_eq!(since(&made(31), None, now()), Some(now() - TimeDelta::days(31)));
        assert_eq!(since(&made(99), Some(now() - TimeDelta::days(29)), now()), None);
        let paused = Hook { state: HookState::Paused, ..made(99) };
        assert_eq!(since(&paused, None, now()), None);
    }

    #[test]
    fn the_box_says_since_when_and_what_to_do_to_those_who_may() {
        let hook = hook("HRIS");
        let shown = |manages| {
            let last = Some(now() - TimeDelta::days(31));
            Unused { hook: &hook, last, manages, time: time() }.render().into_string()
        };
        assert!(
            shown(true).contains("since <time")
                && shown(true).contains("20 October")
                && shown(true).contains("delete it")
        );
        assert!(!shown(false).contains("delete it"));
    }
}
