//! A delivery from state to state.

use super::*;
use crate::domain::attempt::Outcome;
use crate::domain::event::{Cause, Event};
use crate::domain::policy::Policy;
use crate::domain::rotation::Side;

pub(super) fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_763_631_000 + seconds, 0).expect("a time")
}

pub(super) fn owed() -> Delivery {
    let event = Event {
        id: EventId::new(at(0)),
        organisation_id: OrganisationId::new(at(0)),
        mode: Mode::Live,
        kind: EventType::CANDIDATES_EXPORTED,
        cause: Cause::Clock,
        occurred_at: at(0),
        probe: false,
    };
    Delivery::owed(DeliveryId::new(at(0)), &event, HookId::new(at(0)), FieldSet::Standard, false, at(0))
}

/// The delivery, but for what `change` makes of it.
pub(super) fn with(delivery: &Delivery, change: impl FnOnce(&mut DeliveryRecord)) -> Delivery {
    let mut changed = delivery.clone();
    change(&mut changed);
    changed
}

fn answered(delivery: &Delivery, status: u16, seconds: i64) -> Delivery {
    settled(delivery, status, Policy::Patient, seconds, None)
}

/// Answered while the hook has two secrets, this side not yet tried.
fn rotating(delivery: &Delivery, status: u16, policy: Policy, other: Side) -> Delivery {
    settled(delivery, status, policy, 1, Some(other))
}

fn settled(delivery: &Delivery, status: u16, policy: Policy, seconds: i64, other: Option<Side>) -> Delivery {
    let ended = EndedAttempt {
        outcome: &Outcome::answered(status),
        trigger: delivery.trigger,
        policy,
        times: (at(seconds), at(seconds)),
        jitter: 0.0,
        other,
    };
    delivery.clone().settle(&ended, Meanwhile::Nothing)
}

#[test]
fn a_refusal_is_followed_at_once_by_one_try_with_the_other_under_every_policy() {
    for (policy, status) in Policy::ALL.into_iter().flat_map(|policy| [400, 401, 403].map(|status| (policy, status))) {
        let refused = rotating(&owed(), status, policy, Side::New);
        assert_eq!(refused.state, DeliveryState::Retrying { due: Some(at(1)) }, "{policy:?} {status}");
        assert_eq!((refused.trigger, refused.is_between_sides()), (Trigger::Rotation(Side::New), true));
        assert_eq!((refused.tries.automatic, refused.tries.rotation), (1, 0));
        let taken = rotating(&refused, 200, policy, Side::Old);
        assert_eq!((taken.state, taken.trigger), (DeliveryState::Success { at: at(1) }, Trigger::Automatic));
        assert_eq!((taken.tries.all(), taken.tries.retries()), (2, 0));
    }
    for status in [200, 302, 404, 410, 422, 500] {
        assert!(!rotating(&owed(), status, Policy::Quick, Side::New).is_between_sides(), "{status}");
    }
}

#[test]
fn when_the_other_is_refused_too_the_policy_goes_on_where_it_stood() {
    let quick = rotating(&rotating(&owed(), 401, Policy::Quick, Side::New), 401, Policy::Quick, Side::Old);
    let due = Some(at(1) + TimeDelta::milliseconds(200));
    assert_eq!((quick.state, quick.trigger), (DeliveryState::Retrying { due }, Trigger::Automatic));
    let single = rotating(&rotating(&owed(), 401, Policy::Single, Side::New), 403, Policy::Single, Side::Old);
    assert_eq!(single.state, DeliveryState::Failed { at: at(1), class: ErrorClass::ClientError });
    let test = with(&owed(), |test| test.probe = true);
    let test = rotating(&rotating(&test, 401, Policy::Patient, Side::New), 401, Policy::Patient, Side::Old);
    assert_eq!(test.state.status(), Status::Failed);
    // Asked for by hand after it was given up: it is given up again, and what arrived stays arrived.
    let again = rotating(&single.again(at(1)), 401, Policy::Quick, Side::New);
    assert!(again.is_between_sides() && again.tries.manual == 1);
    assert_eq!(rotating(&again, 500, Policy::Quick, Side::Old).state.status(), Status::Failed);
    let arrived = rotating(&owed(), 200, Policy::Quick, Side::New).again(at(1));
    let refused = rotating(&arrived, 401, Policy::Quick, Side::New);
    assert!(refused.is_between_sides() && refused.is_resent());
    assert_eq!(rotating(&refused, 401, Policy::Quick, Side::Old).state, DeliveryState::Success { at: at(1) });
}

