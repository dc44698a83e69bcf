//! What memory holds: a delivery finds room in its lane, or takes it from the fullest, or stays in the database.

use std::collections::HashMap;
use std::time::Duration;

use bytes::Bytes;
use chrono::{DateTime, Utc};

use super::lane::{self, Lane};
use super::{Queue, Source, Stand, Waiting};
use crate::clock::Moment;
use crate::domain::ids::{DeliveryId, HookId};
use crate::store::delivery::Owed;

/// A lane with fewer than this gets room also when memory is full.
pub(super) const MIN_HELD: usize = 4;

/// How many are taken from the fullest lane at once: the next ones find room without looking for it.
const EVICTED: usize = 64;

/// A paced lane holds what it may start in so many spans.
const SPANS_HELD: usize = 5;

/// A lane that has had nothing to do for so long is forgotten, with what was known of its receiver.
const LANE_MEMORY: Duration = Duration::from_secs(600);

impl Queue {
    /// Parts what there is room for from what there is none for.
    pub fn fitting(&self, owed: Vec<Owed>) -> (Vec<Owed>, Vec<Owed>) {
        let mut added: HashMap<HookId, usize> = HashMap::new();
        let (mut count, mut bytes) = (0, 0);
        let mut last_body: Option<Bytes> = None;
        owed.into_iter().partition(|owed| {
            let hook = &owed.delivery.hook_id;
            let here = added.entry(hook.clone()).or_default();
            let held = self.lanes.get(hook).map_or(0, Lane::waiting) + *here;
            let is_same = last_body.as_ref().is_some_and(|last| last.as_ptr() == owed.body.as_ptr());
            let size = if is_same { 0 } else { self.bodies.added_by(&owed.body) };
            let is_free = self.has_free(count, bytes + size) || held < MIN_HELD;
            let fits = held < self.room_of(hook) && is_free;
            if fits {
                *here += 1;
                count += 1;
                bytes += size;
                last_body = Some(owed.body.clone());
            }
            fits
        })
    }

    pub(super) fn has_free(&self, count: usize, bytes: usize) -> bool {
        self.waiting.len() + count < self.caps.waiting && self.bodies.bytes() + bytes <= self.caps.waiting_bytes
    }

    /// How many may wait in a lane.
    pub(super) fn room_of(&self, hook: &HookId) -> usize {
        let first = || lane::first_room(self.caps.per_hook, self.caps.per_lane());
        let room = self.lanes.get(hook).map_or_else(first, Lane::room);
        self.paces.in_a_span(hook).map_or(room, |requests| room.min((SPANS_HELD * requests).max(MIN_HELD)))
    }

    /// Takes a delivery in, and returns what there is no room for any more: it has to be released, or nobody sends it.
    ///
    /// One that already waits gets its new time; one without a time is not queued; one that is under way waits until that has
    /// ended.
    #[must_use = "what there is no room for must be released, or nobody sends it"]
    pub fn push(&mut self, owed: Owed, source: Source, now: Moment) -> Vec<Owed> {
        let Some(stand) = Stand::of(&owed) else { return Vec::new() };
        let (id, hook) = (owed.delivery.id.clone(), owed.delivery.hook_id.clone());
        if self.under_way.contains_key(&id) {
            self.again.insert(id, owed);
            return Vec::new();
        }
        // Its new time, or its new webhook, counts.
        self.take_out(&id, now);
        let mut evicted = Vec::new();
        let held = self.lanes.get(&hook).map_or(0, Lane::waiting);
        let spare = if source == Source::Again { self.caps.per_hook } else { 0 };
        if held >= self.room_of(&hook) + spare {
            return vec![owed];
        }
        if !self.has_free(0, self.bodies.added_by(&owed.body)) {
            if held >= MIN_HELD {
                return vec![owed];
            }
            evicted = self.make_room(&hook, now);
        }
        if !self.lanes.contains_key(&hook) {
            let organisation = owed.delivery.organisation_id.clone();
            let mut lane = Lane::new(organisation, self.caps.per_hook, self.caps.per_lane());
            lane.is_paced = self.paces.limits(&hook);
            self.turns.lane_added(&lane.organisation);
            self.lanes.insert(hook.clone(), lane);
        }
        self.bodies.add(&owed.body);
        self.waiting.insert(id.clone(), Waiting { hook: hook.clone(), stand });
        if let Some(lane) = self.lanes.get_mut(&hook) {
            lane.bytes += owed.body.len();
            lane.used_at = now.steady;
            if stand.due <= now.wall {
                let is_first = lane.due.is_empty();
                lane.was_idle |= is_first && source != Source::Claimed && lane.under_way == 0;
                lane.add_due(owed);
                if is_first {
                    self.take_turn(&hook, now);
                }
            } else {
                let first = lane.first_later();
                lane.later.insert((stand.due, id), owed);
                self.set_timer(&hook, first);
            }
        }
        evicted
    }

