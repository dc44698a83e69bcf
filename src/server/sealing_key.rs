//! The sealing key's file: read, made for a new database, and never replaced for a filled one.

use std::io::Write as _;
use std::path::Path;

use super::{CannotStart, cannot};
use crate::config::Config;
use crate::domain::sealing::SealingKey;
use crate::domain::secret::Plain;
use crate::files;
use crate::store::{self, Store};

/// Under which setting the database keeps a text that only its own key opens.
pub(crate) const KEY_CHECK: &str = "sealing key check";

/// Reads the sealing key, or makes one for a database that is still empty. Never makes another for a filled one.
pub(super) async fn sealing_key(config: &Config, store: &Store) -> Result<SealingKey, CannotStart> {
    let path = &config.secret_key_file;
    let check = store.read(|conn| store::setting::get(conn, KEY_CHECK)).await.map_err(cannot)?;
    let wrong = |what: String| cannot(format!("HIREWIRE_SECRET_KEY_FILE is {}, {what}.", path.display()));
    let key = match std::fs::read_to_string(path) {
        Ok(text) => SealingKey::from_text(&text).ok_or_else(|| wrong("which holds no sealing key".into()))?,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && check.is_none() => {
            make_key(path).map_err(wrong)?
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Err(wrong(
                "which is missing, and the database holds secrets sealed with it: restore it from your backup".into(),
            ));
        }
        Err(error) => return Err(wrong(format!("which cannot be read: {error}"))),
    };
    match check {
        Some(sealed) if is_key_of(&key, &sealed) => {}
        Some(_) => return Err(wrong("which is not the key this database was sealed with".into())),
        None => {
            let sealed = key.seal(&Plain::new("it fits".into()), KEY_CHECK);
            store.write(move |conn| store::setting::insert(conn, KEY_CHECK, &sealed)).await.map_err(cannot)?;
        }
    }
    Ok(key)
}

/// Whether a database was sealed with this key, by what it keeps under [`KEY_CHECK`].
pub(crate) fn is_key_of(key: &SealingKey, sealed: &[u8]) -> bool {
    key.open(sealed, KEY_CHECK).is_ok()
}

fn make_key(path: &Path) -> Result<SealingKey, String> {
    let key = SealingKey::generate();
    let text = key.to_text();
    let written =
        files::create_private(path).and_then(|mut file| file.write_all(text.as_bytes()).and_then(|()| file.sync_all()));
    written.map_err(|error| format!("which cannot be made: {error}"))?;
    tracing::info!(path = %path.display(), "made a new sealing key; keep a copy of it apart from the database");
    Ok(key)
}
