//! Why a file is refused as a whole.

/// Why a whole file is refused; its message stands alone and says what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FileError {
    /// Nothing, or nothing but blank lines.
    #[error("The file is empty")]
    Empty,
    /// A header row and nothing below it, or an empty list.
    #[error("The file holds no candidates")]
    NoRows,
    /// More than [`MAX_FILE_BYTES`](super::MAX_FILE_BYTES) bytes.
    #[error("The file is larger than 10 MiB, which is reached in line {line}; split it into several files")]
    TooLarge {
        /// The line in which the limit is reached.
        line: u64,
    },
    /// A spreadsheet rather than text.
    #[error("This is a spreadsheet; save it as “CSV UTF-8” and choose that file")]
    Spreadsheet,
    /// Bytes that are not text in UTF-8, UTF-16 or Windows-1252.
    #[error("Line {line} is in no known encoding; save the file as UTF-8 (in Excel: “CSV UTF-8”)")]
    UnknownEncoding {
        /// The first such line.
        line: u64,
    },
    /// A quote that is never closed.
    #[error("Line {line} opens a quote that is never closed")]
    UnclosedQuote {
        /// The line of the opening quote.
        line: u64,
    },
    /// A file of another kind that carries the ending of a table.
    #[error("This is {kind}; open it in a spreadsheet, save it as “CSV UTF-8” and choose that file")]
    OtherKind {
        /// What it is.
        kind: &'static str,
    },
    /// More than [`MAX_COLUMNS`](super::MAX_COLUMNS) columns.
    #[error("Line {line} has more than 200 columns, which is what a file may have")]
    TooManyColumns {
        /// The line of the row.
        line: u64,
    },
    /// An item of JSON that holds more than a candidate can.
    #[error("Place {place} of the list holds more values than a candidate can have")]
    TooManyValues {
        /// Which item, from 1.
        place: u64,
    },
    /// More than [`MAX_ROWS`](super::MAX_ROWS) rows.
    #[error("The file holds more than 5,000 candidates; split it before line {line}")]
    TooManyRows {
        /// The line of the first row too many.
        line: u64,
    },
    /// A cell of more than [`MAX_CELL_BYTES`](super::MAX_CELL_BYTES) bytes.
    #[error("Line {line}, {column}: the cell is longer than 64 KiB")]
    CellTooLong {
        /// The line at which its row starts.
        line: u64,
        /// The column's name.
        column: String,
    },
    /// A file that was to be JSON is not.
    #[error("Line {line} is not valid JSON: {reason}")]
    NotJson {
        /// Where reading stopped.
        line: u64,
        /// Why.
        reason: String,
    },
    /// JSON without a list of candidates.
    #[error("The file must be a list of candidates, or an object with such a list named “candidates”")]
    NoList,
}

impl FileError {
    /// The line it is about, when it is about one.
    pub fn line(&self) -> Option<u64> {
        match self {
            FileError::Empty | FileError::NoRows | FileError::Spreadsheet | FileError::NoList => None,
            FileError::OtherKind { .. } => None,
            FileError::TooLarge { line }
            | FileError::UnknownEncoding { line }
            | FileError::UnclosedQuote { line }
            | FileError::TooManyValues { place: line }
            | FileError::TooManyColumns { line }
            | FileError::TooManyRows { line }
            | FileError::CellTooLong { line, .. }
            | FileError::NotJson { line, .. } => Some(*line),
        }
    }
}
