//! What stays in memory, and what is claimed.

use super::*;

#[test]
fn a_lane_holds_what_it_can_start_soon_more_with_answers_and_less_after_a_timeout() {
    let hook = hook();
    let mut queue = Queue::new(caps(2, 100, 10_000));
    let held = |queue: &mut Queue| {
        let mut fits = 0;
        while queue.push(owed(&hook, at(1)), Source::Recorded, noon()).is_empty() {
            fits += 1;
        }
        fits
    };
    assert_eq!(held(&mut queue), 8, "a few rounds of what is sent at once");
    for _ in 0..20 {
        let one = queue.start_one(noon()).expect("it has a place");
        queue.answered(&one.delivery.id, Ending::Answered, noon());
        all_in(queue.finished(&one.delivery.id, noon()));
        held(&mut queue);
    }
    assert_eq!(queue.waiting(), 28);
    let one = queue.start_one(noon()).expect("it has a place");
    queue.answered(&one.delivery.id, Ending::TimedOut, noon());
    all_in(queue.finished(&one.delivery.id, noon()));
    assert!(!queue.push(owed(&hook, at(1)), Source::Recorded, noon()).is_empty());
    while queue.waiting() > 3 {
        let one = queue.start_one(noon()).expect("one place is left");
        queue.answered(&one.delivery.id, Ending::TimedOut, noon());
        all_in(queue.finished(&one.delivery.id, noon()));
    }
    assert_eq!(held(&mut queue), 1, "a few rounds of the one that is left");
}

#[test]
fn when_memory_is_full_a_lane_that_holds_nothing_takes_room_from_the_end_of_the_fullest() {
    let (busy, second, other) = (hook(), hook(), hook());
    let mut queue = Queue::new(caps(5, 100, 19));
    let first = owed(&busy, at(1));
    all_in(queue.push(first.clone(), Source::Recorded, noon()));
    for due in 2..=10 {
        all_in(queue.push(owed(&busy, at(due)), Source::Recorded, noon()));
        all_in(queue.push(owed(&second, at(due)), Source::Recorded, noon()));
    }
    assert_eq!(queue.fitting(vec![owed(&second, at(1)), owed(&other, at(1))]).0.len(), 1);
    assert_eq!(queue.push(owed(&second, at(21)), Source::Recorded, noon()).len(), 1, "it is given back itself");
    let evicted = queue.push(owed(&other, at(22)), Source::Recorded, noon());
    assert_eq!(evicted.len(), 5);
    assert!(evicted.iter().all(|owed| owed.delivery.hook_id == busy && owed.delivery.id != first.delivery.id));
    assert_eq!(queue.waiting(), 15);
}

#[test]
fn memory_is_bounded_in_bytes_and_a_body_for_several_webhooks_counts_once() {
    let mut queue = Queue::new(Caps { waiting_bytes: 1_000, ..Caps::default() });
    let large = |hook: &HookId, body: &Bytes| Owed { body: body.clone(), ..owed(hook, at(1)) };
    let one = hook();
    let body = Bytes::from(vec![b'x'; 600]);
    all_in(queue.push(large(&one, &body), Source::Recorded, noon()));
    for _ in 0..3 {
        all_in(queue.push(large(&hook(), &body), Source::Recorded, noon()));
    }
    assert_eq!(queue.bytes(), 600);
    for _ in 0..3 {
        all_in(queue.push(large(&one, &body), Source::Recorded, noon()));
    }
    let another = Bytes::from(vec![b'y'; 600]);
    assert_eq!(queue.push(large(&one, &another), Source::Recorded, noon()).len(), 1, "it holds its share already");
    let started = queue.start_due(noon());
    assert_eq!((started.len(), queue.bytes()), (7, 600), "what is under way takes memory, too");
    for one in &started {
        queue.answered(&one.delivery.id, Ending::Answered, noon());
        all_in(queue.finished(&one.delivery.id, noon()));
    }
    assert_eq!(queue.bytes(), 0);
}

#[test]
fn claims_ask_for_lanes_with_room_in_turn_and_for_nothing_that_is_not_due() {
    let mut queue = Queue::new(caps(2, 100, 10_000));
    let (first, second, tomorrow) = (hook(), hook(), hook());
    queue.waits_in_database(&first, noon().wall, noon());
    queue.waits_in_database(&second, noon().wall, noon());
    queue.waits_in_database(&tomorrow, noon().wall + TimeDelta::days(1), noon());
    assert!(queue.may_claim(noon()));
    assert_eq!(queue.claimable(), [(first.clone(), 8), (second.clone(), 8)]);
    assert!(!queue.may_claim(noon()), "each is asked for once");
    queue.claimed(&second, 3, 8, noon());
    queue.claimed(&first, 8, 8, noon());
    for _ in 0..8 {
        all_in(queue.push(owed(&first, at(1)), Source::Claimed, noon()));
    }
    let _ = queue.claimable();
    queue.start_due(noon());
    assert!(!queue.may_claim(noon()), "its lane is more than half full");
    let in_a_day = after_ms(86_400_000 - 20_000);
    assert!(queue.may_claim(in_a_day));
    assert_eq!(queue.claimable().first().map(|(hook, _)| hook), Some(&tomorrow));
}
