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
pub mod credential;
pub mod database;
pub mod delivery;
pub mod event;
pub mod export;
pub mod first_run;
pub mod health;
pub mod hook;
pub mod hook_header;
pub mod import;
pub mod instance;
pub mod interview;
pub mod invitation;
pub mod log;
pub mod member;
pub mod migrate;
pub mod organisation;
pub mod presence;
pub mod reveal;
pub mod rotation;
pub mod schema;
pub mod setting;
pub mod submission;
pub mod time;
pub mod traffic;
pub mod vacancy;
pub mod web_session;

mod row;
mod statement;
mod writer;

pub use connection::{Conn, DatabaseUrl};
pub use database::Store;

/// Why a read or write did not happen. Nothing of a failed write remains.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database refused or could not be understood.
    #[error("the database answered: {0}")]
    Database(diesel::result::Error),
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
    /// A batch failed; what each of those in it is told.
    #[error("the database answered: {0}")]
    Failed(String),
    /// The schema could not be brought up to date.
    #[error("the database could not be migrated: {0}")]
    Migration(String),
}

impl From<diesel::result::Error> for StoreError {
    /// Tells what the database refused from a database that is away, shutting down or out of room.
    fn from(error: diesel::result::Error) -> Self {
        use diesel::result::{DatabaseErrorKind as Kind, Error};
        match &error {
            Error::DatabaseError(Kind::ClosedConnection | Kind::UnableToSendCommand, _) => {
                StoreError::Unavailable(error.to_string())
            }
            Error::DatabaseError(Kind::Unknown, info) if is_away(info.message()) => {
                StoreError::Unavailable(info.message().to_owned())
            }
            Error::BrokenTransactionManager => StoreError::Unavailable(error.to_string()),
            _ => StoreError::Database(error),
        }
    }
}

/// Diesel passes these on as text alone.
fn is_away(message: &str) -> bool {
    const AWAY: [&str; 9] = [
        "database or disk is full",
        "disk I/O error",
        "unable to open database file",
        "database is locked",
        "terminating connection",
        "server closed the connection",
        "the database system is",
        "no connection to the server",
        "No space left on device",
    ];
    AWAY.iter().any(|text| message.contains(text))
}

impl StoreError {
    /// The same error for another one who waited for the same batch.
    pub fn again(&self) -> Self {
        match self {
            StoreError::Unavailable(why) => StoreError::Unavailable(why.clone()),
            other => StoreError::Failed(other.to_string()),
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
