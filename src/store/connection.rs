//! Connections: which database, how each connection is set up, who may write.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;
use std::sync::mpsc;
use std::time::Duration;

use diesel::connection::SimpleConnection as _;
use diesel::r2d2::{ManageConnection, Pool, PooledConnection};
use diesel::{Connection as _, MultiConnection, PgConnection, RunQueryDsl as _, SqliteConnection, sql_query};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness as _, embed_migrations};
use tokio::sync::oneshot;

use super::{Result, StoreError};

const SQLITE_MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations/sqlite");
const POSTGRES_MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations/postgres");

/// Two instances must not migrate at once; the number is ours alone among advisory locks ("hirewire" in ASCII).
const MIGRATION_LOCK: i64 = 0x6869_7265_7769_7265;

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

/// Opens connections of one kind for the pool.
#[derive(Debug, Clone)]
struct Manager {
    url: DatabaseUrl,
    read_only: bool,
}

impl Manager {
    fn open(&self) -> Result<Conn> {
        match &self.url {
            DatabaseUrl::Sqlite(path) => open_sqlite(path, self.read_only).map(Conn::Sqlite),
            DatabaseUrl::Postgres(url) => {
                let connection = PgConnection::establish(url).map_err(unreachable_database)?;
                Ok(Conn::Postgres(connection))
            }
        }
    }
}

impl ManageConnection for Manager {
    type Connection = Conn;
    type Error = StoreError;

    fn connect(&self) -> Result<Conn> {
        self.open()
    }

    fn is_valid(&self, connection: &mut Conn) -> Result<()> {
        sql_query("SELECT 1").execute(connection)?;
        Ok(())
    }

    fn has_broken(&self, _: &mut Conn) -> bool {
        std::thread::panicking()
    }
}

fn open_sqlite(path: &Path, read_only: bool) -> Result<SqliteConnection> {
    let name = path.to_string_lossy();
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

/// Runs one write inside the transaction that the caller has opened.
type Job = Box<dyn FnOnce(&mut Conn) + Send>;

/// The database: many readers, orderly writers. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

struct Inner {
    url: DatabaseUrl,
    readers: Pool<Manager>,
    writer: Writer,
}

enum Writer {
    /// SQLite: the thread that alone writes.
    Thread(mpsc::Sender<Job>),
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
    pub fn open(url: &DatabaseUrl) -> Result<Self> {
        migrate(url)?;
        let readers = Pool::builder()
            .max_size(8)
            .min_idle(Some(1))
            .connection_timeout(Duration::from_secs(5))
            .build(Manager { url: url.clone(), read_only: matches!(url, DatabaseUrl::Sqlite(_)) })
            .map_err(|error| StoreError::Unavailable(error.to_string()))?;
        let writer = match url {
            DatabaseUrl::Sqlite(path) => Writer::Thread(start_writer(open_sqlite(path, false)?)?),
            DatabaseUrl::Postgres(_) => Writer::Pool,
        };
        Ok(Self { inner: Arc::new(Inner { url: url.clone(), readers, writer }) })
    }

    /// Which database this is.
    pub fn url(&self) -> &DatabaseUrl {
        &self.inner.url
    }

    /// Reads. The closure sees committed rows only; it must not write.
    pub async fn read<T, E>(&self, work: impl FnOnce(&mut Conn) -> Result<T, E> + Send + 'static) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let inner = self.inner.clone();
        off_the_runtime(move || work(&mut *inner.connection()?)).await
    }

    /// Writes: everything the closure does is one transaction, durable when this returns `Ok`, undone when it is `Err`.
    pub async fn write<T, E>(&self, work: impl FnOnce(&mut Conn) -> Result<T, E> + Send + 'static) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        match &self.inner.writer {
            Writer::Pool => {
                let inner = self.inner.clone();
                off_the_runtime(move || transaction(&mut *inner.connection()?, work)).await
            }
            Writer::Thread(jobs) => {
                let (answer, answered) = oneshot::channel();
                let job: Job = Box::new(move |connection| {
                    // A caller that went away does not undo what it asked for.
                    let _ = answer.send(transaction(connection, work));
                });
                jobs.send(job).map_err(|_| stopped())?;
                answered.await.map_err(|_| stopped())?
            }
        }
    }
}

