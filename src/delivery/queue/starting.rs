//! What starts: a delivery that is due, from the lane whose turn it is; and what becomes of its place.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use super::lane::{Ending, Lane, Places, Target, micros};
use super::turns::{Class, Turn};
use super::{Queue, Source, Stand, UnderWay};
use crate::clock::Moment;
use crate::domain::ids::{DeliveryId, HookId};
use crate::store::delivery::Owed;

impl Queue {
    /// Says anew where a lane stands.
    pub(super) fn take_turn(&mut self, hook: &HookId, now: Moment) {
        let Some(lane) = self.lanes.get_mut(hook) else { return };
        let from = lane.turn;
        if let Turn::Parked(until) = from {
            self.parked.remove(&(until, hook.clone()));
        }
        let may_start = !lane.due.is_empty() && !lane.is_in_doubt && lane.under_way < self.caps.per_hook;
        if !may_start {
            self.turns.remove(&lane.organisation, hook, from);
            lane.turn = Turn::None;
            return;
        }
        let free_at = if lane.is_paced { self.paces.free_at(hook, now.steady) } else { None };
        if let Some(until) = free_at.map(micros) {
            self.turns.remove(&lane.organisation, hook, from);
            self.parked.insert((until, hook.clone()));
            lane.turn = Turn::Parked(until);
            return;
        }
        let target = lane.target.as_ref().and_then(|at| self.targets.get_mut(&(lane.organisation.clone(), at.clone())));
        let is_target_full = target.is_some_and(|(target, blocked)| {
            if target.is_full() && !std::mem::replace(&mut lane.is_blocked, true) {
                blocked.push_back(hook.clone());
            }
            target.is_full()
        });
        lane.turn = if is_target_full || lane.under_way >= lane.places.now() {
            self.turns.put(&lane.organisation, hook, from, Some(Class::Over), &mut lane.spent)
        } else if lane.was_idle && lane.under_way == 0 {
            self.turns.put_first(&lane.organisation, hook, from)
        } else {
            let class = if lane.under_way == 0 { Class::First } else { Class::Within };
            self.turns.put(&lane.organisation, hook, from, Some(class), &mut lane.spent)
        };
    }

    pub(super) fn is_target_full(&self, hook: &HookId) -> bool {
        let Some(lane) = self.lanes.get(hook) else { return false };
        let target = lane.target.as_ref().and_then(|at| self.targets.get(&(lane.organisation.clone(), at.clone())));
        target.is_some_and(|(target, _)| target.is_full())
    }

    pub(super) fn unlist(&mut self, hook: &HookId, lane: &Lane) {
        self.turns.remove(&lane.organisation, hook, lane.turn);
        if let Turn::Parked(until) = lane.turn {
            self.parked.remove(&(until, hook.clone()));
        }
    }

    /// Starts deliveries that are due and may start, as many as this at most.
    pub fn start_some(&mut self, limit: usize, now: Moment) -> Vec<Owed> {
        std::iter::from_fn(|| self.start_one(now)).take(limit).collect()
    }

    /// Starts one delivery that is due, from the lane whose turn it is.
    pub fn start_one(&mut self, now: Moment) -> Option<Owed> {
        self.let_time_pass(now);
        // What is answered and not yet written down takes memory, too.
        if self.sending >= self.places || self.under_way.len() >= 2 * self.caps.in_all {
            return None;
        }
        let hook = loop {
            let hook = self.turns.next(self.places - self.sending)?;
            let lane = self.lanes.get_mut(&hook)?;
            // It is out of that list with being taken.
            if lane.turn == Turn::Fresh {
                lane.turn = Turn::None;
            }
            let is_over = matches!(lane.turn, Turn::Ready(Class::Over, ..));
            if is_over || !self.is_target_full(&hook) {
                break hook;
            }
            // Others have filled its address since it took its turn.
            self.take_turn(&hook, now);
        };
        let lane = self.lanes.get_mut(&hook)?;
        let owed = lane.due.pop_front()?;
        let cost = lane.cost();
        let before = lane.spent;
        if lane.is_paced {
            self.paces.start(&hook, now.steady);
        }
        lane.under_way += 1;
        lane.was_idle = false;
        lane.bytes = lane.bytes.saturating_sub(owed.body.len());
        lane.used_at = now.steady;
        let (organisation, target) = (lane.organisation.clone(), lane.target.clone());
        // What waits in a list keeps what it had spent when it was put there.
        self.turns.remove(&organisation, &hook, lane.turn);
        lane.turn = Turn::None;
        lane.spent = before.saturating_add(cost);
        self.turns.started(&organisation, before, cost);
        if let Some((target, _)) =
            target.as_ref().and_then(|at| self.targets.get_mut(&(organisation.clone(), at.clone())))
        {
            target.under_way += 1;
        }
        self.waiting.remove(&owed.delivery.id);
        self.sending += 1;
        let under_way = UnderWay {
            hook: hook.clone(),
            organisation,
            charged: Some(cost),
            began: now.steady,
            target,
            body: owed.body.clone(),
            stand: Stand::of(&owed),
        };
        self.under_way.insert(owed.delivery.id.clone(), under_way);
        self.take_turn(&hook, now);
        self.want_if_low(&hook, now);
        Some(owed)
    }

