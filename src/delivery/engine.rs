//! The engine: takes what is due, sends it, settles it, and starts again.
//!
//! It is a step, [`Engine::tick`], that tests call; [`Engine::run`] only sleeps and wakes around the same parts. No network
//! call is made while a transaction or a pooled connection is held.
//!
//! What is *not* guaranteed: exactly-once. A process that dies between a receiver's answer and its settling sends the same
//! request again, with the same `webhook-id`.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::{Notify, oneshot, watch};
use tokio::task::JoinSet;

use super::directory::Directory;
use super::gathering::Gathering;
use super::intake;
use super::meters::Meters;
use super::queue::{Caps, Queue};
use super::recover;
use super::sender::Sender;
use super::settle::Finished;
use super::step::{Step, Steps};
use crate::clock::Clock;
use crate::domain::health::Rule;
use crate::domain::ids::{DeliveryId, InstanceId};
use crate::domain::sealing::SealingKey;
use crate::store::delivery::Owed;
use crate::store::presence::Presence;
use crate::store::{self, Conn, Store, StoreError};

/// How long deliveries under way may take to finish when the process is asked to stop: longer than any policy's deadline.
const DRAIN: Duration = Duration::from_secs(35);

/// On a database with other instances: how old may be what is known of their changes when a try begins.
const STALE: TimeDelta = TimeDelta::milliseconds(25);

/// How long to wait before trying again what failed on our own side.
pub(super) const OWN_FAULT_PAUSE: TimeDelta = TimeDelta::seconds(1);

/// Nobody has said at which generation it was: it is in doubt, whichever there is.
const UNKNOWN: i64 = -1;

/// How many deliveries are looked at in one query.
const LOOK: usize = 500;

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

/// How much the engine has to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Load {
    /// Requests that have no answer yet.
    pub sending: usize,
    /// Tries that are not written down yet, those included.
    pub under_way: usize,
    /// Deliveries that wait in memory, due or not.
    pub waiting: usize,
}

/// Sends what is owed. One for each process.
pub struct Engine {
    pub(super) store: Store,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) sender: Sender,
    pub(super) sealing: SealingKey,
    pub(super) instance: InstanceId,
    pub(super) rule: Rule,
    /// Where the console is reached, without a slash at its end, for the links in payloads.
    pub(super) console: Option<String>,
    pub(super) presence: Presence,
    pub(super) directory: Directory,
    pub(super) meters: Meters,
    pub(super) steps: Steps,
    /// What partner systems have reported and is not durable yet.
    pub(super) reports: Gathering<intake::Report>,
    /// Tries whose answers are not written down yet.
    pub(super) tries: Gathering<Finished>,
    queue: Mutex<Queue>,
    wake: Notify,
    /// There is something to claim, or to give back.
    pub(super) tidy: Notify,
    /// More may be owed than memory holds.
    pub(super) more: AtomicBool,
    /// When it was last looked for changes that other instances made, in microseconds.
    looked_at: AtomicI64,
    /// Whether tasks that have finished a try take the next one.
    running: AtomicBool,
    /// Whether the last look for changes failed: until one succeeds, nothing starts.
    blind: AtomicBool,
    /// What was committed as held by this instance, but finds no room in its memory.
    overflow: Mutex<Vec<DeliveryId>>,
    waiters: Mutex<HashMap<DeliveryId, Vec<oneshot::Sender<()>>>>,
}

impl Engine {
    /// An engine for this process; [`Engine::start`] makes it known to the database.
    pub fn new(store: Store, clock: Arc<dyn Clock>, sender: Sender, sealing: SealingKey, caps: Caps) -> Self {
        let instance = InstanceId::new(clock.now());
        Self {
            store: store.for_engine(),
            clock,
            sender,
            sealing,
            presence: Presence::new(instance.clone()),
            instance,
            rule: Rule::default(),
            console: None,
            directory: Directory::default(),
            meters: Meters::default(),
            steps: Steps::default(),
            reports: Gathering::default(),
            tries: Gathering::default(),
            queue: Mutex::new(Queue::new(caps)),
            wake: Notify::new(),
            tidy: Notify::new(),
            more: AtomicBool::new(false),
            looked_at: AtomicI64::new(i64::MIN),
            running: AtomicBool::new(false),
            blind: AtomicBool::new(false),
            overflow: Mutex::default(),
            waiters: Mutex::default(),
        }
    }

    /// The same engine, disabling hooks by another rule.
    pub fn disabling(self, rule: Rule) -> Self {
        Self { rule, ..self }
    }

    /// The same engine, with links to a console at this address in its payloads.
    pub fn with_console(self, address: Option<String>) -> Self {
        Self { console: address, ..self }
    }

