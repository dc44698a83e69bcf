//! Writes: each is a transaction, and on SQLite one commit serves all that have gathered.
//!
//! SQLite takes one writer, and a commit that survives a power cut costs a wait for the disk. So one thread writes; while it
//! waits for the disk others queue up, and the next transaction holds them all, each behind a savepoint of its own. None of
//! them is told that it is done before the commit.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, mpsc};

use diesel::connection::SimpleConnection as _;
use diesel::{QueryResult, SqliteConnection};

use super::traffic::Traffic;
use super::{Conn, Result, StoreError};

/// The writer touches the ends of some ten trees again and again: they fit into 8 MiB. A page that changes often is written
/// back once for 32 MiB of log.
const SETTINGS: &str = "PRAGMA cache_size = -8192; PRAGMA wal_autocheckpoint = 8000;";

/// So many writes share a commit at most.
const MOST: usize = 256;

/// A write on its way: run inside a transaction, then told how that ended.
pub(super) trait Write: Send {
    /// Does the work; whether it is to be kept.
    fn run(&mut self, conn: &mut Conn) -> bool;
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
        let lost = |why: String| Err(StoreError::Unavailable(why).into());
        let result = match (self.result, committed) {
            // The work's own error says more than what became of the transaction.
            (Some(Err(error)), _) => Err(error),
            (_, Err(why)) => lost(why),
            (Some(done), Ok(())) => done,
            (None, Ok(())) => lost("a write ended in a bug of ours".into()),
        };
        (self.done)(result);
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
            while let Ok(first) = queue.recv() {
                let mut batch = Vec::with_capacity(8);
                batch.push(first);
                batch.extend(queue.try_iter().take(MOST - 1));
                run(&mut connection, batch, &traffic);
            }
        })
        .map_err(|error| StoreError::Unavailable(error.to_string()))?;
    Ok(writes)
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
    // Taking the lock at once: on SQLite a read that turns into a write can fail half-way.
    let done = conn.batch_execute("BEGIN IMMEDIATE").and_then(|()| behind_savepoints(conn, batch));
    done.map_err(|error| {
        // Fails when there is nothing left to roll back, which is as well.
        let _ = conn.batch_execute("ROLLBACK");
        error.to_string()
    })
}

fn behind_savepoints(conn: &mut Conn, batch: &mut [Box<dyn Write>]) -> QueryResult<()> {
    if let [one] = batch {
        // There is nobody to be kept apart from.
        let kept = one.run(conn);
        return conn.batch_execute(if kept { "COMMIT" } else { "ROLLBACK" });
    }
    for write in batch {
        conn.batch_execute("SAVEPOINT write")?;
        let kept = write.run(conn);
        // A full disk ends the whole transaction under way; then there is no savepoint any more, and this fails.
        conn.batch_execute(if kept { "RELEASE write" } else { "ROLLBACK TO write; RELEASE write" })?;
    }
    conn.batch_execute("COMMIT")
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
