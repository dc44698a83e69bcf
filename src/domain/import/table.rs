//! From text to a table: which delimiter, which row is the header, at which line each record starts.

use csv::{ReaderBuilder, StringRecord};

use super::decode::{decode, line_breaks};
use super::{Field, FileError, LARGEST_CELL, MOST_COLUMNS, MOST_ROWS, headers};
use crate::domain::member;

/// What may stand between cells; of two that fit equally well, the earlier is taken.
const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];
/// How many records are looked at to find the delimiter, and how many bytes.
const SAMPLE: (usize, usize) = (50, 256 * 1024);
/// Put behind the text: the one record that holds it alone proves that every quote was closed. No text has a NUL in it.
const END: &str = "\n\0";

/// A file as rows and columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    header: Vec<String>,
    records: Vec<Record>,
}

/// A row below the header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// The line of the file at which it starts.
    pub line: u64,
    /// Its cells; more or fewer than the header has when the row is damaged.
    pub cells: Vec<String>,
}

impl Table {
    /// Reads a file: UTF-8, UTF-16 with a byte order mark or Windows-1252; commas, semicolons, tabs or bars.
    pub fn read(bytes: &[u8]) -> Result<Self, FileError> {
        let mut text = decode(bytes)?;
        text.push_str(END);
        let (told, start) = excel_hint(&text);
        let body = &text[start..];
        let delimiter = told.unwrap_or_else(|| sniff(body));
        let mut records = Records::new(body, delimiter, 1 + line_breaks(&text.as_bytes()[..start]));

        let first = records.next_filled(&[])?.ok_or(FileError::Empty)?;
        if first.cells.len() > MOST_COLUMNS {
            return Err(FileError::TooManyColumns { line: first.line, found: first.cells.len() });
        }
        if !is_header(&first.cells) {
            return Err(FileError::NoHeader { line: first.line });
        }
        let mut header = distinct(&first.cells);
        let mut rows = Vec::new();
        while let Some(record) = records.next_filled(&header)? {
            if rows.len() == MOST_ROWS {
                return Err(FileError::TooManyRows { line: record.line });
            }
            rows.push(record);
        }
        if rows.is_empty() {
            return Err(FileError::NoRows);
        }
        // Spreadsheets write empty columns right of the last one.
        let used = |at: usize| rows.iter().any(|row| row.cells.get(at).is_some_and(|cell| !cell.trim().is_empty()));
        while header.len() > 1 && first.cells[header.len() - 1].trim().is_empty() && !used(header.len() - 1) {
            header.pop();
        }
        Ok(Self { header, records: rows })
    }

    /// The columns' names, all different and none empty.
    pub fn header(&self) -> &[String] {
        &self.header
    }

    /// The rows below the header, without blank ones.
    pub fn records(&self) -> &[Record] {
        &self.records
    }

    /// What stands in a column, from top to bottom, without empty cells.
    pub fn column(&self, index: usize) -> impl Iterator<Item = &str> {
        let cells = self.records.iter().filter_map(move |record| record.cells.get(index));
        cells.map(|cell| cell.trim()).filter(|cell| !cell.is_empty())
    }
}

/// Reads records with the lines at which they start. The csv reader's own line numbers count `\n` only and point before
/// the blank lines it skips.
struct Records<'t> {
    text: &'t str,
    reader: csv::Reader<&'t [u8]>,
    seen: usize,
    line: u64,
}

impl<'t> Records<'t> {
    fn new(text: &'t str, delimiter: u8, line: u64) -> Self {
        Self { text, reader: reader(text.as_bytes(), delimiter), seen: 0, line }
    }

