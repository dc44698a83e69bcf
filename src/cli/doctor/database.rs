//! The database: whether it answers, what a start would do to it, and whether the sealing key opens what is sealed in it.

use chrono::{DateTime, Utc};

use super::{Finding, note, ok, wrong};
use crate::clock::{Clock as _, SystemClock};
use crate::config::Config;
use crate::delivery::prepare::place;
use crate::domain::key_ring::KeyRing;
use crate::maintenance::MAX_CLOCK_DIFFERENCE;
use crate::server::sealing_key::{KEY_CHECK, is_key_of};
use crate::store::credential::Sealed;
use crate::store::inspection::inspect;
use crate::store::plan::{Plan, plan};
use crate::store::{self, Conn, DatabaseUrl, StoreError};

const ABOUT: &str = "HIREWIRE_DATABASE_URL";

const KEY: &str = "HIREWIRE_SECRET_KEY_FILE";

pub(super) async fn examine(config: &Config) -> Vec<Finding> {
    let config = config.clone();
    // It waits for the database: off the threads of the runtime.
    let looked = tokio::task::spawn_blocking(move || look(&config)).await;
    looked.unwrap_or_else(|error| vec![wrong(ABOUT, format!("could not be looked at: {error}"))])
}

fn look(config: &Config) -> Vec<Finding> {
    let database = &config.database;
    let plan = match plan(database) {
        Ok(plan) => plan,
        Err(error) => return vec![wrong(ABOUT, format!("is {database}: {error}"))],
    };
    let mut findings = server(database);
    if plan.schema.is_none() {
        findings.push(note(
            ABOUT,
            format!("is {database}, which is empty: `hirewire migrate` or the first start fills it"),
        ));
        return findings;
    }
    findings.push(schema(database, &plan));
    if plan.migrations.is_empty() {
        findings.extend(contents(config));
    }
    findings
}

fn server(database: &DatabaseUrl) -> Vec<Finding> {
    let DatabaseUrl::Postgres(url) = database else { return Vec::new() };
    match store::server::check(url) {
        Ok(server) => vec![ok(
            ABOUT,
            format!(
                "leads to PostgreSQL {}, which keeps text as {}; no pooler shares its sessions",
                server.version, server.encoding
            ),
        )],
        Err(error) => vec![wrong(ABOUT, format!("is {database}: {error}"))],
    }
}

fn schema(database: &DatabaseUrl, plan: &Plan) -> Finding {
    if plan.migrations.is_empty() && plan.backfills.is_empty() {
        return ok(ABOUT, format!("is {database}, which answers; its schema is up to date"));
    }
    let told = "whose schema is older than this program: the next start changes it; see `hirewire migrate --plan`";
    note(ABOUT, format!("is {database}, {told}"))
}

struct Contents {
    key_check: Option<Vec<u8>>,
    sealed: Option<Sealed>,
    now: Option<DateTime<Utc>>,
}

fn read(conn: &mut Conn) -> Result<Contents, StoreError> {
    Ok(Contents {
        key_check: store::setting::get(conn, KEY_CHECK)?,
        sealed: store::credential::any(conn)?,
        now: store::time::of_database(conn)?,
    })
}

fn contents(config: &Config) -> Vec<Finding> {
    let read = match inspect(&config.database, read) {
        Ok(Some(read)) => read,
        Ok(None) => return Vec::new(),
        Err(error) => return vec![wrong(ABOUT, format!("is {}: {error}", config.database))],
    };
    let clock = read.now.map(clock);
    sealing(config, &read).into_iter().chain(clock).collect()
}

fn clock(of_database: DateTime<Utc>) -> Finding {
    let apart = (SystemClock.now() - of_database).abs();
    let seconds = apart.num_seconds();
    if apart > MAX_CLOCK_DIFFERENCE {
        let told = format!("differs from the database's by {seconds} s: have both kept right (chrony, timesyncd)");
        return wrong("clock", told);
    }
    ok("clock", "agrees with the database's")
}

fn sealing(config: &Config, read: &Contents) -> Option<Finding> {
    let path = config.secret_key_file.display();
    let key_check = read.key_check.as_deref()?;
    let Ok(text) = std::fs::read_to_string(&config.secret_key_file) else {
        return Some(wrong(
            KEY,
            format!("is {path}, which cannot be read, and the database holds secrets sealed with it"),
        ));
    };
    let Some(key) = KeyRing::from_text(&text) else {
        return Some(wrong(KEY, format!("is {path}, which holds no sealing key: restore it from your backup")));
    };
    if !is_key_of(&key, key_check) {
        return Some(wrong(KEY, format!("is {path}, which is not the key this database was sealed with")));
    }
    let opens = read.sealed.as_ref().map(|sealed| {
        let place = place(&sealed.credential.hook_id, sealed.credential.id.as_str());
        key.open(&sealed.sealed, &place).map(drop).map_err(|error| (sealed.credential.id.clone(), error))
    });
    Some(match opens {
        Some(Err((id, error))) => wrong(KEY, format!("does not open the secret {id}: {error}")),
        Some(Ok(())) => ok(KEY, "fits the database, and stored secrets can be opened"),
        None => ok(KEY, "fits the database"),
    })
}
