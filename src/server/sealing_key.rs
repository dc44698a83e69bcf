//! The sealing key's file: read, made for a new database, and never replaced for a filled one.

use std::io::ErrorKind;
use std::path::Path;

use super::{CannotStart, cannot};
use crate::config::Config;
use crate::domain::key_ring::KeyRing;
use crate::domain::sealing::SealingKey;
use crate::files;
use crate::store::{self, Store};
use crate::told;

pub(crate) use crate::actions::sealing::{KEY_CHECK, is_key_of};

/// Reads the sealing key, or makes one for a database that is still empty. Never makes another for a filled one.
pub(super) async fn sealing_key(config: &Config, store: &Store) -> Result<KeyRing, CannotStart> {
    let path = &config.secret_key_file;
    let check = store.read(|conn| store::setting::get(conn, KEY_CHECK)).await.map_err(cannot)?;
    let ring = match read(path)? {
        Some(ring) => ring,
        None if check.is_none() => make_key(path)?,
        None => {
            return Err(wrong(
                path,
                "which is missing, and the database holds secrets sealed with it: restore it from your backup, or, if it is \
                 lost for good, see `hirewire forget-secrets --help`",
            ));
        }
    };
    match check {
        Some(sealed) if is_key_of(&ring, &sealed) => {}
        Some(_) => return Err(wrong(path, "which is not the key this database was sealed with")),
        None => {
            let sealed = crate::actions::sealing::key_check(&ring);
            store.write(move |conn| store::setting::insert(conn, KEY_CHECK, &sealed)).await.map_err(cannot)?;
        }
    }
    if ring.is_rotating() {
        tracing::warn!(
            "the sealing key is being changed and holds the old one still: run hirewire rotate-sealing-key again"
        );
    }
    Ok(ring)
}

/// Reads the key's file; `None` when there is none. Refuses one that everybody on the machine can read.
pub(crate) fn read(path: &Path) -> Result<Option<KeyRing>, CannotStart> {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => zeroize::Zeroizing::new(text),
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(wrong(path, &format!("which cannot be read: {}", told::io(&error)))),
    };
    let rights =
        files::rights(path).map_err(|error| wrong(path, &format!("which cannot be read: {}", told::io(&error))))?;
    if is_open_to_all(rights) {
        let shown = path.display();
        return Err(wrong(
            path,
            &format!("which everybody on this machine can read ({rights:03o}): chmod 600 {shown}"),
        ));
    }
    KeyRing::from_text(&text).map(Some).ok_or_else(|| wrong(path, "which holds no sealing key"))
}

/// Whether everybody on the machine can read or write what has these rights.
pub(crate) fn is_open_to_all(rights: u32) -> bool {
    rights & 0o007 != 0
}

/// Says what is wrong with the key's file.
pub(crate) fn wrong(path: &Path, what: &str) -> CannotStart {
    cannot(format!("HIREWIRE_SECRET_KEY_FILE is {}, {what}.", path.display()))
}

/// Makes a key where there is none.
pub(crate) fn make_key(path: &Path) -> Result<KeyRing, CannotStart> {
    let ring = KeyRing::from(SealingKey::generate());
    let written = files::write_private(path, ring.to_text().as_bytes());
    written.map_err(|error| wrong(path, &format!("which cannot be made: {}", told::io(&error))))?;
    tracing::info!(path = %path.display(), "made a new sealing key; keep a copy of it apart from the database");
    Ok(ring)
}
