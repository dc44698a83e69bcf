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
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection as _;
use diesel::{QueryResult, RunQueryDsl as _, SqliteConnection};

use super::statement::{Line, Statement};
use super::traffic::Traffic;
use super::{Conn, Result, StoreError};

/// The writer touches the ends of some ten trees again and again: they fit into 8 MiB. A page that changes often is written
/// back once for 32 MiB of log.
const SETTINGS: &str = "PRAGMA cache_size = -8192; PRAGMA wal_autocheckpoint = 8000;";

/// Each commit costs a wait for the disk and a new copy of the same ends of trees, so under load fewer and larger ones are
/// cheaper. This is how much later at most something is written for that; whoever comes alone does not wait at all.
const LONGEST_REST: Duration = Duration::from_millis(2);

/// So many writes share a commit at most.
const MOST: usize = 256;

/// A write on its way: run inside a transaction, then told how that ended.
pub(super) trait Write: Send {
    /// Does the work; whether it is to be kept.
    fn run(&mut self, conn: &mut Conn) -> bool;
    /// Whether it can be run again after what it did was undone.
    fn is_repeatable(&self) -> bool {
        false
    }
    /// Tells whoever asked, once it is known whether the work is durable.
    fn done(self: Box<Self>, committed: Result<(), String>);
}

/// The usual write: work, and what is done with its result.
pub(super) struct Work<T, E, W, D> {
    work: Option<W>,
    result: Option<Result<T, E>>,
    done: D,
}

impl<T, E, W, D> Work<T, E, W, D> {
    pub fn new(work: W, done: D) -> Self {
        Self { work: Some(work), result: None, done }
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
        self.result = catch_unwind(AssertUnwindSafe(|| work(conn))).ok();
        self.result.as_ref().is_some_and(Result::is_ok)
    }

    fn done(self: Box<Self>, committed: Result<(), String>) {
        (self.done)(told(self.result, committed));
    }
}

/// What whoever asked for a write is told: `result` is `None` when the work panicked or was never run.
fn told<T, E: From<StoreError>>(result: Option<Result<T, E>>, committed: Result<(), String>) -> Result<T, E> {
    let lost = |why: String| Err(StoreError::Unavailable(why).into());
    match (result, committed) {
        // The work's own error says more than what became of the transaction.
        (Some(Err(error)), _) => Err(error),
        (_, Err(why)) => lost(why),
        (Some(done), Ok(())) => done,
        (None, Ok(())) => lost("a write ended in a bug of ours".into()),
    }
}

/// Work that can be run again.
pub(super) struct Repeatable<T, E, W, D> {
    work: W,
    result: Option<Result<T, E>>,
    done: D,
}

impl<T, E, W, D> Repeatable<T, E, W, D> {
    pub fn new(work: W, done: D) -> Self {
        Self { work, result: None, done }
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
        self.result = catch_unwind(AssertUnwindSafe(|| (self.work)(conn))).ok();
        self.result.as_ref().is_some_and(Result::is_ok)
    }

    fn is_repeatable(&self) -> bool {
        true
    }

    fn done(self: Box<Self>, committed: Result<(), String>) {
        (self.done)(told(self.result, committed));
    }
}

/// Starts the thread that alone writes to a SQLite file; it ends with the last sender.
pub(super) fn start(mut connection: SqliteConnection, traffic: Arc<Traffic>) -> Result<mpsc::Sender<Box<dyn Write>>> {
    let (writes, queue) = mpsc::channel::<Box<dyn Write>>();
    connection.batch_execute(SETTINGS)?;
    std::thread::Builder::new()
        .name("sqlite-writer".into())
        .spawn(move || {
            let mut connection = Conn::Sqlite(connection);
            let mut took = Duration::ZERO;
            while let Some(first) = next(&queue, took) {
                let began = Instant::now();
                let mut batch = Vec::with_capacity(8);
                batch.push(first);
                batch.extend(queue.try_iter().take(MOST - 1));
                // What comes together has no order of its own: nobody was told yet of any other's end.
                batch.sort_by_key(|write| !write.is_repeatable());
                run(&mut connection, batch, &traffic);
                took = began.elapsed();
            }
        })
        .map_err(|error| StoreError::Unavailable(error.to_string()))?;
    Ok(writes)
}

