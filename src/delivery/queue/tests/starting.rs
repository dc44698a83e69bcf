//! What may start, and when.

use super::*;

#[test]
fn one_lane_never_takes_more_than_its_cap() {
    let (slow, quick) = (hook(), hook());
    let mut queue = Queue::new(caps(2, 3, 100));
    for _ in 0..5 {
        all_in(queue.push(owed(&slow, at(1)), Source::Recorded, noon()));
    }
    all_in(queue.push(owed(&quick, at(2)), Source::Recorded, noon()));
    let started = queue.start_due(noon());
    let to = |hook: &HookId| started.iter().filter(|owed| owed.delivery.hook_id == *hook).count();
    assert_eq!((to(&slow), to(&quick)), (2, 1));
    assert!(queue.start_due(noon()).is_empty());
    let one = started.iter().find(|owed| owed.delivery.hook_id == slow).expect("it started");
    queue.answered(&one.delivery.id, Ending::Answered, noon());
    assert_eq!(queue.start_due(noon()).len(), 1);
}

#[test]
fn a_delivery_is_never_under_way_twice_and_its_lane_loses_no_place() {
    let hook = hook();
    let mut queue = Queue::new(caps(2, 9, 100));
    let once = owed(&hook, at(1));
    all_in(queue.push(once.clone(), Source::Recorded, noon()));
    assert_eq!(queue.start_due(noon()).len(), 1);
    all_in(queue.push(once.clone(), Source::Recorded, noon()));
    assert!(queue.start_due(noon()).is_empty());
    queue.answered(&once.delivery.id, Ending::Answered, noon());
    assert!(queue.start_due(noon()).is_empty(), "its answer is not written down yet");
    all_in(queue.finished(&once.delivery.id, noon()));
    assert!(queue.start_due(noon()).is_empty(), "the attempt may have been the last");
    let questions = queue.take_questions();
    assert_eq!(questions.len(), 1);
    let held = HeldRow {
        id: once.delivery.id.clone(),
        hook_id: hook.clone(),
        due: at(1),
        updated_at: once.delivery.updated_at,
    };
    let (gone, load) = queue.confirm(&questions[0], &[held], noon());
    assert_eq!((gone.len(), load.len(), queue.start_due(noon()).len()), (0, 0, 1));
    queue.answered(&once.delivery.id, Ending::Answered, noon());
    all_in(queue.finished(&once.delivery.id, noon()));
    for _ in 0..2 {
        all_in(queue.push(owed(&hook, at(1)), Source::Recorded, noon()));
    }
    assert_eq!(queue.start_due(noon()).len(), 2);
}

#[test]
fn nothing_starts_before_it_is_due_and_a_new_time_replaces_the_old() {
    let hook = hook();
    let mut queue = Queue::new(Caps::default());
    let mut later = owed(&hook, noon().wall + TimeDelta::seconds(10));
    all_in(queue.push(later.clone(), Source::Recorded, noon()));
    assert!(queue.start_due(after_ms(9_999)).is_empty());
    assert_eq!(queue.next_start(noon()), Some(Duration::from_secs(10)));
    later.delivery.state = DeliveryState::Retrying { due: Some(noon().wall + TimeDelta::seconds(5)) };
    all_in(queue.push(later, Source::Again, noon()));
    assert_eq!((queue.waiting(), queue.start_due(after_ms(5_000)).len()), (1, 1));
    assert_eq!((queue.waiting(), queue.under_way(), queue.next_start(after_ms(5_000))), (0, 1, None));
}

#[test]
fn a_limited_lane_starts_no_more_in_any_second_than_it_may_and_holds_up_no_other() {
    let (limited, free) = (hook(), hook());
    let mut queue = Queue::new(Caps::default());
    let limit = |requests| vec![(limited.clone(), RateLimit::new(requests, Per::Second).expect("a limit"))];
    queue.keep_to(limit(2), 1, noon());
    for hook in [&limited, &limited, &limited, &limited, &limited, &free, &free, &free] {
        all_in(queue.push(owed(hook, at(1)), Source::Recorded, noon()));
    }
    assert_eq!(queue.start_due(noon()).len(), 5);
    assert_eq!(queue.next_start(noon()), Some(Duration::from_secs(1)));
    assert!(queue.start_due(after_ms(999)).is_empty());
    assert_eq!(queue.start_due(after_ms(1_000)).len(), 2);
    assert_eq!(queue.next_start(after_ms(1_000)), Some(Duration::from_secs(1)));
    // With less of it, what has started counts on; with the limit lifted, the rest goes.
    all_in(queue.push(owed(&limited, at(1)), Source::Recorded, after_ms(1_000)));
    queue.keep_to(limit(2), 2, after_ms(1_000));
    assert!(queue.start_due(after_ms(1_000)).is_empty());
    queue.keep_to(Vec::new(), 1, after_ms(1_000));
    assert_eq!(queue.start_due(after_ms(1_000)).len(), 2);
}

#[test]
fn a_clock_that_is_set_back_stops_no_limited_lane() {
    let hook = hook();
    let mut queue = Queue::new(Caps::default());
    queue.keep_to(vec![(hook.clone(), RateLimit::new(1, Per::Minute).expect("a limit"))], 1, noon());
    for _ in 0..2 {
        all_in(queue.push(owed(&hook, at(1)), Source::Recorded, noon()));
    }
    assert_eq!(queue.start_due(noon()).len(), 1);
    let an_hour_back = Moment { wall: noon().wall - TimeDelta::hours(1), steady: Duration::from_secs(60) };
    assert_eq!(queue.start_due(an_hour_back).len(), 1);
}

#[test]
fn a_test_goes_first_in_its_lane() {
    let hook = hook();
    let mut queue = Queue::new(caps(1, 1, 9));
    let mut test = owed(&hook, at(2));
    test.delivery.probe = true;
    all_in(queue.push(owed(&hook, at(1)), Source::Recorded, noon()));
    all_in(queue.push(test, Source::Recorded, noon()));
    assert!(queue.start_one(noon()).is_some_and(|owed| owed.delivery.probe));
}