    /// Moves what has become due, or may start again, to where it is found.
    pub(super) fn let_time_pass(&mut self, now: Moment) {
        while self.timers.first().is_some_and(|(due, _)| *due <= now.wall) {
            let Some((_, hook)) = self.timers.pop_first() else { break };
            let Some(lane) = self.lanes.get_mut(&hook) else { continue };
            let was_empty = lane.due.is_empty();
            lane.was_idle = was_empty && lane.under_way == 0;
            while let Some(first) = lane.later.first_entry().filter(|first| first.key().0 <= now.wall) {
                let owed = first.remove();
                lane.add_due(owed);
            }
            self.set_timer(&hook, None);
            if was_empty {
                self.take_turn(&hook, now);
            }
        }
        let steady = micros(now.steady);
        while self.parked.first().is_some_and(|(until, _)| *until <= steady) {
            let Some((_, hook)) = self.parked.pop_first() else { break };
            self.take_turn(&hook, now);
        }
    }

    /// How long from now the next delivery becomes due, or a paced lane may go on; `None` when neither is in sight.
    pub fn next_start(&self, now: Moment) -> Option<Duration> {
        let due = self.timers.first().map(|(due, _)| (*due - now.wall).to_std().unwrap_or_default());
        let paced = self.parked.first().map(|(until, _)| Duration::from_micros(*until).saturating_sub(now.steady));
        due.into_iter().chain(paced).min()
    }

    /// A started delivery shows to which address its webhook leads.
    pub fn leads_to(&mut self, delivery: &DeliveryId, address: &Arc<str>, now: Moment) {
        if let Some(hook) = self.under_way.get(delivery).map(|one| one.hook.clone()) {
            self.hook_leads_to(&hook, address, now);
        }
    }

    /// A webhook leads to this address.
    pub fn hook_leads_to(&mut self, hook: &HookId, address: &Arc<str>, now: Moment) {
        let Some(lane) = self.lanes.get_mut(hook).filter(|lane| lane.target.as_ref() != Some(address)) else { return };
        lane.target = Some(address.clone());
        let organisation = lane.organisation.clone();
        let places = Places::new(self.caps.per_target());
        let key = (organisation, address.clone());
        let entry = self.targets.entry(key).or_insert_with(|| (Target { under_way: 0, places }, VecDeque::new()));
        // What is under way without its name counts from now on.
        for one in
            self.under_way.values_mut().filter(|one| one.hook == *hook && one.charged.is_some() && one.target.is_none())
        {
            one.target = Some(address.clone());
            entry.0.under_way += 1;
        }
        self.take_turn(hook, now);
    }

    /// The receiver of a started delivery has answered, or will not: another may take its place.
    pub fn answered(&mut self, delivery: &DeliveryId, ending: Ending, now: Moment) {
        let Some(under_way) = self.under_way.get_mut(delivery) else { return };
        let Some(charged) = under_way.charged.take() else { return };
        let took = now.steady.saturating_sub(under_way.began);
        let (hook, organisation) = (under_way.hook.clone(), under_way.organisation.clone());
        let target = under_way.target.take().map(|target| (organisation.clone(), target));
        self.sending = self.sending.saturating_sub(1);
        self.turns.ended(&organisation, charged, micros(took));
        let mut unblocked = None;
        if let Some((target, blocked)) = target.and_then(|key| self.targets.get_mut(&key)) {
            target.under_way = target.under_way.saturating_sub(1);
            target.places.note(ending);
            if !target.is_full() {
                unblocked = blocked.pop_front();
            }
        }
        if let Some(lane) = self.lanes.get_mut(&hook) {
            lane.under_way = lane.under_way.saturating_sub(1);
            lane.note(ending, took);
            // A list is in the order of what was spent when its entries were made: out first.
            if let Turn::Ready(..) = lane.turn {
                self.turns.remove(&lane.organisation, &hook, lane.turn);
                lane.turn = Turn::None;
            }
            lane.spent = lane.spent.saturating_add(micros(took)).saturating_sub(charged);
            self.take_turn(&hook, now);
        }
        if let Some(other) = unblocked {
            if let Some(lane) = self.lanes.get_mut(&other) {
                lane.is_blocked = false;
            }
            self.take_turn(&other, now);
        }
    }

    /// What became of a started delivery is written down. What came in for it meanwhile waits from now on; what there is no
    /// room for is returned.
    #[must_use = "what there is no room for must be released, or nobody sends it"]
    pub fn finished(&mut self, delivery: &DeliveryId, now: Moment) -> Vec<Owed> {
        let Some(under_way) = self.under_way.remove(delivery) else { return Vec::new() };
        self.bodies.remove(&under_way.body);
        let is_idle =
            self.lanes.get(&under_way.hook).is_some_and(|lane| lane.is_idle() && lane.is_plain(self.caps.per_hook));
        let Some(again) = self.again.remove(delivery) else {
            if is_idle && self.lanes.len() > self.caps.waiting / 2 {
                self.remove_lane(&under_way.hook);
            }
            return Vec::new();
        };
        let hook = again.delivery.hook_id.clone();
        let refused = self.push(again, Source::Again, now);
        // It was owed before that attempt ended: the attempt may have been the last.
        self.doubt_delivery(&hook, delivery, now);
        refused
    }

    /// Leaves out some places for a while, or none: descriptors have run out.
    pub fn spare_places(&mut self, spared: usize) {
        self.places = self.caps.in_all.saturating_sub(spared).max(1);
    }
}
