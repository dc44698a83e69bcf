//! The cells of one row, gathered into a draft.

use super::names::Name;
use super::rows::Column;
use super::values::{self, Read};
use super::{Draft, Field, MAX_LIST_LEN, contacts};
use crate::domain::candidate::{Answer, Experience, Profile, Qualification, Rating, Review};
use crate::domain::ids::CandidateId;

/// What is known of a row while its cells are read.
#[derive(Default)]
pub(super) struct Parts {
    known_as: Option<CandidateId>,
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
    /// Reads a cell; what is wrong with it is a sentence, and nothing of it is taken then.
    pub fn read(&mut self, column: &Column<'_>, cell: &str) -> Read<()> {
        let profile = &mut self.profile;
        match column.field {
            Field::Ignore => {}
            Field::HirewireId => self.known_as = values::identifier(cell)?.and_then(|id| id.parse().ok()),
            Field::ExternalId => self.external_id = values::identifier(cell)?,
            Field::FirstName => self.name.first = values::name(cell)?,
            Field::LastName => self.name.last = values::name(cell)?,
            Field::FullName => {
                self.name.full = values::name(cell)?;
                self.name.last_first = column.last_first;
            }
            Field::Email => {
                let emails = contacts::emails(cell, contacts::contact_kind(column.name))?;
                append(&mut profile.emails, emails, |known, new| known.value == new.value)?;
            }
            Field::Phone => {
                let phones = contacts::phones(cell, contacts::contact_kind(column.name))?;
                append(&mut profile.phones, phones, |known, new| known.value == new.value)?;
            }
            Field::Location => place(&mut profile.location, values::present(cell)?),
            Field::LinkedIn => append(&mut profile.links, contacts::links(cell, Some("linkedin"))?, PartialEq::eq)?,
            Field::Website => append(&mut profile.links, contacts::links(cell, None)?, PartialEq::eq)?,
            Field::AppliedAt => {
                let (Some(text), Some(dates)) = (values::present(cell)?, &column.dates) else { return Ok(()) };
                self.applied_at = dates.present(&text)?;
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

    /// What the row tells; `None` without a name.
    pub fn draft(self, row: u64) -> Option<Draft> {
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
            row,
            known_as: self.known_as,
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
    let before = list.len();
    for value in new {
        if !list.iter().any(|known| same(known, &value)) {
            list.push(value);
        }
    }
    if list.len() > MAX_LIST_LEN {
        list.truncate(before);
        return Err(format!("holds more than {MAX_LIST_LEN} values"));
    }
    Ok(())
}

/// City, state and country are one location; a part of it that is there already is not said again.
fn place(location: &mut Option<String>, new: Option<String>) {
    let Some(new) = new else { return };
    let parts = |text: &str| text.split(',').map(|part| part.trim().to_lowercase()).collect::<Vec<_>>();
    *location = Some(match location.take() {
        Some(known) if parts(&new).iter().all(|part| parts(&known).contains(part)) => known,
        Some(known) => format!("{known}, {new}"),
        None => new,
    });
}
