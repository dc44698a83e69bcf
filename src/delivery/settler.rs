//! The settler: answers are written down in batches, whatever has gathered while the last one was being written.
//!
//! An answer is kept until it is written: a delivery stays under way in the queue meanwhile, so that it is not sent again. When
//! a batch fails twice and the database is not away, something in it cannot be written: the next batches are half as large,
//! down to one, and a single answer that goes on failing is set aside and tried again from time to time. The others go on.
//!
//! What is *not* guaranteed: that an answer survives the process. One that dies before the commit sends the request again.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::dispatcher::Dispatcher;
use super::engine::Report;
use super::group_commit::{self, Batch, GroupCommit, lock};
use super::meters::Meters;
use super::repeats::Repeats;
use super::settle::{Finished, Written, settle};
use crate::clock::Clock;
use crate::domain::delivery::DeliveryState;
use crate::domain::health::Rule;
use crate::domain::ids::InstanceId;
use crate::store::delivery::Owed;
use crate::store::{Result, Store, StoreError};

/// How many answers share a transaction at most.
const MAX_BATCH: usize = 512;

/// A batch that follows another at once waits this long for more answers: a server has fewer commits to make, and nobody waits
/// for one.
const REST: Duration = Duration::from_millis(10);

/// How long to wait before writing again what could not be.
const RETRY_INTERVAL: Duration = Duration::from_millis(200);

/// A batch that has failed this often in a row is halved.
const MAX_FAILURES: usize = 2;

/// A single answer that has failed this often in a row is set aside.
const MAX_FAILURES_OF_ONE: usize = 10;

/// How long an answer that cannot be written is left alone.
const SET_ASIDE: Duration = Duration::from_secs(15);

/// How many answers are set aside at most; the oldest goes, and is sent again.
const MAX_SET_ASIDE: usize = 1_000;

/// Writes answers down.
pub(super) struct Settler {
    finished: GroupCommit<Finished>,
    /// How many share a transaction now.
    max_batch: AtomicUsize,
    /// How often in a row it could not be written what the database does take.
    failures: AtomicUsize,
    /// Answers that cannot be written.
    set_aside: Mutex<Vec<Finished>>,
    repeats: Repeats,
    store: Store,
    clock: Arc<dyn Clock>,
    instance: InstanceId,
    rule: Rule,
    dispatcher: Arc<Dispatcher>,
    meters: Arc<Meters>,
}

impl Settler {
    pub fn new(
        store: Store,
        clock: Arc<dyn Clock>,
        instance: InstanceId,
        rule: Rule,
        dispatcher: Arc<Dispatcher>,
        meters: Arc<Meters>,
    ) -> Self {
        Self {
            finished: GroupCommit::default(),
            max_batch: AtomicUsize::new(MAX_BATCH),
            failures: AtomicUsize::new(0),
            set_aside: Mutex::default(),
            repeats: Repeats::default(),
            store,
            clock,
            instance,
            rule,
            dispatcher,
            meters,
        }
    }

    /// When webhooks that fail are disabled.
    pub fn rule(&self) -> Rule {
        self.rule
    }

    /// Writes an answer down with the next batch.
    pub fn settle_soon(self: &Arc<Self>, finished: Finished) {
        if self.finished.add(finished) {
            self.write(Duration::ZERO);
        }
    }

    /// Writes these answers down, and waits for that. Those that cannot be are kept, and written later.
    pub async fn settle_now(self: &Arc<Self>, finished: Vec<Finished>) -> Result<Report> {
        if finished.is_empty() {
            return Ok(Report::default());
        }
        let (head, batch, own, rule) = (self.store.generation(), finished.clone(), self.instance.clone(), self.rule);
        match self.store.write(move |conn| settle(conn, &batch, &own, rule)).await {
            Ok(written) => Ok(self.settled(finished, written, head)),
            Err(error) => {
                finished.into_iter().for_each(|finished| self.settle_soon(finished));
                Err(error)
            }
        }
    }

    /// Writes a batch after this rest.
    fn write(self: &Arc<Self>, rest: Duration) {
        let taken: Batch<Finished> = Batch::default();
        let (settler, batch, then) = (self.clone(), taken.clone(), self.clone());
        let head = self.store.generation();
        self.store.submit_next(
            rest,
            move |conn| {
                settler.finished.take_into(&batch, settler.max_batch.load(Ordering::Relaxed));
                settle(conn, &lock(&batch), &settler.instance, settler.rule)
            },
            move |written| then.written(group_commit::all(&taken), written, head),
        );
    }