    /// The next record that is not blank, checked.
    fn next_filled(&mut self, header: &[String]) -> Result<Option<Record>, FileError> {
        let mut record = StringRecord::new();
        // Reading text from memory cannot fail; were it to, the file would end there.
        while self.reader.read_record(&mut record).unwrap_or(false) {
            let line = self.line_of(&record);
            if record.iter().next_back().is_some_and(|cell| cell.ends_with('\0')) {
                let before: u64 = record.iter().rev().skip(1).map(|cell| line_breaks(cell.as_bytes())).sum();
                let closed = record.len() == 1 && record.get(0) == Some("\0");
                return if closed { Ok(None) } else { Err(FileError::UnclosedQuote { line: line + before }) };
            }
            if let Some(at) = record.iter().position(|cell| cell.len() > LARGEST_CELL) {
                let column = header.get(at).cloned().unwrap_or_else(|| unnamed(at));
                return Err(FileError::CellTooLong { line, column });
            }
            if record.iter().any(|cell| !cell.trim().is_empty()) {
                return Ok(Some(Record { line, cells: record.iter().map(str::to_owned).collect() }));
            }
        }
        Ok(None)
    }

    fn line_of(&mut self, record: &StringRecord) -> u64 {
        let bytes = self.text.as_bytes();
        let before = record.position().map_or(self.seen, |position| position.byte() as usize).min(bytes.len());
        let blank = bytes[before..].iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        let start = (before + blank).max(self.seen);
        self.line += line_breaks(&bytes[self.seen..start]);
        self.seen = start;
        self.line
    }
}

fn reader(text: &[u8], delimiter: u8) -> csv::Reader<&[u8]> {
    ReaderBuilder::new().has_headers(false).flexible(true).delimiter(delimiter).from_reader(text)
}

/// Excel's own first line, `sep=;`: which delimiter it names and where the rest begins.
fn excel_hint(text: &str) -> (Option<u8>, usize) {
    let end = text.find(['\r', '\n']).unwrap_or(text.len());
    let first = text[..end].trim_matches('"');
    let is_hint = first.get(..4).is_some_and(|head| head.eq_ignore_ascii_case("sep="));
    match first.as_bytes().get(4..) {
        Some([delimiter]) if is_hint && (delimiter.is_ascii_punctuation() || *delimiter == b'\t') => {
            (Some(*delimiter), end)
        }
        _ => (None, 0),
    }
}

/// The delimiter under which most column names are known; of equals, the one under which most rows are as wide as the
/// header.
fn sniff(text: &str) -> u8 {
    let fit = |delimiter: &u8| {
        let sample = &text.as_bytes()[..text.len().min(SAMPLE.1)];
        let mut rows = reader(sample, *delimiter).into_records().map_while(Result::ok).take(SAMPLE.0);
        let Some(header) = rows.next() else { return (0, 0, 0) };
        let known = header.iter().take(MOST_COLUMNS).filter(|name| headers::is_known(name)).count();
        let even = if header.len() > 1 { rows.filter(|row| row.len() == header.len()).count() } else { 0 };
        (known, even, header.len())
    };
    // `max_by_key` takes the last of equals.
    DELIMITERS.into_iter().rev().max_by_key(fit).unwrap_or(b',')
}

/// Whether a first row names columns rather than a candidate, who may well have come through "LinkedIn": one name of
/// what tells people apart is enough, of other names it takes two.
fn is_header(cells: &[String]) -> bool {
    let told: Vec<Field> = cells.iter().filter_map(|cell| headers::field_of(cell)).map(|(field, _)| field).collect();
    let is_candidate = cells.iter().any(|cell| member::email(cell).is_some());
    (told.len() > 1 || told.iter().any(|field| field.tells_apart())) && !is_candidate
}

/// Names by which every column can be told: an empty one is named by its number, and a repeated one gets a number
/// behind it, for exports repeat names (two custom questions) and refusing them would help nobody.
fn distinct(cells: &[String]) -> Vec<String> {
    let mut names: Vec<String> = Vec::with_capacity(cells.len());
    for (at, cell) in cells.iter().enumerate() {
        let words: Vec<&str> =
            cell.split(|c: char| c.is_whitespace() || c.is_control()).filter(|w| !w.is_empty()).collect();
        let name = if words.is_empty() { unnamed(at) } else { words.join(" ") };
        let free = |name: &String| !names.contains(name);
        let name = if free(&name) {
            name
        } else {
            (2..).map(|n| format!("{name} ({n})")).find(free).unwrap_or_else(|| unnamed(at))
        };
        names.push(name);
    }
    names
}

fn unnamed(at: usize) -> String {
    format!("Column {}", at + 1)
}
