//! The queue: what this instance will send, and in which order.
//!
//! A delivery waits until it is due, then stands in its hook's *lane*. Lanes are served in turn, each with a cap on how many
//! of its deliveries are under way, under one cap over all: a receiver that hangs fills its own lane and nobody else's
//! (B10). Memory is bounded: a full queue takes no more, and what it did not take stays in the database to be claimed later.
//!
//! A lane whose hook takes only so many requests in a span waits until the span lets the next one through
//! ([`super::pace`]); the others do not wait for it.
//!
//! A place in a lane ends with the receiver's answer; the delivery stays *under way* until that is written down, so that it is
//! never tried twice at once. What is waiting was seen as owed at one generation ([`crate::store::changes`]); as soon as
//! there is a newer one, nothing starts until [`Queue::vetted`].

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};

use chrono::{DateTime, Utc};

use super::pace::Paces;
use crate::domain::ids::{DeliveryId, HookId};
use crate::domain::rate::RateLimit;
use crate::store::delivery::Owed;

/// How many may be under way and how many may wait.
#[derive(Debug, Clone, Copy)]
pub struct Caps {
    /// Deliveries to one hook under way at once.
    pub per_hook: usize,
    /// Deliveries under way at once in all.
    pub in_all: usize,
    /// Deliveries held in memory, due or not.
    pub waiting: usize,
    /// Of these, deliveries to one hook: a backlog of one leaves room for the others.
    pub waiting_per_hook: usize,
}

impl Default for Caps {
    fn default() -> Self {
        Self { per_hook: 16, in_all: 512, waiting: 20_000, waiting_per_hook: 2_000 }
    }
}

#[derive(Default)]
struct Lane {
    due: VecDeque<Owed>,
    under_way: usize,
    /// Whether its hook takes only so many requests in a span.
    paced: bool,
}

/// Deliveries by when they are due and by lane.
pub struct Queue {
    caps: Caps,
    later: BTreeMap<(DateTime<Utc>, DeliveryId), Owed>,
    /// Everything that waits, and since when it is due: one entry a delivery.
    known: HashMap<DeliveryId, DateTime<Utc>>,
    /// How many of these belong to each hook.
    of_hook: HashMap<HookId, usize>,
    lanes: HashMap<HookId, Lane>,
    paces: Paces,
    turn: VecDeque<HookId>,
    under_way: HashSet<DeliveryId>,
    /// Requests that have no answer yet.
    sending: usize,
    /// Everything that waits was owed at this generation, but for what stands in `unvetted`.
    generation: i64,
    unvetted: HashSet<DeliveryId>,
    /// What came in while a try of the same delivery was under way: never two at once.
    again: HashMap<DeliveryId, Owed>,
}

impl Queue {
    /// An empty queue.
    pub fn new(caps: Caps) -> Self {
        Self {
            caps,
            later: BTreeMap::new(),
            known: HashMap::new(),
            of_hook: HashMap::new(),
            lanes: HashMap::new(),
            paces: Paces::default(),
            turn: VecDeque::new(),
            under_way: HashSet::new(),
            sending: 0,
            generation: 0,
            unvetted: HashSet::new(),
            again: HashMap::new(),
        }
    }

    /// The generation at which what waits was seen as owed.
    pub fn generation(&self) -> i64 {
        self.generation
    }

    /// Keeps to these limits from now on, as one of so many instances.
    pub fn keep_to(&mut self, limits: Vec<(HookId, RateLimit)>, instances: u32) {
        self.paces.keep_to(limits, instances);
        for (hook, lane) in &mut self.lanes {
            lane.paced = self.paces.limit(hook);
        }
    }

    /// Its caps.
    pub fn caps(&self) -> Caps {
        self.caps
    }

    /// Parts what there is room for from what there is none for.
    pub fn fitting(&self, owed: Vec<Owed>) -> (Vec<Owed>, Vec<Owed>) {
        let mut room = self.room();
        let mut added: HashMap<HookId, usize> = HashMap::new();
        owed.into_iter().partition(|owed| {
            let hook = &owed.delivery.hook_id;
            let waiting = self.of_hook.get(hook).copied().unwrap_or_default();
            let also = added.entry(hook.clone()).or_default();
            let fits = room > 0 && waiting + *also < self.caps.waiting_per_hook;
            if fits {
                room -= 1;
                *also += 1;
            }
            fits
        })
    }

