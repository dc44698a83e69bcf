//! The engine: takes what is due, sends it, settles it, and starts again.
//!
//! It wires the parts and owns nothing else: `intake` records what is reported, the `dispatcher` knows what may start, an
//! `attempt` is made of each, the `settler` writes the answers down, and `membership` knows which instances live. It is a step,
//! [`Engine::tick`], that tests call; [`Engine::run`] only sleeps and wakes around the same parts. No network call is made
//! while a transaction or a pooled connection is held.
//!
//! What is *not* guaranteed: exactly-once. A process that dies between a receiver's answer and its settling sends the same
//! request again, with the same `webhook-id`.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::{oneshot, watch};
use tokio::task::JoinSet;

use super::attempts::{AttemptRunner, Attempted, LOCAL_ERROR_BACKOFF, NotSent};
use super::crash_point::CrashPoint;
use super::dispatcher::Dispatcher;
use super::hook_cache::{AuthenticatedKey, HookCache};
use super::intake::{Intake, NotRecorded};
use super::membership::{Found, HEARTBEAT_INTERVAL, Membership};
use super::mend;
use super::meters::Meters;
use super::queue::{Caps, Source};
use super::repeats::Repeats;
use super::sender::Sender;
use super::settle::Finished;
use super::settler::Settler;
use crate::clock::Clock;
use crate::domain::event::Event;
use crate::domain::health::Rule;
use crate::domain::ids::{DeliveryId, InstanceId, InterviewId};
use crate::domain::key_ring::KeyRing;
use crate::store::delivery::{Holding, Owed};
use crate::store::{self, Store, StoreError};

/// So many attempts are started before others get the processor.
const MAX_BURST: usize = 32;

/// A look for changes that takes longer is given up, and made again.
const LOOK_TIMEOUT: Duration = Duration::from_secs(2);

/// How long to wait after a look that failed.
const LOOK_RETRY: Duration = Duration::from_millis(250);

/// What one step of giving back may take when the process stops.
const RELEASE_TIMEOUT: Duration = Duration::from_secs(5);

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
    /// Attempts that are not written down yet, those included.
    pub under_way: usize,
    /// Deliveries that wait in memory, due or not.
    pub waiting: usize,
    /// Bytes of the bodies in memory.
    pub bytes: usize,
}

/// What an engine is made of, besides the database.
pub struct EngineConfig {
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Who makes the requests.
    pub sender: Sender,
    /// Under which keys and secrets are sealed.
    pub sealing: KeyRing,
    /// How much may be under way and how much may wait.
    pub caps: Caps,
    /// When webhooks that fail are disabled.
    pub rule: Rule,
    /// Where the console is reached, without a slash at its end, for the links in payloads.
    pub console: Option<String>,
}

/// Sends what is owed. One for each process.
pub struct Engine {
    intake: Arc<Intake>,
    dispatcher: Arc<Dispatcher>,
    attempts: AttemptRunner,
    settler: Arc<Settler>,
    membership: Membership,
    console: Option<String>,
    repeats: Repeats,
}

impl Engine {
    /// An engine for this process; [`Engine::start`] makes it known to the database.
    pub fn new(store: Store, config: EngineConfig) -> Self {
        let EngineConfig { clock, sender, sealing, caps, rule, console } = config;
        let store = store.for_engine();
        let instance = InstanceId::new(clock.now());
        let (meters, crash_hooks) = (Arc::<Meters>::default(), Arc::default());
        let cache = Arc::new(HookCache::new(store.clone(), sealing));
        let dispatcher = Arc::new(Dispatcher::new(
            store.clone(),
            clock.clone(),
            instance.clone(),
            cache.clone(),
            Arc::clone(&crash_hooks),
            caps,
        ));
        let intake = Intake::new(
            store.clone(),
            clock.clone(),
            instance.clone(),
            cache.clone(),
            dispatcher.clone(),
            meters.clone(),
            Arc::clone(&crash_hooks),
        );
        let settler =
            Settler::new(store.clone(), clock.clone(), instance.clone(), rule, dispatcher.clone(), meters.clone());
        Self {
            intake: Arc::new(intake),
            dispatcher,
            settler: Arc::new(settler),
            membership: Membership::new(store.clone(), clock.clone(), instance),
            attempts: AttemptRunner { store, clock, sender, cache, meters, crash_hooks },
            console,
            repeats: Repeats::default(),
        }
    }

    /// Where the console is reached, for the links in payloads.
    pub fn console(&self) -> Option<&str> {
        self.console.as_deref()
    }

    /// When it disables webhooks that fail.
    pub fn rule(&self) -> Rule {
        self.settler.rule()
    }

    /// Who holds what this engine will send.
    pub fn instance(&self) -> &InstanceId {
        self.membership.instance()
    }

    /// What it knows of keys and webhooks.
    pub fn cache(&self) -> &HookCache {
        &self.attempts.cache
    }

    /// What it has done so far.
    pub fn meters(&self) -> &Meters {
        &self.attempts.meters
    }

