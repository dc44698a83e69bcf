//! Housekeeping beside the tries: claims what has room, gives back what has none, looks for what nobody would send and
//! for interview sessions that have expired.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use chrono::TimeDelta;

use super::engine::Engine;
use super::recover;
use super::settle::HORIZON;
use super::step::Step;
use crate::domain::ids::DeliveryId;
use crate::store::delivery::Wanted;
use crate::store::{self, StoreError};

/// How often to look for what would otherwise be sent by nobody.
const SWEEP: TimeDelta = TimeDelta::seconds(15);

/// What should have been sent this long ago and is held by this instance, but not in its memory, was lost on the way there.
const LOST_AFTER: TimeDelta = TimeDelta::seconds(5);

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
            .read(move |conn| store::delivery::held_and_due(conn, &instance, now - LOST_AFTER, CLAIM as i64))
            .await?;
        let lost: Vec<DeliveryId> = {
            let queue = self.queue();
            held.into_iter().filter(|id| !queue.knows(id)).collect()
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
        let wanted = {
            let queue = self.queue();
            Wanted {
                limit: queue.room().min(CLAIM),
                due_by: self.clock.now() + HORIZON,
                per_hook: queue.caps().waiting_per_hook,
                waiting: queue.by_hook(),
            }
        };
        if wanted.limit == 0 {
            return Ok(0);
        }
        let (instance, as_of) = (self.instance.clone(), self.store.generation());
        let claimed = self.store.write(move |conn| store::delivery::claim(conn, &instance, &wanted)).await?;
        let count = claimed.len();
        if count > 0 {
            self.steps.at(Step::Claimed);
            self.enqueue(claimed, as_of);
        }
        if self.queue().waiting() > 0 {
            // There is probably more than was asked for: see again when a lane has emptied by half.
            self.more_is_owed();
        }
        Ok(count)
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
