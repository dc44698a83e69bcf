//! The dispatcher: what this instance holds, and what of it may start now.
//!
//! It owns the [`Queue`] and keeps it true: it looks for changes that members made, on this instance or another, and asks the
//! database about the lanes they concern (`looking`); it claims what waits there as lanes empty, and gives back what memory has
//! no room for (`claiming`). Asking and claiming are tasks of their own: an answer that is late holds up the lanes it is about,
//! and no other. An attempt starts only when every change that is known of was looked at, and, with other instances on the
//! same database, when the last look that succeeded is younger than [`MAX_LOOK_AGE`](super::freshness): a database that falls
//! silent stops what is sent, whoever notices it.
//!
//! What is *not* guaranteed: that nothing is under way when a change is committed. What started a moment before it goes out.

mod claiming;
mod looking;

use std::collections::{BTreeSet, HashMap};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::sync::{Notify, oneshot};

use super::crash_point::CrashHooks;
use super::freshness::{Freshness, LOOK_INTERVAL};
use super::group_commit::lock;
use super::hook_cache::HookCache;
use super::queue::{Caps, Ending, Queue, Source};
use super::settle::HORIZON;
use super::waiters::Waiters;
use crate::clock::{Clock, Moment};
use crate::domain::ids::{DeliveryId, HookId, InstanceId};
use crate::store::Store;
use crate::store::delivery::Owed;

/// With descriptors short, so long only half as many requests are made at once.
const SHORTAGE: Duration = Duration::from_secs(5);

/// A delivery that memory had no room for.
struct Refused {
    id: DeliveryId,
    /// For which webhook, and when it is due, as far as that is known.
    place: Option<(HookId, DateTime<Utc>)>,
}

/// What the queue is true about, and how it comes to be.
pub(super) struct Dispatcher {
    store: Store,
    clock: Arc<dyn Clock>,
    instance: InstanceId,
    cache: Arc<HookCache>,
    crash_hooks: Arc<CrashHooks>,
    queue: Mutex<Queue>,
    freshness: Freshness,
    /// What was committed as held by this instance, but finds no room in its memory.
    refused: Mutex<Vec<Refused>>,
    /// What does not wait here, and has changed: whether it should is to be asked.
    strays: Mutex<Vec<DeliveryId>>,
    waiters: Waiters,
    /// Something may start.
    wake: Notify,
    /// Something has to be asked.
    ask_wake: Notify,
    /// Something may be claimed, or has to be given back.
    claim_wake: Notify,
    /// The database may have something free that is not in the backlog.
    needs_scan: AtomicBool,
    /// Whether tasks that have finished an attempt take the next delivery.
    is_running: AtomicBool,
    /// Whether nothing may start until somebody releases it (see [`crate::store::hold`]).
    is_held: AtomicBool,
    /// Until when there are fewer places, on the steady clock.
    short_until: Mutex<Option<Duration>>,
    caps: Caps,
}

impl Dispatcher {
    pub fn new(
        store: Store,
        clock: Arc<dyn Clock>,
        instance: InstanceId,
        cache: Arc<HookCache>,
        crash_hooks: Arc<CrashHooks>,
        caps: Caps,
    ) -> Self {
        Self {
            store,
            clock,
            instance,
            cache,
            crash_hooks,
            queue: Mutex::new(Queue::new(caps)),
            freshness: Freshness::default(),
            refused: Mutex::default(),
            strays: Mutex::default(),
            waiters: Waiters::default(),
            wake: Notify::new(),
            ask_wake: Notify::new(),
            claim_wake: Notify::new(),
            needs_scan: AtomicBool::new(true),
            is_running: AtomicBool::new(false),
            is_held: AtomicBool::new(false),
            short_until: Mutex::default(),
            caps,
        }
    }

