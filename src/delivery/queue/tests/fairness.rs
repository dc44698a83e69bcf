//! Who has to wait for whom.

use super::*;

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
