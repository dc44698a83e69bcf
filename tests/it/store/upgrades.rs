//! An upgrade carries over what is there, goes on where it was interrupted, and never changes the schema beneath an older
//! program.

use std::time::Duration;

use diesel::prelude::*;
use diesel::sql_types::BigInt;
use hirewire::store::upgrade::{self, BACKFILLS, Backfill, CHUNK};
use hirewire::store::{Conn, DatabaseUrl, Result, StoreError, migrate, plan};

use crate::support::{Kind, TestApp, run};

on_both_databases!(
    a_backfill_goes_on_where_it_was_interrupted_and_is_run_once,
    nothing_is_migrated_while_an_older_program_runs,
    a_plan_says_what_is_missing_and_does_nothing,
    a_schema_newer_than_the_program_is_refused_and_both_are_named,
);

#[derive(QueryableByName)]
struct Counted {
    #[diesel(sql_type = BigInt)]
    n: i64,
}

fn count(conn: &mut Conn, table: &str) -> Result<i64> {
    Ok(diesel::sql_query(format!("SELECT count(*) AS n FROM {table}")).get_result::<Counted>(conn)?.n)
}

/// Moves from `older` to `newer`; the machine goes down in the second chunk while there is a row in `power_cut`.
const OLDER: Backfill = Backfill {
    name: "older",
    left: |conn| count(conn, "older"),
    chunk: |conn, limit| {
        let some = format!("INSERT INTO newer SELECT id FROM older ORDER BY id LIMIT {limit}");
        diesel::sql_query(some).execute(conn)?;
        let moved = diesel::sql_query("DELETE FROM older WHERE id IN (SELECT id FROM newer)").execute(conn)?;
        if count(conn, "newer")? > CHUNK as i64 && count(conn, "power_cut")? > 0 {
            return Err(StoreError::Unavailable("the machine goes down".into()));
        }
        Ok(moved)
    },
    finish: |conn| {
        // Fails when it is done twice.
        diesel::sql_query("DROP TABLE older").execute(conn)?;
        Ok(())
    },
};

const TABLES: &str = "CREATE TABLE older (id BIGINT PRIMARY KEY); CREATE TABLE newer (id BIGINT PRIMARY KEY);
     CREATE TABLE power_cut (id BIGINT PRIMARY KEY); INSERT INTO power_cut VALUES (1);
     INSERT INTO older WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2500) SELECT i FROM n";

/// A connection of the test's own, as an upgrade has one.
async fn with_own<T: Send + 'static>(app: &TestApp, work: impl FnOnce(&mut Conn) -> T + Send + 'static) -> T {
    let url = app.config.database.clone();
    let worked = tokio::task::spawn_blocking(move || {
        let mut conn = match &url {
            DatabaseUrl::Sqlite(path) => {
                Conn::Sqlite(SqliteConnection::establish(&path.to_string_lossy()).expect("a database"))
            }
            DatabaseUrl::Postgres(url) => Conn::Postgres(PgConnection::establish(url).expect("a database")),
        };
        work(&mut conn)
    });
    worked.await.expect("no panic")
}

async fn migrated(url: &DatabaseUrl) -> Result<()> {
    let url = url.clone();
    tokio::task::spawn_blocking(move || migrate::migrate(&url, None)).await.expect("no panic")
}

async fn a_backfill_goes_on_where_it_was_interrupted_and_is_run_once(app: TestApp) {
    app.sql(TABLES).await;
    let interrupted = with_own(&app, |conn| upgrade::run(conn, &[OLDER])).await;
    assert!(interrupted.is_err(), "{interrupted:?}");
    let moved = app.read(|conn| Ok::<_, StoreError>((count(conn, "older")?, count(conn, "newer")?))).await;
    assert_eq!(moved, (1_500, 1_000), "what it had carried over stays, the chunk it died in left nothing");
    assert_eq!(app.read(|conn| count(conn, "upgrades")).await, BACKFILLS.len() as i64);
    app.sql("DELETE FROM power_cut").await;
    with_own(&app, |conn| upgrade::run(conn, &[OLDER])).await.expect("it goes on");
    assert_eq!(app.read(|conn| count(conn, "newer")).await, 2_500);
    with_own(&app, |conn| upgrade::run(conn, &[OLDER])).await.expect("nothing is left to do");
}

