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
mod lane;
mod memory;
mod pace;
mod turns;

#[cfg(test)]
mod tests;

use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};

use crate::clock::Moment;
use crate::domain::ids::{DeliveryId, HookId, OrganisationId};
use crate::domain::rate::RateLimit;
use crate::store::delivery::{HeldRow, Owed};

use backlog::Backlog;
use lane::{Lane, Places, Target, micros};
use memory::Bodies;
use pace::Paces;
use turns::{Class, Turn, Turns};

pub use lane::Ending;

/// A lane with fewer than this gets room also when memory is full.
const MIN_HELD: usize = 4;

/// How many are taken from the fullest lane at once: the next ones find room without looking for it.
const EVICTED: usize = 64;

/// How many deliveries one claim asks for at most.
const MAX_CLAIM: usize = 1_000;

/// How many webhooks one claim asks for.
const MAX_CLAIM_HOOKS: usize = 256;

/// Claims take what is due this soon, so that a retry starts on time.
pub const CLAIM_AHEAD: TimeDelta = TimeDelta::seconds(20);

/// A paced lane holds what it may start in so many spans.
const SPANS_HELD: usize = 5;

/// A lane that has had nothing to do for so long is forgotten, with what was known of its receiver.
const LANE_MEMORY: Duration = Duration::from_secs(600);

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

/// What has to be asked about a lane.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Doubt {
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

    // What memory holds.

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

    fn has_free(&self, count: usize, bytes: usize) -> bool {
        self.waiting.len() + count < self.caps.waiting && self.bodies.bytes() + bytes <= self.caps.waiting_bytes
    }

    /// How many may wait in a lane.
    fn room_of(&self, hook: &HookId) -> usize {
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
    fn make_room(&mut self, for_hook: &HookId, now: Moment) -> Vec<Owed> {
        let by_bytes = self.waiting.len() < self.caps.waiting;
        let weight = |lane: &Lane| if by_bytes { lane.bytes } else { lane.waiting() };
        let fullest = self.lanes.iter().filter(|(hook, _)| *hook != for_hook).max_by_key(|(_, lane)| weight(lane));
        let Some(hook) = fullest.map(|(hook, _)| hook.clone()) else { return Vec::new() };
        let count = self.lanes.get(&hook).map_or(0, |lane| (lane.waiting() / 2).clamp(1, EVICTED));
        (0..count).map_while(|_| self.evict_last(&hook, now)).collect()
    }

    fn evict_last(&mut self, hook: &HookId, now: Moment) -> Option<Owed> {
        let lane = self.lanes.get_mut(hook)?;
        let first = lane.first_later();
        let owed = lane.remove_last()?;
        self.left(hook, &owed, first, now);
        Some(owed)
    }

    /// Takes a delivery out that waits.
    fn take_out(&mut self, id: &DeliveryId, now: Moment) -> Option<Owed> {
        let Waiting { hook, stand } = self.waiting.remove(id)?;
        let lane = self.lanes.get_mut(&hook)?;
        let first = lane.first_later();
        let owed = lane.remove(stand.due, id)?;
        self.left(&hook, &owed, first, now);
        Some(owed)
    }

    /// One has left its lane without being started; `first` is when the first one of it was due that was not yet.
    fn left(&mut self, hook: &HookId, owed: &Owed, first: Option<DateTime<Utc>>, now: Moment) {
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
    fn set_timer(&mut self, hook: &HookId, before: Option<DateTime<Utc>>) {
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

    fn remove_lane(&mut self, hook: &HookId) {
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

    // Whose turn it is.

    /// Says anew where a lane stands.
    fn take_turn(&mut self, hook: &HookId, now: Moment) {
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

    fn is_target_full(&self, hook: &HookId) -> bool {
        let Some(lane) = self.lanes.get(hook) else { return false };
        let target = lane.target.as_ref().and_then(|at| self.targets.get(&(lane.organisation.clone(), at.clone())));
        target.is_some_and(|(target, _)| target.is_full())
    }

    fn unlist(&mut self, hook: &HookId, lane: &Lane) {
        self.turns.remove(&lane.organisation, hook, lane.turn);
        if let Turn::Parked(until) = lane.turn {
            self.parked.remove(&(until, hook.clone()));
        }
    }

    /// Starts every delivery that is due and may start.
    pub fn start_due(&mut self, now: Moment) -> Vec<Owed> {
        std::iter::from_fn(|| self.start_one(now)).collect()
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
    fn let_time_pass(&mut self, now: Moment) {
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
        let Some(hook) = self.under_way.get(delivery).map(|one| one.hook.clone()) else { return };
        let hook = &hook;
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

    // What is in doubt.

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

    fn set_doubt(&mut self, hook: &HookId, is_in_doubt: bool, now: Moment) {
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
                std::collections::hash_map::Entry::Vacant(entry) => drop(entry.insert(doubt)),
                std::collections::hash_map::Entry::Occupied(mut entry) => match (entry.get_mut(), doubt) {
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

    // What the database holds.

    /// Something is free in the database for this webhook.
    pub fn waits_in_database(&mut self, hook: &HookId, due: DateTime<Utc>, now: Moment) {
        self.backlog.note(hook, due);
        self.want_if_low(hook, now);
    }

    fn want_if_low(&mut self, hook: &HookId, now: Moment) {
        if self.backlog.has_due(hook, now.wall + CLAIM_AHEAD) {
            let room = self.room_of(hook);
            if self.lanes.get(hook).is_none_or(|lane| lane.is_low(room)) {
                self.backlog.want(hook);
            }
        }
    }

    /// Whether there is something to claim, and room for it.
    pub fn may_claim(&mut self, now: Moment) -> bool {
        for hook in self.backlog.take_due(now.wall + CLAIM_AHEAD) {
            self.want_if_low(&hook, now);
        }
        self.backlog.is_wanted()
    }

    /// How long from now something in the database comes within reach of a claim.
    pub fn next_claim(&self, now: Moment) -> Option<Duration> {
        let due = self.backlog.next_due()?;
        Some((due - CLAIM_AHEAD - now.wall).to_std().unwrap_or_default())
    }

    /// The room of the lanes that have some, in turn.
    pub fn claimable(&mut self) -> Vec<(HookId, usize)> {
        let mut rooms = Vec::new();
        let mut left = self.caps.waiting.saturating_sub(self.waiting.len()).min(MAX_CLAIM);
        if self.bodies.bytes() >= self.caps.waiting_bytes {
            left = 0;
        }
        while rooms.len() < MAX_CLAIM_HOOKS {
            let Some(hook) = self.backlog.next_wanted() else { break };
            let held = self.lanes.get(&hook).map_or(0, Lane::waiting);
            let room = self.room_of(&hook).saturating_sub(held);
            // When memory is full, those that hold next to nothing get a little all the same.
            let least = MIN_HELD.saturating_sub(held);
            let room = room.min(left.max(least));
            // One without room is asked for again when it has started something.
            if room > 0 {
                left = left.saturating_sub(room);
                self.backlog.ask_for(&hook);
                rooms.push((hook, room));
            }
        }
        rooms
    }

    /// A claim has found so many where there was room for more or fewer.
    pub fn claimed(&mut self, hook: &HookId, found: usize, room: usize, now: Moment) {
        if found >= room {
            // There is probably more where that came from.
            self.waits_in_database(hook, now.wall, now);
        }
    }
}
