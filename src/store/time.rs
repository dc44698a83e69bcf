//! The one place where times become whole microseconds, as tables hold them, and back.

use chrono::{DateTime, Utc};

use super::{Result, StoreError};

/// A time as it is stored.
pub fn micros(at: DateTime<Utc>) -> i64 {
    at.timestamp_micros()
}

/// A stored time.
pub fn from_micros(table: &'static str, id: &str, stored: i64) -> Result<DateTime<Utc>> {
    DateTime::from_timestamp_micros(stored).ok_or_else(|| StoreError::Corrupt {
        table,
        id: id.to_owned(),
        what: format!("{stored} µs is no time"),
    })
}