    /// Where the console is reached, for the links in payloads.
    pub fn console(&self) -> Option<&str> {
        self.console.as_deref()
    }

    /// When it disables hooks that fail.
    pub fn rule(&self) -> Rule {
        self.rule
    }

    /// Who holds what this engine will send.
    pub fn instance(&self) -> &InstanceId {
        &self.instance
    }

    /// What it knows of keys and hooks.
    pub fn directory(&self) -> &Directory {
        &self.directory
    }

    /// What it has done so far.
    pub fn meters(&self) -> &Meters {
        &self.meters
    }

    /// How much it has to do now.
    pub fn load(&self) -> Load {
        let queue = self.queue();
        Load { sending: queue.sending(), under_way: queue.under_way(), waiting: queue.waiting() }
    }

    /// Tells of each step in the life of a delivery, from now on and once for all: for tests that stop the process there.
    pub fn on_step(&self, told: impl Fn(Step) + Send + Sync + 'static) {
        self.steps.tell(told);
    }

    /// Registers this instance and takes up what dead ones left.
    pub async fn start(&self) -> Result<(), StoreError> {
        recover::register(&self.store, &self.presence, &self.instance, self.clock.now()).await?;
        self.claim().await.map(drop)
    }

    /// Takes deliveries that were just committed as held by this instance. What memory has no room for goes back to the
    /// database, and is claimed when there is some.
    pub fn hand_over(&self, owed: Vec<Owed>) {
        self.enqueue(owed, UNKNOWN);
    }

    /// Queues deliveries that were owed and ours at this generation.
    pub(super) fn enqueue(&self, owed: Vec<Owed>, as_of: i64) {
        let mut queue = self.queue();
        let doubtful = self.store.generation() != as_of;
        let mut refused = Vec::new();
        for owed in owed {
            let id = doubtful.then(|| owed.delivery.id.clone());
            refused.extend(queue.push(owed));
            if let Some(id) = id {
                queue.doubt(&id);
            }
        }
        drop(queue);
        refused.into_iter().for_each(|owed| self.overflowed(Some(owed)));
        self.wake();
    }

    /// Says that there may be something to claim: deliveries were released without being handed over.
    pub fn nudge(&self) {
        self.more_is_owed();
        self.tidy.notify_one();
    }

    /// Says that something was left in the database because its lane is full; it is claimed when that has emptied.
    pub(super) fn more_is_owed(&self) {
        self.more.store(true, Ordering::Release);
    }

    pub(super) fn wake(&self) {
        self.wake.notify_one();
    }

    /// Resolves when a try of this delivery has been settled. Ask before handing it over.
    pub fn settled(&self, delivery: &DeliveryId) -> oneshot::Receiver<()> {
        let (told, tell) = oneshot::channel();
        self.waiters().entry(delivery.clone()).or_default().push(told);
        tell
    }

    /// One step: everything that is due now is sent, as far as the caps let it, and all of it is settled before this returns.
    pub async fn tick(self: &Arc<Self>) -> Result<Report, StoreError> {
        self.release_overflow().await?;
        self.claim().await?;
        self.looked_at.store(i64::MIN, Ordering::Release);
        self.look_for_changes().await?;
        let mut tries = JoinSet::new();
        for owed in self.start_due() {
            let engine = self.clone();
            tries.spawn(async move { engine.attempt(owed).await });
        }
        let finished: Vec<Finished> = tries.join_all().await.into_iter().flatten().collect();
        self.settle_now(finished).await
    }

    /// Sends until told to stop, then lets what is under way finish and gives back what it held.
    pub async fn run(self: Arc<Self>, mut stop: watch::Receiver<bool>) {
        self.running.store(true, Ordering::Release);
        let house = tokio::spawn(self.clone().keep_house());
        // A sender that is gone means the same as a stop.
        let stopped = async move { drop(stop.wait_for(|stop| *stop).await) };
        tokio::pin!(stopped);
        loop {
            let until = match self.look_for_changes().await {
                Ok(()) => {
                    for owed in self.start_due() {
                        tokio::spawn(self.clone().keep_trying(owed));
                    }
                    self.look_again_at()
                }
                Err(error) => {
                    tracing::error!(%error, "it cannot be seen what is still owed; nothing is sent until it can");
                    self.clock.now() + OWN_FAULT_PAUSE
                }
            };
            tokio::select! {
                () = &mut stopped => break,
                () = self.wake.notified() => {}
                () = self.clock.sleep_until(until) => {}
            }
        }
        self.running.store(false, Ordering::Release);
        house.abort();
        self.drain().await;
    }

