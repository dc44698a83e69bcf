//! The dispatcher: what this instance holds, and what of it may start now.
//!
//! It owns the [`Queue`] and keeps it true: it *looks* for changes that members made (on this instance or another), *asks* the
//! database about the lanes they concern, *claims* what waits there as lanes empty, and gives back what memory has no room
//! for. Asking and claiming are tasks of their own: an answer that is late holds up the lanes it is about, and no other. An attempt starts only when every change that is known of was looked at, and, with other instances on the same
//! database, when the last look that succeeded is younger than [`MAX_LOOK_AGE`](super::freshness): a database that falls
//! silent stops what is sent, whoever notices it.
//!
//! What is *not* guaranteed: that nothing is under way when a change is committed. What started a moment before it goes out.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use tokio::sync::{Notify, oneshot};

use super::crash_point::{CrashHooks, CrashPoint};
use super::freshness::{Freshness, LOOK_INTERVAL};
use super::group_commit::lock;
use super::hook_cache::HookCache;
use super::queue::{CLAIM_AHEAD, Caps, Ending, Question, Queue, Source};
use super::settle::HORIZON;
use super::waiters::Waiters;
use crate::clock::{Clock, Moment};
use crate::domain::delivery::DeliveryState;
use crate::domain::ids::{DeliveryId, HookId, InstanceId};
use crate::domain::rate::RateLimit;
use crate::store::changes::{self, Change, Changes};
use crate::store::delivery::{ClaimRequest, HeldRow, Owed};
use crate::store::{self, Conn, Result, Store, StoreError};

/// How many deliveries are asked about, or loaded, in one query.
const MAX_LOOK: usize = 500;

/// No lane holds more than this.
const MAX_HELD_OF_HOOK: usize = 5_000;

/// How long to wait before asking again what could not be answered.
const ASK_RETRY: Duration = Duration::from_millis(250);

/// How long a delivery that cannot be read is left alone.
const SET_ASIDE: chrono::TimeDelta = chrono::TimeDelta::hours(1);

/// What should have started this long ago and is held, but is not in memory, was lost on the way there.
const LOST_AFTER: chrono::TimeDelta = chrono::TimeDelta::seconds(5);

/// How many lost deliveries one sweep takes up.
const MAX_LOST: usize = 1_000;