    /// How many wait for each hook.
    pub fn by_hook(&self) -> HashMap<HookId, usize> {
        self.of_hook.clone()
    }

    /// Whether half of what may wait for a hook does not.
    pub fn is_low(&self, hook: &HookId) -> bool {
        self.of_hook.get(hook).copied().unwrap_or_default() <= self.caps.waiting_per_hook / 2
    }

    /// Requests that have no answer yet.
    pub fn sending(&self) -> usize {
        self.sending
    }

    /// What has to be looked at before anything starts at this generation: everything if it is a new one.
    pub fn to_vet(&self, generation: i64) -> Vec<DeliveryId> {
        if self.generation == generation {
            self.unvetted.iter().cloned().collect()
        } else {
            self.known.keys().cloned().collect()
        }
    }

    /// Of `looked_at`, these are still owed and ours; the others are forgotten. Returns the forgotten ones.
    ///
    /// What came in since [`Queue::to_vet`] was seen at this generation, or is in doubt by itself.
    pub fn vetted(
        &mut self,
        generation: i64,
        looked_at: &[DeliveryId],
        still: &HashSet<DeliveryId>,
    ) -> Vec<DeliveryId> {
        self.generation = generation;
        for id in looked_at {
            self.unvetted.remove(id);
        }
        let gone: HashSet<DeliveryId> =
            looked_at.iter().filter(|id| !still.contains(*id) && self.known.contains_key(*id)).cloned().collect();
        if gone.is_empty() {
            return Vec::new();
        }
        let of_hook = &mut self.of_hook;
        let mut stays = |owed: &Owed| {
            let stays = !gone.contains(&owed.delivery.id);
            if !stays {
                leave(of_hook, &owed.delivery.hook_id);
            }
            stays
        };
        self.later.retain(|_, owed| stays(owed));
        self.lanes.values_mut().for_each(|lane| lane.due.retain(&mut stays));
        self.known.retain(|id, _| !gone.contains(id));
        gone.into_iter().collect()
    }

    /// Whether everything that waits was seen as owed at this generation.
    pub fn is_vetted(&self, generation: i64) -> bool {
        self.generation == generation && self.unvetted.is_empty()
    }

    /// This one has to be looked at before it starts.
    pub fn doubt(&mut self, delivery: &DeliveryId) {
        if self.known.contains_key(delivery) {
            self.unvetted.insert(delivery.clone());
        }
    }

    /// How many more deliveries it takes.
    pub fn room(&self) -> usize {
        self.caps.waiting.saturating_sub(self.known.len())
    }

    /// How many are under way.
    pub fn under_way(&self) -> usize {
        self.under_way.len()
    }

    /// How many wait, due or not.
    pub fn waiting(&self) -> usize {
        self.known.len()
    }

    /// Whether it has this delivery, waiting or under way.
    pub fn knows(&self, delivery: &DeliveryId) -> bool {
        self.known.contains_key(delivery) || self.under_way.contains(delivery)
    }

    /// Takes a delivery in. One that already waits gets the new time; one without a time is not queued; one that is under
    /// way waits until that try has finished. One for which there is no room is given back.
    #[must_use = "what is given back must be released, or nobody sends it"]
    pub fn push(&mut self, owed: Owed) -> Option<Owed> {
        let due = owed.delivery.state.due()?;
        let id = owed.delivery.id.clone();
        if self.under_way.contains(&id) {
            self.again.insert(id, owed);
            return None;
        }
        if !self.known.contains_key(&id) {
            let waiting = self.of_hook.get(&owed.delivery.hook_id).copied().unwrap_or_default();
            if self.room() == 0 || waiting >= self.caps.waiting_per_hook {
                return Some(owed);
            }
            self.of_hook.insert(owed.delivery.hook_id.clone(), waiting + 1);
        }
        if let Some(before) = self.known.insert(id.clone(), due) {
            // Its hook may have been replaced meanwhile.
            let mut was_for = self.later.remove(&(before, id.clone())).map(|other| other.delivery.hook_id);
            for (hook, lane) in &mut self.lanes {
                let waiting = lane.due.len();
                lane.due.retain(|other| other.delivery.id != id);
                was_for = was_for.or_else(|| (lane.due.len() < waiting).then(|| hook.clone()));
            }
            if let Some(was_for) = was_for.filter(|hook| *hook != owed.delivery.hook_id) {
                leave(&mut self.of_hook, &was_for);
                *self.of_hook.entry(owed.delivery.hook_id.clone()).or_default() += 1;
            }
        }
        self.later.insert((due, id), owed);
        None
    }

