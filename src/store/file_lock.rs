//! The lock beside a SQLite file: one process serves it, and nobody changes its schema beneath that one.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{DatabaseUrl, Result, StoreError};

/// Held as long as this or a clone of it lives; the system gives it back when the process ends, however it ends.
#[derive(Debug, Clone)]
pub struct FileLock {
    _file: Arc<File>,
}

impl FileLock {
    /// Takes the lock; `None` when another process has it. A server has no such lock: see [`super::presence`].
    pub fn take(url: &DatabaseUrl) -> Result<Option<Self>> {
        let Some(path) = path_of(url) else { return Ok(None) };
        let unusable = |error: std::io::Error| {
            StoreError::Refused(format!("the lock file {} cannot be used: {error}", path.display()))
        };
        let file = File::options().create(true).truncate(false).write(true).open(&path).map_err(unusable)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Self { _file: Arc::new(file) })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(unusable(error)),
        }
    }
}

/// Where the lock of a database is, if it is a file.
pub fn path_of(url: &DatabaseUrl) -> Option<PathBuf> {
    match url {
        DatabaseUrl::Sqlite(path) => Some(Path::new(path).with_extension("lock")),
        DatabaseUrl::Postgres(_) => None,
    }
}
