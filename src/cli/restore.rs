//! `hirewire restore PATH`: a copy that `hirewire backup` made, put in the place of a database, held.

use std::path::PathBuf;

use clap::Args;

use super::backup::key_check;
use crate::clock::{Clock as _, SystemClock};
use crate::config::DatabaseSettings;
use crate::files;
use crate::server::CannotStart;
use crate::server::sealing_key::{self, is_key_of};
use crate::store::file_lock::FileLock;
use crate::store::{DatabaseUrl, copy};
use crate::told;

#[derive(Debug, Args)]
pub(super) struct Restore {
    /// The copy. It stays where it is.
    path: PathBuf,
    /// Its sealing key, when that is not in place already: copied to where HIREWIRE_SECRET_KEY_FILE says.
    #[arg(long, value_name = "PATH")]
    key: Option<PathBuf>,
    #[command(flatten)]
    settings: DatabaseSettings,
}

impl Restore {
    pub(super) async fn run(self) -> Result<(), CannotStart> {
        let config = super::config(self.settings)?;
        let DatabaseUrl::Sqlite(file) = &config.database else {
            return Err(CannotStart(format!(
                "HIREWIRE_DATABASE_URL is {}: restore it with `pg_restore` into an empty database, put its sealing key in place, and start \
                 `hirewire serve --held`, which sends nothing until somebody has looked.",
                config.database
            )));
        };
        for beside in [file.clone(), with_ending(file, "-wal"), with_ending(file, "-shm")] {
            if beside.exists() {
                return Err(CannotStart(format!(
                    "{} is there already, and nothing is written over it: move it away first.",
                    beside.display()
                )));
            }
        }
        let locked = FileLock::take(&config.database).map_err(|error| CannotStart(format!("{error}.")))?;
        let Some(_lock) = locked else {
            return Err(CannotStart(format!("Another Hirewire serves {}: stop it first.", config.database)));
        };
        let in_place = sealing_key::read(&config.secret_key_file)?;
        let given = match &self.key {
            Some(path) => sealing_key::read(path)?
                .map(Some)
                .ok_or_else(|| CannotStart(format!("--key is {}, and there is no such file.", path.display())))?,
            None => None,
        };
        let key = config.secret_key_file.display().to_string();
        let ring = given.as_ref().or(in_place.as_ref()).cloned();
        let (from, to) = (self.path.clone(), file.clone());
        let looked = move |conn: &mut _| {
            let check = key_check(conn)?;
            let fits = match (&ring, &check) {
                (_, None) => true,
                (Some(ring), Some(check)) => is_key_of(ring, check),
                (None, Some(_)) => false,
            };
            match (fits, ring.is_some()) {
                (true, _) => Ok(()),
                (false, true) => Err(crate::store::StoreError::Refused("the sealing key is not its key".into())),
                (false, false) => Err(crate::store::StoreError::Refused(format!(
                    "its sealing key is missing: put it at {key}, or name it with --key"
                ))),
            }
        };
        if given.is_some() && in_place.is_some() {
            return Err(CannotStart(format!(
                "{} is there already, and nothing is written over it: move it away, or leave out --key.",
                config.secret_key_file.display()
            )));
        }
        let copied = tokio::task::spawn_blocking(move || copy::copy(&from, &to, SystemClock.now(), looked)).await;
        let copied = copied.map_err(|error| CannotStart(error.to_string()))?;
        copied.map_err(|error| CannotStart(format!("Nothing was restored: {error}.")))?;
        if let Some(ring) = given {
            let written = files::write_private(&config.secret_key_file, ring.to_text().as_bytes());
            written.map_err(|error| {
                let path = config.secret_key_file.display();
                CannotStart(format!("{path} could not be written: {}.", told::io(&error)))
            })?;
        }
        println!(
            "{} is restored. `hirewire serve` sends nothing of it until an admin has looked and released it on Home, or \
             `hirewire release` has: what it owes the original may have sent since.",
            config.database
        );
        Ok(())
    }
}

fn with_ending(file: &std::path::Path, ending: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(ending);
    name.into()
}
