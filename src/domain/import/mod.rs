//! Import: what another system knows of candidates, read from a CSV or JSON file.
//!
//! A file goes through three steps, none of which does any I/O:
//!
//! 1. [`Table::read`] turns bytes into a header and records. It finds the encoding, the delimiter and the header, and
//!    refuses a whole file only when nothing in it could be trusted, or it is larger than it may be ([`FileError`], with
//!    the line). Limits are met while reading, not afterwards.
//! 2. [`Mapping`] says what each column means: [`Mapping::guess`] knows the names that common systems write, and
//!    [`Mapping::from_form`] takes what a person chose instead. A table of which no name is known has to be chosen for.
//! 3. [`read_rows`] turns each record into a [`Draft`], with a [`Problem`] for every value that is left out, by row, name
//!    and column. A row is left out as a whole only when it tells nobody.
//!
//! JSON names its own fields, so [`read_json`] is all three steps at once. [`of_table`] and [`of_json`] write what was left
//! out as a file to be corrected.
//!
//! # The rules, and where each is kept
//!
//! - `clean`: one list of words for nothing for every field; which characters nobody sees; what programs put round values.
//! - `identity`: when two names contradict each other, so that an address they share makes them no one person.
//! - `encodings`: which old encoding a file is in, and letters that were encoded twice. `escapes`: those of HTML.
//! - `facts`: what a column's name says about its values. `zones`, `dates`: times.
//! - `contacts`, `values`: what a cell of each kind means. `names`: how a whole name is parted.
//! - `json::shapes`: how other systems name and nest things.
//!
//! The page that takes a file says the same in a few sentences.
//!
//! The cast: a [`Draft`] is a candidate with an application as the file tells them, before anyone knows whether they
//! are new. Whoever stores it looks for our own id first, then for the external id, then for an e-mail address; finding
//! one makes it an update ([`Draft::merge_into`], [`Draft::merge_application`]), unless first and last name contradict it
//! ([`Draft::contradicts`]). [`Rows::notes`] say what was assumed where a file leaves it open.
//!
//! Not guaranteed: that an old encoding is told from the others. A short text may fit in several; what was assumed stands in
//! the notes with words of the file, and where a Mac's encoding fits as well, a person is asked ([`Table::is_doubtful`]).

use std::fmt;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use super::candidate::{Profile, Review};
use super::ids::CandidateId;

mod clean;
mod collector;
mod columns;
mod contacts;
mod corrections;
mod dates;
mod decode;
mod encodings;
mod error;
mod escapes;
mod facts;
mod headers;
mod identity;
mod json;
mod merge;
mod names;
mod parts;
mod quotes;
mod records;
mod rows;
mod table;
#[cfg(test)]
mod tests;
mod values;
mod zones;

use collector::Collector;
pub use columns::{Field, Mapping, MappingError};
pub use corrections::{Remark, Remarks, of_json, of_table};
pub use error::FileError;
pub use headers::is_our_remark;
pub use json::{is_json, read_json};
pub use names::Names;
pub use rows::read_rows;
pub use table::{Record, Table};

/// A file may be this many bytes long.
pub const MAX_FILE_BYTES: usize = 10 * 1024 * 1024;
/// A cell may be this many bytes long, as UTF-8.
pub const MAX_CELL_BYTES: usize = 64 * 1024;
/// A file may hold this many candidates.
pub const MAX_ROWS: usize = 5_000;
/// A file may hold this many columns.
pub const MAX_COLUMNS: usize = 200;
/// A name, an id, a skill and every other value but an answer may be this many characters long.
pub const MAX_VALUE_LEN: usize = 500;
/// A candidate may have this many skills, e-mail addresses, positions and so on, of each kind.
pub const MAX_LIST_LEN: usize = 100;
/// So many problems of one row are told; a file may be wrong in every cell.
const PROBLEMS_A_ROW: usize = 10;

/// Where and when a file is read.
#[derive(Debug, Clone, Copy)]
pub struct Today {
    /// The zone of times that name none.
    pub zone: Tz,
    /// Now: no year of two digits lies behind it.
    pub now: DateTime<Utc>,
}

/// A candidate with their application, as a file tells them.
#[derive(Debug, Clone, PartialEq)]
pub struct Draft {
    /// Where the file tells it: the row as a spreadsheet counts it, or in JSON the place in the list, from 1.
    pub row: u64,
    /// Who they are here, in a file that was downloaded here.
    pub known_as: Option<CandidateId>,
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

/// Why a row, or a value of it, is not taken: a sentence without its full stop, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The row as a spreadsheet counts it; in JSON the place in the list, from 1.
    pub row: u64,
    /// Whom the row is about, as far as it could be read.
    pub who: Option<String>,
    /// The column by its name, in JSON the path such as `emails[1]`; `None` when it is the row as a whole.
    pub column: Option<String>,
    /// What is wrong, and what would be right.
    pub message: String,
    /// Whether the candidate is imported all the same, without this value.
    pub is_kept: bool,
}

impl Problem {
    /// What is wrong with a row as a whole, which is left out.
    pub fn of_row(row: u64, message: impl Into<String>) -> Self {
        Self { row, who: None, column: None, message: message.into(), is_kept: false }
    }

    fn of_cell(row: u64, column: impl Into<String>, message: impl Into<String>) -> Self {
        Self { column: Some(column.into()), ..Self::of_row(row, message) }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Row {}", self.row)?;
        if let Some(who) = &self.who {
            write!(f, " ({who})")?;
        }
        if let Some(column) = &self.column {
            write!(f, ", {column}")?;
        }
        write!(f, ": {}", self.message)
    }
}

/// What a file holds.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Rows {
    /// The rows that can be taken, in the order of the file; no two with the same external id or e-mail address.
    pub drafts: Vec<Draft>,
    /// Why the others cannot, and which values of those above are left out, in the order of the file.
    pub problems: Vec<Problem>,
    /// What was assumed, as sentences; to be shown before anything is stored.
    pub notes: Vec<String>,
}
