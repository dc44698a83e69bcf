//! Writes: each is a transaction, and on SQLite one commit serves all that have gathered.
//!
//! SQLite takes one writer, and a commit that survives a power cut costs a wait for the disk. So one thread writes; while it
//! waits for the disk others queue up, and the next transaction holds them all, each behind a savepoint of its own. None of
//! them is told that it is done before the commit.
//!
//! A savepoint keeps a copy of every page that is touched behind it. The busy writes do without: they can be run again, so
//! they come first, and when one of them fails everything is undone and run once more behind savepoints.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection as _;
use diesel::{QueryResult, RunQueryDsl as _};

use super::audit::{Line as AuditLine, gathered};
use super::checkpoint::{self, Checkpoints};
use super::connection::Pooled;
use super::fault::{Fault, Faults};
use super::statement::{Line, Statement};
use super::traffic::Traffic;
use super::vitals::Vitals;
use super::{Conn, Result, StoreError};

/// The writer touches the ends of some ten trees again and again: they fit into 8 MiB.
const SETTINGS: &str = "PRAGMA cache_size = -8192;";

/// Each commit costs a wait for the disk and a new copy of the same ends of trees, so under load fewer and larger ones are
/// cheaper. This is how much later at most something is written for that; whoever comes alone does not wait at all.
const MAX_REST: Duration = Duration::from_millis(2);

/// So many writes share a commit at most.
const MAX_BATCH: usize = 256;

/// A write on its way: run inside a transaction, then told how that ended.
pub(super) trait Write: Send {
    /// Does the work; whether it is to be kept.
    fn run(&mut self, conn: &mut Conn) -> bool;
    /// Whether it can be run again after what it did was undone.
    fn is_repeatable(&self) -> bool {
        false
    }
    /// Tells whoever asked, once it is known whether the work is durable.
    fn done(self: Box<Self>, committed: Result<(), NotCommitted>);
}

/// Why a write is not known to be durable.
#[derive(Debug, Clone)]
pub(super) enum NotCommitted {
    /// For a reason of the database's, which counts for more than what the work made of it. Nothing of it remains.
    Failed(Fault),
    /// For another reason; nothing of it remains.
    Undone(String),
    /// `COMMIT` was sent, and no answer came: it may be durable or not.
    Unclear(String),
}

impl From<NotCommitted> for StoreError {
    fn from(why: NotCommitted) -> Self {
        match why {
            NotCommitted::Failed(fault) => fault.into_error(),
            NotCommitted::Undone(why) => StoreError::Unavailable(why),
            NotCommitted::Unclear(why) => StoreError::Unclear(why),
        }
    }
}

/// The thread that writes.
pub(super) struct WriterThread {
    /// Where writes are handed over.
    pub writes: mpsc::Sender<Box<dyn Write>>,
    running: JoinHandle<()>,
}

impl WriterThread {
    /// Ends it when everything that was handed over is done, and its connection with it.
    pub fn end(self) {
        drop(self.writes);
        // One that panicked has ended, too.
        let _ = self.running.join();
    }
}

/// The usual write: work, and what is done with its result.
pub(super) struct Work<T, E, W, D> {
    work: Option<W>,
    result: Option<Result<T, E>>,
    acts: Vec<AuditLine>,
    done: D,
}

impl<T, E, W, D> Work<T, E, W, D> {
    pub fn new(work: W, done: D) -> Self {
        Self { work: Some(work), result: None, acts: Vec::new(), done }
    }
}

impl<T, E, W, D> Write for Work<T, E, W, D>
where
    T: Send,
    E: From<StoreError> + Send,
    W: FnOnce(&mut Conn) -> Result<T, E> + Send,
    D: FnOnce(Result<T, E>) + Send,
{
    fn run(&mut self, conn: &mut Conn) -> bool {
        let Some(work) = self.work.take() else { return false };
        // A bug in one write must not cost the others their writer.
        (self.result, self.acts) = gathered(|| catch_unwind(AssertUnwindSafe(|| work(conn))).ok());
        self.result.as_ref().is_some_and(Result::is_ok)
    }

    fn done(self: Box<Self>, committed: Result<(), NotCommitted>) {
        let told = told(self.result, committed);
        if told.is_ok() {
            self.acts.iter().for_each(AuditLine::say);
        }
        (self.done)(told);
    }
}

