//! The queue by itself, with a clock of its own: who starts when, what stays in memory, what is asked about.

use chrono::TimeDelta;

use super::*;
use crate::domain::delivery::{Delivery, DeliveryState};
use crate::domain::event::{Cause, Event, EventType};
use crate::domain::hook::FieldSet;
use crate::domain::ids::EventId;
use crate::domain::mode::Mode;
use crate::domain::rate::Per;

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(seconds, 0).expect("a time")
}

/// So long after noon, on both clocks.
fn after_ms(millis: u64) -> Moment {
    let wall = at(43_200) + TimeDelta::milliseconds(i64::try_from(millis).expect("a time"));
    Moment { wall, steady: Duration::from_millis(millis) }
}

fn noon() -> Moment {
    after_ms(0)
}

fn hook() -> HookId {
    HookId::new(at(1))
}

fn organisation() -> OrganisationId {
    OrganisationId::new(at(1))
}

/// A delivery to a webhook of an organisation, due at this time.
fn owed_by(organisation: &OrganisationId, hook: &HookId, due: DateTime<Utc>) -> Owed {
    let event = Event {
        id: EventId::new(at(0)),
        organisation_id: organisation.clone(),
        mode: Mode::Live,
        kind: EventType::WEBHOOK_TEST,
        cause: Cause::Clock,
        occurred_at: at(0),
        probe: false,
    };
    let delivery = Delivery::owed(DeliveryId::new(at(0)), &event, hook.clone(), FieldSet::Standard, false, due);
    Owed { delivery, occurred_at: at(0), body: Bytes::new() }
}

fn owed(hook: &HookId, due: DateTime<Utc>) -> Owed {
    owed_by(&OrganisationId::new(at(2)), hook, due)
}

fn caps(per_hook: usize, in_all: usize, waiting: usize) -> Caps {
    Caps { per_hook, in_all, waiting, ..Caps::default() }
}

fn all_in(refused: Vec<Owed>) {
    assert!(refused.is_empty(), "there is room for all");
}

/// An installation with receivers, and time that passes in steps of a millisecond.
struct Simulation {
    queue: Queue,
    now: u64,
    /// When each request ends, and how.
    under_way: Vec<(u64, Owed, Ending)>,
    /// How long each receiver takes; those that are not named hang until the timeout.
    answers_in: HashMap<HookId, u64>,
    timeout: u64,
    started: Vec<(u64, HookId)>,
    /// When what was accepted came in, and how long it waited for its start.
    waits: HashMap<HookId, Vec<u64>>,
    came: HashMap<DeliveryId, u64>,
}

impl Simulation {
    fn new(caps: Caps) -> Self {
        Self {
            queue: Queue::new(caps),
            now: 0,
            under_way: Vec::new(),
            answers_in: HashMap::new(),
            timeout: 5_000,
            started: Vec::new(),
            waits: HashMap::new(),
            came: HashMap::new(),
        }
    }

    /// One event for a webhook; what finds no room is claimed again at once, as long as there is room then.
    fn report(&mut self, organisation: &OrganisationId, hook: &HookId) {
        let moment = after_ms(self.now);
        let owed = owed_by(organisation, hook, moment.wall);
        self.came.insert(owed.delivery.id.clone(), self.now);
        for refused in self.queue.push(owed, Source::Recorded, moment) {
            self.queue.waits_in_database(&refused.delivery.hook_id.clone(), moment.wall, moment);
        }
    }

    fn step(&mut self) {
        let moment = after_ms(self.now);
        let ended: Vec<_> = self.under_way.extract_if(.., |(end, ..)| *end <= self.now).collect();
        for (_, owed, ending) in ended {
            self.queue.answered(&owed.delivery.id, ending, moment);
            all_in(self.queue.finished(&owed.delivery.id, moment));
        }
        for owed in self.queue.start_due(moment) {
            let hook = owed.delivery.hook_id.clone();
            if let Some(came) = self.came.get(&owed.delivery.id) {
                self.waits.entry(hook.clone()).or_default().push(self.now - came);
            }
            self.started.push((self.now, hook.clone()));
            let end = self.answers_in.get(&hook).map_or((self.timeout, Ending::TimedOut), |ms| (*ms, Ending::Answered));
            self.under_way.push((self.now + end.0, owed, end.1));
        }
        self.now += 1;
    }