    /// Takes some from the end of the lane that holds the most, in whichever way memory is full.
    pub(super) fn make_room(&mut self, for_hook: &HookId, now: Moment) -> Vec<Owed> {
        let by_bytes = self.waiting.len() < self.caps.waiting;
        let weight = |lane: &Lane| if by_bytes { lane.bytes } else { lane.waiting() };
        let fullest = self.lanes.iter().filter(|(hook, _)| *hook != for_hook).max_by_key(|(_, lane)| weight(lane));
        let Some(hook) = fullest.map(|(hook, _)| hook.clone()) else { return Vec::new() };
        let count = self.lanes.get(&hook).map_or(0, |lane| (lane.waiting() / 2).clamp(1, EVICTED));
        (0..count).map_while(|_| self.evict_last(&hook, now)).collect()
    }

    pub(super) fn evict_last(&mut self, hook: &HookId, now: Moment) -> Option<Owed> {
        let lane = self.lanes.get_mut(hook)?;
        let first = lane.first_later();
        let owed = lane.remove_last()?;
        self.left(hook, &owed, first, now);
        Some(owed)
    }

    /// Takes a delivery out that waits.
    pub(super) fn take_out(&mut self, id: &DeliveryId, now: Moment) -> Option<Owed> {
        let Waiting { hook, stand } = self.waiting.remove(id)?;
        let lane = self.lanes.get_mut(&hook)?;
        let first = lane.first_later();
        let owed = lane.remove(stand.due, id)?;
        self.left(&hook, &owed, first, now);
        Some(owed)
    }

    /// One has left its lane without being started; `first` is when the first one of it was due that was not yet.
    pub(super) fn left(&mut self, hook: &HookId, owed: &Owed, first: Option<DateTime<Utc>>, now: Moment) {
        self.waiting.remove(&owed.delivery.id);
        self.bodies.remove(&owed.body);
        if let Some(lane) = self.lanes.get_mut(hook) {
            lane.bytes = lane.bytes.saturating_sub(owed.body.len());
            let is_empty = lane.due.is_empty();
            self.set_timer(hook, first);
            if is_empty {
                self.take_turn(hook, now);
            }
        }
    }

    /// The first of a lane that is not due yet has changed.
    pub(super) fn set_timer(&mut self, hook: &HookId, before: Option<DateTime<Utc>>) {
        let first = self.lanes.get(hook).and_then(Lane::first_later);
        if first == before {
            return;
        }
        if let Some(before) = before {
            self.timers.remove(&(before, hook.clone()));
        }
        if let Some(first) = first {
            self.timers.insert((first, hook.clone()));
        }
    }

    /// Forgets everything that waits, and says what it was; what is under way stays.
    pub fn empty(&mut self, now: Moment) -> Vec<DeliveryId> {
        let all: Vec<DeliveryId> = self.waiting.keys().cloned().collect();
        for id in &all {
            self.take_out(id, now);
        }
        self.doubts.clear();
        all
    }

    /// Forgets lanes that have had nothing to do for a while.
    pub fn forget_idle(&mut self, now: Moment) {
        let is_old = |lane: &Lane| lane.is_idle() && now.steady.saturating_sub(lane.used_at) >= LANE_MEMORY;
        let old: Vec<HookId> =
            self.lanes.iter().filter(|(_, lane)| is_old(lane)).map(|(hook, _)| hook.clone()).collect();
        for hook in old {
            self.remove_lane(&hook);
        }
    }

    pub(super) fn remove_lane(&mut self, hook: &HookId) {
        if let Some(lane) = self.lanes.remove(hook) {
            self.unlist(hook, &lane);
            self.turns.lane_removed(&lane.organisation);
            if let Some(key) = lane.target.map(|target| (lane.organisation, target)) {
                let is_unused = self.targets.get(&key).is_some_and(|(target, _)| target.under_way == 0);
                if is_unused && !self.lanes.values().any(|lane| lane.target.as_ref() == Some(&key.1)) {
                    self.targets.remove(&key);
                }
            }
        }
    }
}