#[test]
fn what_arrived_stays_a_success_whatever_a_further_try_comes_to() {
    let success = answered(&owed(), 200, 1);
    let again = success.again(at(9));
    assert_eq!((again.state.status(), again.is_resent()), (Status::Retrying, true));
    let failed = answered(&again, 500, 10);
    assert_eq!(failed.state, DeliveryState::Success { at: at(1) });
    assert_eq!((failed.last_class, failed.tries.manual), (Some(ErrorClass::ServerError), 1));
    assert_eq!(answered(&failed.again(at(19)), 204, 20).state, DeliveryState::Success { at: at(20) });
    assert_eq!(again.again(at(9)).cancelled(at(11)).map(|it| it.state), Ok(DeliveryState::Success { at: at(1) }));
}

#[test]
fn a_receiver_that_is_gone_is_not_tried_again_and_what_was_missed_can_be() {
    let gone = answered(&owed(), 410, 1);
    assert_eq!(gone.state, DeliveryState::Failed { at: at(1), class: ErrorClass::ClientError });
    let missed = answered(&owed(), 500, 1).missed(at(2)).expect("owed");
    assert_eq!((missed.state.status(), missed.is_missed()), (Status::Failed, true));
    let again = missed.again(at(9));
    assert_eq!((again.state, again.last_class), (DeliveryState::Retrying { due: Some(at(9)) }, None));
    // What arrived once has not been missed.
    let arrived = answered(&owed(), 200, 1).again(at(2)).missed(at(3));
    assert_eq!(arrived.map(|it| it.state), Ok(DeliveryState::Success { at: at(1) }));
}

#[test]
fn a_try_of_what_was_given_up_starts_no_retries() {
    let retrying = answered(&owed(), 500, 1);
    assert_eq!(retrying.state.status(), Status::Retrying);
    let failed = answered(&retrying.clone().cancelled(at(2)).expect("owed").again(at(9)), 404, 10);
    assert_eq!(failed.state, DeliveryState::Failed { at: at(10), class: ErrorClass::ClientError });
    assert_eq!(answered(&failed.again(at(19)), 200, 20).state.status(), Status::Success);
    // What was asked for while the policy goes on does not end it.
    assert_eq!(answered(&retrying.again(at(9)), 500, 10).state.status(), Status::Retrying);
}

#[test]
fn what_is_completed_can_neither_be_cancelled_nor_missed() {
    for done in [answered(&owed(), 200, 1), owed().cancelled(at(1)).expect("owed"), answered(&owed(), 410, 1)] {
        assert_eq!(done.clone().cancelled(at(2)), Err(AlreadyCompleted), "{:?}", done.state);
        assert_eq!(done.clone().missed(at(2)), Err(AlreadyCompleted), "{:?}", done.state);
    }
}

#[test]
fn a_state_says_whether_it_is_held_and_when_it_was_completed_and_a_word_reads_back() {
    let due = Some(at(3));
    let success = DeliveryState::Success { at: at(7) };
    let failed = DeliveryState::Failed { at: at(8), class: ErrorClass::ServerError };
    let states = [
        (DeliveryState::Pending { due }, false, None),
        (DeliveryState::Pending { due: None }, true, None),
        (DeliveryState::Retrying { due }, false, None),
        (DeliveryState::Retrying { due: None }, true, None),
        (success, false, Some(at(7))),
        (failed, false, Some(at(8))),
    ];
    for (state, is_held, completed) in states {
        assert_eq!((state.is_held(), state.completed_at()), (is_held, completed), "{state:?}");
        assert_eq!(Status::parse(state.status().as_str()), Some(state.status()));
    }
    let tries = Tries { automatic: 4, manual: 2, rotation: 3 };
    assert_eq!((tries.retries(), tries.counted(), tries.all()), (3, 6, 9));
}

#[test]
fn every_transition_says_when_it_happened_and_one_that_is_put_off_stays_what_it_was() {
    let retrying = answered(&owed(), 500, 5);
    assert_eq!((retrying.updated_at, retrying.sent_at), (at(5), Some(at(5))));
    assert_eq!(answered(&retrying, 500, 6).sent_at, Some(at(5)), "the first attempt's");
    let again = retrying.clone().again(at(7));
    assert_eq!((again.updated_at, again.is_resent()), (at(7), false), "it had not arrived");
    assert_eq!(again.cancelled(at(8)).expect("owed").updated_at, at(8));
    assert_eq!(owed().again(at(7)).state, DeliveryState::Pending { due: Some(at(7)) }, "it has not been tried");
    assert_eq!(owed().postponed(at(9)).map(|it| it.state), Ok(DeliveryState::Pending { due: Some(at(9)) }));
    assert_eq!(retrying.postponed(at(9)).map(|it| it.state), Ok(DeliveryState::Retrying { due: Some(at(9)) }));
    let arrived = answered(&owed(), 200, 1);
    assert!(!arrived.is_resent() && !arrived.is_missed() && arrived.clone().again(at(2)).is_resent());
    assert_eq!(arrived.postponed(at(9)), Err(AlreadyCompleted));
}
