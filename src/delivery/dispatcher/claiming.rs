//! Claiming: what waits in the database is taken as lanes empty, and what memory has no room for is given back.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use chrono::TimeDelta;

use super::{Dispatcher, Refused};
use crate::delivery::crash_point::CrashPoint;
use crate::delivery::group_commit::lock;
use crate::delivery::queue::{CLAIM_AHEAD, MAX_CLAIM_HOOKS, Source};
use crate::domain::ids::{DeliveryId, HookId};
use crate::store::changes::Change;
use crate::store::delivery::{ClaimRequest, Holding};
use crate::store::{self, Conn, Result, StoreError};

/// What should have started this long ago and is held, but is not in memory, was lost on the way there.
const LOST_AFTER: TimeDelta = TimeDelta::seconds(5);

/// How many lost deliveries one sweep takes up.
const MAX_LOST: usize = 1_000;

/// After a claim for many webhooks that found something, the next one waits as long as it took, but not longer than this.
const MAX_CLAIM_REST: Duration = Duration::from_millis(50);

/// What one claim has found.
#[derive(Debug, Clone, Copy, Default)]
pub(in crate::delivery) struct Claimed {
    /// Deliveries, held by this instance since.
    pub deliveries: usize,
    /// Webhooks that were asked for.
    pub hooks: usize,
}

impl Claimed {
    /// How long the next claim has to wait after this one, which took so long. A claim costs something for each webhook, and
    /// what is claimed has to be sent, too: a full one takes half of the time at most. One for a few webhooks is worth its
    /// time by what it brings.
    fn rest_after(self, took: Duration) -> Duration {
        let share = self.hooks as f64 / MAX_CLAIM_HOOKS as f64;
        took.mul_f64(share.min(1.0)).min(MAX_CLAIM_REST)
    }
}

impl Dispatcher {
    /// Finds out for which webhooks the database has something that is free and due soon.
    pub(in crate::delivery) async fn scan(&self) -> Result<()> {
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

    /// Takes what is due soon and held by nobody, as far as lanes have room.
    pub(in crate::delivery) async fn claim(&self) -> Result<Claimed> {
        let rooms = {
            let mut queue = self.queue();
            queue.may_claim(self.clock.moment());
            queue.claimable()
        };
        if rooms.is_empty() {
            return Ok(Claimed::default());
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
        self.cache.prepare(found.iter().map(|owed| &owed.delivery.hook_id).collect::<BTreeSet<_>>()).await;
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
        Ok(Claimed { deliveries: ids.len(), hooks: rooms.len() })
    }

    /// Gives back what memory had no room for.
    pub(in crate::delivery) async fn release_refused(&self) -> Result<()> {
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
    pub(in crate::delivery) fn release_unknown(&self, ids: &[DeliveryId]) {
        // For whom they are is found by the scan that follows.
        lock(&self.refused).extend(ids.iter().map(|id| Refused { id: id.clone(), place: None }));
        self.scan_soon();
    }

    /// Takes up what was committed as held by this instance and never reached its memory; how many deliveries that were.
    pub(in crate::delivery) async fn take_up_lost(&self, holdings: &[Holding]) -> Result<usize> {
        let own = holdings.iter().filter(|holding| holding.holder == self.instance.as_str());
        let hooks: Arc<[String]> = own.map(|holding| holding.hook_id.clone()).collect();
        let due_by = self.clock.now() - LOST_AFTER;
        let mut after = None;
        let mut lost = Vec::new();
        loop {
            let (own, hooks, from) = (self.instance.clone(), hooks.clone(), after.clone());
            let page =
                self.store.read(move |conn| store::delivery::held_due_page(conn, &own, &hooks, from, due_by, MAX_LOST));
            let page = page.await?;
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
    pub(in crate::delivery) async fn keep_claiming(self: Arc<Self>, on_error: impl Fn(&StoreError) + Send) {
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
                Ok(Claimed { deliveries: 0, .. }) => self.next_claim(),
                Ok(claimed) => {
                    tokio::time::sleep(claimed.rest_after(began.elapsed())).await;
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

    pub(super) fn next_claim(&self) -> Duration {
        const IDLE: Duration = Duration::from_secs(2);
        const SHORTEST: Duration = Duration::from_millis(20);
        self.queue().next_claim(self.clock.moment()).map_or(IDLE, |next| next.clamp(SHORTEST, IDLE))
    }

    /// Gives everything back that waits, and tells the others, so that they send it.
    pub(in crate::delivery) async fn release_waiting(&self) -> Result<()> {
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
