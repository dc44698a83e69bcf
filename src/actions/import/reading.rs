//! From the bytes of a file to drafts, by way of a mapping that is guessed or chosen.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use super::assumed::Defaults;
use super::{Choice, Chosen, Column, MAX_PROBLEMS, Preview};
use crate::actions::{ActionError, Result};
use crate::domain::import::{
    Field, FileError, Mapping, MappingError, Remarks, Rows, Table, Today, is_json, is_our_remark, of_json, of_table,
    read_json, read_rows,
};

/// So many values of a column are shown as examples, each cut to so many characters.
const EXAMPLES: (usize, usize) = (3, 60);
/// A file's name is kept up to this many characters.
const MAX_NAME_LEN: usize = 200;

/// Whether a file can be read, and whether nobody needs to be asked what its columns mean.
pub(super) fn look(bytes: &[u8], now: DateTime<Utc>) -> Result<bool, FileError> {
    if is_json(bytes) {
        // The time zone changes no verdict on the file as a whole.
        return read_json(bytes, Today { zone: Tz::UTC, now }).map(|_| true);
    }
    let table = Table::read(bytes)?;
    let mapping = Mapping::guess(table.header());
    let known = |at: usize| {
        let name = &table.header()[at];
        mapping.field(at) != Field::Ignore || is_our_remark(name) || table.column(at).next().is_none()
    };
    Ok(table.is_known()
        && !table.is_doubtful()
        && mapping.check(table.header()).is_ok()
        && (0..table.header().len()).all(known))
}

/// What would come of a file under these columns.
pub(super) fn preview(bytes: &[u8], chosen: &Chosen, today: Today) -> Result<Preview, FileError> {
    if is_json(bytes) {
        return Ok(Preview::of(read_json(bytes, today)?));
    }
    let table = Table::read(bytes)?;
    let (mapping, refusal) = match mapping(&table, chosen) {
        Ok(mapping) => (mapping, None),
        Err(error) => (Mapping::guess(table.header()), Some(error.to_string())),
    };
    let refusal = refusal.or_else(|| mapping.check(table.header()).err().map(|error| error.to_string()));
    let columns = table.header().iter().enumerate().map(|(at, name)| Column {
        name: name.clone(),
        // What was chosen stands on the page again, even where it cannot be taken.
        field: chosen_for(chosen, at).unwrap_or(mapping.field(at)),
        costs_row: chosen.as_ref().is_some_and(|choice| choice.whole_rows.contains(&at)),
        examples: examples(&table, at),
    });
    let rows = if refusal.is_none() { read_rows(&table, &mapping, today) } else { Rows::default() };
    Ok(Preview { columns: columns.collect(), refusal, ..Preview::of(rows) })
}

impl Preview {
    fn of(rows: Rows) -> Self {
        let of = |kept: bool| rows_of(rows.problems.iter().filter(|one| one.is_kept == kept).map(|one| one.row));
        let (bad, partly) = (of(false), of(true));
        let problems = rows.problems.into_iter().take(MAX_PROBLEMS).collect();
        let mut defaults = Defaults::default();
        rows.drafts.iter().for_each(|draft| defaults.count(draft));
        let notes = rows.notes.into_iter().chain(defaults.notes()).collect();
        Self { good: rows.drafts.len(), bad, partly, problems, notes, ..Self::default() }
    }
}

/// A file that was read.
pub(super) struct File {
    /// What it holds.
    pub rows: Rows,
    /// Its columns by name, and what each was taken for; none in JSON.
    pub columns: Vec<(String, String)>,
    /// It itself.
    pub source: Source,
}

/// Where the rows came from.
pub(super) enum Source {
    Table(Table),
    Json(Vec<u8>),
}

impl Source {
    /// The rows of which there is something to say, as a file to correct.
    pub fn left_out(&self, remarks: &Remarks) -> Vec<u8> {
        match self {
            Source::Table(table) => of_table(table, remarks),
            // It could be read before.
            Source::Json(bytes) => of_json(bytes, remarks).unwrap_or_default(),
        }
    }
}

/// The drafts of a file under these columns, and what each column is taken for.
pub(super) fn read(bytes: Vec<u8>, chosen: &Chosen, today: Today) -> Result<File> {
    let refused = |error: FileError| ActionError::field("file", error);
    if is_json(&bytes) {
        let rows = read_json(&bytes, today).map_err(refused)?;
        return Ok(File { rows, columns: Vec::new(), source: Source::Json(bytes) });
    }
    let table = Table::read(&bytes).map_err(refused)?;
    let mapping = mapping(&table, chosen)
        .and_then(|mapping| mapping.check(table.header()).map(|()| mapping))
        .map_err(|error| ActionError::field(place(&table, &error), error))?;
    let columns = table.header().iter().enumerate();
    let columns = columns.map(|(at, name)| (name.clone(), mapping.field(at).as_str().to_owned())).collect();
    Ok(File { rows: read_rows(&table, &mapping, today), columns, source: Source::Table(table) })
}

fn mapping(table: &Table, chosen: &Chosen) -> Result<Mapping, MappingError> {
    match chosen {
        None => Ok(Mapping::guess(table.header())),
        Some(Choice { fields, whole_rows }) => {
            let mapping = Mapping::from_form(table.header(), fields.iter().map(|(at, key)| (*at, key.as_str())));
            mapping.map(|mapping| mapping.leaving_rows_out(whole_rows.clone()))
        }
    }
}

fn chosen_for(chosen: &Chosen, column: usize) -> Option<Field> {
    let chosen = chosen.as_ref()?.fields.iter().find(|(at, _)| *at == column);
    Some(chosen.and_then(|(_, key)| Field::parse(key)).unwrap_or(Field::Ignore))
}

/// The field of the form that a refusal is about.
fn place(table: &Table, error: &MappingError) -> String {
    let named = match error {
        MappingError::NoName => None,
        MappingError::Twice { second: column, .. } | MappingError::UnknownField { column } => Some(column),
        MappingError::UnknownColumn { .. } => None,
    };
    let at = named.and_then(|named| table.header().iter().position(|name| name == named)).unwrap_or_default();
    format!("column-{at}")
}

fn examples(table: &Table, column: usize) -> Vec<String> {
    let mut examples: Vec<String> = Vec::new();
    for value in table.column(column) {
        let line: String = value.split_whitespace().collect::<Vec<_>>().join(" ");
        let short: String = line.chars().take(EXAMPLES.1).collect();
        let short = if short.len() < line.len() { format!("{short}…") } else { short };
        if !examples.contains(&short) {
            examples.push(short);
        }
        if examples.len() == EXAMPLES.0 {
            break;
        }
    }
    examples
}

/// How many different rows there are.
pub(super) fn rows_of(rows: impl Iterator<Item = u64>) -> usize {
    let mut rows: Vec<u64> = rows.collect();
    rows.sort_unstable();
    rows.dedup();
    rows.len()
}

/// The last part of what a browser calls the file, without anything that could confuse a page.
pub(super) fn file_name(told: &str) -> String {
    let last = told.rsplit(['/', '\\']).next().unwrap_or_default();
    let plain: String = last.chars().filter(|c| !c.is_control()).take(MAX_NAME_LEN).collect();
    let plain = plain.trim();
    if plain.is_empty() { "file".to_owned() } else { plain.to_owned() }
}
