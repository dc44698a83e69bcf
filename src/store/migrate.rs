//! The schema: brought up to date at the start, one instance at a time.

use std::sync::Arc;

use diesel::Connection as _;
use diesel::connection::SimpleConnection as _;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness as _, embed_migrations};

use super::connection::Manager;
use super::{Conn, DatabaseUrl, Result, StoreError, delivery};

const SQLITE_MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations/sqlite");
const POSTGRES_MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations/postgres");

/// Two instances must not migrate at once; the number is ours alone among advisory locks ("hirewire" in ASCII).
const MIGRATION_LOCK: i64 = 0x6869_7265_7769_7265;

/// So many rows are moved in one transaction.
const BACKFILL_CHUNK: usize = 1_000;

/// Brings the schema up to date, one instance at a time, and moves what an older version left in its place.
pub fn migrate(url: &DatabaseUrl) -> Result<()> {
    run_migrations(url)?;
    backfill(&mut (Manager { url: url.clone(), read_only: false, traffic: Arc::default() }).open()?)
}

fn backfill(conn: &mut Conn) -> Result<()> {
    while conn.transaction(|conn| delivery::backfill_open_deliveries(conn, BACKFILL_CHUNK))? > 0 {}
    delivery::finish_open_deliveries(conn)
}

fn run_migrations(url: &DatabaseUrl) -> Result<()> {
    let told = |error: Box<dyn std::error::Error + Send + Sync>| StoreError::Migration(error.to_string());
    match (Manager { url: url.clone(), read_only: false, traffic: Arc::default() }).open()? {
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
