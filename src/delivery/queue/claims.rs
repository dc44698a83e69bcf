//! What is claimed: the room of lanes whose webhooks have something in the database.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use super::Queue;
use super::lane::Lane;
use super::room::MIN_HELD;
use crate::clock::Moment;
use crate::domain::ids::HookId;

/// How many deliveries one claim asks for at most.
const MAX_CLAIM: usize = 1_000;

/// How many webhooks one claim asks for.
pub const MAX_CLAIM_HOOKS: usize = 256;

/// Claims take what is due this soon, so that a retry starts on time.
pub const CLAIM_AHEAD: TimeDelta = TimeDelta::seconds(20);

impl Queue {
    /// Something is free in the database for this webhook.
    pub fn waits_in_database(&mut self, hook: &HookId, due: DateTime<Utc>, now: Moment) {
        self.backlog.note(hook, due);
        self.want_if_low(hook, now);
    }

    pub(super) fn want_if_low(&mut self, hook: &HookId, now: Moment) {
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
