//! Connections: which database, and how each connection is set up.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;

use diesel::connection::{Instrumentation, InstrumentationEvent, SimpleConnection as _};
use diesel::r2d2::ManageConnection;
use diesel::{Connection as _, MultiConnection, PgConnection, RunQueryDsl as _, SqliteConnection, sql_query};

use super::traffic::Traffic;
use super::{Result, StoreError};
use crate::files;

/// A connection to either database.
#[derive(MultiConnection)]
pub enum Conn {
    /// A file on this machine.
    Sqlite(SqliteConnection),
    /// A server.
    Postgres(PgConnection),
}

/// Which database, from `HIREWIRE_DATABASE_URL`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DatabaseUrl {
    /// `sqlite://PATH`.
    Sqlite(PathBuf),
    /// `postgres://…`, as libpq reads it.
    Postgres(String),
}

impl FromStr for DatabaseUrl {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Some(path) = text.strip_prefix("sqlite://") {
            return if path.is_empty() {
                Err("names no file after sqlite://".into())
            } else {
                Ok(Self::Sqlite(path.into()))
            };
        }
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            return Ok(Self::Postgres(text.to_owned()));
        }
        Err("must start with sqlite:// or postgres://".into())
    }
}

impl fmt::Display for DatabaseUrl {
    /// Without the password: this stands in log lines.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DatabaseUrl::Sqlite(path) => write!(f, "sqlite://{}", path.display()),
            DatabaseUrl::Postgres(text) => match url::Url::parse(text) {
                Ok(mut url) => {
                    let _ = url.set_password(None);
                    url.set_query(None);
                    write!(f, "{url}")
                }
                Err(_) => f.write_str("postgres://…"),
            },
        }
    }
}

/// Opens connections of one kind.
#[derive(Debug, Clone)]
pub(super) struct Manager {
    pub url: DatabaseUrl,
    pub read_only: bool,
    pub traffic: Arc<Traffic>,
}

/// A connection of the pool, and whether it is of no more use.
pub(super) struct Pooled {
    pub conn: Conn,
    pub broken: bool,
}

/// A plan that is made while a table is small walks it, and would be kept while it grows: on a new database under load, until
/// the server gets round to its first look at the tables. Planning anew costs little beside a batch.
const PLAN_ANEW: &str = "SET plan_cache_mode = force_custom_plan";

impl Manager {
    pub fn open(&self) -> Result<Conn> {
        match &self.url {
            DatabaseUrl::Sqlite(path) => open_sqlite(path, self.read_only).map(Conn::Sqlite),
            DatabaseUrl::Postgres(url) => {
                let mut connection = PgConnection::establish(url).map_err(unreachable_database)?;
                connection.batch_execute(PLAN_ANEW)?;
                connection.set_instrumentation(CountRoundTrips(self.traffic.clone()));
                Ok(Conn::Postgres(connection))
            }
        }
    }
}

impl ManageConnection for Manager {
    type Connection = Pooled;
    type Error = StoreError;

    fn connect(&self) -> Result<Pooled> {
        Ok(Pooled { conn: self.open()?, broken: false })
    }

    fn is_valid(&self, connection: &mut Pooled) -> Result<()> {
        sql_query("SELECT 1").execute(&mut connection.conn)?;
        Ok(())
    }

    fn has_broken(&self, connection: &mut Pooled) -> bool {
        connection.broken || std::thread::panicking()
    }
}

/// A statement goes to the server and back once, and once more when it is prepared.
struct CountRoundTrips(Arc<Traffic>);

impl Instrumentation for CountRoundTrips {
    fn on_connection_event(&mut self, event: InstrumentationEvent<'_>) {
        if matches!(event, InstrumentationEvent::StartQuery { .. } | InstrumentationEvent::CacheQuery { .. }) {
            self.0.round_trip();
        }
    }
}

fn open_sqlite(path: &Path, read_only: bool) -> Result<SqliteConnection> {
    let name = path.to_string_lossy();
    if !name.starts_with("file:") {
        // It tells of people. SQLite gives what it writes beside it the same rights, uses what is there already, and says
        // what is wrong where there cannot be a file.
        let _ = files::create_private(path);
    }
    let mut connection = SqliteConnection::establish(&name).map_err(unreachable_database)?;
    // auto_vacuum counts only before the first table is made. FULL: what was acknowledged survives a power cut.
    connection.batch_execute(
        "PRAGMA busy_timeout = 10000; PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL;
         PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA secure_delete = ON;",
    )?;
    if read_only {
        connection.batch_execute("PRAGMA query_only = ON;")?;
    }
    Ok(connection)
}

fn unreachable_database(error: diesel::ConnectionError) -> StoreError {
    StoreError::Unavailable(error.to_string())
}