/// What whoever asked for a write is told: `result` is `None` when the work panicked or was never run.
fn told<T, E: From<StoreError>>(result: Option<Result<T, E>>, committed: Result<(), NotCommitted>) -> Result<T, E> {
    match (result, committed) {
        (_, Err(NotCommitted::Failed(fault))) => Err(fault.into_error().into()),
        // The work's own error says more than what became of the transaction.
        (Some(Err(error)), _) => Err(error),
        (_, Err(why)) => Err(StoreError::from(why).into()),
        (Some(done), Ok(())) => done,
        (None, Ok(())) => Err(StoreError::Unavailable("a write ended in a bug of ours".into()).into()),
    }
}

/// Work that can be run again.
pub(super) struct Repeatable<T, E, W, D> {
    work: W,
    result: Option<Result<T, E>>,
    acts: Vec<AuditLine>,
    done: D,
}

impl<T, E, W, D> Repeatable<T, E, W, D> {
    pub fn new(work: W, done: D) -> Self {
        Self { work, result: None, acts: Vec::new(), done }
    }
}

impl<T, E, W, D> Write for Repeatable<T, E, W, D>
where
    T: Send,
    E: From<StoreError> + Send,
    W: FnMut(&mut Conn) -> Result<T, E> + Send,
    D: FnOnce(Result<T, E>) + Send,
{
    fn run(&mut self, conn: &mut Conn) -> bool {
        (self.result, self.acts) = gathered(|| catch_unwind(AssertUnwindSafe(|| (self.work)(conn))).ok());
        self.result.as_ref().is_some_and(Result::is_ok)
    }

    fn is_repeatable(&self) -> bool {
        true
    }

    fn done(self: Box<Self>, committed: Result<(), NotCommitted>) {
        let told = told(self.result, committed);
        if told.is_ok() {
            self.acts.iter().for_each(AuditLine::say);
        }
        (self.done)(told);
    }
}

/// Starts the thread that alone writes to a SQLite file, and the one that copies beside it; they end with the last sender.
pub(super) fn start(
    mut connection: Conn,
    copying: Conn,
    faults: Faults,
    traffic: Arc<Traffic>,
    vitals: Arc<Vitals>,
) -> Result<WriterThread> {
    let (writes, queue) = mpsc::channel::<Box<dyn Write>>();
    connection.batch_execute(SETTINGS)?;
    connection.batch_execute(checkpoint::WRITER_SETTINGS)?;
    let checkpoints = Checkpoints::start(copying)?;
    let running = std::thread::Builder::new()
        .name("sqlite-writer".into())
        .spawn(move || {
            let mut took = Duration::ZERO;
            while let Some(first) = next(&queue, took) {
                let began = Instant::now();
                let mut batch = Vec::with_capacity(8);
                batch.push(first);
                batch.extend(queue.try_iter().take(MAX_BATCH - 1));
                // What comes together has no order of its own: nobody was told yet of any other's end.
                batch.sort_by_key(|write| !write.is_repeatable());
                run(&mut connection, &faults, batch, &traffic, &vitals);
                checkpoints.committed(&mut connection);
                took = began.elapsed();
            }
            // The copier's connection first: whoever closes the last one empties SQLite's log into the file.
            checkpoints.end();
        })
        .map_err(|error| StoreError::Unavailable(error.to_string()))?;
    Ok(WriterThread { writes, running })
}

/// The next write to begin a batch with, `took` after the last batch began. Whoever finds somebody waiting has much to do,
/// and rests as long as it has worked, so that more gathers.
fn next(queue: &mpsc::Receiver<Box<dyn Write>>, took: Duration) -> Option<Box<dyn Write>> {
    match queue.try_recv() {
        Ok(write) => {
            std::thread::sleep(took.min(MAX_REST));
            Some(write)
        }
        Err(_) => queue.recv().ok(),
    }
}

/// Runs a batch in one transaction. If that breaks underneath, nothing of it remains, and everyone is told so.
fn run(conn: &mut Conn, faults: &Faults, mut batch: Vec<Box<dyn Write>>, traffic: &Traffic, vitals: &Vitals) {
    let ended = together(conn, &mut batch);
    match (&ended, faults.take()) {
        // A write that failed for want of room is undone like any other that fails, but it is no fault of its own.
        (_, Some(fault @ (Fault::NoRoom | Fault::ReadOnly | Fault::Gone))) => vitals.commit_failed(&fault.into_error()),
        (Err(why), _) => vitals.commit_failed(why),
        (Ok(true), _) => vitals.committed(),
        (Ok(false), _) => {}
    }
    if ended.is_ok() {
        traffic.committed(batch.len());
    }
    let committed = ended.map(drop).map_err(NotCommitted::Undone);
    for write in batch {
        let told = AssertUnwindSafe(|| write.done(committed.clone()));
        if catch_unwind(told).is_err() {
            tracing::error!("what follows a write ended in a bug of ours");
        }
    }
}

