//! `hirewire backup PATH`: a whole copy of a SQLite file in use, checked before it stands there.

use std::path::{Path, PathBuf};

use clap::Args;

use crate::clock::{Clock as _, SystemClock};
use crate::config::{Config, DatabaseSettings};
use crate::files;
use crate::server::CannotStart;
use crate::server::sealing_key::{self, KEY_CHECK, is_key_of};
use crate::store::{self, Conn, DatabaseUrl, Result, copy};
use crate::told;

#[derive(Debug, Args)]
pub(super) struct Backup {
    /// Where the copy is to stand. Nothing is written over what is there.
    path: PathBuf,
    /// Copy the sealing key as well, to this file: somewhere else than the copy, since who has both can read every secret.
    #[arg(long, value_name = "PATH")]
    key_to: Option<PathBuf>,
    #[command(flatten)]
    settings: DatabaseSettings,
}

impl Backup {
    pub(super) async fn run(self) -> std::result::Result<(), CannotStart> {
        let config = super::config(self.settings.clone())?;
        let DatabaseUrl::Sqlite(file) = &config.database else { return Err(by_its_own_tools(&config)) };
        if let Some(to) = &self.key_to
            && folder(to) == folder(&self.path)
        {
            return Err(CannotStart(
                "--key-to names the folder of the copy: keep the key apart, because whoever has both can read every secret."
                    .into(),
            ));
        }
        let ring = sealing_key::read(&config.secret_key_file)?;
        let (from, to) = (file.clone(), self.path.clone());
        // It may take minutes: off the threads of the runtime.
        let copied = tokio::task::spawn_blocking(move || copy::copy(&from, &to, SystemClock.now(), key_check)).await;
        let check = copied.map_err(|error| CannotStart(error.to_string()))?;
        let check = check.map_err(|error| CannotStart(format!("No backup was made: {error}.")))?;
        println!("The copy {} is whole, checked, and needs nothing beside it.", self.path.display());
        let key = config.secret_key_file.display();
        let fits = match (&ring, &check) {
            (_, None) => return Ok(()),
            (Some(ring), Some(check)) => is_key_of(ring, check),
            (None, Some(_)) => false,
        };
        if !fits {
            return Err(CannotStart(format!(
                "The copy is good, but the sealing key {key} is missing or is not its key: without the right one no secret in it can \
                 be read."
            )));
        }
        match (&self.key_to, ring) {
            (Some(to), Some(ring)) => {
                let written = files::write_private(to, ring.to_text().as_bytes());
                written.map_err(|error| {
                    CannotStart(format!("{} could not be written: {}.", to.display(), told::io(&error)))
                })?;
                println!("Its sealing key is copied to {}. Keep the two apart.", to.display());
            }
            _ => println!(
                "Its sealing key is not in it: keep a copy of {key} somewhere else, or no secret in it can ever be read."
            ),
        }
        Ok(())
    }
}

fn folder(path: &Path) -> Option<PathBuf> {
    let path = std::path::absolute(path).ok()?;
    let folder = path.parent()?;
    Some(folder.canonicalize().unwrap_or_else(|_| folder.to_owned()))
}

pub(super) fn key_check(conn: &mut Conn) -> Result<Option<Vec<u8>>> {
    store::setting::get(conn, KEY_CHECK)
}

/// A server's backup is its own affair.
fn by_its_own_tools(config: &Config) -> CannotStart {
    CannotStart(format!(
        "HIREWIRE_DATABASE_URL is {}, and PostgreSQL is backed up with its own tools: `pg_dump --format=custom --file=hirewire.dump` \
         with this address, and apart from it a copy of {}. Back it comes with `pg_restore` into an empty database, and the first start \
         is `hirewire serve --held`, which sends nothing until somebody has looked.",
        config.database,
        config.secret_key_file.display()
    ))
}