    fn under_way_to(&self, hook: &HookId) -> usize {
        self.under_way.iter().filter(|(_, owed, _)| owed.delivery.hook_id == *hook).count()
    }

    /// Reports an event for a webhook every so often, and returns the longest that one waited for its start.
    fn report_every(&mut self, millis: u64, times: u64, organisation: &OrganisationId, hook: &HookId) -> u64 {
        self.waits.remove(hook);
        for _ in 0..times {
            self.report(organisation, hook);
            (0..millis).for_each(|_| self.step());
        }
        let waits = self.waits.get(hook).cloned().unwrap_or_default();
        assert_eq!(waits.len() as u64, times, "each of them was started");
        waits.into_iter().max().unwrap_or_default()
    }
}

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
fn ten_webhooks_that_hang_with_a_backlog_hold_up_nobody() {
    let mut world = Simulation::new(Caps::default());
    let (org, healthy) = (organisation(), hook());
    world.answers_in.insert(healthy.clone(), 2);
    let hanging: Vec<HookId> = (0..10).map(|_| hook()).collect();
    for _ in 0..3_000 {
        hanging.iter().for_each(|hook| world.report(&org, hook));
    }
    assert!(world.queue.waiting() < 2_000, "what cannot start soon stays in the database");
    (0..100).for_each(|_| world.step());
    assert!(world.report_every(100, 150, &org, &healthy) <= 1);
}

#[test]
fn forty_webhooks_that_hang_hold_up_nobody() {
    let mut world = Simulation::new(Caps::default());
    let (org, healthy) = (organisation(), hook());
    world.answers_in.insert(healthy.clone(), 5);
    let hanging: Vec<HookId> = (0..40).map(|_| hook()).collect();
    for _ in 0..60 {
        hanging.iter().for_each(|hook| world.report(&org, hook));
    }
    (0..100).for_each(|_| world.step());
    assert!(world.under_way.len() > 400, "alone, they have nearly all places");
    assert!(world.report_every(20, 600, &org, &healthy) <= 1);
}

#[test]
fn another_organisation_does_not_notice_a_hundred_webhooks_that_hang_for_half_a_minute() {
    let mut world = Simulation::new(Caps::default());
    world.timeout = 30_000;
    let (theirs, ours, healthy) = (organisation(), organisation(), hook());
    world.answers_in.insert(healthy.clone(), 5);
    let hanging: Vec<HookId> = (0..600).map(|_| hook()).collect();
    for _ in 0..20 {
        hanging.iter().for_each(|hook| world.report(&theirs, hook));
    }
    (0..100).for_each(|_| world.step());
    // Each of them has a place, and they would take the last one.
    assert!(world.report_every(20, 500, &ours, &healthy) <= 1);
}

#[test]
fn a_slow_organisation_gets_no_more_place_time_than_a_quick_one() {
    let mut world = Simulation::new(caps(100, 100, 20_000));
    let (slow_org, quick_org, slow, quick) = (organisation(), organisation(), hook(), hook());
    world.answers_in.extend([(slow.clone(), 200), (quick.clone(), 20)]);
    for _ in 0..3_000 {
        if world.queue.lanes.get(&slow).is_none_or(|lane| lane.waiting() < 300) {
            (0..20).for_each(|_| world.report(&slow_org, &slow));
        }
        if world.queue.lanes.get(&quick).is_none_or(|lane| lane.waiting() < 300) {
            (0..20).for_each(|_| world.report(&quick_org, &quick));
        }
        world.step();
    }
    let held = |hook: &HookId, each: u64| {
        world.started.iter().filter(|(when, other)| *when > 1_000 && other == hook).count() as u64 * each
    };
    let (slow, quick) = (held(&slow, 200), held(&quick, 20));
    assert!(slow < quick * 13 / 10 && quick < slow * 13 / 10, "{slow} ms of places against {quick}");
}

