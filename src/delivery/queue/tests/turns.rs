//! Turns by themselves: a hundred places, and who may have which of them.

use super::*;
use crate::delivery::queue::turns::{Class, Turn, Turns};

const SECOND: u64 = 1_000_000;

/// A hundred places: ten are kept for lanes that have none, five of them for organisations that have few; none has more than
/// thirty-two while another waits.
fn hundred() -> Turns {
    Turns::new(100)
}

/// A lane that waits with so much place-time spent.
fn waiting(turns: &mut Turns, organisation: &OrganisationId, class: Class, spent: u64) -> HookId {
    let hook = hook();
    turns.lane_added(organisation);
    turns.put(organisation, &hook, Turn::None, Some(class), &mut { spent });
    hook
}

fn holding(turns: &mut Turns, organisation: &OrganisationId, places: usize) {
    (0..places).for_each(|_| turns.started(organisation, 0, 0));
}

#[test]
fn the_lane_that_has_spent_the_least_goes_first_then_the_one_that_came_first() {
    let (mut turns, own) = (hundred(), organisation());
    let costly = waiting(&mut turns, &own, Class::First, 2);
    let cheap = waiting(&mut turns, &own, Class::Within, 1);
    let as_cheap = waiting(&mut turns, &own, Class::Within, 1);
    assert_eq!(turns.next(100), Some(cheap.clone()));
    turns.remove(&own, &cheap, Turn::Ready(Class::Within, 1, 2));
    assert_eq!(turns.next(100), Some(as_cheap.clone()));
    turns.remove(&own, &as_cheap, Turn::Ready(Class::Within, 1, 3));
    assert_eq!(turns.next(100), Some(costly));
    assert_eq!(turns.next(0), None);
}

#[test]
fn the_organisation_that_has_spent_the_least_goes_first() {
    let (mut turns, busy, calm) = (hundred(), organisation(), organisation());
    let first = waiting(&mut turns, &busy, Class::First, 0);
    let second = waiting(&mut turns, &calm, Class::First, 0);
    turns.started(&busy, 0, SECOND);
    assert_eq!(turns.next(100), Some(second.clone()));
    turns.started(&calm, 0, SECOND);
    turns.ended(&calm, SECOND, 3 * SECOND);
    assert_eq!(turns.next(100), Some(first), "what it took counts, not what it was taken to cost");
    turns.ended(&busy, SECOND, 4 * SECOND);
    assert_eq!(turns.next(100), Some(second));
}

#[test]
fn the_last_tenth_is_kept_for_lanes_that_have_no_place() {
    let (mut turns, own) = (hundred(), organisation());
    let some = waiting(&mut turns, &own, Class::Within, 0);
    assert_eq!((turns.next(11), turns.next(10)), (Some(some), None));
    let none = waiting(&mut turns, &own, Class::First, 9);
    assert_eq!(turns.next(10), Some(none));
}

#[test]
fn half_of_that_is_kept_for_organisations_that_have_few() {
    let (mut turns, own) = (hundred(), organisation());
    let hook = waiting(&mut turns, &own, Class::First, 0);
    holding(&mut turns, &own, 4);
    assert_eq!((turns.next(6), turns.next(5)), (Some(hook.clone()), None));
    turns.ended(&own, 0, 0);
    assert_eq!(turns.next(1), Some(hook), "three are few");
}

#[test]
fn an_organisation_with_its_share_waits_while_another_does() {
    let (mut turns, own, other) = (hundred(), organisation(), organisation());
    let large = waiting(&mut turns, &own, Class::Within, 0);
    holding(&mut turns, &own, 32);
    assert_eq!(turns.next(40), Some(large.clone()), "alone, it has them all");
    let small = waiting(&mut turns, &other, Class::Within, 0);
    turns.started(&other, 0, 9 * SECOND);
    assert_eq!(turns.next(40), Some(small.clone()));
    turns.ended(&own, 0, 0);
    assert_eq!(turns.next(40), Some(large), "thirty-one are less than its share");
    let mut twice = Turns::new(200);
    let large = waiting(&mut twice, &own, Class::Within, 0);
    let small = waiting(&mut twice, &other, Class::Within, 0);
    twice.started(&other, 0, SECOND);
    holding(&mut twice, &own, 49);
    assert_eq!(twice.next(60), Some(large), "a quarter of two hundred is fifty");
    holding(&mut twice, &own, 1);
    assert_eq!(twice.next(60), Some(small));
}