    fn written(self: &Arc<Self>, batch: Vec<Finished>, written: Result<Written>, head: i64) {
        match written {
            Ok(written) => {
                self.grow_batches();
                self.settled(batch, written, head);
                if self.finished.ended() {
                    self.write(REST);
                }
                // What waited for a place among the unsettled goes on.
                self.dispatcher.wake();
            }
            Err(error) => {
                if let Some(left_out) = self.repeats.is_due("settle", self.clock.steady()) {
                    let answers = batch.len();
                    error.log(&format!(
                        "{answers} answers could not be written down; trying again ({left_out} more of these were left out)"
                    ));
                }
                if is_away(&error) {
                    self.finished.put_back(batch);
                } else {
                    self.refused(batch);
                }
                let settler = self.clone();
                self.store.runtime().spawn(async move {
                    tokio::time::sleep(RETRY_INTERVAL).await;
                    if settler.finished.ended() {
                        settler.write(Duration::ZERO);
                    }
                });
            }
        }
    }

    /// The database took none of a batch.
    fn refused(self: &Arc<Self>, batch: Vec<Finished>) {
        let failures = self.failures.fetch_add(1, Ordering::Relaxed) + 1;
        if batch.len() == 1 && failures >= MAX_FAILURES_OF_ONE {
            self.failures.store(0, Ordering::Relaxed);
            return self.set_aside(batch);
        }
        if batch.len() > 1 && failures >= MAX_FAILURES {
            self.failures.store(0, Ordering::Relaxed);
            self.max_batch.store(batch.len() / 2, Ordering::Relaxed);
        }
        self.finished.put_back(batch);
    }

    fn grow_batches(&self) {
        self.failures.store(0, Ordering::Relaxed);
        let now = self.max_batch.load(Ordering::Relaxed);
        if now < MAX_BATCH {
            self.max_batch.store((now * 2).min(MAX_BATCH), Ordering::Relaxed);
        }
    }

    /// Keeps an answer that cannot be written, and tries again later.
    fn set_aside(self: &Arc<Self>, batch: Vec<Finished>) {
        for finished in &batch {
            let delivery = &finished.owed.delivery;
            tracing::error!(delivery = %delivery.id, hook = %delivery.hook_id, "an answer cannot be written down and is set aside; the others go on");
        }
        let mut set_aside = lock(&self.set_aside);
        set_aside.extend(batch);
        let dropped = set_aside.len().saturating_sub(MAX_SET_ASIDE);
        let dropped: Vec<Finished> = set_aside.drain(..dropped).collect();
        drop(set_aside);
        dropped.iter().for_each(|finished| self.dispatcher.drop_delivery(&finished.owed.delivery.id));
        let settler = self.clone();
        self.store.runtime().spawn(async move {
            tokio::time::sleep(SET_ASIDE).await;
            let again = std::mem::take(&mut *lock(&settler.set_aside));
            again.into_iter().for_each(|finished| settler.settle_soon(finished));
        });
    }

    fn settled(&self, batch: Vec<Finished>, written: Written, head: i64) -> Report {
        written.noted.told(&self.store);
        let mut report = Report { sent: batch.len(), ..Report::default() };
        for (finished, now) in batch.into_iter().zip(written.deliveries) {
            let Some(delivery) = now else {
                self.dispatcher.drop_delivery(&finished.owed.delivery.id);
                continue;
            };
            match delivery.state {
                DeliveryState::Success { .. } => report.succeeded += 1,
                DeliveryState::Failed { .. } => report.failed += 1,
                DeliveryState::Retrying { .. } | DeliveryState::Pending { .. } => report.retrying += 1,
            }
            // Whoever waits for an answer waits for the one to the extra attempt.
            let answered = (!delivery.is_between_sides()).then(|| delivery.id.clone());
            self.dispatcher.settled(Owed { delivery, ..finished.owed }, head);
            answered.iter().for_each(|id| self.dispatcher.notify(id));
        }
        self.meters.settled(report.sent, report.succeeded, report.failed);
        report
    }
}

/// Whether everything would fare no better.
fn is_away(error: &StoreError) -> bool {
    error.is_away() || matches!(error, StoreError::Unclear(_))
}
