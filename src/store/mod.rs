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
pub mod connection;
pub mod credential;
pub mod delivery;
pub mod event;
pub mod export;
pub mod hook;
pub mod import;
pub mod instance;
pub mod log;
pub mod member;
pub mod organisation;
pub mod reveal;
pub mod schema;
pub mod setting;
pub mod submission;
pub mod time;
pub mod vacancy;
pub mod web_session;

mod row;

pub use connection::{Conn, DatabaseUrl, Store};

/// Why a read or write did not happen. Nothing of a failed write remains.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database refused or could not be understood.
    #[error("the database answered: {0}")]
    Database(#[from] diesel::result::Error),
    /// The database cannot be reached now.
    #[error("the database cannot be reached: {0}")]
    Unavailable(String),
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
    /// The schema could not be brought up to date.
    #[error("the database could not be migrated: {0}")]
    Migration(String),
}

impl StoreError {
    /// Whether the error says that a unique index already holds the value.
    pub fn is_duplicate(&self) -> bool {
        use diesel::result::{DatabaseErrorKind, Error};
        matches!(self, StoreError::Database(Error::DatabaseError(DatabaseErrorKind::UniqueViolation, _)))
    }
}

/// A read or write that can fail.
pub type Result<T, E = StoreError> = std::result::Result<T, E>;
