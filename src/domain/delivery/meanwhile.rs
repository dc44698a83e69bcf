//! What happened to a delivery while an attempt of it was under way, and what counts then.
//!
//! An attempt begins with the delivery as it stood; when it ends, a member may have paused, replaced or deleted its hook, or
//! have asked for another attempt or cancelled it, and another instance may have taken it over. The attempt is evidence in each
//! case, and one rule is above the others: what a receiver acknowledged has arrived, unless a person had ended it before.

use chrono::{DateTime, Utc};

use super::{Delivery, DeliveryRecord, DeliveryState};
use crate::domain::attempt::{ErrorClass, Outcome, Trigger};
use crate::domain::ids::HookId;
use crate::domain::policy::Policy;
use crate::domain::rotation::Side;

/// What happened meanwhile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Meanwhile {
    /// Nothing that counts.
    Nothing,
    /// Its hook was paused, and it is held.
    Paused,
    /// Somebody asked for another attempt.
    AskedAgain,
    /// Its hook was replaced.
    Readdressed {
        /// Where the attempt went.
        from: HookId,
    },
    /// A person ended it, or the deletion of its hook did.
    Cancelled,
    /// Its hook was disabled.
    Missed,
    /// An attempt of another instance, which had taken it over, completed it.
    Completed,
}

/// How an attempt ended, with all that decides what follows.
#[derive(Debug, Clone, Copy)]
pub struct EndedAttempt<'a> {
    /// How it went.
    pub outcome: &'a Outcome,
    /// What made it happen.
    pub trigger: Trigger,
    /// The policy of its hook.
    pub policy: Policy,
    /// When it began and ended.
    pub times: (DateTime<Utc>, DateTime<Utc>),
    /// From -1 to 1: how far *Patient* moves its next pause.
    pub jitter: f64,
    /// The side that could prove it otherwise, while there are two.
    pub other: Option<Side>,
}

impl Meanwhile {
    /// What happened between the moment in which an attempt began and now.
    pub fn between(started: &Delivery, current: &Delivery) -> Self {
        match current.state {
            DeliveryState::Failed { class: ErrorClass::Cancelled, .. } => Meanwhile::Cancelled,
            DeliveryState::Failed { class: ErrorClass::Missed, .. } => Meanwhile::Missed,
            DeliveryState::Success { .. } | DeliveryState::Failed { .. } => Meanwhile::Completed,
            _ if current.hook_id != started.hook_id => Meanwhile::Readdressed { from: started.hook_id.clone() },
            _ if current.trigger == Trigger::Manual
                && (current.trigger, current.updated_at) != (started.trigger, started.updated_at) =>
            {
                Meanwhile::AskedAgain
            }
            DeliveryState::Pending { due: None } | DeliveryState::Retrying { due: None } => Meanwhile::Paused,
            DeliveryState::Pending { .. } | DeliveryState::Retrying { .. } => Meanwhile::Nothing,
        }
    }
}

impl Delivery {
    /// The delivery, as it stands now, once an attempt has ended during which this happened.
    pub fn settle(self, ended: &EndedAttempt<'_>, meanwhile: Meanwhile) -> Self {
        let DeliveryRecord { state, last_class, response_status, trigger, .. } = self.0;
        let due = state.due();
        let tried = self.after(ended);
        let has_arrived = ended.outcome.is_success();
        Self(match (meanwhile, tried.state) {
            // What arrived at the old address has arrived there.
            (Meanwhile::Readdressed { from }, _) if has_arrived => DeliveryRecord { hook_id: from, ..tried },
            // What did not is owed to the new one, which this attempt says nothing of.
            (Meanwhile::Readdressed { .. }, _) => {
                DeliveryRecord { state: DeliveryState::Retrying { due }, trigger: trigger.on_its_own(), ..tried }
            }
            (Meanwhile::Cancelled, _) => DeliveryRecord { state, last_class, trigger, ..tried },
            // An attempt that arrived needs no further one, whoever asked for it, and nothing was missed.
            (_, _) if has_arrived => tried,
            (Meanwhile::Missed, _) => DeliveryRecord { state, last_class, trigger, ..tried },
            // The answer that completed it says how it stands.
            (Meanwhile::Completed, _) => DeliveryRecord { state, last_class, response_status, trigger, ..tried },
            (Meanwhile::AskedAgain, _) => DeliveryRecord { state: DeliveryState::Retrying { due }, trigger, ..tried },
            (Meanwhile::Paused, DeliveryState::Retrying { .. }) => {
                DeliveryRecord { state: DeliveryState::Retrying { due: None }, ..tried }
            }
            (Meanwhile::Paused | Meanwhile::Nothing, _) => tried,
        })
    }

