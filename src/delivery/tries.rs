//! Tries: a delivery that has been started is sent, and how it went is written down.
//!
//! A task that has finished a try takes the next delivery itself, so a busy lane needs no dispatcher between one request and
//! the next. Answers gather while a batch of them is being written.

use std::panic::AssertUnwindSafe;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::FutureExt as _;

use super::directory::Target;
use super::engine::{Engine, OWN_FAULT_PAUSE, Report};
use super::gathering::{self, Taken};
use super::mend;
use super::sender::Order;
use super::settle::{Finished, HORIZON, Written, settle};
use super::step::Step;
use crate::domain::attempt::Trigger;
use crate::domain::delivery::DeliveryState;
use crate::domain::hook::HookState;
use crate::store::delivery::Owed;
use crate::store::{Result, StoreError};

/// How long to leave alone what cannot be read, or what made a try end in a bug of ours.
const BROKEN_PAUSE: TimeDelta = TimeDelta::minutes(1);

/// How long to wait before writing down again what could not be.
const WRITE_AGAIN: Duration = Duration::from_millis(200);

/// So many answers share a transaction at most.
const MOST: usize = 512;

impl Engine {
    /// Tries a delivery, and then whatever is next, until nothing is due.
    pub(super) async fn keep_trying(self: Arc<Self>, first: Owed) {
        let mut next = Some(first);
        while let Some(owed) = next {
            if let Some(finished) = self.attempt(owed).await {
                self.settle_soon(finished);
            }
            next = self.start_one();
        }
    }

    /// Makes one try of a delivery that has been started; `None` when it did not come to one, and the delivery has been held,
    /// ended or put back.
    pub(super) async fn attempt(&self, owed: Owed) -> Option<Finished> {
        let hook = owed.delivery.hook_id.clone();
        let finished = match self.directory.target(&self.store, &self.sealing, &hook).await {
            Ok(Some(target)) => match target.hook.state {
                state @ HookState::Deleted => self.leave(owed, state).await,
                state @ (HookState::Paused | HookState::Disabled) if !owed.delivery.probe => {
                    self.leave(owed, state).await
                }
                HookState::Paused | HookState::Disabled | HookState::Active => self.try_once(owed, target).await,
            },
            Ok(None) => {
                self.let_go(&owed);
                None
            }
            Err(error) => {
                let broken = matches!(error, StoreError::Corrupt { .. });
                tracing::error!(%error, %hook, "a hook could not be read; what is due is tried again later, the others go on");
                self.put_back(owed, self.clock.now() + if broken { BROKEN_PAUSE } else { OWN_FAULT_PAUSE });
                None
            }
        };
        self.queue().answered(&hook);
        finished
    }

    async fn try_once(&self, owed: Owed, target: Arc<Target>) -> Option<Finished> {
        self.steps.at(Step::Sending);
        let started_at = self.clock.now();
        let due = owed.delivery.state.due().unwrap_or(started_at);
        let side = match owed.delivery.trigger {
            Trigger::Rotation(side) => side,
            Trigger::Automatic | Trigger::Manual => target.proofs.prefers(),
        };
        let carried = target.proofs.carried(started_at, side);
        let (proof, other) = (carried.proof, carried.has_other.then(|| side.other()));
        self.meters.began((started_at - due).to_std().unwrap_or_default());
        let order = Order {
            event_id: owed.delivery.event_id.clone(),
            kind: owed.delivery.kind,
            occurred_at: owed.occurred_at,
            started_at,
            url: target.hook.url.clone(),
            body: owed.body.clone(),
            key: carried.key,
            secrets: carried.secrets,
            headers: target.headers.clone(),
            timeout: target.hook.policy.timeout(),
        };
        // A panic, should there be one, costs no other delivery its place.
        let Ok(sent) = AssertUnwindSafe(self.sender.send(order)).catch_unwind().await else {
            tracing::error!(delivery = %owed.delivery.id, "a try ended in a bug of ours; it is repeated in a minute");
            self.put_back(owed, self.clock.now() + BROKEN_PAUSE);
            return None;
        };
        let finished_at = self.clock.now();
        if let Some(fault) = &sent.fault {
            tracing::error!(?fault, "a delivery could not be tried for a reason of our own");
            self.put_back(owed, finished_at + OWN_FAULT_PAUSE);
            return None;
        }
        self.meters.tried(&sent.outcome, sent.timings.total);
        self.steps.at(Step::Answered);
        let is_taken = sent.outcome.is_success();
        if is_taken && matches!(owed.delivery.trigger, Trigger::Rotation(_)) {
            target.proofs.prefer(side);
        }
        let used = if is_taken { target.proofs.used(finished_at, side) } else { Vec::new() };
        let jitter = rand::random_range(-1.0..=1.0);
        let finished = Finished::new(owed, target.hook.policy, (started_at, finished_at), sent, jitter);
        Some(finished.proven(proof, other, used))
    }

