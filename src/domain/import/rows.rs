//! From records to drafts.

use std::borrow::Cow;

use super::clean;
use super::dates::Dates;
use super::parts::Parts;
use super::{Collector, Field, Mapping, Problem, Record, Rows, Table, Today, escapes, facts, values};

/// Reads every row: those that can be taken as drafts, and what is wrong as problems with row, name and column.
///
/// A row is left out when nobody can be told from it (no name that can be read, an id of which digits are lost), when it
/// has more cells than the header, when it repeats the external id or an e-mail address of a row before it, and when a
/// value cannot be read of which the mapping says so. Of every other such value only the value is left out. What a row
/// lacks at its end is empty.
pub fn read_rows(table: &Table, mapping: &Mapping, today: Today) -> Rows {
    let columns: Vec<Column<'_>> = (0..table.header().len())
        .filter(|index| mapping.field(*index) != Field::Ignore)
        .map(|index| Column::of(table, index, mapping, today))
        .collect();
    let mut collector = Collector::new(today);
    collector.rows.notes.extend_from_slice(table.notes());
    collector.rows.notes.extend(columns.iter().filter_map(|column| column.dates.as_ref()?.note(column.name)));
    let short = table.records().iter().filter(|record| record.cells.len() < table.header().len()).count();
    if short > 0 {
        let rows = if short == 1 { "1 row ends".to_owned() } else { format!("{short} rows end") };
        collector.rows.notes.push(format!("{rows} before the last column; what is missing there was taken as empty."));
    }
    let mut assumed = Assumed::default();
    for record in table.records() {
        read_record(record, table.header(), &columns, &mut assumed, &mut collector);
    }
    collector.rows.notes.extend(assumed.notes());
    collector.finish()
}

/// A column that is imported, with what its name and its other values say about how to read it.
pub(super) struct Column<'t> {
    pub index: usize,
    pub name: &'t str,
    pub field: Field,
    pub dates: Option<Dates>,
    pub scale: f64,
    pub last_first: bool,
    /// Whether a value that cannot be read costs the whole row.
    pub costs_row: bool,
}

/// What was done to cells without a word of theirs.
#[derive(Default)]
struct Assumed {
    /// How many were words for nothing, and the first.
    nothing: usize,
    first: Option<String>,
    is_escaped: bool,
}

impl Assumed {
    /// A cell as it is meant.
    fn meant<'c>(&mut self, cell: &'c str) -> Cow<'c, str> {
        let cell = clean::cell(cell);
        if !cell.trim().is_empty() && clean::is_nothing(cell) {
            self.nothing += 1;
            self.first.get_or_insert_with(|| values::shorten(cell));
        }
        match escapes::undone(cell) {
            Some(plain) => {
                self.is_escaped = true;
                Cow::Owned(plain)
            }
            None => Cow::Borrowed(cell),
        }
    }

    /// As sentences.
    fn notes(self) -> impl Iterator<Item = String> {
        let cells = if self.nothing == 1 { "1 cell was".to_owned() } else { format!("{} cells were", self.nothing) };
        let nothing = self.first.map(|first| format!("{cells} taken as empty, such as “{first}”."));
        nothing.into_iter().chain(self.is_escaped.then(|| escapes::NOTE.to_owned()))
    }
}

impl<'t> Column<'t> {
    fn of(table: &'t Table, index: usize, mapping: &Mapping, today: Today) -> Self {
        let field = mapping.field(index);
        let name = table.header()[index].as_str();
        let dates = || Dates::of(table.column(index), today).told_by(name);
        Self {
            index,
            name,
            field,
            dates: (field == Field::AppliedAt).then(dates),
            scale: facts::scale(name).unwrap_or_else(|| values::scale(table.column(index))),
            last_first: field == Field::FullName && facts::last_name_first(name),
            costs_row: field.is_name() || field == Field::ExternalId || mapping.costs_row(index),
        }
    }
}

fn read_record(
    record: &Record,
    header: &[String],
    columns: &[Column<'_>],
    assumed: &mut Assumed,
    collector: &mut Collector,
) {
    let filled = record.cells.iter().rposition(|cell| !cell.trim().is_empty()).map_or(0, |last| last + 1);
    if filled > header.len() {
        let message =
            format!("has {filled} cells where the header has {}; is a quote or a delimiter missing?", header.len());
        return collector.take(None, vec![Problem::of_row(record.row, message)]);
    }
    let mut parts = Parts::default();
    let mut problems = Vec::new();
    let mut nobody = false;
    for column in columns {
        let cell = record.cells.get(column.index).map_or("", String::as_str);
        if let Err(message) = parts.read(column, &assumed.meant(cell)) {
            problems.push(Problem::of_cell(record.row, column.name, message));
            nobody |= column.costs_row;
        }
    }
    collector.settle(parts.draft(record.row), record.row, problems, nobody);
}
