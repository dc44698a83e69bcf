//! Turns: which lane may start its next delivery.
//!
//! Places are shared by *place-time*: an attempt that holds its place for thirty seconds costs its lane, and its
//! organisation, as much as thousands that are answered at once. The organisation that has used the least goes first, and
//! within it the lane that has. The cost of an attempt is charged when it starts, as what the last ones took, and put right
//! when it ends.
//!
//! Who was idle goes first of all: a lane whose delivery came while it had nothing to do does not wait for a round of those
//! with a backlog. It gets three turns of four, so that many of them cannot shut the others out.
//!
//! No lane may take the last free places unless it has none: a tenth of all places is kept for lanes that have none under
//! way, and half of that for organisations that have but a few. A lane, or an address, that has timed out and has used up what
//! it may have, and an organisation that has more than a quarter of all places while another waits, goes on only while more
//! than half of all places are free. Nobody else is held up by these bounds: alone, an organisation has them all.

use std::collections::{BTreeSet, HashMap, VecDeque};

use crate::domain::ids::{HookId, OrganisationId};

/// Consecutive turns of lanes that were idle, while others wait.
const MAX_IDLE_RUN: u32 = 3;

/// An organisation with fewer places than this may take one of the last.
const FEW: usize = 4;

/// How many organisations are looked at for one start.
const MAX_LOOKS: usize = 64;

/// The most that anybody is behind the others, in microseconds: after that much of their turns all is forgiven.
const MAX_DEBT: u64 = 30_000_000;

/// Where a lane stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Turn {
    /// It has nothing to start, or may not.
    #[default]
    None,
    /// It was idle and goes first.
    Fresh,
    /// It waits, with what it had spent and when it came.
    Ready(Class, u64, u64),
    /// It may not start before this time of the steady clock, in microseconds.
    Parked(u64),
}

/// What kind of place a lane asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    /// It has none.
    First = 0,
    /// It has some, and fewer than it may have.
    Within = 1,
    /// It, or its address, has what it may have while others wait.
    Over = 2,
}

const CLASSES: [Class; 3] = [Class::First, Class::Within, Class::Over];

type Ready<K> = [BTreeSet<(u64, u64, K)>; 3];

#[derive(Default)]
struct Group {
    spent: u64,
    /// What the lane had spent that went last: nobody who comes back is further ahead.
    floor: u64,
    under_way: usize,
    /// How many of its lanes it knows: gone with the last.
    lanes: usize,
    fresh: VecDeque<HookId>,
    is_fresh: bool,
    ready: Ready<HookId>,
    /// Where it stands itself, for each class that one of its lanes is in.
    listed: [Option<u64>; 3],
}

impl Group {
    fn waits(&self) -> bool {
        !self.fresh.is_empty() || !self.ready[0].is_empty() || !self.ready[1].is_empty()
    }

    /// The lane that has spent the least among those of these classes.
    fn next(&self, classes: &[Class]) -> Option<HookId> {
        let first = classes.iter().filter_map(|class| self.ready[*class as usize].first()).min()?;
        Some(first.2.clone())
    }
}

/// Who is next.
pub(super) struct Turns {
    all: usize,
    groups: HashMap<OrganisationId, Group>,
    fresh: VecDeque<OrganisationId>,
    idle_run: u32,
    ready: Ready<OrganisationId>,
    floor: u64,
    counter: u64,
}

impl Turns {
    /// Turns for so many places.
    pub fn new(all: usize) -> Self {
        Self {
            all,
            groups: HashMap::new(),
            fresh: VecDeque::new(),
            idle_run: 0,
            ready: Ready::default(),
            floor: 0,
            counter: 0,
        }
    }

    /// Kept for lanes that have no place.
    fn kept_for_lanes(&self) -> usize {
        self.all / 10
    }

    /// Of these, kept for organisations that have few.
    fn kept_for_organisations(&self) -> usize {
        self.all / 20
    }

    /// What one organisation may have while another waits.
    fn share(&self) -> usize {
        (self.all / 4).max(32)
    }

    pub fn lane_added(&mut self, organisation: &OrganisationId) {
        let floor = self.floor;
        let group =
            self.groups.entry(organisation.clone()).or_insert_with(|| Group { spent: floor, ..Group::default() });
        group.lanes += 1;
    }

    pub fn lane_removed(&mut self, organisation: &OrganisationId) {
        if let Some(group) = self.groups.get_mut(organisation) {
            group.lanes -= 1;
            if group.lanes == 0 && group.under_way == 0 {
                self.groups.remove(organisation);
            }
        }
    }

    /// Moves a lane from where it stands; what it has spent is counted from where the others are.
    pub fn put(
        &mut self,
        organisation: &OrganisationId,
        hook: &HookId,
        from: Turn,
        to: Option<Class>,
        spent: &mut u64,
    ) -> Turn {
        self.remove(organisation, hook, from);
        let Some(class) = to else { return Turn::None };
        let Some(group) = self.groups.get_mut(organisation) else { return Turn::None };
        if !matches!(from, Turn::Ready(..)) {
            *spent = (*spent).clamp(group.floor, group.floor + MAX_DEBT);
        }
        let since = match from {
            Turn::Ready(_, _, since) => since,
            _ => {
                self.counter += 1;
                self.counter
            }
        };
        if !group.waits() {
            group.spent = group.spent.clamp(self.floor, self.floor + MAX_DEBT);
        }
        group.ready[class as usize].insert((*spent, since, hook.clone()));
        self.list(organisation);
        Turn::Ready(class, *spent, since)
    }

