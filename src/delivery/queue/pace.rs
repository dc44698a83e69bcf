//! Paces: lanes whose hooks take only so many requests in a second or a minute.
//!
//! A lane that has used up its requests keeps its deliveries and its turn, and starts the next one as soon as the oldest of
//! its last starts is a second (or minute) ago: in no such span are there more than the limit. Waiting is no failure, and
//! every start counts alike, retries, tests and tries by hand included.
//!
//! Each instance keeps to its share ([`crate::domain::rate::RateLimit::share`]). What is remembered of starts is forgotten
//! when the process ends, so a restart may let a second's requests through once more.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use crate::domain::ids::HookId;
use crate::domain::rate::RateLimit;

/// The pace of one lane. Its times are those of the steady clock: nobody sets it.
struct Pace {
    requests: usize,
    span: Duration,
    /// Its last starts, the oldest first: as many as it may have in a span.
    starts: VecDeque<Duration>,
}

impl Pace {
    /// When the next one may start; `None` when that is now.
    fn free_at(&self, now: Duration) -> Option<Duration> {
        let oldest = *self.starts.front().filter(|_| self.starts.len() >= self.requests)?;
        Some(oldest + self.span).filter(|free| *free > now)
    }

    fn start(&mut self, now: Duration) {
        while self.starts.len() >= self.requests {
            self.starts.pop_front();
        }
        self.starts.push_back(now);
    }
}

/// The paces of every lane that has one.
#[derive(Default)]
pub(super) struct Paces(HashMap<HookId, Pace>);

impl Paces {
    /// Keeps to these limits from now on, as one of so many instances. What has started counts on.
    pub fn keep_to(&mut self, limits: Vec<(HookId, RateLimit)>, instances: u32) {
        let mut before = std::mem::take(&mut self.0);
        for (hook, limit) in limits {
            let (requests, span) = limit.share(instances);
            let mut starts = before.remove(&hook).map(|pace| pace.starts).unwrap_or_default();
            let requests = requests as usize;
            starts.drain(..starts.len().saturating_sub(requests));
            self.0.insert(hook, Pace { requests, span, starts });
        }
    }

    /// Whether a webhook has one.
    pub fn limits(&self, hook: &HookId) -> bool {
        !self.0.is_empty() && self.0.contains_key(hook)
    }

    /// How many requests a webhook takes in a span, if there is a limit.
    pub fn in_a_span(&self, hook: &HookId) -> Option<usize> {
        if self.0.is_empty() { None } else { self.0.get(hook).map(|pace| pace.requests) }
    }

    /// When a webhook takes its next request; `None` when that is now.
    pub fn free_at(&self, hook: &HookId, now: Duration) -> Option<Duration> {
        self.0.get(hook)?.free_at(now)
    }

    /// A request to it starts.
    pub fn start(&mut self, hook: &HookId, now: Duration) {
        if let Some(pace) = self.0.get_mut(hook) {
            pace.start(now);
        }
    }
}
