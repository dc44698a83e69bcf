//! A lane: what waits for one webhook, how much of it may be under way, and how much of it memory holds.
//!
//! Both grow with answers and shrink with timeouts. A receiver that hangs holds a place for as long as its policy waits, so
//! each timeout halves what its lane may have under way, down to one; each answer gives one place back. What a lane may hold
//! in memory is what it can start soon: at first a few times what it sends at once, one more with each answer, and after a
//! timeout a few times what is left. The rest waits in the database.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};

use super::turns::Turn;
use crate::domain::ids::{DeliveryId, OrganisationId};
use crate::store::delivery::Owed;

/// A lane holds at least this many times in memory what it may have under way.
const ROUNDS_HELD: usize = 4;

/// What an attempt is taken to cost before a lane has made any.
const FIRST_COST: Duration = Duration::from_millis(5);

/// How a started delivery gave its place back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// The receiver answered, or refused to: it is there.
    Answered,
    /// Its time ran out.
    TimedOut,
    /// There was no request: it says nothing of the receiver.
    NotSent,
}

/// What is under way to one address of one organisation, through whichever webhooks.
#[derive(Debug)]
pub(super) struct Target {
    pub under_way: usize,
    pub places: Places,
}

/// How many places something may have, between one and a most.
#[derive(Debug, Clone, Copy)]
pub(super) struct Places {
    now: usize,
    most: usize,
}

impl Places {
    pub fn new(most: usize) -> Self {
        Self { now: most, most }
    }

    pub fn now(self) -> usize {
        self.now
    }

    pub fn note(&mut self, ending: Ending) {
        match ending {
            Ending::Answered => self.now = (self.now + 1).min(self.most),
            Ending::TimedOut => self.now = (self.now / 2).max(1),
            Ending::NotSent => {}
        }
    }
}

impl Target {
    /// Whether it has what it may have while others wait.
    pub fn is_full(&self) -> bool {
        self.under_way >= self.places.now()
    }
}

/// How many a lane may hold in memory that has sent nothing yet.
pub(super) fn first_room(per_hook: usize, most_held: usize) -> usize {
    (ROUNDS_HELD * per_hook).min(most_held)
}

/// One webhook's lane.
pub(super) struct Lane {
    pub organisation: OrganisationId,
    /// Due, in the order in which they came to be.
    pub due: VecDeque<Owed>,
    /// Not due yet.
    pub later: BTreeMap<(DateTime<Utc>, DeliveryId), Owed>,
    pub under_way: usize,
    /// What it may have under way while others wait.
    pub places: Places,
    /// Which address it is sent to, once one attempt has shown it.
    pub target: Option<Arc<str>>,
    /// Whether its webhook takes only so many requests in a span.
    pub is_paced: bool,
    /// Whether it stands in the list of those that wait for their address.
    pub is_blocked: bool,
    /// Something changed that may have taken what waits out of our hands: nothing starts before it was looked at.
    pub is_in_doubt: bool,
    /// Place-time it has used, in microseconds: who has used less goes first.
    pub spent: u64,
    /// When it began to wait for its turn: of two that have used as much, the earlier one goes first.
    pub turn: Turn,
    /// Whether what waits came while nothing waited and nothing was under way.
    pub was_idle: bool,
    /// Bytes of bodies that wait.
    pub bytes: usize,
    /// When it was last of use, on the steady clock.
    pub used_at: Duration,
    cost: Duration,
    room: usize,
    most_held: usize,
}

impl Lane {
    pub fn new(organisation: OrganisationId, per_hook: usize, most_held: usize) -> Self {
        Self {
            organisation,
            due: VecDeque::new(),
            later: BTreeMap::new(),
            under_way: 0,
            places: Places::new(per_hook),
            target: None,
            is_paced: false,
            is_blocked: false,
            is_in_doubt: false,
            spent: 0,
            turn: Turn::None,
            was_idle: false,
            bytes: 0,
            used_at: Duration::ZERO,
            cost: FIRST_COST,
            room: first_room(per_hook, most_held),
            most_held,
        }
    }

    /// How many wait, due or not.
    pub fn waiting(&self) -> usize {
        self.due.len() + self.later.len()
    }

    /// How many may wait in memory.
    pub fn room(&self) -> usize {
        self.room
    }

    /// Whether it holds no more than half of what it may.
    pub fn is_low(&self, room: usize) -> bool {
        self.waiting() <= room / 2
    }

    /// What its next attempt is taken to cost, in microseconds of a place.
    pub fn cost(&self) -> u64 {
        micros(self.cost)
    }

    /// An attempt ended after it had its place for so long.
    pub fn note(&mut self, ending: Ending, took: Duration) {
        self.places.note(ending);
        match ending {
            Ending::Answered => {
                self.cost = (self.cost * 3 + took) / 4;
                self.room = (self.room + 1).min(self.most_held);
            }
            Ending::TimedOut => {
                self.cost = took;
                self.room = (ROUNDS_HELD * self.places.now()).min(self.most_held);
            }
            Ending::NotSent => {}
        }
    }

    /// Puts something that is due where it belongs: behind what was due before it. The answer of a test is waited for, and it
    /// is one: it goes first.
    pub fn add_due(&mut self, owed: Owed) {
        if owed.delivery.probe {
            return self.due.push_front(owed);
        }
        let due = owed.delivery.state.due();
        let is_last = self.due.back().is_none_or(|last| last.delivery.state.due() <= due);
        if is_last {
            self.due.push_back(owed);
        } else {
            let at = self.due.partition_point(|other| other.delivery.probe || other.delivery.state.due() <= due);
            self.due.insert(at, owed);
        }
    }

    /// Takes one out that waits.
    pub fn remove(&mut self, due: DateTime<Utc>, id: &DeliveryId) -> Option<Owed> {
        if let Some(owed) = self.later.remove(&(due, id.clone())) {
            return Some(owed);
        }
        let at = self.due.iter().position(|owed| owed.delivery.id == *id)?;
        self.due.remove(at)
    }

    /// Takes out what would be started last.
    pub fn remove_last(&mut self) -> Option<Owed> {
        self.later.pop_last().map(|(_, owed)| owed).or_else(|| self.due.pop_back())
    }

    /// When the first is due that is not yet.
    pub fn first_later(&self) -> Option<DateTime<Utc>> {
        self.later.first_key_value().map(|((due, _), _)| *due)
    }

    /// Everything that waits.
    pub fn all(&self) -> impl Iterator<Item = &Owed> {
        self.due.iter().chain(self.later.values())
    }

    /// Whether nothing would be lost with it but a healthy past.
    pub fn is_plain(&self, per_hook: usize) -> bool {
        self.places.now() == per_hook
    }

    pub fn is_idle(&self) -> bool {
        self.under_way == 0 && self.due.is_empty() && self.later.is_empty()
    }
}

pub(super) fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}
