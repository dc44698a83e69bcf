//! What a start would do to a database: read, and not done.

use diesel::migration::MigrationSource;
use diesel::sql_types::{BigInt, Bool, Text};
use diesel::{QueryableByName, RunQueryDsl as _, sql_query};
use diesel_migrations::EmbeddedMigrations;

use super::inspection;
use super::migrate::{POSTGRES_MIGRATIONS, SQLITE_MIGRATIONS};
use super::upgrade::{self, BACKFILLS, Backfill};
use super::{Conn, DatabaseUrl, Result, StoreError};

/// What a start on a database would do to it.
#[derive(Debug)]
pub struct Plan {
    /// The newest migration that has been run; `None` on a new database.
    pub schema: Option<String>,
    /// The newest that this program knows.
    pub known: String,
    /// The migrations that are missing, by their folders, in order.
    pub migrations: Vec<String>,
    /// What is to be carried over: its name, and how many rows are left.
    pub backfills: Vec<(&'static str, i64)>,
    /// The tables that have rows, and how many; only when a migration is missing, because counting takes its time.
    pub rows: Vec<(String, i64)>,
}

/// What a start would do, without doing it.
pub fn plan(url: &DatabaseUrl) -> Result<Plan> {
    plan_with(url, BACKFILLS)
}

/// The same with these backfills.
pub fn plan_with(url: &DatabaseUrl, backfills: &[Backfill]) -> Result<Plan> {
    let Some(mut conn) = inspection::open(url)? else { return nothing_yet(backfills) };
    let (known, done) = (known(&conn)?, done(&mut conn)?);
    refuse_newer(&known, &done)?;
    let newest = known.last().map(|known| known.version.clone()).unwrap_or_default();
    let missing = known.into_iter().filter(|known| !done.contains(&known.version));
    let migrations: Vec<String> = missing.map(|missing| missing.name).collect();
    let rows = if migrations.is_empty() { Vec::new() } else { rows(&mut conn)? };
    let unfinished: Vec<&Backfill> = match has_table(&mut conn, "upgrades")? {
        true => upgrade::unfinished(&mut conn, backfills)?,
        false => backfills.iter().collect(),
    };
    let mut left = Vec::new();
    for backfill in unfinished {
        // On a new database there is nothing to count, nor to count it in.
        left.push((backfill.name, if done.is_empty() { 0 } else { (backfill.left)(&mut conn)? }));
    }
    Ok(Plan { schema: done.last().cloned(), known: newest, migrations, backfills: left, rows })
}

/// What a start would do where there is no file yet.
fn nothing_yet(backfills: &[Backfill]) -> Result<Plan> {
    let known = sorted(known_of::<diesel::sqlite::Sqlite>(&SQLITE_MIGRATIONS)?);
    let newest = known.last().map(|known| known.version.clone()).unwrap_or_default();
    let migrations = known.into_iter().map(|missing| missing.name).collect();
    let backfills = backfills.iter().map(|backfill| (backfill.name, 0)).collect();
    Ok(Plan { schema: None, known: newest, migrations, backfills, rows: Vec::new() })
}

/// Refuses a schema that holds something this program does not know.
pub(super) fn refuse_newer(known: &[Known], done: &[String]) -> Result<()> {
    let newest = known.last().map(|known| known.version.as_str()).unwrap_or_default();
    match done.iter().rev().find(|version| known.iter().all(|known| known.version != **version)) {
        None => Ok(()),
        Some(unknown) => Err(StoreError::Refused(format!(
            "its schema is {unknown}, and this program knows schemas up to {newest}: a newer Hirewire has run here, so start \
             that one, or restore a backup from before it"
        ))),
    }
}

/// A migration that is part of this program.
pub(super) struct Known {
    /// The name of its folder.
    pub name: String,
    /// Its number, as the table of migrations has it.
    pub version: String,
}

/// The migrations of this program, oldest first.
pub(super) fn known(conn: &Conn) -> Result<Vec<Known>> {
    match conn {
        Conn::Sqlite(_) => known_of::<diesel::sqlite::Sqlite>(&SQLITE_MIGRATIONS),
        Conn::Postgres(_) => known_of::<diesel::pg::Pg>(&POSTGRES_MIGRATIONS),
    }
    .map(sorted)
}

fn sorted(mut all: Vec<Known>) -> Vec<Known> {
    all.sort_by(|one, other| one.version.cmp(&other.version));
    all
}

fn known_of<DB: diesel::backend::Backend>(source: &EmbeddedMigrations) -> Result<Vec<Known>> {
    let all = MigrationSource::<DB>::migrations(source).map_err(|error| StoreError::Migration(error.to_string()))?;
    let known = all.iter().map(|migration| {
        let name = migration.name();
        Known { name: name.to_string(), version: name.version().to_string() }
    });
    Ok(known.collect())
}

/// The versions of what has been run here, oldest first.
pub(super) fn done(conn: &mut Conn) -> Result<Vec<String>> {
    if !has_table(conn, "__diesel_schema_migrations")? {
        return Ok(Vec::new());
    }
    let rows: Vec<Name> =
        sql_query("SELECT version AS name FROM __diesel_schema_migrations ORDER BY version").load(conn)?;
    Ok(rows.into_iter().map(|row| row.name).collect())
}

/// Whether the database has a table.
pub(super) fn has_table(conn: &mut Conn, table: &str) -> Result<bool> {
    let asked = match conn {
        Conn::Sqlite(_) => "SELECT EXISTS (SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = $1) AS yes",
        Conn::Postgres(_) => "SELECT to_regclass($1) IS NOT NULL AS yes",
    };
    Ok(sql_query(asked).bind::<Text, _>(table).get_result::<Answer>(conn)?.yes)
}

/// The tables that have rows, and how many.
fn rows(conn: &mut Conn) -> Result<Vec<(String, i64)>> {
    let asked = match conn {
        Conn::Sqlite(_) => "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name",
        Conn::Postgres(_) => {
            "SELECT tablename::text AS name FROM pg_tables WHERE schemaname = current_schema() ORDER BY 1"
        }
    };
    let tables: Vec<Name> = sql_query(asked).load(conn)?;
    let mut counted = Vec::new();
    for Name { name } in tables.into_iter().filter(|table| !table.name.starts_with("__diesel")) {
        // The name comes from the database itself.
        let count: Count = sql_query(format!("SELECT count(*) AS rows FROM \"{name}\"")).get_result(conn)?;
        if count.rows > 0 {
            counted.push((name, count.rows));
        }
    }
    Ok(counted)
}

#[derive(QueryableByName)]
pub(super) struct Answer {
    #[diesel(sql_type = Bool)]
    pub yes: bool,
}

#[derive(QueryableByName)]
pub(super) struct Name {
    #[diesel(sql_type = Text)]
    pub name: String,
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    rows: i64,
}
