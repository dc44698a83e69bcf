//! The engine: takes what is due, sends it, settles it, and starts again.
//!
//! It is a step, [`Engine::tick`], that tests call; [`Engine::run`] only sleeps and wakes around the same parts. No network
//! call is made while a transaction or a pooled connection is held.
//!
//! What is *not* guaranteed: exactly-once. A process that dies between a receiver's answer and its settling sends the same
//! request again, with the same `webhook-id`.

use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::FutureExt as _;
use tokio::sync::{Notify, oneshot, watch};
use tokio::task::JoinSet;

use super::prepare::{Job, Prepared, prepare};
use super::queue::{Caps, Queue};
use super::recover;
use super::sender::{Order, Sender};
use super::settle::{Finished, HORIZON, settle};
use crate::clock::Clock;
use crate::domain::delivery::DeliveryState;
use crate::domain::hook::HookState;
use crate::domain::ids::{DeliveryId, InstanceId};
use crate::domain::sealing::SealingKey;
use crate::store::delivery::{Owed, Wanted};
use crate::store::{self, Store, StoreError};

/// How long deliveries under way may take to finish when the process is asked to stop.
const DRAIN: Duration = Duration::from_secs(25);

/// How long to wait before trying again what failed on our own side.
const OWN_FAULT_PAUSE: TimeDelta = TimeDelta::seconds(1);

/// How long to leave alone what cannot be read, or what made a try end in a bug of ours.
const BROKEN_PAUSE: TimeDelta = TimeDelta::minutes(1);

/// How often to look for what would otherwise be sent by nobody.
const SWEEP: TimeDelta = TimeDelta::seconds(15);

/// What should have been sent this long ago and is held by this instance, but not in its memory, was lost on the way there.
const LOST_AFTER: TimeDelta = TimeDelta::seconds(5);

/// How many deliveries are claimed at once.
const CLAIM: usize = 1_000;

/// A try, or the delivery whose try ended in a bug of ours.
type Tried = Result<Finished, Box<Owed>>;

/// What a step did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Report {
    /// Requests that were made.
    pub sent: usize,
    /// Deliveries that arrived.
    pub succeeded: usize,
    /// Deliveries that will be tried again.
    pub retrying: usize,
    /// Deliveries that were given up.
    pub failed: usize,
}

/// Sends what is owed. One for each process.
pub struct Engine {
    store: Store,
    clock: Arc<dyn Clock>,
    sender: Arc<Sender>,
    sealing: SealingKey,
    instance: InstanceId,
    queue: Mutex<Queue>,
    wake: Notify,
    /// Something was released without being handed over.
    released: AtomicBool,
    /// What was committed as held by this instance, but finds no room in its memory.
    overflow: Mutex<Vec<DeliveryId>>,
    waiters: Mutex<HashMap<DeliveryId, Vec<oneshot::Sender<()>>>>,
}

impl Engine {
    /// An engine for this process; [`Engine::start`] makes it known to the database.
    pub fn new(store: Store, clock: Arc<dyn Clock>, sender: Sender, sealing: SealingKey, caps: Caps) -> Self {
        let instance = InstanceId::new(clock.now());
        Self {
            store,
            clock,
            sender: Arc::new(sender),
            sealing,
            instance,
            queue: Mutex::new(Queue::new(caps)),
            wake: Notify::new(),
            released: AtomicBool::new(false),
            overflow: Mutex::default(),
            waiters: Mutex::default(),
        }
    }

    /// Who holds what this engine will send.
    pub fn instance(&self) -> &InstanceId {
        &self.instance
    }

    /// Registers this instance and takes up what dead ones left.
    pub async fn start(&self) -> Result<(), StoreError> {
        recover::register(&self.store, &self.instance, self.clock.now()).await?;
        self.claim().await.map(drop)
    }

    /// Takes deliveries that were just committed as held by this instance. What memory has no room for goes back to the
    /// database, and is claimed when there is some.
    pub fn hand_over(&self, owed: Vec<Owed>) {
        for owed in owed {
            let refused = self.queue().push(owed);
            self.overflowed(refused);
        }
        self.wake.notify_one();
    }

    /// Says that there may be something to claim: deliveries were released without being handed over.
    pub fn nudge(&self) {
        self.released.store(true, Ordering::Release);
        self.wake.notify_one();
    }

    /// Resolves when a try of this delivery has been settled. Ask before handing it over.
    pub fn settled(&self, delivery: &DeliveryId) -> oneshot::Receiver<()> {
        let (told, tell) = oneshot::channel();
        self.waiters().entry(delivery.clone()).or_default().push(told);
        tell
    }

