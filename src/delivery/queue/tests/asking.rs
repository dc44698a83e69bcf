//! What is asked about after a change.

use std::collections::HashSet;

use super::*;

#[test]
fn nothing_that_is_no_longer_owed_starts_once_that_is_known_and_other_lanes_go_on() {
    let (changed, other) = (hook(), hook());
    let mut queue = Queue::new(Caps::default());
    let (kept, cancelled) = (owed(&changed, at(1)), owed(&changed, at(1)));
    for owed in [kept.clone(), cancelled.clone(), owed(&other, at(1))] {
        all_in(queue.push(owed, Source::Recorded, noon()));
    }
    queue.doubt(&changed, noon());
    assert_eq!(queue.start_due(noon()).len(), 1, "the other lane");
    let questions = queue.take_questions();
    assert_eq!((questions.len(), questions[0].deliveries.len(), questions[0].is_whole), (1, 2, true));
    let row = |owed: &Owed| HeldRow {
        id: owed.delivery.id.clone(),
        hook_id: changed.clone(),
        due: at(1),
        updated_at: owed.delivery.updated_at,
    };
    let resumed = owed(&changed, at(1));
    let (gone, load) = queue.confirm(&questions[0], &[row(&kept), row(&resumed)], noon());
    assert_eq!((gone, load), (vec![cancelled.delivery.id.clone()], vec![resumed.delivery.id.clone()]));
    let started = queue.start_due(noon());
    assert_eq!((started.len(), &started[0].delivery.id), (1, &kept.delivery.id));
}

#[test]
fn what_has_moved_to_another_webhook_is_loaded_whichever_of_the_two_is_answered_first() {
    for first in [0, 1] {
        let mut queue = Queue::new(caps(1, 1, 100));
        let hooks @ [old, new] = &[hook(), hook()];
        let moved = owed(old, at(1));
        all_in(queue.push(moved.clone(), Source::Recorded, noon()));
        hooks.iter().for_each(|hook| queue.doubt(hook, noon()));
        let questions = queue.take_questions();
        let row = HeldRow {
            id: moved.delivery.id.clone(),
            hook_id: new.clone(),
            due: at(1),
            updated_at: moved.delivery.updated_at,
        };
        let mut load = Vec::new();
        for hook in [&hooks[first], &hooks[1 - first]] {
            let question = questions.iter().find(|question| question.hook == *hook).expect("a question");
            let held = if hook == new { vec![row.clone()] } else { Vec::new() };
            load.extend(queue.confirm(question, &held, noon()).1);
        }
        assert_eq!((load, queue.waiting()), (vec![moved.delivery.id.clone()], 0));
    }
}

#[test]
fn what_was_changed_while_it_was_asked_about_is_asked_about_again() {
    let hook = hook();
    let mut queue = Queue::new(Caps::default());
    let one = owed(&hook, at(1));
    all_in(queue.push(one.clone(), Source::Recorded, noon()));
    queue.doubt(&hook, noon());
    let questions = queue.take_questions();
    queue.doubt(&hook, noon());
    let row =
        HeldRow { id: one.delivery.id.clone(), hook_id: hook.clone(), due: at(1), updated_at: one.delivery.updated_at };
    assert_eq!(queue.confirm(&questions[0], std::slice::from_ref(&row), noon()), (Vec::new(), Vec::new()));
    assert!(queue.start_due(noon()).is_empty(), "the second change has not been looked at");
    let questions = queue.take_questions();
    queue.put_back(questions);
    let questions = queue.take_questions();
    let _ = queue.confirm(&questions[0], &[row], noon());
    assert_eq!(queue.start_due(noon()).len(), 1);
}

#[test]
fn what_may_concern_everything_asks_about_every_lane_with_something_and_no_other() {
    let (one, other, empty) = (hook(), hook(), hook());
    let mut queue = Queue::new(Caps::default());
    assert!(!queue.has_doubts());
    queue.doubt_all(noon());
    assert!(!queue.has_doubts(), "there is nothing to ask about");
    // A lane whose last delivery is done.
    let done = owed(&empty, noon().wall);
    all_in(queue.push(done.clone(), Source::Recorded, noon()));
    queue.start_one(noon()).expect("it starts");
    queue.answered(&done.delivery.id, Ending::Answered, noon());
    all_in(queue.finished(&done.delivery.id, noon()));
    for hook in [&one, &other] {
        all_in(queue.push(owed(hook, noon().wall), Source::Recorded, noon()));
    }
    queue.doubt_all(noon());
    assert!(queue.has_doubts() && queue.start_due(noon()).is_empty(), "nothing starts before it was asked");
    let questions = queue.take_questions();
    let asked: HashSet<_> = questions.iter().map(|question| question.hook.clone()).collect();
    assert_eq!((asked, queue.has_doubts()), (HashSet::from([one, other]), false));
    for question in &questions {
        assert!(question.is_whole && question.deliveries.len() == 1);
        let (gone, load) = queue.confirm(question, &[], noon());
        assert_eq!((gone.len(), load.len()), (1, 0), "nobody holds it any more");
    }
    assert_eq!(queue.waiting(), 0);
}

#[test]
fn what_concerns_one_delivery_asks_about_that_one_if_it_waits() {
    let hook = hook();
    let mut queue = Queue::new(Caps::default());
    let (one, other) = (owed(&hook, noon().wall), owed(&hook, noon().wall));
    queue.doubt_waiting(&one.delivery.id, noon());
    assert!(!queue.has_doubts(), "it is not here");
    all_in(queue.push(one.clone(), Source::Recorded, noon()));
    all_in(queue.push(other, Source::Recorded, noon()));
    queue.doubt_waiting(&one.delivery.id, noon());
    let questions = queue.take_questions();
    assert_eq!(questions.len(), 1);
    let asked: Vec<_> = questions[0].deliveries.iter().map(|(id, _)| id).collect();
    assert_eq!((asked, questions[0].is_whole), (vec![&one.delivery.id], false));
}