#[test]
fn a_lane_that_has_what_it_may_goes_on_while_half_of_all_places_are_free() {
    let (mut turns, own) = (hundred(), organisation());
    let over = waiting(&mut turns, &own, Class::Over, 0);
    assert_eq!((turns.next(51), turns.next(50)), (Some(over), None));
}

#[test]
fn three_of_four_turns_are_those_of_lanes_that_were_idle() {
    let (mut turns, own) = (hundred(), organisation());
    let ready = waiting(&mut turns, &own, Class::Within, 0);
    for _ in 0..5 {
        let idle = hook();
        turns.lane_added(&own);
        assert_eq!(turns.put_first(&own, &idle, Turn::None), Turn::Fresh);
        assert_eq!(turns.put_first(&own, &idle, Turn::Fresh), Turn::Fresh, "it stands there once");
    }
    let order: Vec<bool> = (0..6).map(|_| turns.next(100) == Some(ready.clone())).collect();
    assert_eq!(order, [false, false, false, true, false, false]);
    assert_eq!(turns.next(100), Some(ready), "none of them is left");
}

#[test]
fn lanes_that_were_idle_do_not_wait_when_nobody_else_does() {
    let (mut turns, own) = (hundred(), organisation());
    let idle: Vec<HookId> = (0..9).map(|_| hook()).collect();
    turns.lane_added(&own);
    for hook in &idle {
        turns.put_first(&own, hook, Turn::None);
    }
    let order: Vec<HookId> = std::iter::from_fn(|| turns.next(100)).collect();
    assert_eq!(order, idle);
}

#[test]
fn the_last_places_are_not_for_idle_lanes_of_whoever_has_many() {
    let (mut turns, own, other) = (hundred(), organisation(), organisation());
    let (large, small) = (hook(), hook());
    turns.lane_added(&own);
    turns.lane_added(&other);
    holding(&mut turns, &own, 4);
    turns.put_first(&own, &large, Turn::None);
    turns.put_first(&other, &small, Turn::None);
    assert_eq!((turns.next(5), turns.next(5)), (Some(small), None));
    assert_eq!(turns.next(6), Some(large));
}

#[test]
fn whoever_comes_back_is_no_further_ahead_than_the_others_nor_further_behind_than_half_a_minute() {
    let (mut turns, own) = (hundred(), organisation());
    turns.lane_added(&own);
    turns.started(&own, 100 * SECOND, 0);
    let stands = |turns: &mut Turns, spent: u64| match turns
        .put(&own, &hook(), Turn::None, Some(Class::First), &mut { spent })
    {
        Turn::Ready(_, spent, _) => spent / SECOND,
        other => panic!("it does not wait: {other:?}"),
    };
    let after = [0, 100 * SECOND, 110 * SECOND, 999 * SECOND].map(|spent| stands(&mut turns, spent));
    assert_eq!(after, [100, 100, 110, 130]);
}

#[test]
fn an_organisation_is_forgotten_with_its_last_lane_and_its_last_place() {
    let (mut turns, own) = (hundred(), organisation());
    turns.lane_added(&own);
    turns.lane_added(&own);
    turns.started(&own, 0, 0);
    turns.lane_removed(&own);
    let is_known = |turns: &mut Turns| {
        let turn = turns.put(&own, &hook(), Turn::None, Some(Class::First), &mut 0);
        turn != Turn::None
    };
    assert!(is_known(&mut turns));
    turns.lane_removed(&own);
    assert!(is_known(&mut turns), "it has a place");
    turns.ended(&own, 0, 0);
    assert!(!is_known(&mut turns));
}
