//! The database: many readers, orderly writers, and connections of their own for each kind of work.

use std::fmt;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, PoisonError, RwLock, mpsc};
use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::runtime::Handle;
use tokio::sync::{oneshot, watch};
use tokio::time::timeout;

use super::changes::{self, Change};
use super::connection::{Manager, PAGE_TIMEOUT, Purpose};
use super::fault::{Fault, Faults};
use super::file_lock::FileLock;
use super::pools::{Pools, User, WRITE_TIMEOUT};
use super::reading_limit::ReadingLimit;
use super::traffic::Traffic;
use super::vitals::{PROOF_INTERVAL, Vitals};
use super::writer::{self, Ended, NotCommitted, Repeatable, Work, Write, WriterThread};
use super::{Conn, DatabaseUrl, Result, StoreError, migrate, setting};

/// The database, and whose connections to it are used. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
    user: User,
}

struct Inner {
    url: DatabaseUrl,
    /// `None` once it was closed.
    pools: RwLock<Option<Arc<Pools>>>,
    writer: Writer,
    traffic: Arc<Traffic>,
    vitals: Arc<Vitals>,
    generation: AtomicI64,
    listeners: watch::Sender<i64>,
    runtime: Handle,
}

enum Writer {
    /// SQLite: the thread that alone writes; `None` once it was closed.
    Thread(RwLock<Option<WriterThread>>),
    /// PostgreSQL: any connection of the user's pool.
    Pool,
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Store({})", self.inner.url)
    }
}

impl Store {
    /// Opens the database, makes its file when it is a new SQLite one, and brings its schema up to date under a lock.
    /// `lock` is the file's, when this process has it.
    ///
    /// Call it where a tokio runtime is at hand, off its own threads: the database's work is done there.
    pub fn open(url: &DatabaseUrl, lock: Option<&FileLock>) -> Result<Self> {
        migrate::migrate(url, lock)?;
        let (traffic, vitals): (Arc<Traffic>, Arc<Vitals>) = Default::default();
        let pools = Pools::open(url, &traffic)?;
        let writer = match url {
            DatabaseUrl::Sqlite(_) => {
                let faults = Faults::default();
                let writing = Manager::alone(url, Purpose::Work).open(&faults)?;
                // What it meets, the writer meets too.
                let copying = Manager::alone(url, Purpose::Work).open(&Faults::default())?;
                let thread = writer::start(writing, copying, faults, traffic.clone(), vitals.clone())?;
                Writer::Thread(RwLock::new(Some(thread)))
            }
            DatabaseUrl::Postgres(_) => Writer::Pool,
        };
        let runtime = Handle::current();
        let (generation, listeners) = (AtomicI64::new(0), watch::Sender::new(0));
        let pools = RwLock::new(Some(Arc::new(pools)));
        let inner = Inner { url: url.clone(), pools, writer, traffic, vitals, generation, listeners, runtime };
        let head = inner.with(User::Engine, changes::head)?;
        let store = Self { inner: Arc::new(inner), user: User::Engine };
        store.seen(head);
        Ok(store)
    }

    /// The same database through the engine's connections.
    pub fn for_engine(&self) -> Self {
        self.used_by(User::Engine)
    }

    /// The same database through the connection that looks for changes have to themselves.
    pub fn for_looks(&self) -> Self {
        self.used_by(User::Looks)
    }

    /// The same database through the console's connections: its reads end after three seconds with
    /// [`StoreError::TimedOut`].
    pub fn for_pages(&self) -> Self {
        self.used_by(User::Pages)
    }

    /// The same database through the partner API's connections.
    pub fn for_api(&self) -> Self {
        self.used_by(User::Api)
    }

    /// Closes a SQLite file when what was handed over to be written is done: nothing is left beside it then but what other
    /// processes keep there. Whoever asks for something afterwards is told that there is no database. A server's connections
    /// end with the process.
    pub async fn close(&self) {
        if self.is_alone() {
            let inner = self.inner.clone();
            // It fails when the runtime is ending, and the process with it.
            let _ = self.inner.runtime.spawn_blocking(move || inner.close()).await;
        }
    }

    fn used_by(&self, user: User) -> Self {
        Self { inner: self.inner.clone(), user }
    }

    /// Whether this process can work.
    pub fn vitals(&self) -> &Vitals {
        &self.inner.vitals
    }

    /// Commits one row unless something was committed lately, so that a database that takes no writes shows while there is
    /// nothing to write.
    pub async fn prove_writable(&self) -> Result<()> {
        if self.vitals().last_commit().is_some_and(|last| last < PROOF_INTERVAL) {
            return Ok(());
        }
        self.write(|conn| setting::put(conn, "proof that writes are taken", &[1])).await
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
        let (inner, user) = (self.inner.clone(), self.user);
        let reading = self.inner.runtime.spawn_blocking(move || inner.with(user, work));
        let Ok(read) = self.within(user.answer_timeout(), reading).await else {
            return Err(StoreError::Unavailable("no answer came".into()).into());
        };
        read.unwrap_or_else(|error| Err(StoreError::Unavailable(error.to_string()).into()))
    }

