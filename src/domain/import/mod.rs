//! Import: what another system knows of candidates, read from a CSV or JSON file.
//!
//! A file goes through three steps, none of which does any I/O:
//!
//! 1. [`Table::read`] turns bytes into a header and records. It finds the encoding and the delimiter, and refuses a whole
//!    file only when nothing in it could be trusted ([`FileError`], with the line).
//! 2. [`Mapping`] says what each column means: [`Mapping::guess`] knows the names that common systems write, and
//!    [`Mapping::from_form`] takes what a person chose instead.
//! 3. [`read_rows`] turns each record into a [`Draft`] or into [`Problem`]s with line and column. A row is taken whole or
//!    not at all: a row with one unreadable value is reported, and the rows around it are kept.
//!
//! JSON names its own fields, so [`read_json`] is all three steps at once.
//!
//! The cast: a [`Draft`] is a candidate with an application as the file tells them, before anyone knows whether they
//! are new. Whoever stores it looks for the external id first and for an e-mail address second; finding one makes it an
//! update ([`Draft::merge_into`], [`Draft::merge_application`]). [`Rows::notes`] say what was assumed where a file
//! leaves it open.
//!
//! Not guaranteed: that an encoding other than UTF-8, UTF-16 and Windows-1252 is noticed. Most are, by bytes that
//! Windows-1252 does not use; a short text in ISO 8859-2 is not.

use std::collections::HashMap;
use std::fmt;

use chrono::{DateTime, Utc};

use super::candidate::{Profile, Review};

mod columns;
mod dates;
mod decode;
mod error;
mod headers;
mod json;
mod merge;
mod names;
mod rows;
mod table;
#[cfg(test)]
mod tests;
mod values;

pub use columns::{Field, Mapping, MappingError};
pub use error::FileError;
pub use json::{is_json, read_json};
pub use names::Names;
pub use rows::read_rows;
pub use table::{Record, Table};

/// A file may be this many bytes long.
pub const LARGEST_FILE: usize = 10 * 1024 * 1024;
/// A cell may be this many bytes long, as UTF-8.
pub const LARGEST_CELL: usize = 64 * 1024;
/// A file may hold this many candidates.
pub const MOST_ROWS: usize = 5_000;
/// A file may hold this many columns.
pub const MOST_COLUMNS: usize = 200;
/// A name, an id, a skill and every other value but an answer may be this many characters long.
pub const LONGEST_VALUE: usize = 500;
/// A candidate may have this many skills, e-mail addresses, positions and so on, of each kind.
pub const LONGEST_LIST: usize = 100;
/// So many problems of one row are told; a file may be wrong in every cell.
const PROBLEMS_A_ROW: usize = 10;

/// A candidate with their application, as a file tells them.
#[derive(Debug, Clone, PartialEq)]
pub struct Draft {
    /// Where the file tells it: the line, or in JSON the place in the list, from 1.
    pub line: u64,
    /// The id the other system knows them by.
    pub external_id: Option<String>,
    /// Names, contact and history; never without a full name.
    pub profile: Profile,
    /// Which part of the name the file gave and which was made from it.
    pub names: Names,
    /// When they applied.
    pub applied_at: Option<DateTime<Utc>>,
    /// Through what.
    pub source: Option<String>,
    /// `active`, `hired`, `rejected` or what the other system says.
    pub status: Option<String>,
    /// Where they stand in the pipeline.
    pub stage: Option<String>,
    /// What was judged and answered.
    pub review: Review,
}

/// Why a row is not taken: a sentence without its full stop, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The line of the file at which the row starts; in JSON the place in the list, from 1.
    pub line: u64,
    /// The column by its name, in JSON the path such as `emails[1]`; `None` when it is the row as a whole.
    pub column: Option<String>,
    /// What is wrong, and what would be right.
    pub message: String,
}

impl Problem {
    fn of_row(line: u64, message: impl Into<String>) -> Self {
        Self { line, column: None, message: message.into() }
    }

    fn of_cell(line: u64, column: impl Into<String>, message: impl Into<String>) -> Self {
        Self { line, column: Some(column.into()), message: message.into() }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.column {
            Some(column) => write!(f, "Line {}, {column}: {}", self.line, self.message),
            None => write!(f, "Line {}: {}", self.line, self.message),
        }
    }
}

/// What a file holds.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Rows {
    /// The rows that can be taken, in the order of the file; no two with the same external id or e-mail address.
    pub drafts: Vec<Draft>,
    /// Why the others cannot, in the order of the file.
    pub problems: Vec<Problem>,
    /// What was assumed, as sentences; to be shown before anything is stored.
    pub notes: Vec<String>,
}

/// Takes rows one by one and holds each against those before it.
#[derive(Default)]
struct Collector {
    rows: Rows,
    ids: HashMap<String, u64>,
    emails: HashMap<String, u64>,
}

impl Collector {
    /// Keeps the draft unless it has problems or repeats a row that was kept.
    fn take(&mut self, read: Result<Draft, Vec<Problem>>) {
        match read.and_then(|draft| self.new_to_file(draft)) {
            Ok(draft) => self.rows.drafts.push(draft),
            Err(problems) => self.rows.problems.extend(problems.into_iter().take(PROBLEMS_A_ROW)),
        }
    }

    fn new_to_file(&mut self, draft: Draft) -> Result<Draft, Vec<Problem>> {
        let line = draft.line;
        let repeated =
            |what: &str, first: &u64| Err(vec![Problem::of_row(line, format!("has the same {what} as line {first}"))]);
        if let Some(first) = draft.external_id.as_ref().and_then(|id| self.ids.get(id)) {
            return repeated("external id", first);
        }
        if let Some(first) = draft.profile.emails.iter().find_map(|email| self.emails.get(&email.value)) {
            return repeated("e-mail address", first);
        }
        self.ids.extend(draft.external_id.clone().map(|id| (id, line)));
        self.emails.extend(draft.profile.emails.iter().map(|email| (email.value.clone(), line)));
        Ok(draft)
    }

    /// Everything that was taken, with a word about rows that a second import could not recognise.
    fn finish(mut self) -> Rows {
        let unknown =
            self.rows.drafts.iter().filter(|d| d.external_id.is_none() && d.profile.emails.is_empty()).count();
        if unknown > 0 {
            let rows = if unknown == 1 { "1 row has".to_owned() } else { format!("{unknown} rows have") };
            self.rows.notes.push(format!(
                "{rows} neither an external id nor an e-mail address: importing the file again would add them again."
            ));
        }
        self.rows
    }
}
