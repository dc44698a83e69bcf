//! Membership: which instances live, and what becomes of what a dead one held.
//!
//! Each instance has a row, and as long as it lives a lock ([`crate::store::presence`]). An instance whose lock is free at two
//! looks in a row, and was not taken between them, is gone: one whose session was cut has taken its lock again by then, and
//! says in its row when. What it held becomes free, in chunks, and leaves out what somebody is writing at that moment. On
//! SQLite the file belongs to one process, so at its start every other is gone.
//!
//! What is *not* guaranteed: that an instance which lost its session for longer sends nothing that another has taken over.

use std::collections::{BTreeSet, HashMap};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::{DateTime, Utc};

use super::group_commit::lock;
use crate::clock::Clock;
use crate::domain::ids::InstanceId;
use crate::store::changes::Change;
use crate::store::delivery::Holding;
use crate::store::presence::{Held, Presence};
use crate::store::{self, Conn, Result, Store, StoreError};

/// How often an instance looks whether all is well.
pub const HEARTBEAT_INTERVAL: Duration = Duration::from_secs(2);

/// How often an instance looks whether it still counts as alive. A session that is lost is taken up again well within the
/// time that lies between two looks of another.
pub const SESSION_INTERVAL: Duration = Duration::from_millis(500);

/// How many deliveries change hands in one transaction.
const CHUNK: usize = 1_000;

/// What was found when an instance looked around.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Found {
    /// Deliveries that were taken over from instances that are gone.
    pub taken_over: usize,
    /// Others took this instance for gone: what it held may be theirs now.
    pub was_gone: bool,
}

/// This instance among the others.
pub(super) struct Membership {
    store: Store,
    clock: Arc<dyn Clock>,
    presence: Presence,
    instance: InstanceId,
    /// Those whose lock was free at the last look, and when they had last taken it.
    suspects: Mutex<HashMap<InstanceId, DateTime<Utc>>>,
    /// The lock was taken anew, and the others may not see it yet.
    owes_beat: AtomicBool,
    /// The lock was taken anew since the last look.
    is_anew: AtomicBool,
}

impl Membership {
    pub fn new(store: Store, clock: Arc<dyn Clock>, instance: InstanceId) -> Self {
        let presence = Presence::new(instance.clone());
        let (owes_beat, is_anew) = (AtomicBool::new(false), AtomicBool::new(false));
        Self { store, clock, presence, instance, suspects: Mutex::default(), owes_beat, is_anew }
    }

    pub fn instance(&self) -> &InstanceId {
        &self.instance
    }

    /// Makes this instance known.
    pub async fn register(&self) -> Result<()> {
        self.presence.hold(&self.store).await?;
        let (own, now) = (self.instance.clone(), self.clock.now());
        // Those that share a limit share it with one more.
        self.store
            .change(now, move |conn, named| {
                named.push(Change::Everything);
                store::instance::insert(conn, &own, now)
            })
            .await?;
        self.take_over().await.map(drop)
    }

    /// Says that this instance lives, and takes over from those that do not.
    pub async fn look_around(&self) -> Result<Found> {
        self.hold().await?;
        let (own, now) = (self.instance.clone(), self.clock.now());
        let was_gone = !self.store.read(move |conn| store::instance::is_known(conn, &own)).await?;
        if was_gone {
            // The others took this instance for gone, and what it held. It goes on under its name.
            let own = self.instance.clone();
            self.store
                .change(now, move |conn, named| {
                    named.push(Change::Everything);
                    store::instance::insert(conn, &own, now)
                })
                .await?;
        }
        // When the database was away, everybody's session ended: the others get a turn to come back.
        let taken_over = if self.is_anew.swap(false, Ordering::AcqRel) {
            lock(&self.suspects).clear();
            0
        } else {
            self.take_over().await?
        };
        Ok(Found { taken_over, was_gone })
    }

