//! From records to drafts.

use super::clean;
use super::dates::Dates;
use super::parts::Parts;
use super::{Collector, Field, Mapping, Problem, Record, Rows, Table, Today, facts, values};

/// Reads every row: those that can be taken as drafts, and what is wrong as problems with line, name and column.
///
/// A row is left out when nobody can be told from it (no name that can be read, an id of which digits are lost), when it
/// has more cells than the header, and when it repeats the external id or an e-mail address of a row before it. Of every
/// other value that cannot be read only the value is left out. What a row lacks at its end is empty.
pub fn read_rows(table: &Table, mapping: &Mapping, today: Today) -> Rows {
    let columns: Vec<Column<'_>> = (0..table.header().len())
        .filter(|index| mapping.field(*index) != Field::Ignore)
        .map(|index| Column::of(table, index, mapping.field(index), today))
        .collect();
    let mut collector = Collector::new(today);
    collector.rows.notes.extend_from_slice(table.notes());
    collector.rows.notes.extend(columns.iter().filter_map(|column| column.dates.as_ref()?.note(column.name)));
    let short = table.records().iter().filter(|record| record.cells.len() < table.header().len()).count();
    if short > 0 {
        let rows = if short == 1 { "1 row ends".to_owned() } else { format!("{short} rows end") };
        collector.rows.notes.push(format!("{rows} before the last column; what is missing there was taken as empty."));
    }
    for record in table.records() {
        read_record(record, table.header(), &columns, &mut collector);
    }
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
}

impl<'t> Column<'t> {
    fn of(table: &'t Table, index: usize, field: Field, today: Today) -> Self {
        let name = table.header()[index].as_str();
        let dates = || Dates::of(table.column(index), today).told_by(name);
        Self {
            index,
            name,
            field,
            dates: (field == Field::AppliedAt).then(dates),
            scale: facts::scale(name).unwrap_or_else(|| values::scale(table.column(index))),
            last_first: field == Field::FullName && facts::last_name_first(name),
        }
    }
}

fn read_record(record: &Record, header: &[String], columns: &[Column<'_>], collector: &mut Collector) {
    let filled = record.cells.iter().rposition(|cell| !cell.trim().is_empty()).map_or(0, |last| last + 1);
    if filled > header.len() {
        let message =
            format!("has {filled} cells where the header has {}; is a quote or a delimiter missing?", header.len());
        return collector.take(None, vec![Problem::of_row(record.line, message)]);
    }
    let mut parts = Parts::default();
    let mut problems = Vec::new();
    let mut nobody = false;
    for column in columns {
        let cell = record.cells.get(column.index).map_or("", String::as_str);
        if let Err(message) = parts.read(column, clean::cell(cell)) {
            problems.push(Problem::of_cell(record.line, column.name, message));
            nobody |= column.field.is_name() || column.field == Field::ExternalId;
        }
    }
    collector.settle(parts.draft(record.line), record.line, problems, nobody);
}
