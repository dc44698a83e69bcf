//! Records one after another, each bounded before it is collected, with the lines at which they start.

use csv_core::{ReadRecordResult, Reader, ReaderBuilder};

use super::decode::line_breaks;
use super::{FileError, MAX_CELL_BYTES, MAX_COLUMNS};

/// Put behind the text: the one record that holds it alone proves that every quote was closed. No text has a NUL in it.
pub(super) const END: &str = "\n\0";

/// A row below the header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// The line of the file at which it starts.
    pub line: u64,
    /// Its number in a spreadsheet, where a cell with several lines is in one row.
    pub row: u64,
    /// Its cells; more or fewer than the header has when the row is damaged.
    pub cells: Vec<String>,
}

/// Reads a text that ends with [`END`]. A record of too many cells is noticed while it is read, not afterwards.
pub(super) struct Records<'t> {
    text: &'t str,
    reader: Reader,
    at: usize,
    seen: usize,
    line: u64,
    /// How many line breaks stand within cells before.
    within: u64,
    cells: Vec<u8>,
    ends: Vec<usize>,
}

impl<'t> Records<'t> {
    pub(super) fn new(text: &'t str, delimiter: u8, line: u64) -> Self {
        let reader = ReaderBuilder::new().delimiter(delimiter).build();
        Self { text, reader, at: 0, seen: 0, line, within: 0, cells: vec![0; 4 * 1024], ends: vec![0; MAX_COLUMNS + 1] }
    }

    /// The next record that is not blank, checked; the names of the columns are for what is wrong with it.
    pub(super) fn next_filled(&mut self, header: &[String]) -> Result<Option<Record>, FileError> {
        loop {
            let line = self.line_from(self.at);
            let Some(count) = self.read(line)? else { return Ok(None) };
            let cells = |at: usize| {
                let start = at.checked_sub(1).map_or(0, |before| self.ends[before]);
                String::from_utf8_lossy(&self.cells[start..self.ends[at]])
            };
            if count > 0 && cells(count - 1).ends_with('\0') {
                let before: u64 = (0..count - 1).map(|at| line_breaks(cells(at).as_bytes())).sum();
                let closed = count == 1 && cells(0) == "\0";
                return if closed { Ok(None) } else { Err(FileError::UnclosedQuote { line: line + before }) };
            }
            if count > MAX_COLUMNS {
                return Err(FileError::TooManyColumns { line });
            }
            if let Some(at) = (0..count).find(|at| cells(*at).len() > MAX_CELL_BYTES) {
                let column = header.get(at).cloned().unwrap_or_else(|| unnamed(at));
                return Err(FileError::CellTooLong { line, column });
            }
            let row = line - self.within;
            let within: u64 = (0..count).map(|at| line_breaks(cells(at).as_bytes())).sum();
            let record = (0..count).any(|at| !cells(at).trim().is_empty()).then(|| {
                let cells = (0..count).map(|at| cells(at).into_owned()).collect();
                Record { line, row, cells }
            });
            self.within += within;
            if record.is_some() {
                return Ok(record);
            }
        }
    }

    /// Reads one record into the buffers; how many cells it has.
    fn read(&mut self, line: u64) -> Result<Option<usize>, FileError> {
        let (mut length, mut count) = (0, 0);
        loop {
            let input = &self.text.as_bytes()[self.at..];
            let (result, read, written, ended) =
                self.reader.read_record(input, &mut self.cells[length..], &mut self.ends[count..]);
            self.at += read;
            length += written;
            count += ended;
            match result {
                ReadRecordResult::InputEmpty => {}
                ReadRecordResult::OutputFull => self.cells.resize(self.cells.len() * 2, 0),
                ReadRecordResult::OutputEndsFull => return Err(FileError::TooManyColumns { line }),
                ReadRecordResult::Record => return Ok(Some(count)),
                ReadRecordResult::End => return Ok(None),
            }
        }
    }

    /// The line of what begins at a byte, behind the blank lines there.
    fn line_from(&mut self, start: usize) -> u64 {
        let bytes = self.text.as_bytes();
        let blank = bytes[start..].iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        let start = (start + blank).max(self.seen);
        self.line += line_breaks(&bytes[self.seen..start]);
        self.seen = start;
        self.line
    }
}

/// What a column without a name is called.
pub(super) fn unnamed(at: usize) -> String {
    format!("Column {}", at + 1)
}