    pub fn queue(&self) -> MutexGuard<'_, Queue> {
        lock(&self.queue)
    }

    /// Wakes the loop that starts attempts.
    pub fn wake(&self) {
        self.wake.notify_one();
    }

    pub async fn woken(&self) {
        self.wake.notified().await;
    }

    pub fn set_running(&self, is_running: bool) {
        self.is_running.store(is_running, Ordering::Release);
    }

    pub fn is_held(&self) -> bool {
        self.is_held.load(Ordering::Acquire)
    }

    /// Has nothing start, or lets it.
    pub fn set_held(&self, is_held: bool) {
        self.is_held.store(is_held, Ordering::Release);
        self.wake();
    }

    /// Queues deliveries that were owed and held by this instance when the list of changes had this head. What memory has no
    /// room for goes back to the database, and is claimed when there is some.
    pub fn enqueue(&self, owed: Vec<Owed>, source: Source, head: Option<i64>) {
        if owed.is_empty() {
            return;
        }
        let now = self.clock.moment();
        let mut refused = Vec::new();
        let mut addresses = if source == Source::Claimed { self.known_addresses(&owed) } else { HashMap::new() };
        let mut queue = self.queue();
        // A change that was looked at since says something of what is in the queue, and this was not.
        let is_doubtful = head.is_none_or(|head| self.cache.head() > head);
        for owed in owed {
            let leads = addresses.remove_entry(&owed.delivery.hook_id);
            let of = is_doubtful.then(|| (owed.delivery.hook_id.clone(), owed.delivery.id.clone()));
            refused.extend(queue.push(owed, source, now));
            if let Some((hook, address)) = leads {
                queue.hook_leads_to(&hook, &address, now);
            }
            if let Some((hook, id)) = of {
                queue.doubt_delivery(&hook, &id, now);
            }
        }
        drop(queue);
        self.give_back(refused);
        self.wake();
    }

    /// To which addresses the webhooks of these deliveries are known to lead.
    fn known_addresses(&self, owed: &[Owed]) -> HashMap<HookId, Arc<str>> {
        let hooks: BTreeSet<&HookId> = owed.iter().map(|owed| &owed.delivery.hook_id).collect();
        hooks.into_iter().filter_map(|hook| Some((hook.clone(), self.cache.address(hook)?))).collect()
    }

    /// Notes what has to be released.
    pub fn give_back(&self, owed: Vec<Owed>) {
        if owed.is_empty() {
            return;
        }
        let refused = |owed: Owed| {
            let due = owed.delivery.state.due()?;
            let delivery = owed.delivery.into_record();
            Some(Refused { id: delivery.id, place: Some((delivery.hook_id, due)) })
        };
        lock(&self.refused).extend(owed.into_iter().filter_map(refused));
        self.claim_wake.notify_one();
    }

    /// Something was left in the database, free and due at this time.
    pub fn left_in_database(&self, left: &[Owed]) {
        let now = self.clock.moment();
        let mut queue = self.queue();
        for owed in left {
            if let Some(due) = owed.delivery.state.due() {
                queue.waits_in_database(&owed.delivery.hook_id, due, now);
            }
        }
        drop(queue);
        self.claim_wake.notify_one();
    }

    /// Deliveries were made due or released without being handed over.
    pub fn scan_soon(&self) {
        self.needs_scan.store(true, Ordering::Release);
        self.claim_wake.notify_one();
    }

    /// Starts what may start now, as many deliveries as this at most.
    pub fn start_some(&self, limit: usize) -> Vec<Owed> {
        let now = self.clock.moment();
        let mut queue = self.queue();
        if !self.may_start(now) {
            return Vec::new();
        }
        let started = queue.start_some(limit, now);
        let is_wanted = queue.may_claim(now);
        drop(queue);
        if is_wanted {
            self.claim_wake.notify_one();
        }
        started
    }

    /// Starts the next delivery, for a task that has just finished one.
    pub fn start_one(&self) -> Option<Owed> {
        if !self.is_running.load(Ordering::Acquire) {
            // Whoever waits for the last attempt to end looks again.
            self.wake();
            return None;
        }
        let now = self.clock.moment();
        let mut queue = self.queue();
        if !self.may_start(now) {
            drop(queue);
            self.wake();
            return None;
        }
        let next = queue.start_one(now);
        let is_wanted = queue.may_claim(now);
        drop(queue);
        if is_wanted {
            self.claim_wake.notify_one();
        }
        next
    }

    /// Whether every change that is known of was looked at, and what is known is fresh; and nothing is held.
    fn may_start(&self, now: Moment) -> bool {
        if self.is_held() {
            return false;
        }
        let is_known = self.cache.head() >= self.store.generation();
        is_known && (self.store.is_alone() || self.freshness.is_fresh(now.steady))
    }

    /// How long the loop may sleep when nobody wakes it, `idle` at most.
    pub fn sleep_for(&self, idle: Duration) -> Duration {
        let now = self.clock.moment();
        let queue = self.queue();
        let next = queue.next_start(now).map_or(idle, |next| next.min(idle));
        if !self.store.is_alone() && queue.sending() > 0 { next.min(LOOK_INTERVAL) } else { next }
    }

    /// The receiver of a started delivery has answered, or will not; and at which address it was asked.
    pub fn answered(&self, delivery: &DeliveryId, ending: Ending, address: Option<&Arc<str>>) {
        let now = self.clock.moment();
        let mut queue = self.queue();
        if let Some(address) = address {
            queue.leads_to(delivery, address, now);
        }
        queue.answered(delivery, ending, now);
    }

    /// Descriptors have run out: fewer requests are made at once for a while.
    pub fn descriptors_ran_out(&self) {
        let until = self.clock.steady() + SHORTAGE;
        if lock(&self.short_until).replace(until).is_none() {
            self.queue().spare_places(self.caps.in_all / 2);
        }
    }

    /// Gives the places back when the shortage is over.
    pub fn end_shortage(&self) {
        let mut until = lock(&self.short_until);
        if until.is_some_and(|until| until <= self.clock.steady()) {
            *until = None;
            self.queue().spare_places(0);
        }
    }

    /// A delivery that was started stands so now; it is queued again when it is due soon.
    pub fn settled(&self, owed: Owed, head: i64) {
        let now = self.clock.moment();
        let refused = self.queue().finished(&owed.delivery.id, now);
        self.give_back(refused);
        if owed.delivery.state.due().is_some_and(|due| due <= now.wall + HORIZON) {
            self.enqueue(vec![owed], Source::Again, Some(head));
        }
    }

    /// A delivery that was started and not sent is due again at this time.
    pub fn put_back(&self, owed: Owed, due: DateTime<Utc>) {
        let delivery = owed.delivery.clone().postponed(due).unwrap_or(owed.delivery);
        self.settled(Owed { delivery, ..owed }, self.cache.head());
    }

    /// A delivery that was started is none of ours any more.
    pub fn drop_delivery(&self, delivery: &DeliveryId) {
        let refused = self.queue().finished(delivery, self.clock.moment());
        self.give_back(refused);
        self.waiters.notify(delivery);
    }

    /// Resolves when an attempt of this delivery has been settled. Ask before handing it over.
    pub fn wait_for(&self, delivery: &DeliveryId) -> oneshot::Receiver<()> {
        self.waiters.add(delivery)
    }

    /// Whoever waits for this delivery is told.
    pub fn notify(&self, delivery: &DeliveryId) {
        self.waiters.notify(delivery);
    }
}
