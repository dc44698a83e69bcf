//! The schema: brought up to date at the start, one process at a time, and never beneath an older one that still runs.
//!
//! Refused are a schema newer than this program knows, and an upgrade while an older instance lives: it would go on reading
//! and writing what it knows. docs/upgrading.md tells the rules that migrations keep to.
//!
//! What is *not* guaranteed: an older program that is started by hand after this one has migrated is refused by its own check
//! only if it has one.

use std::time::{Duration, Instant};

use diesel::sql_types::BigInt;
use diesel::{RunQueryDsl as _, sql_query};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness as _, embed_migrations};

use super::connection::{Manager, Purpose};
use super::fault::Faults;
use super::file_lock::{FileLock, path_of};
use super::plan::{Answer, Name, done, has_table, known, refuse_newer};
use super::upgrade::{self, BACKFILLS, Backfill};
use super::{Conn, DatabaseUrl, Result, StoreError, presence, server};

pub(super) const SQLITE_MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations/sqlite");
pub(super) const POSTGRES_MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations/postgres");

/// The oldest schema whose program may go on beside this one while this one brings the schema up to date.
pub const SCHEMA_NEEDS: &str = "20261128000013";

/// Two instances must not migrate at once; the number is ours alone among advisory locks ("hirewire" in ASCII).
const MIGRATION_LOCK: i64 = 0x6869_7265_7769_7265;

/// How long another one's migration is waited for on a server: they may take minutes.
const MIGRATION_LOCK_TIMEOUT: Duration = Duration::from_secs(600);

/// The same beside a file, where most who have the lock serve and keep it.
const FILE_LOCK_TIMEOUT: Duration = Duration::from_secs(3);

/// How often it is looked whether the lock is free.
const LOOK_INTERVAL: Duration = Duration::from_millis(100);

/// Brings the schema up to date, one process at a time. `lock` is the file's, when this process has it.
pub fn migrate(url: &DatabaseUrl, lock: Option<&FileLock>) -> Result<()> {
    migrate_within(url, lock, MIGRATION_LOCK_TIMEOUT, BACKFILLS)
}

/// The same, waiting no longer than this for another one's migration, with these backfills.
pub fn migrate_within(
    url: &DatabaseUrl,
    lock: Option<&FileLock>,
    timeout: Duration,
    backfills: &[Backfill],
) -> Result<()> {
    let mut conn = open(url)?;
    match url {
        DatabaseUrl::Sqlite(_) => {
            let _lock = if lock.is_none() { file_lock(&mut conn, url, backfills)? } else { None };
            up_to_date(&mut conn, backfills)
        }
        DatabaseUrl::Postgres(_) => {
            wait_for_lock(&mut conn, timeout)?;
            // The lock ends with the connection, too.
            let done = up_to_date(&mut conn, backfills);
            sql_query("SELECT pg_advisory_unlock($1)").bind::<BigInt, _>(MIGRATION_LOCK).execute(&mut conn)?;
            done
        }
    }
}

/// Opens a connection for as long as a migration takes, to a server that will do.
pub(super) fn open(url: &DatabaseUrl) -> Result<Conn> {
    if let DatabaseUrl::Postgres(url) = url {
        server::check(url)?;
    }
    Manager::alone(url, Purpose::Migration).open(&Faults::default())
}

/// Beside a process that serves the file nothing may be missing: then the lock is not needed.
fn file_lock(conn: &mut Conn, url: &DatabaseUrl, backfills: &[Backfill]) -> Result<Option<FileLock>> {
    let began = Instant::now();
    loop {
        if let Some(lock) = FileLock::take(url)? {
            return Ok(Some(lock));
        }
        if !is_behind(conn, backfills)? {
            return Ok(None);
        }
        if began.elapsed() > FILE_LOCK_TIMEOUT {
            let path = path_of(url).unwrap_or_default();
            return Err(StoreError::Refused(format!(
                "{} is locked: an older Hirewire serves this file, and its schema would change beneath it; stop it first",
                path.display()
            )));
        }
        std::thread::sleep(LOOK_INTERVAL);
    }
}

