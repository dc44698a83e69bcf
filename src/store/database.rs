//! The database: many readers, orderly writers.

use std::fmt;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use chrono::{DateTime, Utc};
use diesel::r2d2::{Pool, PooledConnection};
use diesel::{RunQueryDsl as _, sql_query};
use tokio::runtime::Handle;
use tokio::sync::{oneshot, watch};

use super::changes::{self, Change};
use super::connection::Manager;
use super::traffic::Traffic;
use super::writer::{self, Repeatable, Work, Write};
use super::{Conn, DatabaseUrl, Result, StoreError, migrate};

/// How long to wait for a connection before saying that there is none.
const PATIENCE: Duration = Duration::from_secs(2);

/// The database. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

struct Inner {
    url: DatabaseUrl,
    pool: Pool<Manager>,
    writer: Writer,
    traffic: Arc<Traffic>,
    generation: AtomicI64,
    listeners: watch::Sender<i64>,
    runtime: Handle,
}

enum Writer {
    /// SQLite: the thread that alone writes.
    Thread(mpsc::Sender<Box<dyn Write>>),
    /// PostgreSQL: any connection of the pool.
    Pool,
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Store({})", self.inner.url)
    }
}

impl Store {
    /// Opens the database, makes its file when it is a new SQLite one, and brings its schema up to date under a lock.
    ///
    /// Call it where a tokio runtime is at hand, off its own threads: the database's work is done there.
    pub fn open(url: &DatabaseUrl) -> Result<Self> {
        migrate::migrate(url)?;
        let traffic: Arc<Traffic> = Arc::default();
        let manager = |read_only| Manager { url: url.clone(), read_only, traffic: traffic.clone() };
        let pool = Pool::builder()
            .max_size(8)
            .min_idle(Some(1))
            .connection_timeout(PATIENCE)
            // What is broken is found out by using it; asking first would cost a round trip each time.
            .test_on_check_out(false)
            .build(manager(matches!(url, DatabaseUrl::Sqlite(_))))
            .map_err(|error| StoreError::Unavailable(error.to_string()))?;
        let writer = match manager(false).open()? {
            Conn::Sqlite(connection) => Writer::Thread(writer::start(connection, traffic.clone())?),
            Conn::Postgres(_) => Writer::Pool,
        };
        let inner = Inner {
            url: url.clone(),
            pool,
            writer,
            traffic,
            generation: AtomicI64::new(0),
            listeners: watch::Sender::new(0),
            runtime: Handle::current(),
        };
        let head = inner.with(changes::head)?;
        let store = Self { inner: Arc::new(inner) };
        store.seen(head);
        Ok(store)
    }

    /// Which database this is.
    pub fn url(&self) -> &DatabaseUrl {
        &self.inner.url
    }

    /// Whether this process alone uses the database: then it knows of every change the moment it is made.
    pub fn is_alone(&self) -> bool {
        matches!(self.inner.url, DatabaseUrl::Sqlite(_))
    }

    /// What went to the database since the start.
    pub fn traffic(&self) -> &Traffic {
        &self.inner.traffic
    }

    /// The runtime that the database's work is done on.
    pub fn runtime(&self) -> &Handle {
        &self.inner.runtime
    }

    /// The number of the last change this process has seen (see [`changes`]).
    pub fn generation(&self) -> i64 {
        self.inner.generation.load(Ordering::Acquire)
    }

    /// The number of a change was read in a transaction that has been committed. Whoever listens for changes is woken.
    pub fn seen(&self, generation: i64) {
        if self.inner.generation.fetch_max(generation, Ordering::AcqRel) < generation {
            self.inner.listeners.send_if_modified(|newest| {
                let is_newer = *newest < generation;
                *newest = generation.max(*newest);
                is_newer
            });
        }
    }

    /// Tells of each newer number that this process sees.
    pub fn changes(&self) -> watch::Receiver<i64> {
        self.inner.listeners.subscribe()
    }