    /// Sees to it that this instance counts as alive.
    pub async fn hold(&self) -> Result<()> {
        if self.presence.hold(&self.store).await? == Held::Anew {
            self.owes_beat.store(true, Ordering::Release);
            self.is_anew.store(true, Ordering::Release);
        }
        if self.owes_beat.load(Ordering::Acquire) {
            let (own, now) = (self.instance.clone(), self.clock.now());
            // Whether it is still on the list is asked at the next look.
            self.store.write(move |conn| store::instance::beat(conn, &own, now)).await?;
            self.owes_beat.store(false, Ordering::Release);
        }
        Ok(())
    }

    /// Frees what instances that are gone held, and forgets them; how many deliveries that were.
    async fn take_over(&self) -> Result<usize> {
        let gone = self.gone().await?;
        if gone.is_empty() {
            return Ok(0);
        }
        let (freed, now) = (self.free(&gone).await?, self.clock.now());
        tracing::info!(instances = gone.len(), deliveries = freed, "taking over from instances that are gone");
        // Those that stay share anew what is divided among all, so they are told.
        self.store
            .change(now, move |conn, named| {
                named.push(Change::Everything);
                store::instance::remove(conn, &gone)
            })
            .await?;
        Ok(freed)
    }

    /// Those whose lock was free at this look and the one before, and was not taken between them.
    async fn gone(&self) -> Result<Vec<InstanceId>> {
        let own = self.instance.clone();
        let free = move |conn: &mut Conn| {
            let others = store::instance::others_with_beat(conn, &own)?;
            others.into_iter().try_fold(HashMap::new(), |mut free, (other, beat)| {
                if store::presence::is_gone(conn, &other)? {
                    free.insert(other, beat);
                }
                Ok::<_, StoreError>(free)
            })
        };
        let free: HashMap<InstanceId, DateTime<Utc>> = self.store.read(free).await?;
        // On SQLite whoever looks is the only one.
        let needs_second_look = !self.store.is_alone();
        let mut suspects = lock(&self.suspects);
        let is_gone = |(other, beat): &(&InstanceId, &DateTime<Utc>)| suspects.get(*other) == Some(*beat);
        let gone =
            free.iter().filter(|free| !needs_second_look || is_gone(free)).map(|(other, _)| other.clone()).collect();
        *suspects = free;
        Ok(gone)
    }

    async fn free(&self, holders: &[InstanceId]) -> Result<usize> {
        let mut all = 0;
        loop {
            let holders = holders.to_vec();
            let freed = self.store.write(move |conn| store::delivery::free_from(conn, &holders, CHUNK)).await?;
            all += freed;
            // Fewer than a chunk: the rest is being written by somebody, and is found later as nobody's.
            if freed < CHUNK {
                return Ok(all);
            }
        }
    }

    /// Gives back what this instance holds and takes its name off the list.
    pub async fn retire(&self) -> Result<()> {
        self.free(std::slice::from_ref(&self.instance)).await?;
        let (own, now) = (vec![self.instance.clone()], self.clock.now());
        // Those that stay share what is divided among fewer.
        self.store
            .change(now, move |conn, named| {
                named.push(Change::Everything);
                store::instance::remove(conn, &own)
            })
            .await?;
        self.presence.end();
        Ok(())
    }
}

/// Frees what is held by instances that are not on the list, if these holdings tell of any: they were taken for gone, or had
/// retired, while they wrote. How many deliveries that were.
pub async fn free_orphans(store: &Store, holdings: &[Holding]) -> Result<usize> {
    let mut all = 0;
    let holders: BTreeSet<String> = holdings.iter().map(|holding| holding.holder.clone()).collect();
    // Usually there are none, and asking takes nobody's turn to write.
    if store.read(move |conn| store::instance::are_known(conn, &holders)).await? {
        return Ok(all);
    }
    loop {
        let freed = store.write(|conn| store::delivery::free_orphans(conn, CHUNK)).await?;
        all += freed;
        if freed < CHUNK {
            return Ok(all);
        }
    }
}