impl Inner {
    fn connection(&self) -> Result<PooledConnection<Manager>> {
        self.readers.get().map_err(|error| StoreError::Unavailable(error.to_string()))
    }
}

fn stopped() -> StoreError {
    StoreError::Unavailable("the thread that writes has stopped".into())
}

async fn off_the_runtime<T, E>(work: impl FnOnce() -> Result<T, E> + Send + 'static) -> Result<T, E>
where
    T: Send + 'static,
    E: From<StoreError> + Send + 'static,
{
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(error) => Err(StoreError::Unavailable(error.to_string()).into()),
    }
}

fn start_writer(mut connection: SqliteConnection) -> Result<mpsc::Sender<Job>> {
    let (jobs, queue) = mpsc::channel::<Job>();
    std::thread::Builder::new()
        .name("sqlite-writer".into())
        .spawn(move || {
            let _ = connection.batch_execute("PRAGMA wal_autocheckpoint = 4000;");
            let mut connection = Conn::Sqlite(connection);
            for job in queue {
                // A panicking job poisons nothing: its transaction is rolled back by the next BEGIN's failure path.
                let run = std::panic::AssertUnwindSafe(|| job(&mut connection));
                if std::panic::catch_unwind(run).is_err() {
                    let _ = connection.batch_execute("ROLLBACK");
                }
            }
        })
        .map_err(|error| StoreError::Unavailable(error.to_string()))?;
    Ok(jobs)
}

/// One transaction that takes the write lock at its start: on SQLite a read that turns into a write can fail half-way.
fn transaction<T, E: From<StoreError>>(
    connection: &mut Conn,
    work: impl FnOnce(&mut Conn) -> Result<T, E>,
) -> Result<T, E> {
    let begin = match connection {
        Conn::Sqlite(_) => "BEGIN IMMEDIATE",
        Conn::Postgres(_) => "BEGIN",
    };
    connection.batch_execute(begin).map_err(StoreError::from)?;
    let result = work(connection);
    let end = if result.is_ok() { "COMMIT" } else { "ROLLBACK" };
    match connection.batch_execute(end) {
        Ok(()) => result,
        Err(error) => {
            let _ = connection.batch_execute("ROLLBACK");
            // The work's own error says more than the failure to roll it back.
            result.and_then(|_| Err(StoreError::from(error).into()))
        }
    }
}

/// Brings the schema up to date, one instance at a time.
pub fn migrate(url: &DatabaseUrl) -> Result<()> {
    let told = |error: Box<dyn std::error::Error + Send + Sync>| StoreError::Migration(error.to_string());
    match (Manager { url: url.clone(), read_only: false }).open()? {
        Conn::Sqlite(mut connection) => {
            // The file's own lock serves: whoever comes second waits and finds nothing to do.
            connection
                .exclusive_transaction(|connection| {
                    connection.run_pending_migrations(SQLITE_MIGRATIONS).map(drop).map_err(Migrating::Failed)
                })
                .map_err(|error| match error {
                    Migrating::Failed(error) => told(error),
                    Migrating::Database(error) => StoreError::Database(error),
                })
        }
        Conn::Postgres(mut connection) => {
            connection.batch_execute(&format!("SELECT pg_advisory_lock({MIGRATION_LOCK})"))?;
            let migrated = connection.run_pending_migrations(POSTGRES_MIGRATIONS).map(drop).map_err(told);
            connection.batch_execute(&format!("SELECT pg_advisory_unlock({MIGRATION_LOCK})"))?;
            migrated
        }
    }
}

enum Migrating {
    Failed(Box<dyn std::error::Error + Send + Sync>),
    Database(diesel::result::Error),
}

impl From<diesel::result::Error> for Migrating {
    fn from(error: diesel::result::Error) -> Self {
        Migrating::Database(error)
    }
}
