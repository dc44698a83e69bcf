//! The queue: what this instance will send, and in which order.
//!
//! A delivery waits until it is due, then stands in its webhook's *lane* ([`lane`]). Which lane starts its next one is decided
//! by [`turns`]: organisations and their lanes share the places by the time they hold them, and none can take the last ones,
//! so a receiver that hangs fills its own lane and nobody else's (B10). A lane whose webhook takes only so many requests in a
//! span waits until the span lets the next one through ([`pace`]).
//!
//! Memory is bounded, in deliveries and in bytes ([`memory`]). A lane holds what it can start soon; what does not fit stays in
//! the database and is claimed as lanes empty ([`backlog`]). When memory is full, a lane that holds next to nothing still gets
//! room, taken from the end of the one that holds the most.
//!
//! A place ends with the receiver's answer; the delivery stays *under way* until that is written down, so that it is never
//! sent twice at once. When somebody changes what waits (pauses a webhook, cancels a delivery), the lanes concerned are *in
//! doubt*: nothing of them starts until the database was asked what is still owed ([`Queue::confirm`]); the others go on.
//!
//! What is *not* guaranteed: order. Several deliveries of a lane are under way at once.

mod backlog;
mod claims;
mod doubts;
mod lane;
mod memory;
mod pace;
mod room;
mod starting;
mod turns;

#[cfg(test)]
mod tests;

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use chrono::{DateTime, Utc};

use crate::clock::Moment;
use crate::domain::ids::{DeliveryId, HookId, OrganisationId};
use crate::domain::rate::RateLimit;
use crate::store::delivery::{HeldRow, Owed};

use backlog::Backlog;
use doubts::Doubt;
use lane::{Lane, Target};
use memory::Bodies;
use pace::Paces;
use turns::Turns;

pub use claims::{CLAIM_AHEAD, MAX_CLAIM_HOOKS};
pub use doubts::Question;
pub use lane::Ending;

/// How much may be under way and how much may wait.
#[derive(Debug, Clone, Copy)]
pub struct Caps {
    /// Deliveries to one webhook under way at once.
    pub per_hook: usize,
    /// Deliveries under way at once in all.
    pub in_all: usize,
    /// Deliveries held in memory, due or not.
    pub waiting: usize,
    /// Bytes of their bodies, those under way included.
    pub waiting_bytes: usize,
}

impl Default for Caps {
    fn default() -> Self {
        Self { per_hook: 16, in_all: 512, waiting: 20_000, waiting_bytes: 64 * 1024 * 1024 }
    }
}

impl Caps {
    /// The most that one lane holds: a backlog of ten leaves half of memory to the others.
    fn per_lane(&self) -> usize {
        (self.waiting / 20).clamp(1, 2_000).max(2 * self.per_hook).min(self.waiting)
    }

    /// What may be under way to one address of one organisation while others wait.
    fn per_target(&self) -> usize {
        (4 * self.per_hook).min(self.in_all)
    }
}

/// How a delivery comes to the queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// It has just been recorded, or somebody asked for it.
    Recorded,
    /// It was claimed from the database.
    Claimed,
    /// It was sent, and is to be sent again.
    Again,
}

/// What is known of a delivery that waits.
struct Waiting {
    hook: HookId,
    stand: Stand,
}

/// How a delivery stood when it was read: when it was due, and when it had last changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stand {
    due: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl Stand {
    fn of(owed: &Owed) -> Option<Self> {
        Some(Self { due: owed.delivery.state.due()?, updated_at: owed.delivery.updated_at })
    }

    fn is(self, row: &HeldRow) -> bool {
        (self.due, self.updated_at) == (row.due, row.updated_at)
    }
}

/// A delivery that was started and is not written down yet.
struct UnderWay {
    hook: HookId,
    organisation: OrganisationId,
    /// What its turn was charged, in microseconds of a place; `None` once the place was given back.
    charged: Option<u64>,
    began: Duration,
    target: Option<Arc<str>>,
    body: Bytes,
    stand: Option<Stand>,
}

/// Deliveries by lane, and by when they are due.
pub struct Queue {
    caps: Caps,
    lanes: HashMap<HookId, Lane>,
    turns: Turns,
    targets: HashMap<(OrganisationId, Arc<str>), (Target, VecDeque<HookId>)>,
    paces: Paces,
    parked: BTreeSet<(u64, HookId)>,
    /// When the next delivery of each lane is due that is not yet.
    timers: BTreeSet<(DateTime<Utc>, HookId)>,
    waiting: HashMap<DeliveryId, Waiting>,
    under_way: HashMap<DeliveryId, UnderWay>,
    /// Requests that have no answer yet.
    sending: usize,
    /// Fewer than the cap for a while, after descriptors ran out.
    places: usize,
    bodies: Bodies,
    backlog: Backlog,
    doubts: HashMap<HookId, Doubt>,
    /// What came in while an attempt of the same delivery was under way: never two at once.
    again: HashMap<DeliveryId, Owed>,
}

impl Queue {
    /// An empty queue.
    pub fn new(caps: Caps) -> Self {
        Self {
            caps,
            lanes: HashMap::new(),
            turns: Turns::new(caps.in_all),
            targets: HashMap::new(),
            paces: Paces::default(),
            parked: BTreeSet::new(),
            timers: BTreeSet::new(),
            waiting: HashMap::new(),
            under_way: HashMap::new(),
            sending: 0,
            places: caps.in_all,
            bodies: Bodies::default(),
            backlog: Backlog::default(),
            doubts: HashMap::new(),
            again: HashMap::new(),
        }
    }

    /// Keeps to these limits from now on, as one of so many instances.
    pub fn keep_to(&mut self, limits: Vec<(HookId, RateLimit)>, instances: u32, now: Moment) {
        self.paces.keep_to(limits, instances);
        // Few lanes have a limit, and every change of anything leads here.
        let is_concerned = |hook: &HookId, lane: &Lane| lane.is_paced || self.paces.limits(hook);
        let concerned = self.lanes.iter().filter(|(hook, lane)| is_concerned(hook, lane)).map(|(hook, _)| hook.clone());
        for hook in concerned.collect::<Vec<_>>() {
            if let Some(lane) = self.lanes.get_mut(&hook) {
                lane.is_paced = self.paces.limits(&hook);
            }
            self.take_turn(&hook, now);
        }
    }

    /// Requests that have no answer yet.
    pub fn sending(&self) -> usize {
        self.sending
    }

    /// How many were started and are not written down yet.
    pub fn under_way(&self) -> usize {
        self.under_way.len()
    }

    /// How many wait, due or not.
    pub fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// How many bytes the bodies take of all that waits or is under way.
    pub fn bytes(&self) -> usize {
        self.bodies.bytes()
    }

    /// Whether it has this delivery, waiting or under way.
    pub fn knows(&self, delivery: &DeliveryId) -> bool {
        self.waiting.contains_key(delivery) || self.under_way.contains_key(delivery)
    }
}
