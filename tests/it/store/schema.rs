//! The tables as `schema.rs` says and as the migrations make them.

use std::collections::{BTreeMap, BTreeSet};

use diesel::prelude::*;
use diesel::sql_types::{Bool, Text};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};
use hirewire::domain::header_lines::HeaderLines;
use hirewire::domain::mode::Mode;
use hirewire::store::StoreError;

use crate::support::{Kind, Receiver, TestApp};

const SQLITE: EmbeddedMigrations = embed_migrations!("migrations/sqlite");
const POSTGRES: EmbeddedMigrations = embed_migrations!("migrations/postgres");

on_both_databases!(
    the_tables_are_what_the_schema_says,
    undoing_is_written_for_every_migration,
    headers_kept_in_an_older_form_are_shown_as_they_were,
    what_an_older_version_left_open_is_moved_whole_and_sent,
);

/// Type and whether it may be NULL, of each column; the columns of the key.
#[derive(Debug, PartialEq, Eq, Default)]
struct Table {
    columns: BTreeMap<String, (String, bool)>,
    key: BTreeSet<String>,
}

/// Reads `diesel::table!` as it is written.
fn written() -> BTreeMap<String, Table> {
    let source = include_str!("../../../src/store/schema.rs");
    let blocks = source.split("diesel::table! {").skip(1).map(|rest| rest.split_once("\n}").expect("its end").0);
    let read = |block: &str| {
        let (head, body) = block.split_once('{').expect("columns");
        let (name, key) = head.trim().trim_end_matches(')').split_once(" (").expect("a key");
        let key = key.split(',').map(|column| column.trim().to_owned()).collect();
        let columns = body.lines().filter_map(|line| line.trim().trim_end_matches(',').split_once(" -> "));
        let columns = columns.map(|(column, kind)| {
            let inner = kind.strip_prefix("Nullable<").and_then(|kind| kind.strip_suffix('>'));
            (column.to_owned(), (inner.unwrap_or(kind).to_owned(), inner.is_some()))
        });
        (name.to_owned(), Table { columns: columns.collect(), key })
    };
    blocks.map(read).collect()
}

#[derive(QueryableByName)]
struct Column {
    #[diesel(sql_type = Text)]
    table_name: String,
    #[diesel(sql_type = Text)]
    column_name: String,
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = Bool)]
    nullable: bool,
    #[diesel(sql_type = Bool)]
    is_key: bool,
}

const IN_SQLITE: &str = "SELECT t.name AS table_name, c.name AS column_name, lower(c.type) AS kind, \
     c.\"notnull\" = 0 AS nullable, c.pk > 0 AS is_key FROM sqlite_master t, pragma_table_info(t.name) c \
     WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite_%' AND t.name NOT LIKE '\\_\\_diesel%' ESCAPE '\\'";

const IN_POSTGRES: &str = "SELECT c.table_name::text AS table_name, c.column_name::text AS column_name, \
     c.data_type::text AS kind, c.is_nullable = 'YES' AS nullable, EXISTS (SELECT 1 FROM \
     information_schema.table_constraints k JOIN information_schema.key_column_usage u USING (constraint_schema, \
     constraint_name) WHERE k.constraint_type = 'PRIMARY KEY' AND u.table_name = c.table_name AND u.column_name = \
     c.column_name) AS is_key FROM information_schema.columns c WHERE c.table_schema = 'public' \
     AND c.table_name NOT LIKE '\\_\\_diesel%'";

async fn the_tables_are_what_the_schema_says(app: TestApp) {
    let (kind, query) = match app.kind() {
        Kind::Sqlite => (Kind::Sqlite, IN_SQLITE),
        Kind::Postgres => (Kind::Postgres, IN_POSTGRES),
    };
    let rows = app.read(move |conn| Ok::<_, StoreError>(diesel::sql_query(query).load::<Column>(conn)?)).await;
    let mut found: BTreeMap<String, Table> = BTreeMap::new();
    for row in rows {
        let table = found.entry(row.table_name).or_default();
        let meant = match (kind, row.kind.as_str()) {
            (_, "text") => "Text",
            (_, "bigint") => "BigInt",
            (_, "integer") => "Integer",
            (_, "boolean") => "Bool",
            (Kind::Sqlite, "blob") | (Kind::Postgres, "bytea") => "Binary",
            (_, other) => other,
        };
        if row.is_key {
            table.key.insert(row.column_name.clone());
        }
        table.columns.insert(row.column_name, (meant.to_owned(), row.nullable));
    }
    let expected = written();
    assert!(expected.len() > 20, "schema.rs was not understood");
    assert_eq!(found.keys().collect::<Vec<_>>(), expected.keys().collect::<Vec<_>>());
    for (name, table) in &expected {
        assert_eq!(&found[name], table, "{name}");
    }
}

/// Both databases have the same steps, and each can be undone and done again.
async fn undoing_is_written_for_every_migration(app: TestApp) {
    let steps = |folder: &str| -> BTreeSet<String> {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations").join(folder);
        let entries = std::fs::read_dir(folder).expect("migrations");
        entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect()
    };
    assert_eq!(steps("sqlite"), steps("postgres"));
    let url = app.config.database.clone();
    let redone = tokio::task::spawn_blocking(move || match &url {
        hirewire::store::DatabaseUrl::Sqlite(path) => {
            let mut conn = diesel::SqliteConnection::establish(&path.to_string_lossy()).expect("a database");
            conn.revert_all_migrations(SQLITE).expect("undone");
            conn.run_pending_migrations(SQLITE).expect("done again").len()
        }
        hirewire::store::DatabaseUrl::Postgres(url) => {
            let mut conn = diesel::PgConnection::establish(url).expect("a database");
            conn.revert_all_migrations(POSTGRES).expect("undone");
            conn.run_pending_migrations(POSTGRES).expect("done again").len()
        }
    });
    assert_eq!(redone.await.expect("no panic"), steps("sqlite").len());
}

