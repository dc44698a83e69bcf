//! The lock beside a SQLite file: one process serves it, and nobody changes its schema beneath that one.

use std::fs::{File, TryLockError};
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{DatabaseUrl, Result, StoreError};
use crate::told;

/// Held as long as this or a clone of it lives; the system gives it back when the process ends, however it ends.
#[derive(Debug, Clone)]
pub struct FileLock {
    _held: Arc<Held>,
}

#[derive(Debug)]
struct Held {
    _file: File,
    path: PathBuf,
}

impl Drop for Held {
    /// While it is still locked: whoever opened it before finds out that the file is not the one that stands there.
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
    }
}

impl FileLock {
    /// Takes the lock; `None` when another process has it. A server has no such lock: see [`super::presence`].
    pub fn take(url: &DatabaseUrl) -> Result<Option<Self>> {
        let Some(path) = path_of(url) else { return Ok(None) };
        let unusable = |error: io::Error| {
            StoreError::Refused(format!("the lock file {} cannot be used: {}", path.display(), told::io(&error)))
        };
        loop {
            let file = File::options().create(true).truncate(false).write(true).open(&path).map_err(unusable)?;
            match file.try_lock() {
                // Whoever had it may have removed the file since it was opened here.
                Ok(()) if !is_at(&file, &path).map_err(unusable)? => {}
                Ok(()) => return Ok(Some(Self { _held: Arc::new(Held { _file: file, path }) })),
                Err(TryLockError::WouldBlock) => return Ok(None),
                Err(TryLockError::Error(error)) => return Err(unusable(error)),
            }
        }
    }
}

/// Whether this very file stands there.
fn is_at(file: &File, path: &Path) -> io::Result<bool> {
    let own = file.metadata()?;
    match std::fs::metadata(path) {
        Ok(found) => Ok((found.dev(), found.ino()) == (own.dev(), own.ino())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// Where the lock of a database is, if it is a file.
pub fn path_of(url: &DatabaseUrl) -> Option<PathBuf> {
    match url {
        DatabaseUrl::Sqlite(path) => Some(Path::new(path).with_extension("lock")),
        DatabaseUrl::Postgres(_) => None,
    }
}
