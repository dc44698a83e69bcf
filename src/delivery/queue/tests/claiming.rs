//! What is claimed, when, and how much of it.

use super::*;
use crate::delivery::queue::claims::CLAIM_AHEAD;

const FAR: TimeDelta = TimeDelta::hours(1);

/// A delivery to a webhook, in the lane.
fn held(queue: &mut Queue, hook: &HookId) -> DeliveryId {
    let owed = owed(hook, noon().wall);
    let id = owed.delivery.id.clone();
    all_in(queue.push(owed, Source::Claimed, noon()));
    id
}

#[test]
fn what_is_due_soon_is_claimed_and_what_is_due_later_says_when_to_come_back() {
    let (mut queue, soon, later) = (Queue::new(caps(2, 2, 9)), hook(), hook());
    assert_eq!((queue.may_claim(noon()), queue.next_claim(noon())), (false, None), "nothing is known of");
    queue.waits_in_database(&later, noon().wall + FAR, noon());
    let until = (FAR - CLAIM_AHEAD).to_std().expect("ahead");
    assert_eq!((queue.may_claim(noon()), queue.next_claim(noon())), (false, Some(until)));
    // The earlier time counts, whichever was told first.
    queue.waits_in_database(&soon, noon().wall + FAR, noon());
    queue.waits_in_database(&soon, noon().wall, noon());
    queue.waits_in_database(&soon, noon().wall + FAR, noon());
    assert!(queue.may_claim(noon()));
    let rooms = queue.claimable();
    assert_eq!(rooms.iter().map(|(hook, _)| hook).collect::<Vec<_>>(), [&soon]);
    assert!(rooms[0].1 > 1, "{rooms:?}");
    assert!(!queue.may_claim(noon()), "it has been asked for");
    assert_eq!(queue.next_claim(noon()), Some(until), "and the other still is not due");
    let then = Moment { wall: noon().wall + FAR - CLAIM_AHEAD, ..noon() };
    assert!(queue.may_claim(then));
    assert_eq!(queue.claimable().into_iter().map(|(hook, _)| hook).collect::<Vec<_>>(), [later]);
    assert_eq!(queue.next_claim(then), None);
}

#[test]
fn a_claim_that_found_as_much_as_there_was_room_for_is_followed_by_another() {
    let (mut queue, one) = (Queue::new(caps(2, 2, 9)), hook());
    queue.waits_in_database(&one, noon().wall, noon());
    let room = queue.claimable()[0].1;
    queue.claimed(&one, room - 1, room, noon());
    assert!(!queue.may_claim(noon()), "there was no more");
    queue.claimed(&one, room, room, noon());
    assert!(queue.may_claim(noon()));
}

#[test]
fn a_lane_that_is_full_is_claimed_for_once_it_holds_half() {
    let (mut queue, one) = (Queue::new(caps(2, 2, 1_000)), hook());
    queue.waits_in_database(&one, noon().wall, noon());
    let room = queue.claimable()[0].1;
    for _ in 0..room {
        held(&mut queue, &one);
    }
    queue.claimed(&one, room, room, noon());
    assert!(!queue.may_claim(noon()), "it is full");
    let mut left = room;
    while !queue.may_claim(noon()) {
        let started = queue.start_one(noon()).expect("one that waits");
        queue.answered(&started.delivery.id, Ending::NotSent, noon());
        all_in(queue.finished(&started.delivery.id, noon()));
        left -= 1;
    }
    assert_eq!(left, room / 2);
    assert_eq!(queue.claimable()[0].1, room - left);
}

#[test]
fn one_that_waits_or_is_under_way_is_known_until_it_is_finished() {
    let (mut queue, one) = (Queue::new(caps(1, 1, 9)), hook());
    let (first, second) = (held(&mut queue, &one), held(&mut queue, &one));
    let started = queue.start_one(noon()).expect("the first").delivery.id.clone();
    assert!(queue.knows(&first) && queue.knows(&second), "one under way, the other waiting");
    queue.answered(&started, Ending::Answered, noon());
    all_in(queue.finished(&started, noon()));
    assert!(!queue.knows(&first) && queue.knows(&second));
}
