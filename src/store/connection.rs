//! Connections: how each is opened and set up, by what it is for.

#![expect(missing_docs, reason = "what the derive makes of a connection has no comments")]

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use diesel::connection::SimpleConnection as _;
use diesel::r2d2::ManageConnection;
use diesel::{Connection as _, MultiConnection, PgConnection, RunQueryDsl as _, SqliteConnection, sql_query};

use super::fault::{Fault, Faults, Watch};
use super::traffic::Traffic;
use super::url::{with_timeouts, without_secrets};
use super::{DatabaseUrl, Result, StoreError, reading_limit};
use crate::files;

/// A connection to either database.
#[derive(MultiConnection)]
pub enum Conn {
    /// A file on this machine.
    Sqlite(SqliteConnection),
    /// A server.
    Postgres(PgConnection),
}

/// What a connection is for, which says how long its statements may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// Deliveries, the API, the command line.
    Work,
    /// Pages: somebody waits, and may ask for less.
    Pages,
    /// Migrations, which take as long as they take.
    Migration,
}

/// How long a page's read may take.
pub(super) const PAGE_TIMEOUT: Duration = Duration::from_secs(3);

/// How long any other statement may take.
pub(super) const STATEMENT_TIMEOUT: Duration = Duration::from_secs(15);

/// A plan that is made while a table is small walks it, and would be kept while it grows: on a new database under load, until
/// the server gets round to its first look at the tables. Planning anew costs little beside a batch.
const PLAN_ANEW: &str = "SET plan_cache_mode = force_custom_plan;";

/// A process that stands still within a transaction, and a lock that nobody gives back, must not stop the others.
const BOUNDED: &str = "SET idle_in_transaction_session_timeout = '5s'; SET lock_timeout = '3s';";

impl Purpose {
    /// What a session on a server begins with.
    fn settings(self) -> String {
        let timeout = match self {
            Purpose::Work => STATEMENT_TIMEOUT,
            Purpose::Pages => PAGE_TIMEOUT,
            Purpose::Migration => {
                return "SET statement_timeout = 0; SET lock_timeout = 0; SET idle_in_transaction_session_timeout = 0;"
                    .into();
            }
        };
        format!("{PLAN_ANEW} {BOUNDED} SET statement_timeout = {};", timeout.as_millis())
    }

    /// How a write begins on a server. A page's write may take longer than its reads: who stops it has done nothing.
    pub fn begin(self) -> String {
        match self {
            Purpose::Pages => format!("BEGIN; SET LOCAL statement_timeout = {}", STATEMENT_TIMEOUT.as_millis()),
            Purpose::Work | Purpose::Migration => "BEGIN".into(),
        }
    }
}

/// Opens connections of one kind.
#[derive(Debug, Clone)]
pub(super) struct Manager {
    pub url: DatabaseUrl,
    pub purpose: Purpose,
    pub read_only: bool,
    pub traffic: Arc<Traffic>,
    /// How many connections were lost: where one is, others are too, so each is asked once before it is used again.
    pub losses: Arc<AtomicU64>,
}

/// A connection of a pool.
pub(super) struct Pooled {
    pub conn: Conn,
    /// What it has met.
    pub faults: Faults,
    /// It is of no more use.
    pub broken: bool,
    /// How many connections had been lost when it was last known to be well.
    pub well_at: u64,
}

impl Manager {
    /// For one connection that no pool holds.
    pub fn alone(url: &DatabaseUrl, purpose: Purpose) -> Self {
        Self { url: url.clone(), purpose, read_only: false, traffic: Arc::default(), losses: Arc::default() }
    }

    /// Opens a connection, which notes its faults there.
    pub fn open(&self, faults: &Faults) -> Result<Conn> {
        let watch = |traffic| Watch { traffic, faults: faults.clone(), began: None };
        match &self.url {
            DatabaseUrl::Sqlite(path) => {
                let mut connection = open_sqlite(path, self.read_only)?;
                connection.set_instrumentation(watch(None));
                Ok(Conn::Sqlite(connection))
            }
            DatabaseUrl::Postgres(url) => {
                let mut connection = open_postgres(url, &self.purpose.settings())?;
                connection.set_instrumentation(watch(Some(self.traffic.clone())));
                Ok(Conn::Postgres(connection))
            }
        }
    }
}

impl Pooled {
    /// Looks at what it has met: whether it can be used again, and what whoever used it is told.
    pub fn look_back(&mut self, losses: &AtomicU64) -> Option<Fault> {
        let fault = self.faults.take()?;
        if matches!(fault, Fault::Gone | Fault::ReadOnly) {
            self.broken = true;
            losses.fetch_add(1, Ordering::AcqRel);
        }
        Some(fault)
    }

    /// Asks the server whether this connection still works.
    pub fn is_well(&mut self, losses: &AtomicU64) -> bool {
        let well_at = losses.load(Ordering::Acquire);
        let is_well = sql_query("SELECT 1").execute(&mut self.conn).is_ok();
        if is_well {
            self.well_at = well_at;
        }
        is_well
    }
}

impl ManageConnection for Manager {
    type Connection = Pooled;
    type Error = StoreError;

    fn connect(&self) -> Result<Pooled> {
        let well_at = self.losses.load(Ordering::Acquire);
        let faults = Faults::default();
        match self.open(&faults) {
            Ok(conn) => Ok(Pooled { conn, faults, broken: false, well_at }),
            Err(error) => {
                // What cannot be reached now has probably ended the others.
                self.losses.fetch_add(1, Ordering::AcqRel);
                Err(error)
            }
        }
    }

    fn is_valid(&self, connection: &mut Pooled) -> Result<()> {
        sql_query("SELECT 1").execute(&mut connection.conn)?;
        Ok(())
    }

    fn has_broken(&self, connection: &mut Pooled) -> bool {
        connection.broken || std::thread::panicking()
    }
}

/// Opens a session on a server, with these settings; no message shows a part of the password.
pub(super) fn open_postgres(url: &str, settings: &str) -> Result<PgConnection> {
    let opened = PgConnection::establish(&with_timeouts(url));
    let mut connection = opened.map_err(|error| StoreError::Unavailable(without_secrets(&error.to_string(), url)))?;
    connection.batch_execute(settings)?;
    Ok(connection)
}

/// auto_vacuum counts only before the first table is made. FULL: what was acknowledged survives a power cut.
const WRITER: &str = "PRAGMA busy_timeout = 10000; PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL;
     PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA secure_delete = ON;";

/// Opened while somebody writes, so it sets nothing that has to wait for that. There are several readers, and each commit
/// empties what they keep of the file: the system keeps it for all.
const READER: &str = "PRAGMA busy_timeout = 10000; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;
     PRAGMA secure_delete = ON; PRAGMA cache_size = -512; PRAGMA query_only = ON;";

fn open_sqlite(path: &Path, read_only: bool) -> Result<SqliteConnection> {
    let name = path.to_string_lossy();
    if !name.starts_with("file:") {
        // It tells of people. SQLite gives what it writes beside it the same rights, uses what is there already, and says
        // what is wrong where there cannot be a file.
        let _ = files::create_private(path);
    }
    reading_limit::watch_new_connections();
    let opened = SqliteConnection::establish(&name);
    let mut connection = opened.map_err(|error| StoreError::Unavailable(error.to_string()))?;
    connection.batch_execute(if read_only { READER } else { WRITER })?;
    Ok(connection)
}
