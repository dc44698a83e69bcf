//! Copies of a SQLite file: whole, checked, and made while somebody serves it.
//!
//! `cp` of a file in use is a valid database without what stands in the log beside it. `VACUUM INTO` reads one moment of both,
//! keeps nobody from writing, and writes a file that needs nothing beside it.

use std::fs::File;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use diesel::connection::SimpleConnection as _;
use diesel::sql_types::Text;
use diesel::{Connection as _, QueryableByName, RunQueryDsl as _, SqliteConnection, sql_query};

use super::plan::{done, known, refuse_newer};
use super::{Conn, Result, StoreError, hold};
use crate::files;
use crate::told;

/// Copies the file `from` to `to`, which must not be there yet, checks the copy, and has it held since this moment unless it is
/// held already. `look` reads something more from it. Nothing is left at `to` when anything fails.
pub fn copy<T>(from: &Path, to: &Path, now: DateTime<Utc>, look: impl FnOnce(&mut Conn) -> Result<T>) -> Result<T> {
    let unusable = |path: &Path, error: std::io::Error| refused(path, &told::io(&error));
    if !from.is_file() {
        return Err(refused(from, "there is no such file"));
    }
    if to.exists() {
        return Err(refused(to, "something is there already, and nothing is written over it"));
    }
    let draft = Draft::beside(to)?;
    let mut original = connect(from)?;
    // SQLite writes into an empty file, and so leaves its rights as they are.
    sql_query("VACUUM INTO $1").bind::<Text, _>(text(&draft.0)?).execute(&mut original)?;
    drop(original);
    let mut copy = Conn::Sqlite(connect(&draft.0)?);
    check(&mut copy, from)?;
    let looked = look(&mut copy)?;
    if hold::since(&mut copy)?.is_none() {
        hold::begin(&mut copy, now)?;
    }
    drop(copy);
    File::open(&draft.0).and_then(|file| file.sync_all()).map_err(|error| unusable(&draft.0, error))?;
    draft.put_at(to).map_err(|error| unusable(to, error))?;
    files::sync_folder_of(to).map_err(|error| unusable(to, error))?;
    Ok(looked)
}

fn refused(path: &Path, why: &str) -> StoreError {
    StoreError::Refused(format!("{}: {why}", path.display()))
}

fn text(path: &Path) -> Result<&str> {
    path.to_str().ok_or_else(|| refused(path, "its name is no UTF-8, which SQLite does not take"))
}

/// What is written before it stands where it was asked for; gone when dropped.
struct Draft(PathBuf);

impl Draft {
    fn beside(path: &Path) -> Result<Self> {
        let mut name = path.as_os_str().to_owned();
        name.push(format!(".{}.part", std::process::id()));
        let draft = PathBuf::from(name);
        files::create_private(&draft).map_err(|error| refused(&draft, &told::io(&error)))?;
        Ok(Self(draft))
    }

    /// Gives it its name; fails where something has appeared meanwhile.
    fn put_at(&self, path: &Path) -> std::io::Result<()> {
        match std::fs::hard_link(&self.0, path) {
            // Disks that are made for copies may know no second name of a file.
            Err(error) if error.kind() != ErrorKind::AlreadyExists && !path.exists() => std::fs::rename(&self.0, path),
            put => put,
        }
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// Without the settings of a file in use: a copy has no log beside it.
fn connect(path: &Path) -> Result<SqliteConnection> {
    let opened = SqliteConnection::establish(text(path)?);
    let mut connection = opened.map_err(|error| refused(path, &error.to_string()))?;
    connection.batch_execute("PRAGMA busy_timeout = 10000; PRAGMA synchronous = FULL;")?;
    Ok(connection)
}

#[derive(QueryableByName)]
struct Found {
    #[diesel(sql_type = Text)]
    integrity_check: String,
}

fn check(copy: &mut Conn, from: &Path) -> Result<()> {
    let found: Vec<Found> = sql_query("PRAGMA integrity_check(5)").load(copy)?;
    let wrong: Vec<&str> =
        found.iter().map(|found| found.integrity_check.as_str()).filter(|&found| found != "ok").collect();
    if found.is_empty() || !wrong.is_empty() {
        return Err(refused(from, &format!("the copy is damaged: {}", wrong.join("; "))));
    }
    let (known, done) = (known(copy)?, done(copy)?);
    if done.is_empty() {
        return Err(refused(from, "this is no database of Hirewire's, or an empty one"));
    }
    refuse_newer(&known, &done)
}