    /// How much it has to do now.
    pub fn load(&self) -> Load {
        let queue = self.dispatcher.queue();
        let (sending, under_way, waiting) = (queue.sending(), queue.under_way(), queue.waiting());
        Load { sending, under_way, waiting, bytes: queue.bytes() }
    }

    /// Calls this at each crash point in the life of a delivery, from now on and once for all: for tests that stop the process
    /// there.
    pub fn on_crash_point(&self, hook: impl Fn(CrashPoint) + Send + Sync + 'static) {
        self.attempts.crash_hooks.set(hook);
    }

    /// Whether nothing is sent until somebody releases it.
    pub fn is_held(&self) -> bool {
        self.dispatcher.is_held()
    }

    /// Finds out whether the database is held, and sends nothing while it is.
    pub async fn look_at_hold(&self) -> Result<(), StoreError> {
        let held = self.attempts.store.read(store::hold::since).await?;
        self.dispatcher.set_held(held.is_some());
        Ok(())
    }

    /// Registers this instance and takes up what dead ones left.
    pub async fn start(&self) -> Result<(), StoreError> {
        self.look_at_hold().await?;
        self.membership.register().await?;
        self.dispatcher.scan().await?;
        self.dispatcher.claim().await.map(drop)
    }

    /// Records what a partner system reports for every webhook that wants it; durable when this returns.
    pub async fn report(
        &self,
        event: Event,
        interview: Option<InterviewId>,
        body: Bytes,
        caller: AuthenticatedKey,
    ) -> Result<Event, NotRecorded> {
        self.intake.report(event, interview, body, caller).await
    }

    /// Takes deliveries that were just committed as held by this instance. What memory has no room for goes back to the
    /// database, and is claimed when there is some.
    pub fn hand_over(&self, owed: Vec<Owed>) {
        self.dispatcher.enqueue(owed, Source::Recorded, None);
    }

    /// Says that there may be something to claim: deliveries were released without being handed over.
    pub fn nudge(&self) {
        self.dispatcher.scan_soon();
        self.dispatcher.wake();
    }

    /// Resolves when an attempt of this delivery has been settled. Ask before handing it over.
    pub fn settled(&self, delivery: &DeliveryId) -> oneshot::Receiver<()> {
        self.dispatcher.wait_for(delivery)
    }

    /// Sees to it that this instance counts as alive.
    pub async fn hold_session(&self) -> Result<(), StoreError> {
        self.membership.hold().await
    }

    /// Says that this instance lives, and takes over from those that do not.
    pub async fn look_around(&self) -> Result<Found, StoreError> {
        let found = self.membership.look_around().await?;
        // Another instance may have been told to release it.
        if self.is_held() {
            self.look_at_hold().await?;
        }
        if found.taken_over > 0 {
            self.nudge();
        }
        Ok(found)
    }

    /// Looks for what nobody would send: what was committed as held by this instance and lost on its way to memory, and what is
    /// free in the database and due soon. `holdings` says who holds something for which webhook.
    pub async fn take_up_lost(&self, holdings: &[Holding]) -> Result<(), StoreError> {
        self.dispatcher.queue().forget_idle(self.attempts.clock.moment());
        self.dispatcher.take_up_lost(holdings).await?;
        self.dispatcher.scan().await?;
        self.dispatcher.claim().await.map(drop)
    }

    /// One step: everything that is due now is sent, as far as the caps let it, and all of it is settled before this returns.
    pub async fn tick(self: &Arc<Self>) -> Result<Report, StoreError> {
        self.dispatcher.release_refused().await?;
        self.dispatcher.look_now().await?;
        self.dispatcher.scan().await?;
        while self.dispatcher.claim().await?.deliveries > 0 {}
        self.dispatcher.look_now().await?;
        let mut attempts = JoinSet::new();
        for owed in self.dispatcher.start_some(usize::MAX) {
            let engine = self.clone();
            attempts.spawn(async move { engine.attempt(owed).await });
        }
        let finished: Vec<Finished> = attempts.join_all().await.into_iter().flatten().collect();
        self.settler.settle_now(finished).await
    }

    /// Sends until told to stop, then lets what is under way end for at most this long, and gives back what it held.
    pub async fn run(self: Arc<Self>, stop: watch::Receiver<bool>, drain: Duration) {
        self.run_until(stop, move || drain).await;
    }