    /// When to look again without being woken.
    fn look_again_at(&self) -> DateTime<Utc> {
        let now = self.clock.now();
        let queue = self.queue();
        let idle = now + recover::HEARTBEAT;
        let next = [queue.next_due(), queue.next_turn(now)].into_iter().flatten().filter(|due| *due > now);
        let due = next.min().map_or(idle, |due| due.min(idle));
        if !self.store.is_alone() && queue.sending() > 0 { due.min(now + STALE) } else { due }
    }

    async fn drain(&self) {
        let all = async {
            while self.queue().under_way() > 0 {
                self.wake.notified().await;
            }
        };
        // What waits is for others to send; nobody has to wait for our last answer.
        let waiting = self.queue().empty();
        self.overflow().extend(waiting);
        self.or_say(self.release_overflow()).await;
        if tokio::time::timeout(DRAIN, all).await.is_err() {
            let left = self.queue().under_way();
            tracing::warn!(left, "stopping while deliveries are under way; they will be sent again");
        }
        if let Err(error) = recover::retire(&self.store, &self.presence, &self.instance).await {
            tracing::error!(%error, "what this instance held could not be given back; another takes it over in time");
        }
    }

    pub(super) fn overflowed(&self, refused: Option<Owed>) {
        if let Some(owed) = refused {
            self.overflow().push(owed.delivery.id);
            self.tidy.notify_one();
        }
    }

    /// If anything has changed that takes deliveries out of our hands, finds out which of those that wait are still ours.
    async fn look_for_changes(&self) -> Result<(), StoreError> {
        let seen = self.see_changes().await;
        self.blind.store(seen.is_err(), Ordering::Release);
        seen
    }

    async fn see_changes(&self) -> Result<(), StoreError> {
        let now = self.clock.now().timestamp_micros();
        let age = now.saturating_sub(self.looked_at.load(Ordering::Acquire));
        if !self.store.is_alone() && age >= STALE.num_microseconds().unwrap_or_default() {
            let generation = self.store.for_looks().read(store::generation::read).await?;
            self.store.vitals().looked();
            self.looked_at.store(now, Ordering::Release);
            self.store.seen(generation);
        }
        let generation = self.store.generation();
        if self.queue().is_vetted(generation) {
            return Ok(());
        }
        if self.queue().generation() != generation {
            let own = self.instance.clone();
            let limits = move |conn: &mut Conn| {
                let instances = store::instance::others(conn, &own)?.len() + 1;
                Ok::<_, StoreError>((store::hook::rate_limits(conn)?, instances))
            };
            let (limits, instances) = self.store.read(limits).await?;
            self.queue().keep_to(limits, u32::try_from(instances).unwrap_or(u32::MAX));
        }
        let looked_at = self.queue().to_vet(generation);
        let mut still = HashSet::with_capacity(looked_at.len());
        for some in looked_at.chunks(LOOK) {
            let (some, instance) = (some.to_vec(), self.instance.clone());
            still.extend(self.store.read(move |conn| store::delivery::still_held(conn, &some, &instance)).await?);
        }
        let gone = self.queue().vetted(generation, &looked_at, &still);
        gone.iter().for_each(|id| self.tell(id));
        Ok(())
    }

    /// Starts every try that is due, if it is known that all of them are still ours.
    fn start_due(&self) -> Vec<Owed> {
        let (generation, now) = (self.store.generation(), self.clock.now());
        let mut queue = self.queue();
        if self.may_start(&queue, generation) { queue.start_due(now) } else { Vec::new() }
    }

    fn may_start(&self, queue: &Queue, generation: i64) -> bool {
        queue.is_vetted(generation) && !self.blind.load(Ordering::Acquire)
    }

    /// Starts the next try, for a task that has just finished one.
    pub(super) fn start_one(&self) -> Option<Owed> {
        if !self.running.load(Ordering::Acquire) {
            // Whoever waits for the last try to end looks again.
            self.wake();
            return None;
        }
        let (generation, now) = (self.store.generation(), self.clock.now());
        let mut queue = self.queue();
        if !self.may_start(&queue, generation) {
            drop(queue);
            self.wake();
            return None;
        }
        let next = queue.start_one(now);
        let lane_is_low = next.as_ref().is_none_or(|owed| queue.is_low(&owed.delivery.hook_id));
        drop(queue);
        if lane_is_low && self.more.load(Ordering::Acquire) {
            self.tidy.notify_one();
        }
        next
    }

    pub(super) fn tell(&self, delivery: &DeliveryId) {
        for waiter in self.waiters().remove(delivery).unwrap_or_default() {
            // Whoever asked may have gone.
            let _ = waiter.send(());
        }
    }

    pub(super) fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    pub(super) fn overflow(&self) -> MutexGuard<'_, Vec<DeliveryId>> {
        self.overflow.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    fn waiters(&self) -> MutexGuard<'_, HashMap<DeliveryId, Vec<oneshot::Sender<()>>>> {
        self.waiters.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}