    /// When the next waiting delivery is due; `None` when none waits that could be started.
    pub fn next_due(&self) -> Option<DateTime<Utc>> {
        self.later.first_key_value().map(|((due, _), _)| *due)
    }

    /// When the next lane may go on that has used up its requests and has a place free.
    pub fn next_turn(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let waits = |hook: &HookId| {
            self.lanes.get(hook).is_some_and(|lane| !lane.due.is_empty() && lane.under_way < self.caps.per_hook)
        };
        self.paces.waiting(now).filter(|(hook, _)| waits(hook)).map(|(_, free)| free).min()
    }

    /// Forgets everything that waits; what is under way stays.
    pub fn empty(&mut self) -> Vec<DeliveryId> {
        self.later.clear();
        self.turn.clear();
        self.lanes.values_mut().for_each(|lane| lane.due.clear());
        self.of_hook.clear();
        self.unvetted.clear();
        self.known.drain().map(|(id, _)| id).collect()
    }

    /// Starts every delivery that is due and that the caps let through, lanes in turn.
    pub fn start_due(&mut self, now: DateTime<Utc>) -> Vec<Owed> {
        std::iter::from_fn(|| self.start_one(now)).collect()
    }

    /// Starts one delivery that is due, from the lane whose turn it is among those that the caps let through.
    pub fn start_one(&mut self, now: DateTime<Utc>) -> Option<Owed> {
        self.fill_lanes(now);
        // What is answered and not yet written down takes memory, too.
        if self.sending >= self.caps.in_all || self.under_way.len() >= 2 * self.caps.in_all {
            return None;
        }
        for _ in 0..self.turn.len() {
            let hook = self.turn.pop_front()?;
            let Some(lane) = self.lanes.get_mut(&hook) else { continue };
            let has_room = lane.under_way < self.caps.per_hook && !lane.due.is_empty();
            let starts = has_room && (!lane.paced || self.paces.start(&hook, now));
            let next = if starts { lane.due.pop_front() } else { None };
            if next.is_some() {
                lane.under_way += 1;
            }
            // A lane keeps its turn until it is empty, also while its cap is reached or its requests are used up.
            if lane.due.is_empty() {
                if lane.under_way == 0 {
                    self.lanes.remove(&hook);
                }
            } else {
                self.turn.push_back(hook.clone());
            }
            if let Some(owed) = next {
                self.known.remove(&owed.delivery.id);
                leave(&mut self.of_hook, &hook);
                self.under_way.insert(owed.delivery.id.clone());
                self.sending += 1;
                return Some(owed);
            }
        }
        None
    }

    /// The receiver of a started delivery has answered, or will not: another may take its place in the lane.
    pub fn answered(&mut self, hook: &HookId) {
        self.sending = self.sending.saturating_sub(1);
        if let Some(lane) = self.lanes.get_mut(hook) {
            lane.under_way = lane.under_way.saturating_sub(1);
            if lane.under_way == 0 && lane.due.is_empty() {
                self.lanes.remove(hook);
            }
        }
    }

    /// What a started delivery came to is written down. What came in for it meanwhile is given back if there is no room.
    #[must_use = "what is given back must be released, or nobody sends it"]
    pub fn finished(&mut self, delivery: &DeliveryId) -> Option<Owed> {
        if !self.under_way.remove(delivery) {
            return None;
        }
        let again = self.again.remove(delivery)?;
        let refused = self.push(again);
        // It was owed before that try ended: the try may have been the last.
        self.doubt(delivery);
        refused
    }

    fn fill_lanes(&mut self, now: DateTime<Utc>) {
        while let Some(entry) = self.later.first_entry() {
            if entry.key().0 > now {
                break;
            }
            let owed = entry.remove();
            let hook = owed.delivery.hook_id.clone();
            let lane = self
                .lanes
                .entry(hook)
                .or_insert_with_key(|hook| Lane { paced: self.paces.limit(hook), ..Lane::default() });
            if lane.due.is_empty() {
                self.turn.push_back(owed.delivery.hook_id.clone());
            }
            // Somebody waits for the answer of a test, and it is one: it goes first.
            if owed.delivery.probe {
                lane.due.push_front(owed);
            } else {
                lane.due.push_back(owed);
            }
        }
    }
}

