//! The engine: takes what is due, sends it, settles it, and starts again.
//!
//! It is a step, [`Engine::tick`], that tests call; [`Engine::run`] only sleeps and wakes around the same parts. No network
//! call is made while a transaction or a pooled connection is held.
//!
//! What is *not* guaranteed: exactly-once. A process that dies between a receiver's answer and its settling sends the same
//! request again, with the same `webhook-id`.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::{Notify, oneshot, watch};
use tokio::task::JoinSet;

use super::queue::{Caps, Queue};
use super::recover;
use super::sender::{Order, Sender};
use super::settle::{Finished, settle};
use crate::clock::Clock;
use crate::domain::delivery::DeliveryState;
use crate::domain::hook::{Hook, HookState};
use crate::domain::ids::{DeliveryId, HookId, InstanceId};
use crate::domain::sealing::SealingKey;
use crate::domain::secret::{CredentialKind, Plain};
use crate::domain::signing::Secrets;
use crate::store::delivery::Owed;
use crate::store::{self, Store, StoreError};

/// How long deliveries under way may take to finish when the process is asked to stop.
const DRAIN: Duration = Duration::from_secs(25);

/// How long to wait before trying again what failed on our own side.
const OWN_FAULT_PAUSE: TimeDelta = TimeDelta::seconds(1);

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
    waiters: Mutex<HashMap<DeliveryId, Vec<oneshot::Sender<()>>>>,
}

/// A delivery with everything it takes to send it.
struct Job {
    owed: Owed,
    hook: Hook,
    key: Option<Plain>,
    secrets: Secrets,
}

/// What became of a delivery that was due.
enum Prepared {
    Send(Box<Job>),
    /// Its hook is paused: hold it.
    Hold(Owed),
    /// Its hook was deleted just as it was recorded: nothing is sent, and it must not stay owed.
    Cancel(Owed),
    /// Someone else has it, or it was cancelled.
    Drop(Owed),
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

    /// Takes deliveries that were just committed as held by this instance.
    pub fn hand_over(&self, owed: Vec<Owed>) {
        let mut queue = self.queue();
        for owed in owed {
            queue.push(owed);
        }
        drop(queue);
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
        self.claim().await?;
        let mut tries = JoinSet::new();
        self.dispatch(&mut tries).await;
        let mut finished = Vec::new();
        while let Some(done) = tries.join_next().await {
            finished.extend(done.ok());
        }
        self.settle(finished).await
    }

    /// Sends until told to stop, then lets what is under way finish and gives back what it held.
    pub async fn run(self: Arc<Self>, mut stop: watch::Receiver<bool>) {
        let mut tries: JoinSet<Finished> = JoinSet::new();
        let mut unsettled: Vec<Finished> = Vec::new();
        let mut housekeeping = self.clock.now();
        while !*stop.borrow() {
            let now = self.clock.now();
            if now >= housekeeping {
                housekeeping = now + recover::HEARTBEAT;
                self.keep_house().await;
            } else if self.released.swap(false, Ordering::AcqRel) {
                self.claim_or_say().await;
            }
            self.dispatch(&mut tries).await;
            let until =
                self.queue().next_due().filter(|due| *due > now).map_or(housekeeping, |due| due.min(housekeeping));
            tokio::select! {
                _ = stop.changed() => {}
                () = self.wake.notified() => {}
                () = self.clock.sleep_until(until) => {}
                Some(done) = tries.join_next() => unsettled.extend(done.ok()),
            }
            while let Some(done) = tries.try_join_next() {
                unsettled.extend(done.ok());
            }
            unsettled = self.settle_or_keep(unsettled).await;
        }
        self.drain(tries, unsettled).await;
    }