/// After a claim that found something, the next one waits as long as it took, but not longer than this.
const MAX_CLAIM_REST: Duration = Duration::from_millis(50);

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

    // What comes in.

    /// Queues deliveries that were owed and held by this instance when the list of changes had this head. What memory has no
    /// room for goes back to the database, and is claimed when there is some.
    pub fn enqueue(&self, owed: Vec<Owed>, source: Source, head: Option<i64>) {
        if owed.is_empty() {
            return;
        }
        let now = self.clock.moment();
        let mut refused = Vec::new();
        let mut queue = self.queue();
        // A change that was looked at since says something of what is in the queue, and this was not.
        let is_doubtful = head.is_none_or(|head| self.cache.head() > head);
        for owed in owed {
            let of = is_doubtful.then(|| (owed.delivery.hook_id.clone(), owed.delivery.id.clone()));
            refused.extend(queue.push(owed, source, now));
            if let Some((hook, id)) = of {
                queue.doubt_delivery(&hook, &id, now);
            }
        }
        drop(queue);
        self.give_back(refused);
        self.wake();
    }

    /// Notes what has to be released.
    pub fn give_back(&self, owed: Vec<Owed>) {
        if owed.is_empty() {
            return;
        }
        let refused = |owed: Owed| {
            let due = owed.delivery.state.due()?;
            Some(Refused { id: owed.delivery.id, place: Some((owed.delivery.hook_id, due)) })
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

    // What starts.

    /// Starts everything that may start now.
    pub fn start_due(&self) -> Vec<Owed> {
        let now = self.clock.moment();
        let mut queue = self.queue();
        if !self.may_start(now) {
            return Vec::new();
        }
        let started = queue.start_due(now);
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

    /// Whether every change that is known of was looked at, and what is known is fresh.
    fn may_start(&self, now: Moment) -> bool {
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

    // What has ended.

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
    pub fn put_back(&self, mut owed: Owed, due: DateTime<Utc>) {
        owed.delivery.state = match owed.delivery.state {
            DeliveryState::Pending { .. } => DeliveryState::Pending { due: Some(due) },
            _ => DeliveryState::Retrying { due: Some(due) },
        };
        self.settled(owed, self.cache.head());
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

    // What has changed.

    /// Looks for changes as if none had been looked for lately, and waits for every answer.
    pub async fn look_now(&self) -> Result<()> {
        self.freshness.forget();
        self.look().await?;
        self.ask().await
    }

    /// Learns what members have changed. Which of the deliveries concerned are still ours is asked beside it
    /// ([`Self::keep_asking`]).
    pub async fn look(&self) -> Result<()> {
        let began = self.clock.steady();
        if !self.store.is_alone() && self.freshness.is_due(began) {
            let head = self.store.for_looks().read(changes::head).await?;
            self.store.vitals().looked();
            self.store.seen(head);
            self.freshness.looked(began);
        }
        if self.cache.head() < self.store.generation() {
            self.catch_up().await?;
        }
        if self.queue().has_doubts() || !lock(&self.strays).is_empty() {
            self.ask_wake.notify_one();
        }
        Ok(())
    }

    /// Reads which changes there were.
    async fn catch_up(&self) -> Result<()> {
        let (after, own) = (self.cache.head(), self.instance.clone());
        let read = move |conn: &mut Conn| {
            let changes = changes::since(conn, after)?;
            let instances = store::instance::others(conn, &own)?.len() + 1;
            Ok::<_, StoreError>((changes, store::hook::rate_limits(conn)?, instances))
        };
        let (changes, limits, instances) = self.store.for_looks().read(read).await?;
        self.apply(&changes, limits, u32::try_from(instances).unwrap_or(u32::MAX));
        Ok(())
    }

    fn apply(&self, changes: &Changes, limits: Vec<(HookId, RateLimit)>, instances: u32) {
        let now = self.clock.moment();
        let mut queue = self.queue();
        queue.keep_to(limits, instances, now);
        let all = [Change::Everything];
        for change in changes.named.as_deref().unwrap_or(&all) {
            match change {
                Change::Everything => {
                    queue.doubt_all(now);
                    self.needs_scan.store(true, Ordering::Release);
                }
                // Suspension, keys and defaults: what is owed stays as it is.
                Change::Organisation(_) => {}
                Change::Hook(_, hook) => {
                    queue.doubt(hook, now);
                    queue.waits_in_database(hook, now.wall, now);
                }
                Change::Delivery(_, delivery) => {
                    queue.doubt_waiting(delivery, now);
                    lock(&self.strays).push(delivery.clone());
                }
            }
        }
        // Under the queue's lock: nothing comes in between that believes in the old head.
        self.cache.advance(changes.head, changes.named.as_deref());
        drop(queue);
        self.claim_wake.notify_one();
    }

    /// Asks whenever there is something to, one question after the other.
    pub async fn keep_asking(self: Arc<Self>, on_error: impl Fn(&StoreError) + Send) {
        loop {
            self.ask_wake.notified().await;
            while let Err(error) = self.ask().await {
                on_error(&error);
                self.clock.sleep(ASK_RETRY).await;
            }
            self.wake();
        }
    }

    /// Asks what of the lanes in doubt is still owed and ours, and takes up what is and is not here.
    async fn ask(&self) -> Result<()> {
        let questions = self.queue().take_questions();
        let strays = std::mem::take(&mut *lock(&self.strays));
        if questions.is_empty() && strays.is_empty() {
            return Ok(());
        }
        let (asked, own, wanted) = (questions.clone(), self.instance.clone(), strays.clone());
        let answered = self.store.read(move |conn| answer(conn, &own, &asked, &wanted)).await;
        let (head, answers, strays) = match answered {
            Ok(answered) => answered,
            Err(error) => {
                self.queue().put_back(questions);
                lock(&self.strays).extend(strays);
                return Err(error);
            }
        };
        let now = self.clock.moment();
        let mut load = Vec::new();
        let mut gone = Vec::new();
        {
            let mut queue = self.queue();
            for (question, held) in questions.iter().zip(&answers) {
                let (no_longer, fresh) = queue.confirm(question, held, now);
                gone.extend(no_longer);
                load.extend(fresh);
            }
            load.extend(strays.iter().filter(|row| !queue.stands(row)).map(|row| row.id.clone()));
        }
        gone.iter().for_each(|id| self.waiters.notify(id));
        load.sort_unstable();
        load.dedup();
        self.load(load, Source::Recorded, head).await
    }

    /// Brings deliveries that this instance holds into memory.
    async fn load(&self, ids: Vec<DeliveryId>, source: Source, head: i64) -> Result<()> {
        let found = self.read_owed(&ids).await?;
        self.enqueue(found, source, Some(head));
        Ok(())
    }

    /// Deliveries that this instance holds, with their bodies. One that cannot be read is set aside, so that it holds up no
    /// other.
    async fn read_owed(&self, ids: &[DeliveryId]) -> Result<Vec<Owed>> {
        let mut found = Vec::with_capacity(ids.len());
        for some in ids.chunks(MAX_LOOK) {
            let wanted = some.to_vec();
            let loaded = self.store.read(move |conn| store::delivery::load_all(conn, &wanted)).await?;
            found.extend(loaded.owed);
            for (id, error) in loaded.unreadable {
                tracing::error!(%error, "a delivery cannot be read and is set aside; the others go on");
                let (own, until) = (self.instance.clone(), self.clock.now() + SET_ASIDE);
                self.store.write(move |conn| store::delivery::set_aside(conn, &id, &own, until)).await?;
            }
        }
        Ok(found)
    }

    // What the database holds.

    /// Finds out for which webhooks the database has something that is free and due soon.
    pub async fn scan(&self) -> Result<()> {
        self.needs_scan.store(false, Ordering::Release);
        let due_by = self.clock.now() + CLAIM_AHEAD;
        let found = self.store.read(move |conn| store::delivery::hooks_with_due(conn, due_by)).await;
        let found = found.inspect_err(|_| self.needs_scan.store(true, Ordering::Release))?;
        let now = self.clock.moment();
        let mut queue = self.queue();
        for (hook, due) in found {
            queue.waits_in_database(&hook, due, now);
        }
        Ok(())
    }

    /// Takes what is due soon and held by nobody, as far as lanes have room; how many deliveries that were.
    pub async fn claim(&self) -> Result<usize> {
        let rooms = {
            let mut queue = self.queue();
            queue.may_claim(self.clock.moment());
            queue.claimable()
        };
        if rooms.is_empty() {
            return Ok(0);
        }
        let head = self.store.generation();
        let request = ClaimRequest { rooms: rooms.clone(), due_by: self.clock.now() + CLAIM_AHEAD };
        let own = self.instance.clone();
        let claimed = self.store.write(move |conn| store::delivery::claim(conn, &own, &request)).await;
        let ids = claimed.inspect_err(|_| self.needs_scan.store(true, Ordering::Release))?;
        if !ids.is_empty() {
            self.crash_hooks.at(CrashPoint::Claimed);
        }
        // Without them in memory they are held for nothing: the sweep would find them, and this is sooner.
        let found = self.read_owed(&ids).await.inspect_err(|_| self.release_unknown(&ids))?;
        let now = self.clock.moment();
        let mut queue = self.queue();
        let mut by_hook: HashMap<&HookId, usize> = HashMap::new();
        for owed in &found {
            *by_hook.entry(&owed.delivery.hook_id).or_default() += 1;
        }
        // One that could not be read counts for everybody: looked for again, it costs one more claim.
        let unread = ids.len() - found.len();
        for (hook, room) in &rooms {
            queue.claimed(hook, by_hook.get(hook).copied().unwrap_or_default() + unread, *room, now);
        }
        drop(queue);
        self.enqueue(found, Source::Claimed, Some(head));
        Ok(ids.len())
    }

    /// Gives back what memory had no room for.
    pub async fn release_refused(&self) -> Result<()> {
        let refused = std::mem::take(&mut *lock(&self.refused));
        if refused.is_empty() {
            return Ok(());
        }
        let (own, ids) = (self.instance.clone(), refused.iter().map(|one| one.id.clone()).collect::<Vec<_>>());
        let released = self.store.write(move |conn| store::delivery::release(conn, &ids, &own)).await;
        match released {
            Ok(_) => {
                let now = self.clock.moment();
                let mut queue = self.queue();
                let places = refused.iter().filter_map(|one| one.place.as_ref());
                places.for_each(|(hook, due)| queue.waits_in_database(hook, *due, now));
                Ok(())
            }
            Err(error) => {
                lock(&self.refused).extend(refused);
                Err(error)
            }
        }
    }

    /// Deliveries that may have been committed as held by this instance, and are not in its memory: they are released as soon
    /// as the database answers, and claimed by whoever has room.
    pub fn release_unknown(&self, ids: &[DeliveryId]) {
        // For whom they are is found by the scan that follows.
        lock(&self.refused).extend(ids.iter().map(|id| Refused { id: id.clone(), place: None }));
        self.scan_soon();
    }

    /// Takes up what was committed as held by this instance and never reached its memory; how many deliveries that were.
    pub async fn take_up_lost(&self) -> Result<usize> {
        let due_by = self.clock.now() - LOST_AFTER;
        let mut after = None;
        let mut lost = Vec::new();
        loop {
            let (own, from) = (self.instance.clone(), after.clone());
            let page =
                self.store.read(move |conn| store::delivery::held_due_page(conn, &own, from, due_by, MAX_LOST)).await?;
            let is_last = page.len() < MAX_LOST;
            after = page.last().map(|row| (row.due, row.id.clone()));
            let queue = self.queue();
            lost.extend(page.into_iter().map(|row| row.id).filter(|id| !queue.knows(id)));
            drop(queue);
            if is_last || lost.len() >= MAX_LOST {
                break;
            }
        }
        if !lost.is_empty() {
            tracing::warn!(
                deliveries = lost.len(),
                "deliveries were committed but never reached the queue; taking them up"
            );
            let (own, ids) = (self.instance.clone(), lost.clone());
            self.store.write(move |conn| store::delivery::release(conn, &ids, &own)).await?;
            self.scan_soon();
        }
        Ok(lost.len())
    }

    /// Claims, and gives back, whenever there is something to.
    pub async fn keep_claiming(self: Arc<Self>, on_error: impl Fn(&StoreError) + Send) {
        loop {
            let worked = async {
                self.release_refused().await?;
                if self.needs_scan.load(Ordering::Acquire) {
                    self.scan().await?;
                }
                self.claim().await
            };
            let began = Instant::now();
            let pause = match worked.await {
                Ok(0) => self.next_claim(),
                Ok(_) => {
                    // Half of the time is for others: what is claimed has to be sent, too.
                    tokio::time::sleep(began.elapsed().min(MAX_CLAIM_REST)).await;
                    continue;
                }
                Err(error) => {
                    on_error(&error);
                    Duration::from_secs(1)
                }
            };
            tokio::select! {
                () = self.claim_wake.notified() => {}
                () = self.clock.sleep(pause) => {}
            }
        }
    }

    fn next_claim(&self) -> Duration {
        const IDLE: Duration = Duration::from_secs(2);
        const SHORTEST: Duration = Duration::from_millis(20);
        self.queue().next_claim(self.clock.moment()).map_or(IDLE, |next| next.clamp(SHORTEST, IDLE))
    }

    /// Gives everything back that waits, and tells the others, so that they send it.
    pub async fn release_waiting(&self) -> Result<()> {
        let waiting = self.queue().empty(self.clock.moment());
        self.release_unknown(&waiting);
        self.release_refused().await?;
        if waiting.is_empty() || self.store.is_alone() {
            return Ok(());
        }
        // Without a word they would find it only when they look for what is lost.
        let tell = |_: &mut Conn, named: &mut Vec<Change>| {
            named.push(Change::Everything);
            Ok(())
        };
        self.store.change(self.clock.now(), tell).await
    }
}

type Answers = (i64, Vec<Vec<HeldRow>>, Vec<HeldRow>);

/// What this instance holds of what is asked about, and at which head of the list of changes.
fn answer(conn: &mut Conn, own: &InstanceId, questions: &[Question], strays: &[DeliveryId]) -> Result<Answers> {
    // First, so that what is read after it is at least as new.
    let head = changes::head(conn)?;
    let mut answers = Vec::with_capacity(questions.len());
    for question in questions {
        answers.push(if question.is_whole {
            store::delivery::held_of_hook(conn, own, &question.hook, MAX_HELD_OF_HOOK)?
        } else {
            let ids: Vec<DeliveryId> = question.deliveries.iter().map(|(id, _)| id.clone()).collect();
            held_among(conn, own, &ids)?
        });
    }
    Ok((head, answers, held_among(conn, own, strays)?))
}

fn held_among(conn: &mut Conn, own: &InstanceId, ids: &[DeliveryId]) -> Result<Vec<HeldRow>> {
    let mut held = Vec::with_capacity(ids.len());
    for some in ids.chunks(MAX_LOOK) {
        held.extend(store::delivery::held_among(conn, own, some)?);
    }
    Ok(held)
}