fn leave(of_hook: &mut HashMap<HookId, usize>, hook: &HookId) {
    if let Some(count) = of_hook.get_mut(hook) {
        *count -= 1;
        if *count == 0 {
            of_hook.remove(hook);
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;
    use crate::domain::delivery::{Delivery, DeliveryState};
    use crate::domain::event::{Cause, Event, EventType};
    use crate::domain::hook::FieldSet;
    use crate::domain::ids::{EventId, OrganisationId};
    use crate::domain::mode::Mode;
    use crate::domain::rate::Per;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(seconds, 0).expect("a time")
    }

    fn owed(hook: &HookId, due: i64) -> Owed {
        let event = Event {
            id: EventId::new(at(0)),
            organisation_id: OrganisationId::new(at(0)),
            mode: Mode::Live,
            kind: EventType::WEBHOOK_TEST,
            cause: Cause::Clock,
            occurred_at: at(0),
            probe: false,
        };
        let delivery = Delivery::owed(DeliveryId::new(at(0)), &event, hook.clone(), FieldSet::Standard, false, at(due));
        Owed { delivery, occurred_at: at(0), body: Default::default() }
    }

    #[test]
    fn one_lane_never_takes_more_than_its_cap_and_lanes_take_turns() {
        let (slow, quick) = (HookId::new(at(1)), HookId::new(at(2)));
        let mut queue = Queue::new(Caps { per_hook: 2, in_all: 3, waiting: 100, waiting_per_hook: 100 });
        for _ in 0..5 {
            assert!(queue.push(owed(&slow, 1)).is_none());
        }
        assert!(queue.push(owed(&quick, 2)).is_none());
        let started = queue.start_due(at(3));
        let to = |hook: &HookId| started.iter().filter(|owed| owed.delivery.hook_id == *hook).count();
        assert_eq!((to(&slow), to(&quick)), (2, 1));
        assert!(queue.start_due(at(3)).is_empty());
        queue.answered(&started[0].delivery.hook_id);
        assert_eq!(queue.start_due(at(3)).len(), 1);
    }

    #[test]
    fn a_delivery_is_never_under_way_twice_and_its_lane_loses_no_place() {
        let hook = HookId::new(at(1));
        let mut queue = Queue::new(Caps { per_hook: 2, in_all: 9, waiting: 100, waiting_per_hook: 100 });
        let once = owed(&hook, 1);
        assert!(queue.push(once.clone()).is_none());
        assert_eq!(queue.start_due(at(2)).len(), 1);
        assert!(queue.push(once.clone()).is_none());
        assert!(queue.start_due(at(2)).is_empty());
        queue.answered(&hook);
        assert!(queue.start_due(at(2)).is_empty(), "its answer is not written down yet");
        assert!(queue.finished(&once.delivery.id).is_none());
        assert_eq!(queue.start_due(at(2)).len(), 1);
        queue.answered(&hook);
        assert!(queue.finished(&once.delivery.id).is_none());
        assert!(queue.push(owed(&hook, 1)).is_none());
        assert!(queue.push(owed(&hook, 1)).is_none());
        assert_eq!(queue.start_due(at(2)).len(), 2);
    }

    #[test]
    fn nothing_starts_before_it_is_due_and_a_new_time_replaces_the_old() {
        let hook = HookId::new(at(1));
        let mut queue = Queue::new(Caps::default());
        let mut later = owed(&hook, 10);
        assert!(queue.push(later.clone()).is_none());
        assert!(queue.start_due(at(9)).is_empty());
        assert_eq!(queue.next_due(), Some(at(10)));
        later.delivery.state = DeliveryState::Retrying { due: Some(at(5)) };
        assert!(queue.push(later).is_none());
        assert_eq!((queue.waiting(), queue.start_due(at(5)).len()), (1, 1));
        assert_eq!((queue.waiting(), queue.under_way()), (0, 1));
    }

    #[test]
    fn a_limited_lane_starts_no_more_in_any_second_than_it_may_and_holds_up_no_other() {
        let (limited, free) = (HookId::new(at(1)), HookId::new(at(2)));
        let mut queue = Queue::new(Caps::default());
        let limit = |requests, instances| {
            let limit = RateLimit::new(requests, Per::Second).expect("a limit");
            (vec![(limited.clone(), limit)], instances)
        };
        let (limits, instances) = limit(2, 1);
        queue.keep_to(limits, instances);
        for hook in [&limited, &limited, &limited, &limited, &limited, &free, &free, &free] {
            assert!(queue.push(owed(hook, 1)).is_none());
        }
        let now = at(10);
        assert_eq!(queue.start_due(now).len(), 5);
        assert_eq!(queue.next_turn(now), Some(at(11)));
        assert!(queue.start_due(now + TimeDelta::milliseconds(999)).is_empty());
        assert_eq!(queue.start_due(at(11)).len(), 2);
        assert_eq!(queue.next_turn(at(11)), Some(at(12)));
        // With the limit lifted, the rest goes; with less of it, what has started counts on.
        assert!(queue.push(owed(&limited, 1)).is_none());
        let (limits, instances) = limit(2, 2);
        queue.keep_to(limits, instances);
        assert!(queue.start_due(at(11)).is_empty());
        queue.keep_to(Vec::new(), 1);
        assert_eq!((queue.start_due(at(11)).len(), queue.next_turn(at(11))), (2, None));
    }

    #[test]
    fn a_clock_that_is_set_back_stops_no_limited_lane() {
        let hook = HookId::new(at(1));
        let mut queue = Queue::new(Caps::default());
        queue.keep_to(vec![(hook.clone(), RateLimit::new(1, Per::Minute).expect("a limit"))], 1);
        assert!(queue.push(owed(&hook, 1)).is_none() && queue.push(owed(&hook, 1)).is_none());
        assert_eq!(queue.start_due(at(9_000)).len(), 1);
        assert_eq!(queue.start_due(at(5)).len(), 1);
    }

    #[test]
    fn a_test_goes_first_in_its_lane() {
        let hook = HookId::new(at(1));
        let mut queue = Queue::new(Caps { per_hook: 1, in_all: 1, waiting: 9, waiting_per_hook: 9 });
        let mut test = owed(&hook, 2);
        test.delivery.probe = true;
        assert!(queue.push(owed(&hook, 1)).is_none() && queue.push(test).is_none());
        assert!(queue.start_one(at(3)).is_some_and(|owed| owed.delivery.probe));
    }

    #[test]
    fn a_backlog_of_one_hook_leaves_room_for_others_and_what_does_not_fit_is_given_back() {
        let (busy, other) = (HookId::new(at(1)), HookId::new(at(2)));
        let mut queue = Queue::new(Caps { per_hook: 1, in_all: 1, waiting: 3, waiting_per_hook: 2 });
        assert!(queue.push(owed(&busy, 1)).is_none() && queue.push(owed(&busy, 1)).is_none());
        assert!(queue.push(owed(&busy, 1)).is_some());
        assert_eq!(queue.fitting(vec![owed(&busy, 1), owed(&other, 1)]).0.len(), 1);
        assert!(queue.push(owed(&other, 2)).is_none() && queue.push(owed(&other, 2)).is_some());
        assert_eq!((queue.start_due(at(1)).len(), queue.room()), (1, 1));
        assert_eq!(queue.fitting(vec![owed(&busy, 1), owed(&busy, 1)]).0.len(), 1);
    }

    #[test]
    fn nothing_that_is_no_longer_owed_starts_once_that_is_known() {
        let hook = HookId::new(at(1));
        let mut queue = Queue::new(Caps::default());
        let (kept, cancelled) = (owed(&hook, 1), owed(&hook, 1));
        assert!(queue.push(kept.clone()).is_none() && queue.push(cancelled).is_none());
        assert!(queue.is_vetted(0) && !queue.is_vetted(1));
        let look_at = queue.to_vet(1);
        assert_eq!(
            (look_at.len(), queue.vetted(1, &look_at, &HashSet::from([kept.delivery.id.clone()])).len()),
            (2, 1)
        );
        assert!(queue.is_vetted(1));
        assert_eq!(queue.start_due(at(2)).len(), 1);
    }
}
