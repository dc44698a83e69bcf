//! The only place that knows a database: SQLite by default, PostgreSQL when one machine is not enough (B13).
//!
//! The cast: a [`Store`] hands out connections for reading, and runs writes one transaction each. Functions in the files
//! beside this one, a file a noun, take a connection and speak the nouns of [`crate::domain`]. Callers compose several of
//! them into one [`Store::write`], which commits all or nothing.
//!
//! SQLite has one writer, on a thread of its own, and many readers; PostgreSQL has a pool. A row that cannot be what it
//! claims to be is reported as [`StoreError::Corrupt`], never defaulted.
//!
//! What is *not* here: no network call is made while a connection is held, and nothing decides what should happen.

pub mod api_key;
pub mod attempt;
pub mod audit;
pub mod candidate;
pub mod changes;
pub mod connection;
pub mod copy;
pub mod credential;
pub mod database;
pub mod delivery;
pub mod event;
pub mod export;
pub mod file_lock;
pub mod first_run;
pub mod health;
pub mod hold;
pub mod hook;
pub mod hook_header;
pub mod import;
pub mod inspection;
pub mod instance;
pub mod interview;
pub mod invitation;
pub mod log;
pub mod member;
pub mod migrate;
pub mod organisation;
pub mod page;
pub mod plan;
pub mod presence;
pub mod reveal;
pub mod rotation;
pub mod schema;
pub mod sealed;
pub mod server;
pub mod setting;
pub mod submission;
pub mod time;
pub mod traffic;
pub mod upgrade;
pub mod vacancy;
pub mod vitals;
pub mod web_session;

mod checkpoint;
mod fault;
mod pools;
mod reading_limit;
mod row;
mod statement;
mod url;
mod writer;

pub use connection::Conn;
pub use database::Store;
pub use url::DatabaseUrl;

use std::time::Duration;

/// Under this name the log is told that the database is away, whoever meets it, and holds that to a line a minute: at level
/// ERROR that it has gone, at WARN that somebody met it, at INFO that it is back.
pub const AWAY: &str = "hirewire::database";

/// Why a read or write did not happen. Nothing of a failed write remains, unless it is [`StoreError::Unclear`].
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database refused or could not be understood.
    #[error("the database answered: {0}")]
    Database(diesel::result::Error),
    /// The database cannot be reached now.
    #[error("the database cannot be reached: {0}")]
    Unavailable(String),
    /// It took longer than it may, and was stopped.
    #[error("it took too long and was stopped")]
    TimedOut,
    /// The database went away while it committed: the write may be durable or not.
    #[error("the database went away while it committed, so it is not known whether anything was written: {0}")]
    Unclear(String),
    /// A stored row is impossible.
    #[error("row {id} of {table} is impossible: {what}")]
    Corrupt {
        /// Which table.
        table: &'static str,
        /// Which row.
        id: String,
        /// What is wrong with it.
        what: String,
    },
    /// A batch failed; what each of those in it is told.
    #[error("the database answered: {0}")]
    Failed(String),
    /// This database is not one to work with; one sentence says why, without its full stop.
    #[error("{0}")]
    Refused(String),
    /// The schema could not be brought up to date.
    #[error("the database could not be migrated: {0}")]
    Migration(String),
}

impl From<diesel::result::Error> for StoreError {
    /// Tells what the database refused from a database that is away, shutting down or out of room.
    fn from(error: diesel::result::Error) -> Self {
        match fault::Fault::of(&error, Duration::ZERO) {
            Some(fault) => fault.into_error(),
            None => StoreError::Database(error),
        }
    }
}

impl StoreError {
    /// The same error for another one who waited for the same batch.
    pub fn again(&self) -> Self {
        match self {
            StoreError::Unavailable(why) => StoreError::Unavailable(why.clone()),
            StoreError::Unclear(why) => StoreError::Unclear(why.clone()),
            StoreError::TimedOut => StoreError::TimedOut,
            other => StoreError::Failed(other.to_string()),
        }
    }

    /// Whether the database is away, or does not get to it, and the same may work in a moment. Nothing was written.
    pub fn is_away(&self) -> bool {
        matches!(self, StoreError::Unavailable(_) | StoreError::TimedOut)
    }

    /// Tells the log what could not be done because of it.
    pub fn log(&self, what: &str) {
        match self {
            StoreError::Unavailable(_) | StoreError::Unclear(_) => {
                tracing::warn!(target: AWAY, error = %self, what, "the database is away; nothing is lost, and it is tried again");
            }
            _ => tracing::error!(error = %self, "{what}"),
        }
    }

    /// Whether the error says that a unique index already holds the value.
    pub fn is_duplicate(&self) -> bool {
        use diesel::result::{DatabaseErrorKind, Error};
        matches!(self, StoreError::Database(Error::DatabaseError(DatabaseErrorKind::UniqueViolation, _)))
    }
}

/// A read or write that can fail.
pub type Result<T, E = StoreError> = std::result::Result<T, E>;
