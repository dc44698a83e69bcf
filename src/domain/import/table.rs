//! From text to a table: which delimiter, which row is the header.

use std::collections::HashSet;

use csv::ReaderBuilder;

use super::decode::{Decoded, decode, line_breaks};
pub use super::records::Record;
use super::records::{END, Records, unnamed};
use super::{Field, FileError, MAX_COLUMNS, MAX_ROWS, headers, quotes};
use crate::domain::member;

/// What may stand between cells; of two that fit equally well, the earlier is taken.
const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];
/// How many records are looked at to find the delimiter, and how many bytes.
const SAMPLE: (usize, usize) = (50, 256 * 1024);
/// The header is looked for in this many rows: programs write notes above it.
const HEADER_ROWS: usize = 20;

/// A file as rows and columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    header: Vec<String>,
    records: Vec<Record>,
    is_known: bool,
    is_doubtful: bool,
    notes: Vec<String>,
}

impl Table {
    /// Reads a file: UTF-8, UTF-16 with a byte order mark or an older encoding; commas, semicolons, tabs or bars.
    ///
    /// The header is the row among the first that names most columns. Where none names any, the first row is it, or
    /// there is none when that row holds a candidate already; [`Table::is_known`] is then false.
    pub fn read(bytes: &[u8]) -> Result<Self, FileError> {
        let Decoded { mut text, notes, is_doubtful } = decode(bytes)?;
        text.push_str(END);
        let (told, start) = excel_hint(&text);
        let delimiter = told.unwrap_or_else(|| sniff(&text[start..]));
        let line = 1 + line_breaks(&text.as_bytes()[..start]);
        let tight = quotes::tight(&text[start..], delimiter);
        let mut records = read_all(tight.as_deref().unwrap_or(&text[start..]), delimiter, line)?;
        if let Some(inner) = quotes::unwrapped(&records) {
            records = read_all(&inner, sniff(&inner), line)?;
        }
        Ok(Self { is_doubtful, ..Self::of(records, notes)? })
    }

    fn of(mut records: Vec<Record>, mut notes: Vec<String>) -> Result<Self, FileError> {
        let first = records.first().ok_or(FileError::Empty)?;
        let known = header_at(&records);
        let is_data = first.cells.iter().any(|cell| member::email(cell).is_some());
        let mut header = distinct(&first.cells);
        match known {
            Some(at) => {
                header = distinct(&records[at].cells);
                if at > 0 {
                    let row = records[at].row;
                    notes.push(format!("Row {row} names the columns; what stands above it was passed over."));
                }
                records.drain(..=at);
            }
            None if is_data => header = (0..first.cells.len()).map(unnamed).collect(),
            None => drop(records.remove(0)),
        }
        if let Some(record) = records.get(MAX_ROWS) {
            return Err(FileError::TooManyRows { line: record.line });
        }
        if records.is_empty() {
            return Err(FileError::NoRows);
        }
        // Spreadsheets write empty columns right of the last one.
        let used = |at: usize| records.iter().any(|row| row.cells.get(at).is_some_and(|cell| !cell.trim().is_empty()));
        while header.len() > 1 && header.last() == Some(&unnamed(header.len() - 1)) && !used(header.len() - 1) {
            header.pop();
        }
        Ok(Self { header, records, is_known: known.is_some(), is_doubtful: false, notes })
    }

    /// Whether a row names columns that are known; otherwise a person has to say what they are.
    pub fn is_known(&self) -> bool {
        self.is_known
    }

    /// Whether the file may well be meant in another encoding: a person should look at its names first.
    pub fn is_doubtful(&self) -> bool {
        self.is_doubtful
    }

    /// What was assumed to read the text and to find the header.
    pub(super) fn notes(&self) -> &[String] {
        &self.notes
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

/// The records of a text, as far as a file may have them.
fn read_all(text: &str, delimiter: u8, line: u64) -> Result<Vec<Record>, FileError> {
    let mut reader = Records::new(text, delimiter, line);
    let (mut records, mut names) = (Vec::new(), Vec::new());
    while let Some(record) = reader.next_filled(&names)? {
        if names.is_empty() && records.len() < HEADER_ROWS && is_header(&record.cells) {
            names = distinct(&record.cells);
        }
        records.push(record);
        if records.len() > MAX_ROWS + HEADER_ROWS {
            break;
        }
    }
    Ok(records)
}

/// How many different fields a row names; a list of `tag1`, `tag2` names one.
fn fields<'a>(cells: impl Iterator<Item = &'a str>) -> usize {
    cells.filter_map(headers::field_of).map(|(field, _)| field).collect::<HashSet<_>>().len()
}

/// The first of the rows that name most columns.
fn header_at(records: &[Record]) -> Option<usize> {
    let known = |record: &Record| fields(record.cells.iter().map(String::as_str));
    let mut best: Option<(usize, usize)> = None;
    for (at, record) in records.iter().take(HEADER_ROWS).enumerate().filter(|(_, record)| is_header(&record.cells)) {
        if best.is_none_or(|(_, most)| known(record) > most) {
            best = Some((at, known(record)));
        }
    }
    best.map(|(at, _)| at)
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

/// The delimiter under which most column names are known in one row; of equals, the one under which most rows are as
/// wide as that row, and wider than one cell.
pub(super) fn sniff(text: &str) -> u8 {
    let fit = |delimiter: &u8| {
        let sample = &text.as_bytes()[..text.len().min(SAMPLE.1)];
        let rows: Vec<_> = reader(sample, *delimiter).into_records().map_while(Result::ok).take(SAMPLE.0).collect();
        let known = |row: &csv::StringRecord| fields(row.iter().take(MAX_COLUMNS));
        let best = rows.iter().take(HEADER_ROWS).map(known).max().unwrap_or_default();
        let Some(header) = rows.iter().position(|row| known(row) == best) else { return (0, 0, 0) };
        let wide = rows[header].len();
        let even = if wide > 1 { rows[header + 1..].iter().filter(|row| row.len() == wide).count() } else { 0 };
        (best, even, wide)
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
