//! What fits into memory, to the last delivery and the last byte.

use super::*;

fn bodied(hook: &HookId, body: &Bytes) -> Owed {
    Owed { body: body.clone(), ..owed(hook, at(1)) }
}

fn body(bytes: usize) -> Bytes {
    Bytes::from(vec![b'x'; bytes])
}

fn fit(queue: &Queue, owed: Vec<Owed>) -> usize {
    queue.fitting(owed).0.len()
}

#[test]
fn as_many_fit_as_a_lane_has_room_for_counting_those_it_holds() {
    let (hook, other) = (hook(), hook());
    let mut queue = Queue::new(caps(2, 100, 10_000));
    let many = |hook: &HookId| (0..10).map(|_| owed(hook, at(1))).collect::<Vec<_>>();
    assert_eq!(fit(&queue, many(&hook)), 8);
    assert_eq!(fit(&queue, [many(&hook), many(&other)].concat()), 16, "each lane has a room of its own");
    for _ in 0..5 {
        all_in(queue.push(owed(&hook, at(1)), Source::Recorded, noon()));
    }
    assert_eq!(fit(&queue, many(&hook)), 3);
}

#[test]
fn as_many_fit_as_memory_holds_and_four_more_for_whoever_has_none() {
    let mut queue = Queue::new(caps(4, 100, 14));
    for _ in 0..11 {
        all_in(queue.push(owed(&hook(), at(1)), Source::Recorded, noon()));
    }
    let busy = hook();
    let many: Vec<_> = (0..8).map(|_| owed(&busy, at(1))).collect();
    assert_eq!(fit(&queue, many), 4, "three are free, and a lane with fewer than four gets room");
}

#[test]
fn bodies_fit_up_to_the_last_byte_and_one_for_several_webhooks_counts_once() {
    let mut queue = Queue::new(Caps { waiting_bytes: 1_000, ..caps(16, 100, 10_000) });
    let (held, shared) = (hook(), body(100));
    for _ in 0..4 {
        all_in(queue.push(bodied(&held, &body(100)), Source::Recorded, noon()));
    }
    let six = (0..6).map(|_| bodied(&held, &body(100))).collect::<Vec<_>>();
    assert_eq!(fit(&queue, six.clone()), 6, "exactly full");
    assert_eq!(fit(&queue, [six, vec![bodied(&held, &body(1))]].concat()), 6, "one byte more does not fit");
    let same = (0..20).map(|_| bodied(&held, &shared)).collect::<Vec<_>>();
    assert_eq!(fit(&queue, [same, vec![bodied(&held, &body(500))]].concat()), 21);
    assert_eq!(fit(&queue, vec![bodied(&held, &body(601))]), 0);
}

#[test]
fn what_is_sent_again_finds_room_for_a_round_more() {
    let hook = hook();
    let mut queue = Queue::new(caps(2, 100, 10_000));
    let mut taken = |source| {
        let mut taken = 0;
        while queue.push(owed(&hook, at(1)), source, noon()).is_empty() {
            taken += 1;
        }
        taken
    };
    assert_eq!((taken(Source::Claimed), taken(Source::Again), taken(Source::Again)), (8, 2, 0));
}

#[test]
fn half_of_the_fullest_lane_makes_room_but_sixty_four_at_most() {
    let evicted = |held: usize| {
        let (full, other) = (hook(), hook());
        let mut queue = Queue::new(caps(100, 1_000, held));
        for _ in 0..held {
            all_in(queue.push(owed(&full, at(1)), Source::Recorded, noon()));
        }
        queue.push(owed(&other, at(1)), Source::Recorded, noon()).len()
    };
    assert_eq!((evicted(1), evicted(20), evicted(127), evicted(128), evicted(150)), (1, 10, 63, 64, 64));
}

#[test]
fn the_lane_with_the_most_bytes_makes_room_when_those_are_short() {
    let (many, heavy, other) = (hook(), hook(), hook());
    let mut queue = Queue::new(Caps { waiting_bytes: 1_000, ..caps(16, 100, 10_000) });
    for _ in 0..20 {
        all_in(queue.push(bodied(&many, &body(10)), Source::Recorded, noon()));
    }
    for _ in 0..4 {
        all_in(queue.push(bodied(&heavy, &body(200)), Source::Recorded, noon()));
    }
    let evicted = queue.push(bodied(&other, &body(100)), Source::Recorded, noon());
    assert_eq!(evicted.len(), 2);
    assert!(evicted.iter().all(|owed| owed.delivery.hook_id == heavy));
    assert_eq!(queue.bytes(), 700);
}

#[test]
fn a_limited_lane_holds_what_it_may_start_in_five_spans() {
    let hook = hook();
    let held_at = |requests: u32| {
        let mut queue = Queue::new(caps(16, 100, 10_000));
        let limit = RateLimit::new(requests, Per::Second).expect("a limit");
        queue.keep_to(vec![(hook.clone(), limit)], 1, noon());
        let mut held = 0;
        while queue.push(owed(&hook, at(1)), Source::Recorded, noon()).is_empty() {
            held += 1;
        }
        held
    };
    assert_eq!([1, 2, 10, 100].map(held_at), [5, 10, 50, 64]);
}

#[test]
fn a_lane_is_forgotten_after_ten_minutes_without_anything_to_do() {
    let (hook, address) = (hook(), Arc::from("203.0.113.1:443"));
    let mut queue = Queue::new(caps(4, 100, 10_000));
    all_in(queue.push(owed(&hook, at(1)), Source::Recorded, noon()));
    queue.hook_leads_to(&hook, &address, noon());
    let one = queue.start_one(noon()).expect("it is due");
    queue.answered(&one.delivery.id, Ending::Answered, noon());
    all_in(queue.finished(&one.delivery.id, noon()));
    queue.forget_idle(after_ms(599_999));
    assert_eq!((queue.lanes.len(), queue.targets.len()), (1, 1));
    queue.forget_idle(after_ms(600_000));
    assert_eq!((queue.lanes.len(), queue.targets.len()), (0, 0));
}

#[test]
fn an_address_is_remembered_while_another_lane_leads_there() {
    let (one, other, address) = (hook(), hook(), Arc::from("203.0.113.1:443"));
    let organisation = organisation();
    let mut queue = Queue::new(caps(4, 100, 10_000));
    for hook in [&one, &other] {
        all_in(queue.push(owed_by(&organisation, hook, at(1)), Source::Recorded, noon()));
        queue.hook_leads_to(hook, &address, noon());
    }
    queue.remove_lane(&one);
    assert_eq!(queue.targets.len(), 1);
    queue.remove_lane(&other);
    assert_eq!(queue.targets.len(), 0);
}

#[test]
fn whatever_waits_is_given_back_at_a_stop_and_what_is_under_way_stays() {
    let hook = hook();
    let mut queue = Queue::new(caps(4, 100, 10_000));
    let first = owed(&hook, at(1));
    all_in(queue.push(first.clone(), Source::Recorded, noon()));
    let started = queue.start_one(noon()).expect("it is due");
    let waiting = [owed(&hook, at(1)), owed(&hook, at(99_999))].map(|one| {
        let id = one.delivery.id.clone();
        all_in(queue.push(one, Source::Recorded, noon()));
        id
    });
    let mut given = queue.empty(noon());
    given.sort();
    let mut expected = waiting.to_vec();
    expected.sort();
    assert_eq!(given, expected);
    assert!(queue.knows(&started.delivery.id) && !queue.knows(&waiting[0]));
    assert_eq!(queue.next_start(noon()), None, "nothing is due any more");
}