/// The next write to begin a batch with, `took` after the last batch began. Whoever finds somebody waiting has much to do,
/// and rests as long as it has worked, so that more gathers.
fn next(queue: &mpsc::Receiver<Box<dyn Write>>, took: Duration) -> Option<Box<dyn Write>> {
    match queue.try_recv() {
        Ok(write) => {
            std::thread::sleep(took.min(LONGEST_REST));
            Some(write)
        }
        Err(_) => queue.recv().ok(),
    }
}

/// Runs a batch in one transaction. If that breaks underneath, nothing of it remains, and everyone is told so.
fn run(conn: &mut Conn, mut batch: Vec<Box<dyn Write>>, traffic: &Traffic) {
    let committed = together(conn, &mut batch);
    if committed.is_ok() {
        traffic.committed(batch.len());
    }
    for write in batch {
        let told = AssertUnwindSafe(|| write.done(committed.clone()));
        if catch_unwind(told).is_err() {
            tracing::error!("what follows a write ended in a bug of ours");
        }
    }
}

fn together(conn: &mut Conn, batch: &mut [Box<dyn Write>]) -> Result<(), String> {
    let repeatable = batch.iter().take_while(|write| write.is_repeatable()).count();
    // Taking the lock at once: on SQLite a read that turns into a write can fail half-way.
    let mut done = execute::<Begin>(conn);
    if done.is_ok() && batch.len() > 1 {
        let (first, others) = batch.split_at_mut(repeatable);
        if first.iter_mut().all(|write| write.run(conn)) {
            done = behind_savepoints(conn, others);
        } else {
            // A full disk has ended the transaction already.
            let _ = conn.batch_execute("ROLLBACK");
            done = execute::<Begin>(conn).and_then(|()| behind_savepoints(conn, batch));
        }
    } else if done.is_ok() {
        done = one_by_itself(conn, batch);
    }
    done.map_err(|error| {
        // Fails when there is nothing left to roll back, which is as well.
        let _ = conn.batch_execute("ROLLBACK");
        error.to_string()
    })
}

/// With nobody to be kept apart from.
fn one_by_itself(conn: &mut Conn, batch: &mut [Box<dyn Write>]) -> QueryResult<()> {
    let kept = batch.iter_mut().all(|write| write.run(conn));
    if kept { execute::<Commit>(conn) } else { conn.batch_execute("ROLLBACK") }
}

fn behind_savepoints(conn: &mut Conn, batch: &mut [Box<dyn Write>]) -> QueryResult<()> {
    for write in batch {
        conn.batch_execute("SAVEPOINT write")?;
        let kept = write.run(conn);
        // A full disk ends the whole transaction under way; then there is no savepoint any more, and this fails.
        conn.batch_execute(if kept { "RELEASE write" } else { "ROLLBACK TO write; RELEASE write" })?;
    }
    execute::<Commit>(conn)
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

/// One write in a transaction of its own, on a connection of the pool; whether all went well.
pub(super) fn alone(conn: &mut Conn, mut write: Box<dyn Write>, traffic: &Traffic) -> bool {
    let ended = conn.batch_execute("BEGIN").and_then(|()| {
        let kept = write.run(conn);
        conn.batch_execute(if kept { "COMMIT" } else { "ROLLBACK" })?;
        Ok(kept)
    });
    if ended == Ok(true) {
        traffic.committed(1);
    }
    let well = ended.as_ref().is_ok_and(|kept| *kept);
    write.done(ended.map(drop).map_err(|error| {
        let _ = conn.batch_execute("ROLLBACK");
        error.to_string()
    }));
    well
}
