//! From records to drafts.

use chrono_tz::Tz;

use super::dates::Dates;
use super::names::Name;
use super::values::{self, Read};
use super::{Collector, Draft, Field, LONGEST_LIST, Mapping, Problem, Record, Rows, Table};
use crate::domain::candidate::{Answer, Experience, Profile, Qualification, Rating, Review};

/// Reads every row: those that can be taken as drafts, the others as problems with line and column.
///
/// Times without an offset are those of `time_zone`. A row is left out when it has too few or too many cells, when a
/// value cannot be read, when it has no name, and when it repeats the external id or an e-mail address of a row before
/// it.
pub fn read_rows(table: &Table, mapping: &Mapping, time_zone: Tz) -> Rows {
    let columns: Vec<Column<'_>> = (0..table.header().len())
        .filter(|index| mapping.field(*index) != Field::Ignore)
        .map(|index| Column::of(table, index, mapping.field(index), time_zone))
        .collect();
    let mut collector = Collector::default();
    collector.rows.notes = columns.iter().filter_map(|column| column.dates.as_ref()?.note(column.name)).collect();
    for record in table.records() {
        collector.take(read_record(record, table.header(), &columns));
    }
    collector.finish()
}

/// A column that is imported, with what its other values say about how to read it.
struct Column<'t> {
    index: usize,
    name: &'t str,
    field: Field,
    dates: Option<Dates>,
    scale: f64,
}

impl<'t> Column<'t> {
    fn of(table: &'t Table, index: usize, field: Field, zone: Tz) -> Self {
        let name = table.header()[index].as_str();
        // `Created At (GMT)`
        let in_utc = ["(gmt)", "(utc)"].iter().any(|zone| name.to_lowercase().contains(zone));
        let zone = if in_utc { Tz::UTC } else { zone };
        Self {
            index,
            name,
            field,
            dates: (field == Field::AppliedAt).then(|| Dates::of(table.column(index), zone)),
            scale: values::scale(table.column(index)),
        }
    }
}