    /// Brings what is owed to a hook that takes nothing now in line with that.
    async fn leave(&self, owed: Owed, state: HookState) -> Option<Finished> {
        let (hook, now) = (owed.delivery.hook_id.clone(), self.clock.now());
        match mend::bring_in_line(&self.store, &hook, now).await {
            Ok(found) if found == Some(state) => {
                self.let_go(&owed);
                self.nudge();
            }
            // Somebody has changed it since it was looked at.
            Ok(_) => self.put_back(owed, now),
            Err(error) => {
                tracing::error!(%error, "what is owed to a webhook that takes nothing now could not be held or ended; it is looked at again in a moment");
                self.put_back(owed, now + OWN_FAULT_PAUSE);
            }
        }
        None
    }

    fn put_back(&self, mut owed: Owed, due: DateTime<Utc>) {
        owed.delivery.state = match owed.delivery.state {
            DeliveryState::Pending { .. } => DeliveryState::Pending { due: Some(due) },
            _ => DeliveryState::Retrying { due: Some(due) },
        };
        self.requeue(owed, self.store.generation());
    }

    /// Ends a try, and queues the delivery again when something is due soon.
    fn requeue(&self, owed: Owed, as_of: i64) {
        let id = owed.delivery.id.clone();
        let again = self.queue().finished(&id);
        self.overflowed(again);
        if owed.delivery.state.due().is_some_and(|due| due <= self.clock.now() + HORIZON) {
            self.enqueue(vec![owed], as_of);
        }
    }

    fn let_go(&self, owed: &Owed) {
        let again = self.queue().finished(&owed.delivery.id);
        self.overflowed(again);
        self.tell(&owed.delivery.id);
    }

    fn settle_soon(self: &Arc<Self>, finished: Finished) {
        if self.tries.add(finished) {
            self.write_tries();
        }
    }

    fn write_tries(self: &Arc<Self>) {
        let taken: Taken<Finished> = Taken::default();
        let (engine, batch, then) = (self.clone(), taken.clone(), self.clone());
        let as_of = self.store.generation();
        self.store.submit_repeatable(
            move |conn| {
                engine.tries.take_into(&batch, MOST);
                let tries = batch.lock().unwrap_or_else(PoisonError::into_inner);
                settle(conn, &tries, &engine.instance, engine.rule)
            },
            move |settled| then.tries_written(gathering::all(&taken), settled, as_of),
        );
    }

    fn tries_written(self: &Arc<Self>, tries: Vec<Finished>, settled: Result<Written>, as_of: i64) {
        match settled {
            Ok(settled) => {
                self.settled_all(tries, settled, as_of);
                if self.tries.ended() {
                    self.write_tries();
                }
                // What waited for a place among the unsettled goes on.
                self.wake();
            }
            Err(error) => {
                tracing::error!(%error, waiting = tries.len(), "answers could not be written down; trying again");
                self.tries.put_back(tries);
                let engine = self.clone();
                self.store.runtime().spawn(async move {
                    tokio::time::sleep(WRITE_AGAIN).await;
                    engine.write_tries();
                });
            }
        }
    }

    fn settled_all(&self, tries: Vec<Finished>, written: Written, as_of: i64) -> Report {
        written.noted.told(&self.store);
        let mut report = Report { sent: tries.len(), ..Report::default() };
        for (finished, now) in tries.into_iter().zip(written.deliveries) {
            let Some(delivery) = now else {
                self.let_go(&finished.owed);
                continue;
            };
            match delivery.state {
                DeliveryState::Success { .. } => report.succeeded += 1,
                DeliveryState::Failed { .. } => report.failed += 1,
                DeliveryState::Retrying { .. } | DeliveryState::Pending { .. } => report.retrying += 1,
            }
            // Whoever waits for an answer waits for the one to the extra try.
            let told = (!delivery.is_between_sides()).then(|| delivery.id.clone());
            self.requeue(Owed { delivery, ..finished.owed }, as_of);
            told.iter().for_each(|id| self.tell(id));
        }
        self.meters.settled(report.sent, report.succeeded, report.failed);
        report
    }

    /// Writes these tries down, and waits for that. Those that cannot be are kept, and written down later.
    pub(super) async fn settle_now(self: &Arc<Self>, tries: Vec<Finished>) -> Result<Report> {
        if tries.is_empty() {
            return Ok(Report::default());
        }
        let (as_of, batch, instance) = (self.store.generation(), tries.clone(), self.instance.clone());
        let rule = self.rule;
        match self.store.write(move |conn| settle(conn, &batch, &instance, rule)).await {
            Ok(settled) => Ok(self.settled_all(tries, settled, as_of)),
            Err(error) => {
                for finished in tries {
                    self.settle_soon(finished);
                }
                Err(error)
            }
        }
    }
}