fn wait_for_lock(conn: &mut Conn, timeout: Duration) -> Result<()> {
    let began = Instant::now();
    let mut has_told = false;
    loop {
        let locked: Answer =
            sql_query("SELECT pg_try_advisory_lock($1) AS yes").bind::<BigInt, _>(MIGRATION_LOCK).get_result(conn)?;
        if locked.yes {
            return Ok(());
        }
        let holder = lock_holder(conn)?;
        if began.elapsed() >= timeout {
            return Err(StoreError::Refused(format!(
                "another Hirewire has been bringing the schema up to date for longer than {} s ({holder})",
                timeout.as_secs()
            )));
        }
        if !has_told {
            has_told = true;
            tracing::warn!(%holder, "waiting while another Hirewire brings the schema up to date");
        }
        std::thread::sleep(LOOK_INTERVAL);
    }
}

/// Who has the lock for migrations, for the operator.
fn lock_holder(conn: &mut Conn) -> Result<String> {
    let holders: Vec<Name> = sql_query(
        "SELECT 'process ' || a.pid || ' of the server, for a program at ' || coalesce(a.client_addr::text, 'its own machine') \
         AS name FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid WHERE l.locktype = 'advisory' AND l.granted \
         AND l.objsubid = 1 AND (l.classid::bigint << 32) + l.objid::bigint = $1",
    )
    .bind::<BigInt, _>(MIGRATION_LOCK)
    .load(conn)?;
    Ok(holders.into_iter().next().map_or_else(|| "it has just ended".into(), |holder| holder.name))
}

fn up_to_date(conn: &mut Conn, backfills: &[Backfill]) -> Result<()> {
    if !is_behind(conn, backfills)? {
        return Ok(());
    }
    refuse_beside_older(conn)?;
    run_pending(conn)?;
    upgrade::run(conn, backfills)
}

/// Whether migrations or backfills are missing; refuses a schema that this program does not know.
fn is_behind(conn: &mut Conn, backfills: &[Backfill]) -> Result<bool> {
    let (known, done) = (known(conn)?, done(conn)?);
    refuse_newer(&known, &done)?;
    if done.len() < known.len() {
        return Ok(true);
    }
    Ok(!upgrade::unfinished(conn, backfills)?.is_empty())
}

/// On a file the lock says that nobody else is there.
fn refuse_beside_older(conn: &mut Conn) -> Result<()> {
    let done = done(conn)?;
    let is_new_enough = done.last().is_some_and(|schema| schema.as_str() >= SCHEMA_NEEDS);
    if matches!(conn, Conn::Sqlite(_)) || is_new_enough || !has_table(conn, "instances")? {
        return Ok(());
    }
    let instances: Vec<Name> = sql_query("SELECT id AS name FROM instances ORDER BY id").load(conn)?;
    for instance in instances {
        let Ok(id) = instance.name.parse() else { continue };
        if !presence::is_gone(conn, &id)? {
            return Err(StoreError::Refused(format!(
                "an older Hirewire still runs on this database ({id}, schema {}), and this one would change the schema \
                 beneath it; stop every older one first",
                done.last().map_or("none", String::as_str)
            )));
        }
    }
    Ok(())
}

fn run_pending(conn: &mut Conn) -> Result<()> {
    let told = |error: Box<dyn std::error::Error + Send + Sync>| StoreError::Migration(error.to_string());
    match conn {
        // The file's own lock serves: whoever comes second waits and finds nothing to do.
        Conn::Sqlite(connection) => connection
            .exclusive_transaction(|connection| {
                connection.run_pending_migrations(SQLITE_MIGRATIONS).map(drop).map_err(Migrating::Failed)
            })
            .map_err(|error| match error {
                Migrating::Failed(error) => told(error),
                Migrating::Database(error) => StoreError::from(error),
            }),
        Conn::Postgres(connection) => connection.run_pending_migrations(POSTGRES_MIGRATIONS).map(drop).map_err(told),
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
