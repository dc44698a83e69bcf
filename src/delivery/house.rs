//! Housekeeping beside the tries: claims what has room, gives back what has none, looks for what nobody would send and
//! for interview sessions that have expired.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use chrono::TimeDelta;

use super::engine::Engine;
use super::recover;
use super::settle::HORIZON;
use super::step::Step;
use crate::domain::ids::{DeliveryId, HookId};
use crate::store::delivery::ClaimRequest;
use crate::store::{self, StoreError};

/// How often to look for what would otherwise be sent by nobody.
const SWEEP: TimeDelta = TimeDelta::seconds(15);

/// What should have been sent this long ago and is held by this instance, but not in its memory, was lost on the way there.
const LOST_AFTER: TimeDelta = TimeDelta::seconds(5);

/// How long a row that cannot be read is left alone before it is looked at again.
const SET_ASIDE: TimeDelta = TimeDelta::hours(1);

/// How many deliveries are claimed at once.
const CLAIM: usize = 1_000;

impl Engine {
    /// Beats, claims and sweeps beside the tries, which do not wait for any of it.
    pub(super) async fn keep_house(self: Arc<Self>) {
        let mut sweeping = self.clock.now() + SWEEP;
        let mut beating = self.clock.now();
        loop {
            let now = self.clock.now();
            if now >= beating {
                beating = now + recover::HEARTBEAT;
                if let Err(error) = self.look_around().await {
                    tracing::error!(%error, "the engine could not reach its database; it goes on trying");
                }
            }
            if now >= sweeping {
                sweeping = now + SWEEP;
                self.or_say(self.expire_sessions()).await;
                self.or_say(self.sweep()).await;
            }
            self.or_say(self.release_overflow()).await;
            if self.more.swap(false, Ordering::AcqRel) {
                self.or_say(self.claim()).await;
            }
            tokio::select! {
                () = self.tidy.notified() => {}
                () = self.clock.sleep_until(beating) => {}
            }
        }
    }

    /// Says that this instance lives, and takes over from those that do not.
    pub async fn look_around(&self) -> Result<(), StoreError> {
        recover::keep_house(&self.store, &self.presence, &self.instance, self.clock.now()).await?;
        self.more_is_owed();
        Ok(())
    }

    /// Looks for what nobody would send: left by instances that are gone, held for a hook that is active, committed as ours
    /// but lost on its way to memory.
    pub async fn sweep(&self) -> Result<(), StoreError> {
        let now = self.clock.now();
        recover::sweep(&self.store, self.rule, now).await?;
        let instance = self.instance.clone();
        let held = self
            .store
            .read(move |conn| store::delivery::held_due_page(conn, &instance, None, now - LOST_AFTER, CLAIM))
            .await?;
        let lost: Vec<DeliveryId> = {
            let queue = self.queue();
            held.into_iter().map(|held| held.id).filter(|id| !queue.knows(id)).collect()
        };
        if !lost.is_empty() {
            tracing::warn!(
                deliveries = lost.len(),
                "deliveries were committed but never reached the queue; taking them up"
            );
            let instance = self.instance.clone();
            self.store.write(move |conn| store::delivery::release(conn, &lost, &instance)).await?;
        }
        self.claim().await.map(drop)
    }

    /// Takes what is due soon and held by nobody, as far as there is room.
    pub(super) async fn claim(&self) -> Result<usize, StoreError> {
        let due_by = self.clock.now() + HORIZON;
        let with_due = self.store.read(move |conn| store::delivery::hooks_with_due(conn, due_by)).await?;
        let rooms = self.rooms(with_due.into_iter().map(|(hook, _)| hook).collect());
        if rooms.is_empty() {
            return Ok(0);
        }
        let (request, as_of) = (ClaimRequest { rooms, due_by }, self.store.generation());
        let own = self.instance.clone();
        let ids = self.store.write(move |conn| store::delivery::claim(conn, &own, &request)).await?;
        let loaded = self.store.read(move |conn| store::delivery::load_all(conn, &ids)).await?;
        for (id, error) in loaded.unreadable {
            tracing::error!(%error, "a delivery cannot be read and is set aside; the others go on");
            let (own, until) = (self.instance.clone(), self.clock.now() + SET_ASIDE);
            self.store.write(move |conn| store::delivery::set_aside(conn, &id, &own, until)).await?;
        }
        let count = loaded.owed.len();
        if count > 0 {
            self.steps.at(Step::Claimed);
            self.enqueue(loaded.owed, as_of);
        }
        if self.queue().waiting() > 0 {
            // There is probably more than was asked for: see again when a lane has emptied by half.
            self.more_is_owed();
        }
        Ok(count)
    }

    /// How much of each of these hooks memory has room for, [`CLAIM`] in all.
    fn rooms(&self, hooks: Vec<HookId>) -> Vec<(HookId, usize)> {
        let queue = self.queue();
        let (waiting, per_hook) = (queue.by_hook(), queue.caps().waiting_per_hook);
        let mut left = queue.room().min(CLAIM);
        let count = hooks.len();
        let rooms = hooks.into_iter().enumerate().map(|(at, hook)| {
            let share = left.div_ceil((count - at).max(1));
            let room = per_hook.saturating_sub(waiting.get(&hook).copied().unwrap_or_default()).min(share);
            left -= room;
            (hook, room)
        });
        rooms.filter(|(_, room)| *room > 0).collect()
    }

    /// Gives back what memory had no room for.
    pub(super) async fn release_overflow(&self) -> Result<(), StoreError> {
        let ids = std::mem::take(&mut *self.overflow());
        if ids.is_empty() {
            return Ok(());
        }
        let (instance, releasing) = (self.instance.clone(), ids.clone());
        let released = self.store.write(move |conn| store::delivery::release(conn, &releasing, &instance)).await;
        match released {
            Ok(_) => self.more_is_owed(),
            Err(_) => self.overflow().extend(ids),
        }
        released.map(drop)
    }

    pub(super) async fn or_say<T>(&self, work: impl Future<Output = Result<T, StoreError>>) {
        if let Err(error) = work.await {
            tracing::error!(%error, "what is owed could not be looked for; it is looked for again in a moment");
        }
    }
}
