//! What waits in the database because memory had no room for it, or because it was not due: which webhooks, and since when.
//!
//! Claims ask for these webhooks alone, in turn, so that they cost nothing for what is not due, and nobody's backlog hides
//! anybody else's. Whatever else is free in the database (another instance left it, somebody resumed a webhook) is found by a
//! scan at longer intervals.

use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};

use chrono::{DateTime, Utc};

use crate::domain::ids::HookId;

/// Webhooks with something to claim.
#[derive(Debug, Default)]
pub(super) struct Backlog {
    /// The earliest that is due in the database.
    due: HashMap<HookId, DateTime<Utc>>,
    /// The same, to find who is next when its time has come.
    timed: BTreeSet<(DateTime<Utc>, HookId)>,
    /// Whose lane has room, in the order in which they came to have it.
    wanting: VecDeque<HookId>,
    is_wanting: HashSet<HookId>,
}

impl Backlog {
    /// Something is free in the database for this webhook, due at this time.
    pub fn note(&mut self, hook: &HookId, due: DateTime<Utc>) {
        let before = self.due.get(hook).copied();
        if before.is_some_and(|before| before <= due) {
            return;
        }
        if let Some(before) = before {
            self.timed.remove(&(before, hook.clone()));
        }
        self.due.insert(hook.clone(), due);
        self.timed.insert((due, hook.clone()));
    }

    /// Whether it has something that is due by then.
    pub fn has_due(&self, hook: &HookId, by: DateTime<Utc>) -> bool {
        self.due.get(hook).is_some_and(|due| *due <= by)
    }

    /// When the next one is due that waits for its time.
    pub fn next_due(&self) -> Option<DateTime<Utc>> {
        self.timed.first().map(|(due, _)| *due)
    }

    /// Takes those whose time has come out of the list of those that wait for it.
    pub fn take_due(&mut self, by: DateTime<Utc>) -> Vec<HookId> {
        let mut due = Vec::new();
        while self.timed.first().is_some_and(|(at, _)| *at <= by) {
            due.extend(self.timed.pop_first().map(|(_, hook)| hook));
        }
        due
    }

    /// Its lane has room: it is asked for with the next claim.
    pub fn want(&mut self, hook: &HookId) {
        if self.is_wanting.insert(hook.clone()) {
            self.wanting.push_back(hook.clone());
        }
    }

    /// Whether anybody's lane has room.
    pub fn is_wanted(&self) -> bool {
        !self.wanting.is_empty()
    }

    /// The one that has waited longest for a claim.
    pub fn next_wanted(&mut self) -> Option<HookId> {
        let hook = self.wanting.pop_front()?;
        self.is_wanting.remove(&hook);
        Some(hook)
    }

    /// A claim asks for it. What is noted of it from here on is asked for with the next one.
    pub fn ask_for(&mut self, hook: &HookId) {
        if let Some(due) = self.due.remove(hook) {
            self.timed.remove(&(due, hook.clone()));
        }
    }
}