    /// Writes: everything the closure does is one transaction, durable when this returns `Ok`, undone when it is `Err`,
    /// unless that is [`StoreError::Unclear`].
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
        match self.within(WRITE_TIMEOUT, answered).await {
            Ok(answer) => answer.unwrap_or_else(|_| Err(stopped().into())),
            Err(_) => Err(StoreError::Unclear("no answer came".into()).into()),
        }
    }

    /// A server that stands still, or a network that swallows what is sent, ends no wait by itself; a file always answers.
    async fn within<F: Future>(&self, limit: Duration, answer: F) -> Result<F::Output, tokio::time::error::Elapsed> {
        if self.is_alone() { Ok(answer.await) } else { timeout(limit, answer).await }
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
        self.hand_over(Box::new(Work::new(work, done)), Duration::ZERO);
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
        self.submit_next(Duration::ZERO, work, done);
    }

    /// The same for a batch that follows another at once. On a server it begins after this rest, in which more gathers that
    /// shares its commit; the thread that writes to a file rests as it sees fit.
    pub fn submit_next<T, E>(
        &self,
        rest: Duration,
        work: impl FnMut(&mut Conn) -> Result<T, E> + Send + 'static,
        done: impl FnOnce(Result<T, E>) + Send + 'static,
    ) where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        self.hand_over(Box::new(Repeatable::new(work, done)), rest);
    }

    fn hand_over(&self, write: Box<dyn Write>, rest: Duration) {
        match &self.inner.writer {
            Writer::Thread(thread) => {
                let thread = thread.read().unwrap_or_else(PoisonError::into_inner);
                let refused = match thread.as_ref() {
                    Some(thread) => thread.writes.send(write).err().map(|mpsc::SendError(write)| write),
                    None => Some(write),
                };
                drop(thread);
                if let Some(write) = refused {
                    write.done(Err(NotCommitted::Undone("the thread that writes has stopped".into())));
                }
            }
            Writer::Pool => {
                let (inner, user) = (self.inner.clone(), self.user);
                self.inner.runtime.spawn_blocking(move || {
                    std::thread::sleep(rest);
                    inner.write_alone(user, write);
                });
            }
        }
    }
}

impl Inner {
    fn with<T, E: From<StoreError>>(&self, user: User, work: impl FnOnce(&mut Conn) -> Result<T, E>) -> Result<T, E> {
        let pools = self.pools()?;
        let mut pooled = pools.connection(user)?;
        let is_limited = user == User::Pages && matches!(pooled.conn, Conn::Sqlite(_));
        let limit = is_limited.then(|| ReadingLimit::of(PAGE_TIMEOUT));
        let result = work(&mut pooled.conn);
        let fault = pooled.look_back(pools.losses());
        match (result, fault) {
            (Err(_), _) if limit.is_some_and(|limit| limit.is_over()) => Err(StoreError::TimedOut.into()),
            (Err(_), Some(fault)) => Err(fault.into_error().into()),
            (result, _) => result,
        }
    }

    /// A write that could not even begin is run once more on another connection: nothing of it was done.
    fn write_alone(&self, user: User, mut write: Box<dyn Write>) {
        let begin = user.purpose().begin();
        let mut ended = self.write_once(user, &begin, &mut *write);
        if matches!(ended, Ended::NotBegun(_)) {
            ended = self.write_once(user, &begin, &mut *write);
        }
        match &ended {
            Ended::Committed => {
                self.traffic.committed(1);
                self.vitals.committed();
            }
            // Others may be able to write while this one waited too long for a lock.
            Ended::Undone | Ended::Not(NotCommitted::Failed(Fault::TimedOut)) => {}
            Ended::Not(why) | Ended::NotBegun(why) => self.vitals.commit_failed(&StoreError::from(why.clone())),
        }
        write.done(match ended {
            Ended::Committed | Ended::Undone => Ok(()),
            Ended::Not(why) | Ended::NotBegun(why) => Err(why),
        });
    }

    fn write_once(&self, user: User, begin: &str, write: &mut dyn Write) -> Ended {
        let pools = match self.pools() {
            Ok(pools) => pools,
            Err(error) => return Ended::NotBegun(NotCommitted::Undone(error.to_string())),
        };
        match pools.connection(user) {
            Err(error) => Ended::NotBegun(NotCommitted::Undone(error.to_string())),
            Ok(mut pooled) => {
                let ended = writer::alone(&mut pooled, begin, write);
                pooled.look_back(pools.losses());
                ended
            }
        }
    }

    fn pools(&self) -> Result<Arc<Pools>> {
        let pools = self.pools.read().unwrap_or_else(PoisonError::into_inner);
        pools.clone().ok_or_else(|| StoreError::Unavailable("it was closed".into()))
    }

    /// The readers go first: the writer is the last one who can empty the log.
    fn close(&self) {
        drop(self.pools.write().unwrap_or_else(PoisonError::into_inner).take());
        if let Writer::Thread(thread) = &self.writer
            && let Some(thread) = thread.write().unwrap_or_else(PoisonError::into_inner).take()
        {
            thread.end();
        }
    }
}

fn stopped() -> StoreError {
    StoreError::Unavailable("the database's thread has stopped".into())
}