    /// Reads. The closure sees committed rows only; it must not write.
    pub async fn read<T, E>(&self, work: impl FnOnce(&mut Conn) -> Result<T, E> + Send + 'static) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let inner = self.inner.clone();
        match self.inner.runtime.spawn_blocking(move || inner.with(work)).await {
            Ok(result) => result,
            Err(error) => Err(StoreError::Unavailable(error.to_string()).into()),
        }
    }

    /// Writes: everything the closure does is one transaction, durable when this returns `Ok`, undone when it is `Err`.
    pub async fn write<T, E>(&self, work: impl FnOnce(&mut Conn) -> Result<T, E> + Send + 'static) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        self.submit(work, move |result| {
            // A caller that went away does not undo what it asked for.
            let _ = answer.send(result);
        });
        answered.await.unwrap_or_else(|_| Err(stopped().into()))
    }

    /// Writes what others keep in memory or hold. The work names what it changes, and every instance forgets and looks at
    /// that alone (see [`changes`]); work that turns out to change nothing of the kind names nothing, and nobody is told.
    pub async fn change<T, E>(
        &self,
        now: DateTime<Utc>,
        work: impl FnOnce(&mut Conn, &mut Vec<Change>) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let changed = move |conn: &mut Conn| -> Result<(T, Option<i64>), E> {
            let mut named = Vec::new();
            let value = work(conn, &mut named)?;
            // Last, because others wait for its row from here on.
            let number = if named.is_empty() { None } else { Some(changes::record(conn, &named, now)?) };
            Ok((value, number))
        };
        let (value, number) = self.write(changed).await?;
        if let Some(number) = number {
            self.seen(number);
        }
        Ok(value)
    }

    /// Writes without waiting: `done` is called, on a thread of the database's, once the write is durable or undone.
    pub fn submit<T, E>(
        &self,
        work: impl FnOnce(&mut Conn) -> Result<T, E> + Send + 'static,
        done: impl FnOnce(Result<T, E>) + Send + 'static,
    ) where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        self.hand_over(Box::new(Work::new(work, done)));
    }

    /// Like [`Store::submit`], for the writes there are most of: the work may be run again after what it did was undone, so it
    /// must find then what it found before.
    pub fn submit_repeatable<T, E>(
        &self,
        work: impl FnMut(&mut Conn) -> Result<T, E> + Send + 'static,
        done: impl FnOnce(Result<T, E>) + Send + 'static,
    ) where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        self.hand_over(Box::new(Repeatable::new(work, done)));
    }

    fn hand_over(&self, write: Box<dyn Write>) {
        match &self.inner.writer {
            Writer::Thread(writes) => {
                if let Err(mpsc::SendError(write)) = writes.send(write) {
                    write.done(Err("the thread that writes has stopped".into()));
                }
            }
            Writer::Pool => {
                let inner = self.inner.clone();
                self.inner.runtime.spawn_blocking(move || inner.write_alone(write));
            }
        }
    }
}

impl Inner {
    fn with<T, E: From<StoreError>>(&self, work: impl FnOnce(&mut Conn) -> Result<T, E>) -> Result<T, E> {
        let mut pooled = self.connection()?;
        let result = work(&mut pooled.conn);
        if result.is_err() {
            pooled.broken = is_gone(&mut pooled.conn);
        }
        result
    }

    fn write_alone(&self, write: Box<dyn Write>) {
        let mut pooled = match self.connection() {
            Ok(pooled) => pooled,
            Err(error) => return write.done(Err(error.to_string())),
        };
        if !writer::alone(&mut pooled.conn, write, &self.traffic) {
            pooled.broken = is_gone(&mut pooled.conn);
        }
    }

    fn connection(&self) -> Result<PooledConnection<Manager>> {
        self.pool.get().map_err(|error| StoreError::Unavailable(error.to_string()))
    }
}

/// Something failed: was it the connection?
fn is_gone(conn: &mut Conn) -> bool {
    match conn {
        Conn::Sqlite(_) => false,
        Conn::Postgres(_) => sql_query("SELECT 1").execute(conn).is_err(),
    }
}

fn stopped() -> StoreError {
    StoreError::Unavailable("the database's thread has stopped".into())
}