    /// One step: everything that is due now is sent, and all of it is settled before this returns.
    pub async fn tick(&self) -> Result<Report, StoreError> {
        self.release_overflow().await?;
        self.claim().await?;
        let mut tries = JoinSet::new();
        self.dispatch(&mut tries).await;
        let mut finished = Vec::new();
        while let Some(done) = tries.join_next().await {
            finished.extend(self.finished(done));
        }
        self.settle(finished).await
    }

    /// Looks for what nobody would send: left by instances that are gone, held for a hook that is active, committed as ours
    /// but lost on its way to memory.
    pub async fn sweep(&self) -> Result<(), StoreError> {
        let now = self.clock.now();
        recover::sweep(&self.store, now).await?;
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

    /// Sends until told to stop, then lets what is under way finish and gives back what it held.
    pub async fn run(self: Arc<Self>, mut stop: watch::Receiver<bool>) {
        let mut tries: JoinSet<Tried> = JoinSet::new();
        let mut unsettled: Vec<Finished> = Vec::new();
        let (mut housekeeping, mut sweeping) = (self.clock.now(), self.clock.now() + SWEEP);
        // A sender that is gone means the same as a stop.
        let stopped = async move { drop(stop.wait_for(|stop| *stop).await) };
        tokio::pin!(stopped);
        loop {
            let now = self.clock.now();
            if now >= housekeeping {
                housekeeping = now + recover::HEARTBEAT;
                self.keep_house().await;
            } else if self.released.swap(false, Ordering::AcqRel) {
                self.or_say(self.claim()).await;
            }
            if now >= sweeping {
                sweeping = now + SWEEP;
                self.or_say(self.sweep()).await;
            }
            self.or_say(self.release_overflow()).await;
            self.dispatch(&mut tries).await;
            let until =
                self.queue().next_due().filter(|due| *due > now).map_or(housekeeping, |due| due.min(housekeeping));
            tokio::select! {
                () = &mut stopped => break,
                () = self.wake.notified() => {}
                () = self.clock.sleep_until(until) => {}
                Some(done) = tries.join_next() => unsettled.extend(self.finished(done)),
            }
            while let Some(done) = tries.try_join_next() {
                unsettled.extend(self.finished(done));
            }
            unsettled = self.settle_or_keep(unsettled).await;
        }
        self.drain(tries, unsettled).await;
    }

    async fn drain(&self, mut tries: JoinSet<Tried>, mut unsettled: Vec<Finished>) {
        let all = async {
            while let Some(done) = tries.join_next().await {
                unsettled.extend(self.finished(done));
            }
        };
        if tokio::time::timeout(DRAIN, all).await.is_err() {
            tracing::warn!(left = tries.len(), "stopping while deliveries are under way; they will be sent again");
        }
        let left = self.settle_or_keep(unsettled).await;
        if !left.is_empty() {
            tracing::error!(
                left = left.len(),
                "answers could not be written down; these deliveries will be sent again"
            );
        }
        if let Err(error) = recover::retire(&self.store, &self.instance).await {
            tracing::error!(%error, "what this instance held could not be given back; another takes it over in time");
        }
    }

    /// The try of a finished task. One that ended in a bug of ours is put back, so that its place is not lost.
    fn finished(&self, done: Result<Tried, tokio::task::JoinError>) -> Option<Finished> {
        match done {
            Ok(Ok(finished)) => Some(finished),
            Ok(Err(owed)) => {
                tracing::error!(delivery = %owed.delivery.id, "a try ended in a bug of ours; it is repeated in a minute");
                self.put_back(*owed, self.clock.now() + BROKEN_PAUSE);
                None
            }
            // Tries are never aborted, and their panics are caught inside.
            Err(_) => None,
        }
    }

    async fn keep_house(&self) {
        match recover::keep_house(&self.store, &self.instance, self.clock.now()).await {
            Ok(()) => self.or_say(self.claim()).await,
            Err(error) => tracing::error!(%error, "the engine could not reach its database; it goes on trying"),
        }
    }

    async fn or_say<T>(&self, work: impl Future<Output = Result<T, StoreError>>) {
        if let Err(error) = work.await {
            tracing::error!(%error, "what is owed could not be looked for; it is looked for again in a moment");
        }
    }

    /// Takes what is due soon and held by nobody, as far as there is room.
    async fn claim(&self) -> Result<usize, StoreError> {
        let (room, not_for) = {
            let queue = self.queue();
            (queue.room().min(CLAIM), queue.crowded())
        };
        if room == 0 {
            return Ok(0);
        }
        let wanted = Wanted { limit: room as i64, due_by: self.clock.now() + HORIZON, not_for };
        let instance = self.instance.clone();
        let claimed = self.store.write(move |conn| store::delivery::claim(conn, &instance, &wanted)).await?;
        let count = claimed.len();
        if count == room {
            // There is probably more: look again as soon as this has been started.
            self.released.store(true, Ordering::Release);
        }
        for owed in claimed {
            let refused = self.queue().push(owed);
            self.overflowed(refused);
        }
        Ok(count)
    }

    fn overflowed(&self, refused: Option<Owed>) {
        if let Some(owed) = refused {
            self.overflow().push(owed.delivery.id);
        }
    }

    /// Gives back what memory had no room for.
    async fn release_overflow(&self) -> Result<(), StoreError> {
        let ids = std::mem::take(&mut *self.overflow());
        if ids.is_empty() {
            return Ok(());
        }
        let (instance, releasing) = (self.instance.clone(), ids.clone());
        let released = self.store.write(move |conn| store::delivery::release(conn, &releasing, &instance)).await;
        if released.is_err() {
            self.overflow().extend(ids);
        }
        released.map(drop)
    }

    /// Starts every try that is due.
    async fn dispatch(&self, tries: &mut JoinSet<Tried>) {
        let now = self.clock.now();
        let due = self.queue().start_due(now);
        if due.is_empty() {
            return;
        }
        let prepared = match prepare(&self.store, &self.instance, &self.sealing, due.clone()).await {
            Ok(prepared) => prepared,
            Err(StoreError::Corrupt { .. }) => self.prepare_one_by_one(due).await,
            Err(error) => {
                tracing::error!(%error, "hooks could not be read; what is due is tried again in a moment");
                for owed in due {
                    self.put_back(owed, now + OWN_FAULT_PAUSE);
                }
                return;
            }
        };
        for prepared in prepared {
            match prepared {
                Prepared::Send(job) => {
                    tries.spawn(try_caught(self.sender.clone(), self.clock.clone(), *job));
                }
                Prepared::Hold(owed) => self.hold(owed).await,
                Prepared::Cancel(owed) => self.cancel(owed).await,
                Prepared::Drop(owed) => self.let_go(&owed),
            }
        }
    }

    /// One hook or credential cannot be read: whoever does not need it goes on.
    async fn prepare_one_by_one(&self, due: Vec<Owed>) -> Vec<Prepared> {
        let mut all = Vec::with_capacity(due.len());
        for owed in due {
            match prepare(&self.store, &self.instance, &self.sealing, vec![owed.clone()]).await {
                Ok(prepared) => all.extend(prepared),
                Err(error) => {
                    tracing::error!(%error, delivery = %owed.delivery.id, "a delivery cannot be prepared; the others go on");
                    self.put_back(owed, self.clock.now() + BROKEN_PAUSE);
                }
            }
        }
        all
    }

    async fn hold(&self, owed: Owed) {
        let (hook, now) = (owed.delivery.hook_id.clone(), self.clock.now());
        let held = self.store.write(move |conn| {
            // Somebody may have resumed it since it was looked at: what is held after that would be held for ever.
            let paused = store::hook::current_state(conn, &hook)? == Some(HookState::Paused);
            if paused {
                store::delivery::hold_for(conn, &hook)?;
            }
            Ok::<_, StoreError>(paused)
        });
        match held.await {
            Ok(true) => self.let_go(&owed),
            Ok(false) => self.put_back(owed, now),
            Err(error) => {
                tracing::error!(%error, "deliveries of a paused hook could not be held; they are looked at again in a moment");
                self.put_back(owed, now + OWN_FAULT_PAUSE);
            }
        }
    }

    async fn cancel(&self, owed: Owed) {
        let (hook, now) = (owed.delivery.hook_id.clone(), self.clock.now());
        let cancelled = self.store.write(move |conn| store::delivery::cancel_owed_to(conn, &hook, now)).await;
        if let Err(error) = cancelled {
            tracing::error!(%error, "deliveries of a deleted hook could not be ended; they are looked at again in a moment");
            return self.put_back(owed, now + OWN_FAULT_PAUSE);
        }
        self.let_go(&owed);
    }

    fn put_back(&self, mut owed: Owed, due: DateTime<Utc>) {
        owed.delivery.state = match owed.delivery.state {
            DeliveryState::Pending { .. } => DeliveryState::Pending { due: Some(due) },
            _ => DeliveryState::Retrying { due: Some(due) },
        };
        self.requeue(owed);
    }

    /// Ends a try's place in its lane, and queues the delivery again when something is due soon.
    fn requeue(&self, owed: Owed) {
        let mut queue = self.queue();
        let again = queue.finished(&owed.delivery.hook_id, &owed.delivery.id);
        let soon = owed.delivery.state.due().is_some_and(|due| due <= self.clock.now() + HORIZON);
        let refused = if soon { queue.push(owed) } else { None };
        drop(queue);
        self.overflowed(again);
        self.overflowed(refused);
    }

    fn let_go(&self, owed: &Owed) {
        let again = self.queue().finished(&owed.delivery.hook_id, &owed.delivery.id);
        self.overflowed(again);
        self.tell(&owed.delivery.id);
    }

    /// Settles, and on failure keeps what is not written down: an answer is never forgotten while the process lives.
    async fn settle_or_keep(&self, finished: Vec<Finished>) -> Vec<Finished> {
        if finished.is_empty() {
            return finished;
        }
        match self.settle(finished.clone()).await {
            Ok(_) => Vec::new(),
            Err(error) => {
                tracing::error!(%error, waiting = finished.len(), "answers could not be written down; trying again");
                tokio::time::sleep(Duration::from_millis(200)).await;
                finished
            }
        }
    }

    async fn settle(&self, finished: Vec<Finished>) -> Result<Report, StoreError> {
        let (faults, mut answers): (Vec<_>, Vec<_>) = finished.into_iter().partition(|done| done.sent.fault.is_some());
        // Everybody locks rows in the same order.
        answers.sort_by(|a, b| a.owed.delivery.id.cmp(&b.owed.delivery.id));
        let mut report = Report { sent: answers.len(), ..Report::default() };
        for owed in self.write_down(answers).await? {
            match owed.delivery.state {
                DeliveryState::Success { .. } => report.succeeded += 1,
                DeliveryState::Failed { .. } => report.failed += 1,
                DeliveryState::Retrying { .. } | DeliveryState::Pending { .. } => report.retrying += 1,
            }
            let id = owed.delivery.id.clone();
            self.requeue(owed);
            self.tell(&id);
        }
        for done in faults {
            tracing::error!(fault = ?done.sent.fault, "a delivery could not be tried for a reason of our own");
            self.put_back(done.owed, done.finished_at + OWN_FAULT_PAUSE);
        }
        Ok(report)
    }

    /// Writes answers down together; if one row cannot be read, each by itself, so that it holds up no other.
    async fn write_down(&self, answers: Vec<Finished>) -> Result<Vec<Owed>, StoreError> {
        if answers.is_empty() {
            return Ok(Vec::new());
        }
        let (instance, batch) = (self.instance.clone(), answers.clone());
        let settled = match self.store.write(move |conn| settle(conn, &batch, &instance)).await {
            Err(StoreError::Corrupt { .. }) => {
                let mut settled = Vec::new();
                for answer in &answers {
                    let (instance, one) = (self.instance.clone(), answer.clone());
                    match self.store.write(move |conn| settle(conn, std::slice::from_ref(&one), &instance)).await {
                        Ok(owed) => settled.extend(owed),
                        Err(error @ StoreError::Corrupt { .. }) => {
                            tracing::error!(%error, "an answer cannot be written down; the others are");
                        }
                        Err(error) => return Err(error),
                    }
                }
                settled
            }
            other => other?,
        };
        for answer in &answers {
            let id = &answer.owed.delivery.id;
            if !settled.iter().any(|owed| owed.delivery.id == *id) {
                self.let_go(&answer.owed);
            }
        }
        Ok(settled)
    }

    fn tell(&self, delivery: &DeliveryId) {
        for waiter in self.waiters().remove(delivery).unwrap_or_default() {
            // Whoever asked may have gone.
            let _ = waiter.send(());
        }
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    fn overflow(&self) -> MutexGuard<'_, Vec<DeliveryId>> {
        self.overflow.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    fn waiters(&self) -> MutexGuard<'_, HashMap<DeliveryId, Vec<oneshot::Sender<()>>>> {
        self.waiters.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

/// A try whose panic, should there be one, costs no other delivery its place.
async fn try_caught(sender: Arc<Sender>, clock: Arc<dyn Clock>, job: Job) -> Tried {
    let owed = Box::new(job.owed.clone());
    AssertUnwindSafe(try_once(sender, clock, job)).catch_unwind().await.map_err(|_| owed)
}

async fn try_once(sender: Arc<Sender>, clock: Arc<dyn Clock>, job: Job) -> Finished {
    let started_at = clock.now();
    let policy = job.hook.policy;
    let sent = sender
        .send(Order {
            event_id: job.owed.delivery.event_id.clone(),
            kind: job.owed.delivery.kind,
            occurred_at: job.owed.occurred_at,
            started_at,
            url: job.hook.url,
            body: job.owed.body.clone(),
            key: job.key,
            secrets: job.secrets,
            timeout: policy.timeout(),
        })
        .await;
    Finished {
        owed: job.owed,
        policy,
        started_at,
        finished_at: clock.now(),
        sent,
        jitter: rand::random_range(-1.0..=1.0),
    }
}