    async fn drain(&self, mut tries: JoinSet<Finished>, mut unsettled: Vec<Finished>) {
        let all = async {
            while let Some(done) = tries.join_next().await {
                unsettled.extend(done.ok());
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

    async fn keep_house(&self) {
        match recover::keep_house(&self.store, &self.instance, self.clock.now()).await {
            Ok(()) => self.claim_or_say().await,
            Err(error) => tracing::error!(%error, "the engine could not reach its database; it goes on trying"),
        }
    }

    async fn claim_or_say(&self) {
        if let Err(error) = self.claim().await {
            tracing::error!(%error, "what is owed could not be claimed; it is looked for again in a moment");
        }
    }

    /// Takes what is due and held by nobody, as far as there is room.
    async fn claim(&self) -> Result<usize, StoreError> {
        let room = i64::try_from(self.queue().room().min(1_000)).unwrap_or_default();
        if room == 0 {
            return Ok(0);
        }
        let instance = self.instance.clone();
        let claimed = self.store.write(move |conn| store::delivery::claim(conn, &instance, room)).await?;
        let count = claimed.len();
        let mut queue = self.queue();
        for owed in claimed {
            queue.push(owed);
        }
        Ok(count)
    }

    /// Starts every try that is due.
    async fn dispatch(&self, tries: &mut JoinSet<Finished>) {
        let now = self.clock.now();
        let due = self.queue().start_due(now);
        if due.is_empty() {
            return;
        }
        let prepared = match self.prepare(due.clone()).await {
            Ok(prepared) => prepared,
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
                    tries.spawn(try_once(self.sender.clone(), self.clock.clone(), *job));
                }
                Prepared::Hold(owed) => self.hold(owed).await,
                Prepared::Cancel(owed) => self.cancel(owed).await,
                Prepared::Drop(owed) => self.let_go(&owed),
            }
        }
    }

    async fn prepare(&self, due: Vec<Owed>) -> Result<Vec<Prepared>, StoreError> {
        let instance = self.instance.clone();
        let sealing = self.sealing.clone();
        self.store
            .read(move |conn| {
                let ids: Vec<DeliveryId> = due.iter().map(|owed| owed.delivery.id.clone()).collect();
                let mut hook_ids: Vec<HookId> = due.iter().map(|owed| owed.delivery.hook_id.clone()).collect();
                hook_ids.sort();
                hook_ids.dedup();
                let held = store::delivery::still_held(conn, &ids, &instance)?;
                let hooks = store::hook::by_ids(conn, &hook_ids)?;
                let credentials = store::credential::of_hooks(conn, &hook_ids)?;
                let prepare = |owed: Owed| {
                    let hook = hooks.iter().find(|hook| hook.id == owed.delivery.hook_id);
                    match hook {
                        Some(hook) if held.contains(&owed.delivery.id) => {
                            match hook.state {
                                HookState::Deleted => return Ok(Prepared::Cancel(owed)),
                                HookState::Paused if !owed.delivery.probe => return Ok(Prepared::Hold(owed)),
                                HookState::Paused | HookState::Active => {}
                            }
                            let (key, secrets) = open_credentials(&credentials, hook, &sealing)?;
                            Ok(Prepared::Send(Box::new(Job { owed, hook: hook.clone(), key, secrets })))
                        }
                        _ => Ok(Prepared::Drop(owed)),
                    }
                };
                due.into_iter().map(prepare).collect()
            })
            .await
    }

    async fn hold(&self, owed: Owed) {
        let hook = owed.delivery.hook_id.clone();
        let held = self.store.write(move |conn| store::delivery::hold_for(conn, &hook)).await;
        if let Err(error) = held {
            tracing::error!(%error, "deliveries of a paused hook could not be held; they are looked at again in a moment");
            let again = self.clock.now() + OWN_FAULT_PAUSE;
            return self.put_back(owed, again);
        }
        self.let_go(&owed);
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
        let mut queue = self.queue();
        queue.finished(&owed.delivery.hook_id, &owed.delivery.id);
        owed.delivery.state = match owed.delivery.state {
            DeliveryState::Pending { .. } => DeliveryState::Pending { due: Some(due) },
            _ => DeliveryState::Retrying { due: Some(due) },
        };
        queue.push(owed);
    }

    fn let_go(&self, owed: &Owed) {
        self.queue().finished(&owed.delivery.hook_id, &owed.delivery.id);
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
        let (faults, answers): (Vec<_>, Vec<_>) = finished.into_iter().partition(|done| done.sent.fault.is_some());
        let mut report = Report { sent: answers.len(), ..Report::default() };
        let settled = if answers.is_empty() {
            Vec::new()
        } else {
            let instance = self.instance.clone();
            self.store.write(move |conn| settle(conn, &answers, &instance)).await?
        };
        for done in faults {
            tracing::error!(fault = ?done.sent.fault, "a delivery could not be tried for a reason of our own");
            self.put_back(done.owed, done.finished_at + OWN_FAULT_PAUSE);
        }
        for owed in settled {
            match owed.delivery.state {
                DeliveryState::Success { .. } => report.succeeded += 1,
                DeliveryState::Failed { .. } => report.failed += 1,
                DeliveryState::Retrying { .. } | DeliveryState::Pending { .. } => report.retrying += 1,
            }
            let id = owed.delivery.id.clone();
            let mut queue = self.queue();
            queue.finished(&owed.delivery.hook_id, &id);
            queue.push(owed);
            drop(queue);
            self.tell(&id);
        }
        Ok(report)
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

    fn waiters(&self) -> MutexGuard<'_, HashMap<DeliveryId, Vec<oneshot::Sender<()>>>> {
        self.waiters.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

/// Where a credential belongs: what its sealed value is bound to.
pub fn place(hook: &HookId, credential: &str) -> String {
    format!("{hook}/{credential}")
}

fn open_credentials(
    all: &[store::credential::Sealed],
    hook: &Hook,
    sealing: &SealingKey,
) -> Result<(Option<Plain>, Secrets), StoreError> {
    let mut key = None;
    let mut secrets = Secrets::default();
    for sealed in all.iter().filter(|sealed| sealed.credential.hook_id == hook.id) {
        let place = place(&hook.id, sealed.credential.id.as_str());
        let plain = sealing.open(&sealed.sealed, &place).map_err(|error| StoreError::Corrupt {
            table: "credentials",
            id: sealed.credential.id.to_string(),
            what: error.to_string(),
        })?;
        match sealed.credential.kind {
            CredentialKind::Secret => secrets.live.push(plain),
            CredentialKind::Key => key = key.or(Some(plain)),
        }
    }
    Ok((key, secrets))
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