    /// The same, asking how much time there is when it is told to stop; how many deliveries were under way when that was over.
    pub async fn run_until(
        self: Arc<Self>,
        mut stop: watch::Receiver<bool>,
        drain: impl FnOnce() -> Duration,
    ) -> usize {
        self.dispatcher.set_running(true);
        let claiming = {
            let engine = self.clone();
            let on_error = move |error: &StoreError| engine.log_error("claim", error);
            tokio::spawn(self.dispatcher.clone().keep_claiming(on_error))
        };
        let asking = {
            let engine = self.clone();
            let on_error = move |error: &StoreError| engine.log_error("ask", error);
            tokio::spawn(self.dispatcher.clone().keep_asking(on_error))
        };
        let mut changed = self.attempts.store.changes();
        // A sender that is gone means the same as a stop.
        let stopped = async move { drop(stop.wait_for(|stop| *stop).await) };
        tokio::pin!(stopped);
        loop {
            let pause = match tokio::time::timeout(LOOK_TIMEOUT, self.dispatcher.look()).await {
                Ok(Ok(())) => {
                    self.start_attempts().await;
                    self.dispatcher.sleep_for(HEARTBEAT_INTERVAL)
                }
                Ok(Err(error)) => {
                    self.log_error("look", &error);
                    LOOK_RETRY
                }
                Err(_) => {
                    self.log_error("look", &StoreError::Unavailable("it did not answer in time".into()));
                    LOOK_RETRY
                }
            };
            tokio::select! {
                () = &mut stopped => break,
                () = self.dispatcher.woken() => {}
                _ = changed.changed() => {}
                () = self.attempts.clock.sleep(pause) => {}
            }
        }
        self.dispatcher.set_running(false);
        claiming.abort();
        asking.abort();
        self.drain(drain()).await
    }

    async fn start_attempts(self: &Arc<Self>) {
        self.dispatcher.end_shortage();
        loop {
            let started = self.dispatcher.start_some(MAX_BURST);
            let is_last = started.len() < MAX_BURST;
            for owed in started {
                tokio::spawn(self.clone().keep_sending(owed));
            }
            if is_last {
                return;
            }
            // Those just started go first, and who has become due meanwhile does not wait for hundreds more.
            tokio::task::yield_now().await;
        }
    }

    /// Sends a delivery, and then whatever is next, until nothing may start.
    async fn keep_sending(self: Arc<Self>, first: Owed) {
        let mut next = Some(first);
        while let Some(owed) = next {
            if let Some(finished) = self.attempt(owed).await {
                self.settler.settle_soon(finished);
            }
            next = self.dispatcher.start_one();
        }
    }

    /// Makes one attempt of a delivery that has been started; `None` when there was no request, and the delivery has been held,
    /// ended or put back.
    async fn attempt(&self, owed: Owed) -> Option<Finished> {
        let id = owed.delivery.id.clone();
        let attempted = self.attempts.run(owed).await;
        let address = match &attempted {
            Attempted::Finished(_, address) => Some(address),
            Attempted::NotSent(..) => None,
        };
        self.dispatcher.answered(&id, attempted.ending(), address);
        match attempted {
            Attempted::Finished(finished, _) => Some(*finished),
            Attempted::NotSent(owed, why) => {
                self.not_sent(*owed, why).await;
                None
            }
        }
    }

    async fn not_sent(&self, owed: Owed, why: NotSent) {
        let now = self.attempts.clock.now();
        let (store, hook) = (&self.attempts.store, owed.delivery.hook_id.clone());
        let ended = match why {
            NotSent::Forget => Ok(true),
            NotSent::RetryAt(due) => return self.dispatcher.put_back(owed, due),
            NotSent::NoDescriptors(due) => {
                self.dispatcher.descriptors_ran_out();
                return self.dispatcher.put_back(owed, due);
            }
            NotSent::Silent(state) => mend::bring_in_line(store, &hook, now).await.map(|found| found == Some(state)),
        };
        match ended {
            Ok(true) => {
                self.dispatcher.drop_delivery(&owed.delivery.id);
                self.nudge();
            }
            // Somebody has changed it since it was looked at.
            Ok(false) => self.dispatcher.put_back(owed, now),
            Err(error) => {
                self.log_error("not sent", &error);
                self.dispatcher.put_back(owed, now + LOCAL_ERROR_BACKOFF);
            }
        }
    }

    async fn drain(&self, drain: Duration) -> usize {
        let began = self.attempts.clock.steady();
        // What waits is for others to send; nobody has to wait for our last answer.
        self.within(RELEASE_TIMEOUT.min(drain), "release", self.dispatcher.release_waiting()).await;
        let all = async {
            while self.dispatcher.queue().under_way() > 0 {
                self.dispatcher.woken().await;
            }
        };
        let left = drain.saturating_sub(self.attempts.clock.steady().saturating_sub(began));
        let _ = tokio::time::timeout(left, all).await;
        let left = self.dispatcher.queue().under_way();
        if left > 0 {
            tracing::warn!(left, "stopping while deliveries are under way; they will be sent again");
        }
        self.within(RELEASE_TIMEOUT.min(drain), "retire", self.membership.retire()).await;
        left
    }

    async fn within<T>(&self, time: Duration, what: &'static str, work: impl Future<Output = Result<T, StoreError>>) {
        match tokio::time::timeout(time, work).await {
            Ok(Ok(_)) => {}
            Ok(Err(error)) => {
                error.log("what this instance held could not be given back; another takes it over in time");
            }
            Err(_) => {
                tracing::error!(
                    what,
                    "the database does not answer; what this instance held is taken over by another in time"
                );
            }
        }
    }

    /// A fault that lasts is said once a minute.
    fn log_error(&self, what: &'static str, error: &StoreError) {
        if let Some(left_out) = self.repeats.is_due(what, self.attempts.clock.steady()) {
            error.log(&format!("the engine could not do “{what}” ({left_out} more of these were left out)"));
        }
    }
}
