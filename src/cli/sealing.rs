//! `hirewire rotate-sealing-key` and `hirewire forget-secrets`: while nobody serves the database.

use clap::Args;

use crate::actions::sealing;
use crate::clock::SystemClock;
use crate::config::{Config, DatabaseSettings};
use crate::domain::key_ring::KeyRing;
use crate::files;
use crate::server::CannotStart;
use crate::server::alone::{self, Alone};
use crate::server::sealing_key::{self, KEY_CHECK, is_key_of, wrong};
use crate::store::{self, StoreError};
use crate::told;

#[derive(Debug, Args)]
pub(super) struct Rotate {
    #[command(flatten)]
    settings: DatabaseSettings,
}

impl Rotate {
    /// First the file holds both keys, then everything is sealed anew, then the file holds the new one alone: wherever this
    /// ends early, what is there can be opened, and another run goes on.
    pub(super) async fn run(self) -> Result<(), CannotStart> {
        let config = super::config(self.settings)?;
        let path = &config.secret_key_file;
        let Alone { store, _lock } = alone::open(&config).await?;
        let ring = sealing_key::read(path)?.ok_or_else(|| wrong(path, "which is missing"))?;
        match store.read(|conn| store::setting::get(conn, KEY_CHECK)).await.map_err(cannot)? {
            Some(check) if is_key_of(&ring, &check) => {}
            Some(_) => return Err(wrong(path, "which is not the key this database was sealed with")),
            None => {
                return Err(CannotStart("The database holds nothing sealed yet: start Hirewire on it first.".into()));
            }
        }
        let ring = if ring.is_rotating() { ring } else { ring.with_a_new_key() };
        write(&config, &ring)?;
        let done = sealing::seal_anew(&store, &ring).await.map_err(super::organisation::told)?;
        write(&config, &ring.newest_alone())?;
        store.close().await;
        for id in &done.damaged {
            eprintln!("{id} was opened by neither key: it was damaged before, and stays as it is.");
        }
        println!(
            "The sealing key {} is a new one; values sealed with it: {}. Copy it to where your copies of it are, and to every \
             other machine that serves this database. Backups from before need the old key: keep that apart as long as them.",
            path.display(),
            done.values
        );
        Ok(())
    }
}

fn write(config: &Config, ring: &KeyRing) -> Result<(), CannotStart> {
    let path = &config.secret_key_file;
    let written = files::replace(path, ring.to_text().as_bytes());
    written.map_err(|error| wrong(path, &format!("which cannot be written: {}", told::io(&error))))
}

fn cannot(error: StoreError) -> CannotStart {
    CannotStart(format!("{error}."))
}

#[derive(Debug, Args)]
pub(super) struct Forget {
    /// Do it. Without this, only say what would be lost.
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    settings: DatabaseSettings,
}

impl Forget {
    pub(super) async fn run(self) -> Result<(), CannotStart> {
        let config = super::config(self.settings)?;
        let path = &config.secret_key_file;
        let Alone { store, _lock } = alone::open(&config).await?;
        let check = store.read(|conn| store::setting::get(conn, KEY_CHECK)).await.map_err(cannot)?;
        let Some(check) = check else {
            return Err(CannotStart("The database holds nothing sealed yet, so nothing is lost.".into()));
        };
        // A file that cannot be read as a key is no key.
        let ring = std::fs::read_to_string(path).ok().and_then(|text| KeyRing::from_text(&text));
        if ring.is_some_and(|ring| is_key_of(&ring, &check)) {
            return Err(wrong(
                path,
                "which is the right key, so nothing is lost; to change it, use rotate-sealing-key",
            ));
        }
        if !self.yes {
            return Err(CannotStart(
                "Nothing was done. With --yes every key and secret of every webhook, and every value of its own headers, is given up for \
                 good: webhooks that had any are paused until somebody makes new ones, and every session ends. Look for a copy of the \
                 old key first."
                    .into(),
            ));
        }
        if path.exists() {
            let aside = set_aside(path)?;
            println!("{} is no key of this database, and was moved to {aside}.", path.display());
        }
        let ring = sealing_key::make_key(path)?;
        let lost = sealing::forget(&store, &SystemClock, &ring).await.map_err(super::organisation::told)?;
        store.close().await;
        println!(
            "The sealing key {} is a new one; keep a copy of it apart from the database. Lost are keys and secrets: {}, \
             header values: {}; webhooks paused for it: {}. Home tells their admins to make new ones.",
            path.display(),
            lost.credentials,
            lost.headers,
            lost.paused
        );
        Ok(())
    }
}

fn set_aside(path: &std::path::Path) -> Result<String, CannotStart> {
    let mut number = 1;
    loop {
        let mut name = path.as_os_str().to_owned();
        name.push(format!(".unfit-{number}"));
        let aside = std::path::PathBuf::from(name);
        if !aside.exists() {
            let moved = std::fs::rename(path, &aside);
            moved.map_err(|error| wrong(path, &format!("which cannot be moved away: {}", told::io(&error))))?;
            return Ok(aside.display().to_string());
        }
        number += 1;
    }
}