    /// Whether its receiver acknowledged it though a person had ended it before the answer came.
    pub fn has_arrived_all_the_same(&self) -> bool {
        matches!(self.state, DeliveryState::Failed { class: ErrorClass::Cancelled, .. })
            && self.response_status.is_some_and(|status| (200..300).contains(&status))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::delivery::Status;
    use crate::domain::delivery::tests::{at, owed, with};

    fn settled(current: &Delivery, meanwhile: &Meanwhile, status: u16, policy: Policy) -> Delivery {
        let ended = EndedAttempt {
            outcome: &Outcome::answered(status),
            trigger: Trigger::Automatic,
            policy,
            times: (at(1), at(9)),
            jitter: 0.0,
            other: None,
        };
        current.clone().settle(&ended, meanwhile.clone())
    }

    #[test]
    fn what_happened_meanwhile_and_how_the_attempt_ended_decide_together() {
        let started = owed();
        let held = with(&started, |it| it.state = DeliveryState::Pending { due: None });
        let moved = with(&started, |it| (it.hook_id, it.updated_at) = (HookId::new(at(3)), at(3)));
        let elsewhere_failed = with(&started, |it| {
            it.state = DeliveryState::Failed { at: at(5), class: ErrorClass::ServerError };
            it.last_class = Some(ErrorClass::ServerError);
        });
        let elsewhere_arrived = with(&started, |it| it.state = DeliveryState::Success { at: at(5) });
        let from = started.hook_id.clone();
        use Status::{Failed, Retrying, Success};
        // How it stands after 200, after 500 that is tried again, and after 500 that is not.
        let table = [
            (started.clone(), Meanwhile::Nothing, [Success, Retrying, Failed]),
            (held, Meanwhile::Paused, [Success, Retrying, Failed]),
            (started.clone().again(at(4)), Meanwhile::AskedAgain, [Success, Retrying, Retrying]),
            (moved, Meanwhile::Readdressed { from }, [Success, Retrying, Retrying]),
            (started.clone().cancelled(at(4)).expect("owed"), Meanwhile::Cancelled, [Failed, Failed, Failed]),
            (started.clone().missed(at(4)).expect("owed"), Meanwhile::Missed, [Success, Failed, Failed]),
            (elsewhere_failed, Meanwhile::Completed, [Success, Failed, Failed]),
            (elsewhere_arrived, Meanwhile::Completed, [Success, Success, Success]),
        ];
        for (current, meanwhile, expected) in &table {
            assert_eq!(Meanwhile::between(&started, current), *meanwhile);
            let ended = [(200, Policy::Single), (500, Policy::Quick), (500, Policy::Single)];
            let found = ended.map(|(status, policy)| settled(current, meanwhile, status, policy));
            assert_eq!(found.each_ref().map(|delivery| delivery.state.status()), *expected, "{meanwhile:?}");
            assert!(found.iter().all(|delivery| delivery.tries.automatic == current.tries.automatic + 1));
            assert_eq!(found[0].has_arrived_all_the_same(), *meanwhile == Meanwhile::Cancelled);
        }
    }

    #[test]
    fn what_is_decided_meanwhile_also_says_when_and_where_it_goes_on() {
        let started = owed();
        let due = |delivery: &Delivery| delivery.state.due();
        let held = with(&started, |it| it.state = DeliveryState::Pending { due: None });
        assert_eq!(due(&settled(&held, &Meanwhile::Paused, 500, Policy::Quick)), None);
        let again = settled(&started.clone().again(at(4)), &Meanwhile::AskedAgain, 500, Policy::Quick);
        assert_eq!((due(&again), again.trigger), (Some(at(4)), Trigger::Manual));
        let moved = with(&started, |it| it.hook_id = HookId::new(at(3)));
        let meanwhile = Meanwhile::between(&started, &moved);
        assert_eq!(settled(&moved, &meanwhile, 200, Policy::Quick).hook_id, started.hook_id);
        let failed = settled(&moved, &meanwhile, 410, Policy::Quick);
        assert_eq!((&failed.hook_id, due(&failed)), (&moved.hook_id, due(&moved)));
    }
}
