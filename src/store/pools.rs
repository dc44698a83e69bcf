//! The pools of connections: each kind of work has its own, so that none can take another's.
//!
//! Pages may be slow, because somebody filters a log of millions: with a pool of their own they wait for each other, and
//! neither reports nor deliveries wait for them. The engine's looks for changes have one connection to themselves, because
//! nothing may be sent while they are late.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use diesel::r2d2::{NopErrorHandler, Pool, PooledConnection};
use scheduled_thread_pool::ScheduledThreadPool;

use super::connection::{Manager, PAGE_TIMEOUT, Purpose, STATEMENT_TIMEOUT};
use super::traffic::Traffic;
use super::{DatabaseUrl, Result, StoreError};

/// How long to wait for a connection before saying that there is none.
const CONNECTION_TIMEOUT: Duration = Duration::from_secs(2);

/// How much longer than the server an answer is waited for: a server that stands still stops nothing itself.
const ANSWER_SLACK: Duration = Duration::from_secs(1);

/// A look must not take longer: whoever cannot look does not send.
const LOOK_TIMEOUT: Duration = Duration::from_secs(5);

/// Whose connections are used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum User {
    /// What is owed: recording, claiming and settling.
    Engine,
    /// The engine's looks for what others have changed.
    Looks,
    /// The console.
    Pages,
    /// The partner API, beside what the engine records for it.
    Api,
}

impl User {
    const ALL: [Self; 4] = [Self::Engine, Self::Looks, Self::Pages, Self::Api];

    pub fn purpose(self) -> Purpose {
        match self {
            User::Pages => Purpose::Pages,
            User::Engine | User::Looks | User::Api => Purpose::Work,
        }
    }

    /// How many connections it has at most, and how many are kept ready on a server. A batch is written by one connection,
    /// and three kinds of batches at once keep a server busy; pages are read by people; the API reads a key when it is new.
    fn size(self) -> (u32, u32) {
        match self {
            User::Engine => (4, 1),
            User::Looks => (1, 1),
            User::Pages => (4, 0),
            User::Api => (2, 1),
        }
    }

    /// How long a read may take in all.
    pub fn answer_timeout(self) -> Duration {
        match self {
            User::Looks => LOOK_TIMEOUT,
            // A page reads several times.
            User::Pages => CONNECTION_TIMEOUT + PAGE_TIMEOUT * 2 + ANSWER_SLACK,
            User::Engine | User::Api => CONNECTION_TIMEOUT + STATEMENT_TIMEOUT + ANSWER_SLACK,
        }
    }
}

/// How long a write may take in all.
pub(super) const WRITE_TIMEOUT: Duration =
    CONNECTION_TIMEOUT.saturating_add(STATEMENT_TIMEOUT).saturating_add(ANSWER_SLACK);

/// One pool for each user.
pub(super) struct Pools {
    pools: [Pool<Manager>; 4],
    losses: Arc<AtomicU64>,
}

impl Pools {
    pub fn open(url: &DatabaseUrl, traffic: &Arc<Traffic>) -> Result<Self> {
        let losses: Arc<AtomicU64> = Arc::default();
        let is_file = matches!(url, DatabaseUrl::Sqlite(_));
        let threads =
            Arc::new(ScheduledThreadPool::builder().num_threads(2).thread_name_pattern("database-{}").build());
        let open = |user: User| {
            let (most, ready) = user.size();
            let manager = Manager {
                url: url.clone(),
                purpose: user.purpose(),
                read_only: is_file,
                traffic: traffic.clone(),
                losses: losses.clone(),
            };
            Pool::builder()
                .max_size(most)
                // A file is opened in no time, and each reader takes memory.
                .min_idle(Some(if is_file { 0 } else { ready }))
                .connection_timeout(CONNECTION_TIMEOUT)
                // What is broken is found out by using it; asking first would cost a round trip each time.
                .test_on_check_out(false)
                .thread_pool(threads.clone())
                // Whoever waits for a connection is told.
                .error_handler(Box::new(NopErrorHandler))
                .build(manager)
                .map_err(|error| StoreError::Unavailable(error.to_string()))
        };
        let [engine, looks, pages, api] = User::ALL.map(open);
        Ok(Self { pools: [engine?, looks?, pages?, api?], losses })
    }

    /// A connection that was well when it was last heard of.
    pub fn connection(&self, user: User) -> Result<PooledConnection<Manager>> {
        loop {
            let pool = &self.pools[user as usize];
            let mut pooled = pool.get().map_err(|error| StoreError::Unavailable(error.to_string()))?;
            if pooled.well_at == self.losses.load(Ordering::Acquire) || pooled.is_well(&self.losses) {
                return Ok(pooled);
            }
            // The pool opens another in its place.
            pooled.broken = true;
        }
    }

    /// How many connections were lost.
    pub fn losses(&self) -> &AtomicU64 {
        &self.losses
    }
}