/// Undoes every step down to this one, or takes all that are missing.
fn migrate<DB: diesel::backend::Backend>(
    conn: &mut impl MigrationHarness<DB>,
    all: fn() -> EmbeddedMigrations,
    down_to: Option<&str>,
) {
    let Some(last) = down_to else {
        conn.run_pending_migrations(all()).expect("done again");
        return;
    };
    while !conn.revert_last_migration(all()).expect("undone").to_string().ends_with(last) {}
}

async fn headers_kept_in_an_older_form_are_shown_as_they_were(app: TestApp) {
    let admin = app.an_admin().await;
    let receiver = Receiver::answering([200]).await;
    app.a_signed_hook(&admin, &receiver.url()).await;
    let (key, _) = app.an_api_key(&admin, Mode::Live).await;
    app.report(&key, "job.created").await;
    app.tick().await;
    let delivery = app.the_delivery(&admin.organisation.id, Mode::Live).await;
    let attempts = app.attempts(&delivery.id).await;
    let sent = attempts[0].request.as_ref().expect("a request").headers.as_str().to_owned();
    assert!(sent.starts_with("Host: ") && sent.contains("\nWebhook-Id: evt_"), "{sent}");
    let url = app.config.database.clone();
    let older = tokio::task::spawn_blocking(move || {
        let kept = "SELECT request_headers AS text FROM attempts";
        match &url {
            hirewire::store::DatabaseUrl::Sqlite(path) => {
                let mut conn = diesel::SqliteConnection::establish(&path.to_string_lossy()).expect("a database");
                migrate(&mut conn, || SQLITE, Some("000011"));
                let older = diesel::sql_query(kept).get_result::<Kept>(&mut conn).expect("one attempt").text;
                migrate(&mut conn, || SQLITE, None);
                older
            }
            hirewire::store::DatabaseUrl::Postgres(url) => {
                let mut conn = diesel::PgConnection::establish(url).expect("a database");
                migrate(&mut conn, || POSTGRES, Some("000011"));
                let older = diesel::sql_query(kept).get_result::<Kept>(&mut conn).expect("one attempt").text;
                migrate(&mut conn, || POSTGRES, None);
                older
            }
        }
    });
    let older: Vec<(String, String)> = serde_json::from_str(&older.await.expect("no panic")).expect("pairs, as JSON");
    assert_eq!(older.into_iter().collect::<HeaderLines>().as_str(), sent);
    assert_eq!(app.attempts(&delivery.id).await, attempts);
}

#[derive(QueryableByName)]
struct Kept {
    #[diesel(sql_type = Text)]
    text: String,
}

async fn what_an_older_version_left_open_is_moved_whole_and_sent(app: TestApp) {
    let admin = app.an_admin().await;
    let receiver = Receiver::answering([200, 500]).await;
    let hook = app.a_hook(&admin, &receiver.url()).await;
    let (key, _) = app.an_api_key(&admin, Mode::Live).await;
    // One has arrived, one is tried again, one is held by the instance, one for the paused hook.
    for kind in ["job.created", "job.updated"] {
        app.report(&key, kind).await;
        app.tick().await;
    }
    app.report(&key, "job.created").await;
    hirewire::actions::hook::pause(&app.context, &admin, hook.id.clone()).await.expect("it pauses");
    app.report(&key, "job.updated").await;
    let before = app.deliveries(&admin.organisation.id, Mode::Live).await;
    let url = app.config.database.clone();
    let moved = tokio::task::spawn_blocking(move || match &url {
        hirewire::store::DatabaseUrl::Sqlite(path) => {
            let mut conn = diesel::SqliteConnection::establish(&path.to_string_lossy()).expect("a database");
            migrate(&mut conn, || SQLITE, Some("000012"));
            migrate(&mut conn, || SQLITE, None);
            let mut conn = hirewire::store::Conn::Sqlite(conn);
            in_chunks(&mut conn)
        }
        hirewire::store::DatabaseUrl::Postgres(url) => {
            let mut conn = diesel::PgConnection::establish(url).expect("a database");
            migrate(&mut conn, || POSTGRES, Some("000012"));
            migrate(&mut conn, || POSTGRES, None);
            let mut conn = hirewire::store::Conn::Postgres(conn);
            in_chunks(&mut conn)
        }
    });
    assert_eq!(moved.await.expect("no panic"), [2, 1, 0, 0], "three are open, and once is enough");
    let app = app.crashed_and_started_again(|_| {}).await;
    assert_eq!(app.deliveries(&admin.organisation.id, Mode::Live).await, before);
    hirewire::actions::hook::resume(&app.context, &admin, hook.id).await.expect("it goes on");
    assert_eq!(app.tick().await.sent, 3);
}

/// Moves what is open, two at a time, as an upgrade does; how many with each step, and once more when it is done.
fn in_chunks(conn: &mut hirewire::store::Conn) -> Vec<usize> {
    use hirewire::store::delivery::{backfill_open_deliveries, finish_open_deliveries};
    let mut moved = Vec::new();
    while moved.last() != Some(&0) {
        moved.push(backfill_open_deliveries(conn, 2).expect("moved"));
    }
    finish_open_deliveries(conn).expect("done");
    moved.push(backfill_open_deliveries(conn, 2).expect("nothing to do"));
    moved
}
