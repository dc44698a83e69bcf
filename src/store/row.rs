//! How a row becomes what it says: each column is read or the row is reported as impossible.

use std::str::FromStr;

use chrono::{DateTime, Utc};
use serde::de::DeserializeOwned;

use super::{Result, StoreError, time};
use crate::domain::header_lines::HeaderLines;

/// Reads the columns of one row and knows how to complain about them.
#[derive(Clone, Copy)]
pub(super) struct Reader<'a> {
    pub table: &'static str,
    pub id: &'a str,
}

impl Reader<'_> {
    pub fn corrupt(&self, what: impl ToString) -> StoreError {
        StoreError::Corrupt { table: self.table, id: self.id.to_owned(), what: what.to_string() }
    }

    /// An id, or any other text that parses.
    pub fn parse<T: FromStr>(&self, text: &str) -> Result<T>
    where
        T::Err: ToString,
    {
        text.parse().map_err(|error: T::Err| self.corrupt(error.to_string()))
    }

    pub fn parse_some<T: FromStr>(&self, text: Option<&str>) -> Result<Option<T>>
    where
        T::Err: ToString,
    {
        text.map(|text| self.parse(text)).transpose()
    }

    /// A word that one of our `parse` functions knows.
    pub fn word<T>(&self, column: &str, text: &str, parse: impl FnOnce(&str) -> Option<T>) -> Result<T> {
        parse(text).ok_or_else(|| self.corrupt(format!("{column} is “{text}”")))
    }

    pub fn time(&self, stored: i64) -> Result<DateTime<Utc>> {
        time::from_micros(self.table, self.id, stored)
    }

    pub fn time_some(&self, stored: Option<i64>) -> Result<Option<DateTime<Utc>>> {
        stored.map(|stored| self.time(stored)).transpose()
    }

    pub fn json<T: DeserializeOwned>(&self, text: &str) -> Result<T> {
        serde_json::from_str(text).map_err(|error| self.corrupt(error))
    }

    pub fn header_lines(&self, text: String) -> Result<HeaderLines> {
        HeaderLines::parse(text).map_err(|error| self.corrupt(error))
    }

    pub fn count(&self, stored: i32) -> Result<u32> {
        u32::try_from(stored).map_err(|error| self.corrupt(error))
    }

    pub fn status(&self, stored: Option<i32>) -> Result<Option<u16>> {
        stored.map(|stored| u16::try_from(stored).map_err(|error| self.corrupt(error))).transpose()
    }
}

/// A JSON document as a table holds it. Our own types always serialise.
pub(super) fn json_text(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).expect("our own documents serialise")
}