    /// A lane that was idle has something to start.
    pub fn put_first(&mut self, organisation: &OrganisationId, hook: &HookId, from: Turn) -> Turn {
        if from == Turn::Fresh {
            return from;
        }
        self.remove(organisation, hook, from);
        let Some(group) = self.groups.get_mut(organisation) else { return Turn::None };
        group.fresh.push_back(hook.clone());
        if !std::mem::replace(&mut group.is_fresh, true) {
            self.fresh.push_back(organisation.clone());
        }
        Turn::Fresh
    }

    /// Takes a lane out of the turns.
    pub fn remove(&mut self, organisation: &OrganisationId, hook: &HookId, from: Turn) {
        let Some(group) = self.groups.get_mut(organisation) else { return };
        match from {
            Turn::Ready(class, spent, since) => {
                group.ready[class as usize].remove(&(spent, since, hook.clone()));
                self.list(organisation);
            }
            Turn::Fresh => group.fresh.retain(|other| other != hook),
            Turn::None | Turn::Parked(_) => {}
        }
    }

    /// A lane of this organisation starts something that is taken to cost so much.
    pub fn started(&mut self, organisation: &OrganisationId, lane_spent: u64, cost: u64) {
        if let Some(group) = self.groups.get_mut(organisation) {
            group.under_way += 1;
            group.floor = group.floor.max(lane_spent);
            self.floor = self.floor.max(group.spent.min(self.floor + MAX_DEBT));
            group.spent = group.spent.saturating_add(cost);
            self.list(organisation);
        }
    }

    /// It has given its place back; `cost` was charged and `took` it was.
    pub fn ended(&mut self, organisation: &OrganisationId, cost: u64, took: u64) {
        if let Some(group) = self.groups.get_mut(organisation) {
            group.under_way = group.under_way.saturating_sub(1);
            group.spent = group.spent.saturating_add(took).saturating_sub(cost);
            if group.lanes == 0 && group.under_way == 0 {
                self.groups.remove(organisation);
            } else {
                self.list(organisation);
            }
        }
    }

    /// Says anew where an organisation stands among the others.
    fn list(&mut self, organisation: &OrganisationId) {
        let Some(group) = self.groups.get_mut(organisation) else { return };
        for class in CLASSES {
            let at = class as usize;
            let listed = (!group.ready[at].is_empty()).then_some(group.spent);
            if group.listed[at] == listed {
                continue;
            }
            if let Some(before) = std::mem::replace(&mut group.listed[at], listed) {
                self.ready[at].remove(&(before, 0, organisation.clone()));
            }
            if let Some(spent) = listed {
                self.ready[at].insert((spent, 0, organisation.clone()));
            }
        }
    }

    /// The lane that may start its next delivery while so many places are free.
    pub fn next(&mut self, free: usize) -> Option<HookId> {
        if free == 0 {
            return None;
        }
        let others_wait = !(self.ready[0].is_empty() && self.ready[1].is_empty());
        if (self.idle_run < MAX_IDLE_RUN || !others_wait)
            && let Some(hook) = self.next_fresh(free)
        {
            self.idle_run += 1;
            return Some(hook);
        }
        self.idle_run = 0;
        let next = self.next_within(free).or_else(|| self.next_of_any(free));
        // Nobody else could: then it is theirs after all.
        next.or_else(|| self.next_fresh(free))
    }

    fn next_fresh(&mut self, free: usize) -> Option<HookId> {
        let kept = self.kept_for_organisations();
        for _ in 0..self.fresh.len().min(MAX_LOOKS) {
            let organisation = self.fresh.pop_front()?;
            let Some(group) = self.groups.get_mut(&organisation) else { continue };
            let may = free > kept || group.under_way < FEW;
            let hook = if may { group.fresh.pop_front() } else { None };
            group.is_fresh = !group.fresh.is_empty();
            if group.is_fresh {
                self.fresh.push_back(organisation);
            }
            if hook.is_some() {
                return hook;
            }
        }
        None
    }

    /// From the organisation that has used the least, as far as the bounds let it.
    fn next_within(&self, free: usize) -> Option<HookId> {
        let many = free > self.kept_for_lanes();
        let classes: &[Class] = if many { &[Class::First, Class::Within] } else { &[Class::First] };
        let mut sides = [self.ready[0].iter().peekable(), self.ready[1].iter().peekable()];
        let alone = self.is_alone();
        for _ in 0..MAX_LOOKS {
            // The two lists as one, in the order of what was used.
            let [firsts, withins] = &mut sides;
            let at = match (firsts.peek(), withins.peek().filter(|_| many)) {
                (None, None) => return None,
                (Some(first), Some(second)) => usize::from(second < first),
                (None, Some(_)) => 1,
                (Some(_), None) => 0,
            };
            let side = if at == 0 { firsts } else { withins };
            let Some(group) = side.next().and_then(|(_, _, organisation)| self.groups.get(organisation)) else {
                continue;
            };
            let may = if at == 0 && !many {
                free > self.kept_for_organisations() || group.under_way < FEW
            } else {
                alone || group.under_way < self.share()
            };
            if may {
                return group.next(classes);
            }
        }
        None
    }

    /// While half of all places are free, from whoever has used the least.
    fn next_of_any(&self, free: usize) -> Option<HookId> {
        if free <= self.all / 2 {
            return None;
        }
        let (.., organisation) = self.ready.iter().filter_map(BTreeSet::first).min()?;
        self.groups.get(organisation)?.next(&CLASSES)
    }

    /// Whether no more than one organisation waits.
    fn is_alone(&self) -> bool {
        let mut waiting =
            self.fresh.iter().chain(self.ready[..2].iter().flatten().map(|(_, _, organisation)| organisation));
        let first = waiting.next();
        waiting.take(MAX_LOOKS).all(|other| Some(other) == first)
    }
}