/// Whether anything was committed.
fn together(conn: &mut Conn, batch: &mut [Box<dyn Write>]) -> Result<bool, String> {
    let repeatable = batch.iter().take_while(|write| write.is_repeatable()).count();
    // Taking the lock at once: on SQLite a read that turns into a write can fail half-way.
    let begun = execute::<Begin>(conn);
    let done = begun.and_then(|()| {
        if batch.len() == 1 {
            return one_by_itself(conn, batch);
        }
        let (first, others) = batch.split_at_mut(repeatable);
        if first.iter_mut().all(|write| write.run(conn)) {
            return behind_savepoints(conn, others);
        }
        // A full disk has ended the transaction already.
        let _ = conn.batch_execute("ROLLBACK");
        execute::<Begin>(conn).and_then(|()| behind_savepoints(conn, batch))
    });
    done.map_err(|error| {
        // Fails when there is nothing left to roll back, which is as well.
        let _ = conn.batch_execute("ROLLBACK");
        error.to_string()
    })
}

/// With nobody to be kept apart from.
fn one_by_itself(conn: &mut Conn, batch: &mut [Box<dyn Write>]) -> QueryResult<bool> {
    let kept = batch.iter_mut().all(|write| write.run(conn));
    if kept { execute::<Commit>(conn) } else { conn.batch_execute("ROLLBACK") }.map(|()| kept)
}

fn behind_savepoints(conn: &mut Conn, batch: &mut [Box<dyn Write>]) -> QueryResult<bool> {
    for write in batch {
        conn.batch_execute("SAVEPOINT write")?;
        let kept = write.run(conn);
        // A full disk ends the whole transaction under way; then there is no savepoint any more, and this fails.
        conn.batch_execute(if kept { "RELEASE write" } else { "ROLLBACK TO write; RELEASE write" })?;
    }
    execute::<Commit>(conn).map(|()| true)
}

struct Begin;

impl Statement for Begin {
    const SQL: &'static str = "BEGIN IMMEDIATE";
}

struct Commit;

impl Statement for Commit {
    const SQL: &'static str = "COMMIT";
}

/// Runs a statement that is compiled once.
fn execute<S: Statement>(conn: &mut Conn) -> QueryResult<()> {
    match conn {
        Conn::Sqlite(conn) => Line::<S, 0>::new([]).execute(conn).map(drop),
        Conn::Postgres(conn) => conn.batch_execute(S::SQL),
    }
}

/// How a write on a connection of a pool ended.
pub(super) enum Ended {
    /// It is durable.
    Committed,
    /// It is undone, because its work said so.
    Undone,
    /// It is not known to be durable.
    Not(NotCommitted),
    /// Nothing of it was done, for no fault of its own, and it can be run again on another connection.
    NotBegun(NotCommitted),
}

/// One write in a transaction of its own, on a connection of a pool.
pub(super) fn alone(pooled: &mut Pooled, begin: &str, write: &mut dyn Write) -> Ended {
    if let Err(error) = pooled.conn.batch_execute(begin) {
        let _ = pooled.conn.batch_execute("ROLLBACK");
        return Ended::NotBegun(NotCommitted::Undone(error.to_string()));
    }
    let kept = write.run(&mut pooled.conn);
    if let Some(fault) = pooled.faults.peek() {
        let _ = pooled.conn.batch_execute("ROLLBACK");
        let why = NotCommitted::Failed(fault);
        // The server undoes what it was not told to commit.
        let is_lost = matches!(fault, Fault::Gone | Fault::ReadOnly);
        return if is_lost && write.is_repeatable() { Ended::NotBegun(why) } else { Ended::Not(why) };
    }
    let ended = pooled.conn.batch_execute(if kept { "COMMIT" } else { "ROLLBACK" });
    match ended {
        Ok(()) if kept => Ended::Committed,
        Ok(()) => Ended::Undone,
        // Its server answered, so it is undone; without an answer nobody knows.
        Err(error) => match pooled.faults.peek() {
            Some(Fault::Gone) if kept => Ended::Not(NotCommitted::Unclear(error.to_string())),
            Some(fault) => Ended::Not(NotCommitted::Failed(fault)),
            None => Ended::Not(NotCommitted::Undone(error.to_string())),
        },
    }
}