/// As an older program left it: without the newest steps.
async fn made_older(app: &TestApp) {
    app.sql(include_str!("../../../migrations/sqlite/2026-11-28-000020_support_contact/down.sql")).await;
    app.sql(include_str!("../../../migrations/sqlite/2026-11-28-000014_proven_addresses/down.sql")).await;
    app.sql("DROP TABLE upgrades; DELETE FROM __diesel_schema_migrations WHERE version >= '20261128000013'").await;
}

async fn nothing_is_migrated_while_an_older_program_runs(app: TestApp) {
    let url = app.config.database.clone();
    made_older(&app).await;
    let instance = app.context.engine.instance().to_string();
    let refused = migrated(&url).await.expect_err("the older program runs").to_string();
    match app.kind() {
        Kind::Sqlite => assert!(refused.contains(".lock is locked: an older Hirewire serves this file"), "{refused}"),
        Kind::Postgres => {
            assert!(refused.contains("an older Hirewire still runs") && refused.contains(&instance), "{refused}");
        }
    }
    assert!(with_own(&app, |conn| count(conn, "upgrades")).await.is_err(), "nothing has changed");
    // Once it has ended, a start brings the schema up to date.
    let app = app.crashed_and_started_again(|_| {}).await;
    assert_eq!(app.read(|conn| count(conn, "upgrades")).await, BACKFILLS.len() as i64);
    migrated(&url).await.expect("an up-to-date program may run beside it");
}

async fn a_plan_says_what_is_missing_and_does_nothing(app: TestApp) {
    app.an_organisation().await;
    app.sql(TABLES).await;
    made_older(&app).await;
    let url = app.config.database.clone();
    let planned = tokio::task::spawn_blocking(move || plan::plan_with(&url, &[OLDER])).await.expect("no panic");
    let planned = planned.expect("a plan");
    assert!(planned.migrations.contains(&"2026-11-28-000013_upgrades".to_owned()), "{planned:?}");
    assert_eq!(planned.backfills, [("older", 2_500)]);
    assert!(planned.rows.contains(&("organisations".to_owned(), 1)), "{planned:?}");
    assert!(planned.schema < Some(planned.known.clone()), "{planned:?}");
    assert!(with_own(&app, |conn| count(conn, "upgrades")).await.is_err(), "nothing was done");
}

async fn a_schema_newer_than_the_program_is_refused_and_both_are_named(app: TestApp) {
    app.sql("INSERT INTO __diesel_schema_migrations (version) VALUES ('20991231000001')").await;
    let refused = migrated(&app.config.database).await.expect_err("a newer program has run here").to_string();
    let url = app.config.database.clone();
    let read = tokio::task::spawn_blocking(move || plan::plan_with(&url, &[])).await.expect("no panic");
    assert!(read.is_err(), "a plan says the same");
    let known = "20261128000020";
    assert!(refused.contains("20991231000001") && refused.contains(&format!("up to {known}")), "{refused}");
}

#[test]
fn the_lock_of_another_ones_migration_is_waited_for_and_named() {
    run(Kind::Postgres, |app| async move {
        let url = app.config.database.clone();
        let (locked, lock) = tokio::sync::oneshot::channel();
        let (free, freed) = std::sync::mpsc::channel::<()>();
        let raw = app.database_url().to_owned();
        let holder = tokio::task::spawn_blocking(move || {
            let mut other = PgConnection::establish(&raw).expect("a database");
            // "hirewire" in ASCII.
            diesel::sql_query("SELECT pg_advisory_lock(7523670432619786853)").execute(&mut other).expect("a lock");
            locked.send(()).expect("the test waits");
            let _ = freed.recv();
        });
        lock.await.expect("a lock");
        let waited = |timeout: Duration| {
            let url = url.clone();
            tokio::task::spawn_blocking(move || migrate::migrate_within(&url, None, timeout, BACKFILLS))
        };
        let refused = waited(Duration::from_millis(200)).await.expect("no panic").expect_err("it is held").to_string();
        assert!(refused.contains("another Hirewire") && refused.contains("process "), "{refused}");
        let waiting = waited(Duration::from_secs(60));
        free.send(()).expect("it holds");
        holder.await.expect("no panic");
        waiting.await.expect("no panic").expect("the lock is free");
    });
}
