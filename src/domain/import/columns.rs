//! What each column means.

use std::collections::HashMap;

use super::headers::{field_of, is_plain_name, is_question, is_state};
use crate::domain::words::words;

words! {
    /// What a column can hold.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
    pub enum Field {
        /// Nothing that is imported.
        Ignore = "ignore", "Do not import";
        /// Our own id, in files that were downloaded here.
        HirewireId = "hirewire_id", "Hirewire id";
        /// The id the other system knows the candidate by.
        ExternalId = "external_id", "External id";
        /// Given name.
        FirstName = "first_name", "First name";
        /// Family name.
        LastName = "last_name", "Last name";
        /// The name in one piece.
        FullName = "full_name", "Full name";
        /// One or more e-mail addresses.
        Email = "email", "E-mail";
        /// One or more phone numbers.
        Phone = "phone", "Phone";
        /// Where they live; several columns (city, country) become one text.
        Location = "location", "Location";
        /// A LinkedIn profile.
        LinkedIn = "linkedin", "LinkedIn";
        /// Other profiles and portfolios.
        Website = "website", "Website";
        /// When they applied.
        AppliedAt = "applied_at", "Applied on";
        /// Through what they applied.
        Source = "source", "Source";
        /// Active, hired, rejected …
        Status = "status", "Status";
        /// Where they stand in the pipeline.
        Stage = "stage", "Stage";
        /// Skills, as words.
        Skills = "skills", "Skills";
        /// Languages, each with a level if it is told: `German (C1)`.
        Languages = "languages", "Languages";
        /// The team's labels.
        Tags = "tags", "Tags";
        /// The company of the current position.
        Company = "company", "Current company";
        /// The title of the current position.
        Title = "title", "Current title";
        /// A degree or certificate.
        Qualification = "qualification", "Qualification";
        /// Who awarded it.
        Institution = "institution", "Institution";
        /// Points; the column's name is the criterion.
        Rating = "rating", "Rating";
        /// An answer of the application form; the column's name is the question.
        Answer = "answer", "Answer to a question";
    }
}

impl Field {
    /// Whether several columns may hold it.
    pub fn is_repeatable(self) -> bool {
        use Field::*;
        matches!(
            self,
            Ignore | Email | Phone | Location | LinkedIn | Website | Skills | Languages | Tags | Rating | Answer
        )
    }

    /// Whether it tells one person from another.
    pub(super) fn tells_apart(self) -> bool {
        self.is_name() || matches!(self, Field::ExternalId | Field::Email)
    }

    /// Whether it gives a candidate a name.
    pub(super) fn is_name(self) -> bool {
        matches!(self, Field::FirstName | Field::LastName | Field::FullName)
    }
}

/// Which field each column holds, and which columns cost a whole row when a value of theirs cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mapping {
    fields: Vec<Field>,
    costly: Vec<usize>,
}

/// Why a choice of fields does not work.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MappingError {
    /// No column gives a name.
    #[error("Choose a column for the full name, or for the first and last name")]
    NoName,
    /// Two columns for a field that takes one.
    #[error("{} is chosen for both “{first}” and “{second}”; choose it once", field.label())]
    Twice {
        /// The field.
        field: Field,
        /// The column it was chosen for first.
        first: String,
        /// The other column.
        second: String,
    },
    /// A key that no field has.
    #[error("Choose a field from the list for “{column}”")]
    UnknownField {
        /// The column's name.
        column: String,
    },
    /// A column that the file does not have.
    #[error("The file has no column {}; choose the file again", index + 1)]
    UnknownColumn {
        /// Which, from 0.
        index: usize,
    },
}

impl Mapping {
    /// What the names of the columns tell; columns of unknown names are ignored.
    ///
    /// Two columns that tell the same field are both taken if the field is repeatable; else the better name wins, and
    /// of equals the first.
    pub fn guess(header: &[String]) -> Self {
        let mut told: Vec<Option<(Field, usize)>> = header.iter().map(|name| field_of(name)).collect();
        let has = |told: &[Option<(Field, usize)>], wanted| told.iter().flatten().any(|(field, _)| *field == wanted);
        if has(&told, Field::FirstName)
            && !has(&told, Field::LastName)
            && let Some(at) = header.iter().position(|name| is_plain_name(name))
        {
            told[at] = Some((Field::LastName, 0));
        }
        // A state beside a city; alone it may be that of an application.
        let has_place = has(&told, Field::Location);
        let mut best: HashMap<Field, (usize, usize)> = HashMap::new();
        for (at, (field, rank)) in told.iter().enumerate().filter_map(|(at, told)| Some((at, (*told)?))) {
            let place = best.entry(field).or_insert((rank, at));
            *place = (*place).min((rank, at));
        }
        let fields = told.into_iter().zip(header).enumerate().map(|(at, (told, name))| match told {
            Some((field, _)) if field.is_repeatable() || best.get(&field).is_some_and(|(_, best)| *best == at) => field,
            None if is_question(name) => Field::Answer,
            None if is_state(name) && has_place => Field::Location,
            _ => Field::Ignore,
        });
        Self { fields: fields.collect(), costly: Vec::new() }
    }

    /// Reads what a person chose: the columns' places, from 0, with [`Field::as_str`]; columns left out are ignored.
    pub fn from_form<'a>(
        header: &[String],
        chosen: impl IntoIterator<Item = (usize, &'a str)>,
    ) -> Result<Self, MappingError> {
        let mut mapping = Self { fields: vec![Field::Ignore; header.len()], costly: Vec::new() };
        for (index, key) in chosen {
            let column = header.get(index).ok_or(MappingError::UnknownColumn { index })?;
            mapping.fields[index] =
                Field::parse(key).ok_or_else(|| MappingError::UnknownField { column: column.clone() })?;
        }
        mapping.check(header)?;
        Ok(mapping)
    }

    /// Whether candidates can be read with it; a guess may lack the name.
    pub fn check(&self, header: &[String]) -> Result<(), MappingError> {
        let mut taken: HashMap<Field, &String> = HashMap::new();
        for (field, column) in self.fields.iter().zip(header).filter(|(field, _)| !field.is_repeatable()) {
            if let Some(first) = taken.insert(*field, column) {
                return Err(MappingError::Twice { field: *field, first: first.clone(), second: column.clone() });
            }
        }
        if taken.keys().any(|field| field.is_name()) { Ok(()) } else { Err(MappingError::NoName) }
    }

    /// With these columns costing the whole row where a value of theirs cannot be read; of others only the value is left out.
    pub fn leaving_rows_out(self, costly: Vec<usize>) -> Self {
        Self { costly, ..self }
    }

    /// Whether a value of a column that cannot be read costs the whole row.
    pub fn costs_row(&self, column: usize) -> bool {
        self.costly.contains(&column)
    }

    /// What a column holds, by its place from 0.
    pub fn field(&self, column: usize) -> Field {
        self.fields.get(column).copied().unwrap_or(Field::Ignore)
    }
}
