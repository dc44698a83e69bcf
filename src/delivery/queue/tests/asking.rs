//! What is asked about after a change.

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
