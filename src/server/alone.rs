//! The database for a command during which nobody else may use it.

use super::{CannotStart, cannot, lock};
use crate::config::Config;
use crate::domain::ids::InstanceId;
use crate::store::file_lock::FileLock;
use crate::store::{Store, presence};

/// An open database that nobody serves.
pub(crate) struct Alone {
    /// The database.
    pub store: Store,
    /// The file is ours while this is held.
    pub _lock: Option<FileLock>,
}

/// Opens the database, its schema brought up to date; refuses while a Hirewire runs on it.
///
/// What is *not* guaranteed on a server: that none is started meanwhile.
pub(crate) async fn open(config: &Config) -> Result<Alone, CannotStart> {
    let lock = lock(&config.database)?;
    let (database, own) = (config.database.clone(), lock.clone());
    let opened = tokio::task::spawn_blocking(move || Store::open(&database, own.as_ref())).await.map_err(cannot)?;
    let store = opened.map_err(|error| cannot(format!("HIREWIRE_DATABASE_URL is {}: {error}.", config.database)))?;
    if lock.is_none() {
        let living = store.write(presence::living).await.map_err(cannot)?;
        if !living.is_empty() {
            let named = living.iter().map(InstanceId::as_str).collect::<Vec<_>>().join(", ");
            return Err(cannot(format!("A Hirewire runs on this database ({named}): stop every one first.")));
        }
    }
    Ok(Alone { store, _lock: lock })
}
