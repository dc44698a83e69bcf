//! What is in doubt: after a change nothing of the lanes concerned starts until the database was asked what is still owed.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};

use super::lane::Lane;
use super::{Queue, Stand, Waiting};
use crate::clock::Moment;
use crate::domain::ids::{DeliveryId, HookId};
use crate::store::delivery::{HeldRow, Owed};

/// What has to be asked about a lane.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Doubt {
    /// About all that waits in it, and what should.
    All,
    /// About these deliveries.
    These(Vec<DeliveryId>),
}

/// A question for the database: what of this is still owed, and ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// Whose.
    pub hook: HookId,
    /// What waits in memory, and how it stood when it was read.
    pub deliveries: Vec<(DeliveryId, Stand)>,
    /// Whether everything that is held for the webhook is wanted, known or not.
    pub is_whole: bool,
}

impl Queue {
    /// Something about this webhook has changed.
    pub fn doubt(&mut self, hook: &HookId, now: Moment) {
        self.doubts.insert(hook.clone(), Doubt::All);
        self.set_doubt(hook, true, now);
    }

    /// Something about everything may have changed.
    pub fn doubt_all(&mut self, now: Moment) {
        let waiting = |lane: &Lane| lane.waiting() > 0;
        let hooks: Vec<HookId> =
            self.lanes.iter().filter(|(_, lane)| waiting(lane)).map(|(hook, _)| hook.clone()).collect();
        hooks.iter().for_each(|hook| self.doubt(hook, now));
    }

    /// Something about this delivery has changed, if it waits here.
    pub fn doubt_waiting(&mut self, delivery: &DeliveryId, now: Moment) {
        if let Some(hook) = self.waiting.get(delivery).map(|waiting| waiting.hook.clone()) {
            self.doubt_delivery(&hook, delivery, now);
        }
    }

    /// This delivery was owed when it was handed over; whether it still is has to be asked.
    pub fn doubt_delivery(&mut self, hook: &HookId, delivery: &DeliveryId, now: Moment) {
        if !self.waiting.contains_key(delivery) {
            return;
        }
        match self.doubts.entry(hook.clone()).or_insert_with(|| Doubt::These(Vec::new())) {
            Doubt::All => {}
            Doubt::These(some) => some.push(delivery.clone()),
        }
        self.set_doubt(hook, true, now);
    }

    pub(super) fn set_doubt(&mut self, hook: &HookId, is_in_doubt: bool, now: Moment) {
        let Some(lane) = self.lanes.get_mut(hook) else { return };
        if std::mem::replace(&mut lane.is_in_doubt, is_in_doubt) != is_in_doubt {
            self.take_turn(hook, now);
        }
    }

    /// Whether something is in doubt.
    pub fn has_doubts(&self) -> bool {
        !self.doubts.is_empty()
    }

    /// What has to be asked before the lanes in doubt go on. Whatever comes into doubt from here on is asked about next time.
    pub fn take_questions(&mut self) -> Vec<Question> {
        let doubts = std::mem::take(&mut self.doubts);
        let known = |lane: &Lane, wanted: &dyn Fn(&DeliveryId) -> bool| {
            let of = |owed: &Owed| Some((owed.delivery.id.clone(), Stand::of(owed)?));
            lane.all().filter(|owed| wanted(&owed.delivery.id)).filter_map(of).collect()
        };
        let question = |(hook, doubt): (HookId, Doubt)| {
            let lane = self.lanes.get(&hook);
            let is_whole = doubt == Doubt::All;
            let deliveries = match (&doubt, lane) {
                (_, None) => Vec::new(),
                (Doubt::All, Some(lane)) => known(lane, &|_| true),
                (Doubt::These(some), Some(lane)) => {
                    let some: HashSet<&DeliveryId> = some.iter().collect();
                    known(lane, &|id| some.contains(id))
                }
            };
            Question { hook, deliveries, is_whole }
        };
        doubts.into_iter().map(question).collect()
    }

    /// A question could not be asked: it is asked again.
    pub fn put_back(&mut self, questions: Vec<Question>) {
        for question in questions {
            let doubt = if question.is_whole {
                Doubt::All
            } else {
                Doubt::These(question.deliveries.into_iter().map(|(id, _)| id).collect())
            };
            match self.doubts.entry(question.hook) {
                Entry::Vacant(entry) => drop(entry.insert(doubt)),
                Entry::Occupied(mut entry) => match (entry.get_mut(), doubt) {
                    (Doubt::All, _) => {}
                    (there, Doubt::All) => *there = Doubt::All,
                    (Doubt::These(there), Doubt::These(some)) => there.extend(some),
                },
            }
        }
    }

    /// The answer: what of a question is held by this instance. What is not is forgotten and returned first; what is held and
    /// is not here as it stands there has to be loaded, and is returned second.
    pub fn confirm(
        &mut self,
        question: &Question,
        held: &[HeldRow],
        now: Moment,
    ) -> (Vec<DeliveryId>, Vec<DeliveryId>) {
        let there: HashMap<&DeliveryId, &HeldRow> = held.iter().map(|row| (&row.id, row)).collect();
        let mut gone = Vec::new();
        for (id, stand) in &question.deliveries {
            let is_same = |row: &&HeldRow| stand.is(row) && row.hook_id == question.hook;
            let is_ours = there.get(id).copied().filter(is_same).is_some();
            // What has come in again since the question was put is in doubt by itself, or newer than the answer.
            let is_here = |waiting: &Waiting| waiting.hook == question.hook && waiting.stand == *stand;
            let is_still_here = self.waiting.get(id).is_some_and(is_here);
            if !is_ours && is_still_here && self.take_out(id, now).is_some() {
                gone.push(id.clone());
            }
        }
        // One that waits under another webhook has been moved: it is loaded, and takes its new place.
        let load = held.iter().filter(|row| !self.stands(row));
        let load = load.map(|row| row.id.clone()).collect();
        if !self.doubts.contains_key(&question.hook) {
            self.set_doubt(&question.hook, false, now);
        }
        (gone, load)
    }

    /// Whether this row is here as it is there, waiting or under way.
    pub fn stands(&self, row: &HeldRow) -> bool {
        let waits = self.waiting.get(&row.id).map(|waiting| (&waiting.hook, Some(waiting.stand)));
        let here = waits.or_else(|| self.under_way.get(&row.id).map(|one| (&one.hook, one.stand)));
        here.is_some_and(|(hook, stand)| *hook == row.hook_id && stand.is_some_and(|stand| stand.is(row)))
    }
}
