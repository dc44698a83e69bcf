//! Paces: lanes whose hooks take only so many requests in a second or a minute.
//!
//! A lane that has used up its requests keeps its deliveries and its turn, and starts the next one as soon as the oldest of
//! its last starts is a second (or minute) ago: in no such span are there more than the limit. Waiting is no failure, and
//! every start counts alike, retries, tests and tries by hand included.
//!
//! Each instance keeps to its share ([`crate::domain::rate::RateLimit::share`]). What is remembered of starts is forgotten
//! when the process ends, so a restart may let a second's requests through once more.

use std::collections::{HashMap, VecDeque};

use chrono::{DateTime, TimeDelta, Utc};

use crate::domain::ids::HookId;
use crate::domain::rate::RateLimit;

/// The pace of one lane.
struct Pace {
    requests: usize,
    span: TimeDelta,
    /// Its last starts, the oldest first: as many as it may have in a span.
    starts: VecDeque<DateTime<Utc>>,
}

impl Pace {
    /// When the next one may start; `None` when that is now.
    fn free_at(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let oldest = *self.starts.front().filter(|_| self.starts.len() >= self.requests)?;
        // A start in the future is a clock that was set back: nobody waits for it to catch up.
        Some(oldest + self.span).filter(|free| *free > now && oldest <= now)
    }

    fn start(&mut self, now: DateTime<Utc>) {
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
            let span = TimeDelta::from_std(span).unwrap_or(TimeDelta::MAX);
            self.0.insert(hook, Pace { requests, span, starts });
        }
    }

    /// Whether a hook has one.
    pub fn limit(&self, hook: &HookId) -> bool {
        !self.0.is_empty() && self.0.contains_key(hook)
    }

    /// Starts one for a hook, if it may start now.
    pub fn start(&mut self, hook: &HookId, now: DateTime<Utc>) -> bool {
        let Some(pace) = self.0.get_mut(hook) else { return true };
        let is_free = pace.free_at(now).is_none();
        if is_free {
            pace.start(now);
        }
        is_free
    }

    /// When each lane that has to wait may go on.
    pub fn waiting(&self, now: DateTime<Utc>) -> impl Iterator<Item = (&HookId, DateTime<Utc>)> {
        self.0.iter().filter_map(move |(hook, pace)| pace.free_at(now).map(|free| (hook, free)))
    }
}