fn read_record(record: &Record, header: &[String], columns: &[Column<'_>]) -> Result<Draft, Vec<Problem>> {
    let filled = record.cells.iter().rposition(|cell| !cell.trim().is_empty()).map_or(0, |last| last + 1);
    if filled > header.len() || record.cells.len() < header.len() {
        let found = filled.max(record.cells.len().min(header.len()));
        let cells = if found == 1 { "1 cell".to_owned() } else { format!("{found} cells") };
        let message = format!("has {cells} where the header has {}; is a quote or a delimiter missing?", header.len());
        return Err(vec![Problem::of_row(record.line, message)]);
    }
    let mut parts = Parts::default();
    let mut problems = Vec::new();
    let mut name_is_wrong = false;
    for column in columns {
        let cell = record.cells.get(column.index).map_or("", String::as_str);
        if let Err(message) = parts.read(column, cell) {
            problems.push(Problem::of_cell(record.line, column.name, message));
            name_is_wrong |= column.field.is_name();
        }
    }
    settle(parts.draft(record.line), record.line, problems, name_is_wrong)
}

/// A draft without problems, or the problems. That there is no name is one, unless a name that cannot be read is why.
pub(super) fn settle(
    draft: Option<Draft>,
    line: u64,
    mut problems: Vec<Problem>,
    name_is_wrong: bool,
) -> Result<Draft, Vec<Problem>> {
    match draft {
        Some(draft) if problems.is_empty() => return Ok(draft),
        None if !name_is_wrong => problems.push(Problem::of_row(line, "has no name; give a first, last or full name")),
        _ => {}
    }
    Err(problems)
}

/// What is known of a row while its cells are read.
#[derive(Default)]
struct Parts {
    external_id: Option<String>,
    name: Name,
    profile: Profile,
    position: (Option<String>, Option<String>),
    degree: (Option<String>, Option<String>),
    applied_at: Option<chrono::DateTime<chrono::Utc>>,
    source: Option<String>,
    status: Option<String>,
    stage: Option<String>,
    review: Review,
}

impl Parts {
    fn read(&mut self, column: &Column<'_>, cell: &str) -> Read<()> {
        let profile = &mut self.profile;
        match column.field {
            Field::Ignore => {}
            Field::ExternalId => self.external_id = values::identifier(cell)?,
            Field::FirstName => self.name.first = values::line(cell)?,
            Field::LastName => self.name.last = values::line(cell)?,
            Field::FullName => self.name.full = values::line(cell)?,
            Field::Email => {
                let emails = values::emails(cell, values::contact_kind(column.name))?;
                append(&mut profile.emails, emails, |known, new| known.value == new.value)?;
            }
            Field::Phone => {
                let phones = values::phones(cell, values::contact_kind(column.name))?;
                append(&mut profile.phones, phones, |known, new| known.value == new.value)?;
            }
            Field::Location => place(&mut profile.location, values::present(cell)?),
            Field::LinkedIn => append(&mut profile.links, values::links(cell, Some("linkedin"))?, PartialEq::eq)?,
            Field::Website => append(&mut profile.links, values::links(cell, None)?, PartialEq::eq)?,
            Field::AppliedAt => {
                let (Some(text), Some(dates)) = (values::present(cell)?, &column.dates) else { return Ok(()) };
                self.applied_at = Some(dates.read(&text)?);
            }
            Field::Source => self.source = values::present(cell)?,
            Field::Status => self.status = values::status(cell)?,
            Field::Stage => self.stage = values::present(cell)?,
            Field::Skills => words(&mut profile.skills, cell)?,
            Field::Tags => words(&mut profile.tags, cell)?,
            Field::Languages => {
                let languages = values::each(values::parts(cell), values::language)?;
                append(&mut profile.languages, languages, |known, new| same_word(&known.language, &new.language))?;
            }
            Field::Company => self.position.0 = values::present(cell)?,
            Field::Title => self.position.1 = values::present(cell)?,
            Field::Qualification => self.degree.0 = values::present(cell)?,
            Field::Institution => self.degree.1 = values::present(cell)?,
            Field::Rating => {
                if let Some(text) = values::present(cell)? {
                    let (score, max) = values::rating(&text, column.scale)?;
                    self.review.ratings.push(Rating { criterion: column.name.to_owned(), score, max });
                }
            }
            Field::Answer => {
                let answer = values::text(cell);
                if !answer.is_empty() {
                    self.review.answers.push(Answer { question: column.name.to_owned(), answer });
                }
            }
        }
        Ok(())
    }

    fn draft(self, line: u64) -> Option<Draft> {
        let (first_name, last_name, full_name, names) = self.name.complete()?;
        let mut profile = Profile { first_name, last_name, full_name, ..self.profile };
        // A company without a title, or a school without a degree, is still worth knowing.
        if let (company, title) = self.position
            && (company.is_some() || title.is_some())
        {
            profile.experience.push(Experience { company, title: title.unwrap_or_default(), from: None, to: None });
        }
        if let (title, institution) = self.degree
            && (title.is_some() || institution.is_some())
        {
            profile.qualifications.push(Qualification { title: title.unwrap_or_default(), institution, year: None });
        }
        Some(Draft {
            line,
            external_id: self.external_id,
            profile,
            names,
            applied_at: self.applied_at,
            source: self.source,
            status: self.status,
            stage: self.stage,
            review: self.review,
        })
    }
}

/// Whether two words of a list are one.
pub(super) fn same_word(known: &str, new: &str) -> bool {
    known.to_lowercase() == new.to_lowercase()
}

/// Adds the words of a cell.
fn words(list: &mut Vec<String>, cell: &str) -> Read<()> {
    append(list, values::each(values::parts(cell), values::word)?, |known, new| same_word(known, new))
}

/// Adds what is not there yet, as far as a list may grow.
fn append<T>(list: &mut Vec<T>, new: Vec<T>, same: impl Fn(&T, &T) -> bool) -> Read<()> {
    for value in new {
        if !list.iter().any(|known| same(known, &value)) {
            list.push(value);
        }
    }
    if list.len() > LONGEST_LIST { Err(format!("holds more than {LONGEST_LIST} values")) } else { Ok(()) }
}

/// City and country are one location; what it says already is not said again.
fn place(location: &mut Option<String>, new: Option<String>) {
    let Some(new) = new else { return };
    *location = Some(match location.take() {
        Some(known) if known.to_lowercase().contains(&new.to_lowercase()) => known,
        Some(known) => format!("{known}, {new}"),
        None => new,
    });
}