#[test]
fn an_organisation_that_is_alone_has_all_places_but_the_last_few() {
    let mut world = Simulation::new(caps(16, 100, 20_000));
    let org = organisation();
    let hooks: Vec<HookId> = (0..10).map(|_| hook()).collect();
    world.answers_in.extend(hooks.iter().map(|hook| (hook.clone(), 100)));
    for _ in 0..50 {
        hooks.iter().for_each(|hook| world.report(&org, hook));
    }
    (0..50).for_each(|_| world.step());
    assert!(world.under_way.len() >= 89, "{} of 100", world.under_way.len());
}

#[test]
fn a_lane_that_was_idle_waits_for_no_round_of_those_with_a_backlog() {
    let mut world = Simulation::new(caps(16, 20, 20_000));
    let (org, healthy) = (organisation(), hook());
    let many: Vec<HookId> = (0..5_000).map(|_| hook()).collect();
    world.answers_in.extend(many.iter().map(|hook| (hook.clone(), 3)));
    world.answers_in.insert(healthy.clone(), 3);
    let moment = after_ms(0);
    for hook in &many {
        for _ in 0..3 {
            all_in(world.queue.push(owed_by(&org, hook, moment.wall), Source::Claimed, moment));
        }
    }
    let longest = world.report_every(20, 50, &org, &healthy);
    assert!(longest <= 4, "one waited {longest} ms");
    assert!(world.queue.waiting() > 5_000, "the others are still at it");
}

#[test]
fn a_lane_that_times_out_keeps_one_place_while_others_wait_and_gets_them_back_with_answers() {
    let mut world = Simulation::new(caps(16, 40, 20_000));
    let (org, sick, well) = (organisation(), hook(), hook());
    let others: Vec<HookId> = (0..3).map(|_| hook()).collect();
    world.answers_in.extend(others.iter().chain([&well]).map(|hook| (hook.clone(), 50)));
    let feed = |world: &mut Simulation, hooks: &[&HookId]| {
        for hook in hooks {
            while world.queue.lanes.get(*hook).is_none_or(|lane| lane.waiting() < 20) {
                world.report(&org, hook);
            }
        }
    };
    for _ in 0..20_000 {
        let mut hooks: Vec<&HookId> = others.iter().collect();
        hooks.extend([&well]);
        feed(&mut world, &hooks);
        if world.queue.lanes.get(&sick).is_none_or(|lane| lane.waiting() == 0) {
            world.report(&org, &sick);
        }
        world.step();
    }
    assert!(world.under_way_to(&sick) <= 1);
    assert_eq!(world.queue.lanes[&sick].places.now(), 1);
    world.answers_in.insert(sick.clone(), 5);
    for _ in 0..8_000 {
        world.report(&org, &sick);
        world.step();
    }
    assert_eq!(world.queue.lanes[&sick].places.now(), 16);
}

#[test]
fn webhooks_of_one_dead_address_share_what_it_may_have() {
    let mut world = Simulation::new(caps(16, 200, 20_000));
    let (org, healthy) = (organisation(), hook());
    world.answers_in.insert(healthy.clone(), 5);
    let address: Arc<str> = "dead.example:443".into();
    let hooks: Vec<HookId> = (0..30).map(|_| hook()).collect();
    for _ in 0..40 {
        hooks.iter().for_each(|hook| world.report(&org, hook));
    }
    world.step();
    for (_, owed, _) in &world.under_way {
        world.queue.leads_to(&owed.delivery.id, &address, after_ms(1));
    }
    for at in 0..40_000 {
        if at % 20 == 0 {
            world.report(&org, &healthy);
        }
        if at % 100 == 0 {
            hooks.iter().for_each(|hook| world.report(&org, hook));
        }
        world.step();
    }
    let to_dead: usize = hooks.iter().map(|hook| world.under_way_to(hook)).sum();
    assert!(to_dead <= 100, "no more than half of the places are lent to it: {to_dead}");
    let waits = &world.waits[&healthy];
    assert!(waits.iter().all(|wait| *wait <= 1), "{:?}", waits.iter().max());
}

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
    assert_eq!((gone, load), (vec![cancelled.delivery.id], vec![resumed.delivery.id]));
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
        assert_eq!((load, queue.waiting()), (vec![moved.delivery.id], 0));
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
