//! One lane by itself: what it holds, what its attempts cost, in which order it starts.

use crate::delivery::queue::lane::{Lane, Places, first_room};
use crate::delivery::queue::tests::{at, hook, organisation, owed};

use super::*;

const PER_HOOK: usize = 4;

fn lane() -> Lane {
    Lane::new(organisation(), PER_HOOK, 100)
}

fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

#[test]
fn a_new_lane_holds_four_rounds_unless_memory_is_smaller() {
    assert_eq!((first_room(PER_HOOK, 100), first_room(PER_HOOK, 10)), (16, 10));
    assert_eq!(lane().room(), 16);
}

#[test]
fn an_answer_gives_room_for_one_more_up_to_the_most() {
    let mut lane = Lane::new(organisation(), PER_HOOK, 18);
    let rooms = [(); 4].map(|()| {
        lane.note(Ending::Answered, ms(1));
        lane.room()
    });
    assert_eq!(rooms, [17, 18, 18, 18]);
}

#[test]
fn a_timeout_leaves_room_for_four_rounds_of_what_is_left() {
    let mut lane = lane();
    let after = [(); 4].map(|()| {
        lane.note(Ending::TimedOut, ms(1));
        (lane.places.now(), lane.room())
    });
    assert_eq!(after, [(2, 8), (1, 4), (1, 4), (1, 4)]);
    lane.note(Ending::NotSent, ms(1));
    assert_eq!((lane.places.now(), lane.room()), (1, 4), "what was not sent says nothing of the receiver");
    assert!(!lane.is_plain(PER_HOOK));
    (0..5).for_each(|_| lane.note(Ending::Answered, ms(1)));
    assert_eq!((lane.places.now(), lane.room()), (4, 9), "no more places than at first");
    assert!(lane.is_plain(PER_HOOK));
}

#[test]
fn what_may_have_few_places_never_goes_below_one() {
    let mut places = Places::new(3);
    let timed_out = [(); 3].map(|()| {
        places.note(Ending::TimedOut);
        places.now()
    });
    assert_eq!(timed_out, [1, 1, 1]);
}

#[test]
fn an_attempt_costs_what_the_last_ones_took() {
    let mut lane = lane();
    assert_eq!(lane.cost(), 5_000, "nothing is known yet");
    lane.note(Ending::Answered, ms(9));
    assert_eq!(lane.cost(), 6_000, "a quarter of the way to what it took");
    lane.note(Ending::TimedOut, ms(30_000));
    assert_eq!(lane.cost(), 30_000_000, "one that hangs will hang again");
    lane.note(Ending::NotSent, ms(1));
    assert_eq!(lane.cost(), 30_000_000);
}

#[test]
fn a_lane_is_low_once_it_holds_half_of_what_it_may() {
    let (mut lane, hook) = (lane(), hook());
    (0..3).for_each(|_| lane.add_due(owed(&hook, at(1))));
    let later = owed(&hook, at(9));
    lane.later.insert((at(9), later.delivery.id.clone()), later);
    assert_eq!((lane.waiting(), lane.is_low(8), lane.is_low(7)), (4, true, false));
}

#[test]
fn a_lane_is_idle_when_nothing_waits_and_nothing_is_under_way() {
    let hook = hook();
    assert!(lane().is_idle());
    let mut sending = lane();
    sending.under_way = 1;
    let mut due = lane();
    due.add_due(owed(&hook, at(1)));
    let mut later = lane();
    let one = owed(&hook, at(9));
    later.later.insert((at(9), one.delivery.id.clone()), one);
    assert!(![sending, due, later].iter().any(Lane::is_idle));
}

#[test]
fn the_longest_due_goes_first_and_equal_ones_as_they_came() {
    let (mut lane, hook) = (lane(), hook());
    let added = [at(5), at(7), at(5), at(3), at(7)].map(|due| {
        let one = owed(&hook, due);
        lane.add_due(one.clone());
        one.delivery.id.clone()
    });
    let test = |due| {
        let mut test = owed(&hook, due);
        test.delivery.probe = true;
        test
    };
    let (first, second) = (test(at(9)), test(at(8)));
    lane.add_due(first.clone());
    lane.add_due(second.clone());
    lane.add_due(owed(&hook, at(1)));
    let order: Vec<_> = lane.due.iter().map(|owed| &owed.delivery.id).collect();
    assert_eq!(order[..2], [&second.delivery.id, &first.delivery.id], "somebody waits for the answer of a test");
    assert_eq!(order[3..], [3, 0, 2, 1, 4].map(|at| &added[at]));
}

#[test]
fn what_would_start_last_is_the_first_to_leave_memory() {
    let (mut lane, hook) = (lane(), hook());
    lane.add_due(owed(&hook, at(1)));
    lane.add_due(owed(&hook, at(2)));
    for due in [20, 30] {
        let one = owed(&hook, at(due));
        lane.later.insert((at(due), one.delivery.id.clone()), one);
    }
    let mut left = Vec::new();
    while let Some(owed) = lane.remove_last() {
        left.extend(owed.delivery.state.due());
    }
    assert_eq!(left, [30, 20, 2, 1].map(at));
}
