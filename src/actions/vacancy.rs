//! Vacancies: created by hand.

use super::{ActionError, Context, FieldError, Result, Viewer, line};
use crate::domain::ids::VacancyId;
use crate::domain::vacancy::{Vacancy, VacancyStatus};
use crate::store;

/// What was typed into the form of a new vacancy.
#[derive(Debug, Clone, Default)]
pub struct NewVacancy {
    /// Its title.
    pub title: String,
    /// The team's own reference.
    pub reference: String,
    /// Which department.
    pub department: String,
    /// Where.
    pub location: String,
    /// Names this filling of the form: pressing twice makes one vacancy.
    pub token: String,
}

/// Creates an open vacancy in the viewer's mode.
pub async fn create(context: &Context, viewer: &Viewer, form: NewVacancy) -> Result<VacancyId> {
    let mut errors = Vec::new();
    let mut read = |field: &str, typed: &str| {
        line(field, typed, 200).unwrap_or_else(|error| {
            errors.push(error);
            None
        })
    };
    let title = read("title", &form.title);
    let (reference, department, location) =
        (read("reference", &form.reference), read("department", &form.department), read("location", &form.location));
    let Some(title) = title.filter(|_| errors.is_empty()) else {
        if errors.is_empty() {
            errors.push(FieldError::new("title", "Enter the title of the vacancy"));
        }
        return Err(ActionError::Invalid(errors));
    };
    let created = context.transact_once(viewer, &form.token, move |tx| {
        let vacancy = Vacancy {
            id: VacancyId::new(tx.now),
            organisation_id: tx.viewer.organisation.id.clone(),
            mode: tx.viewer.mode,
            title,
            reference,
            status: VacancyStatus::Open,
            department,
            location,
            created_at: tx.now,
            updated_at: tx.now,
        };
        store::vacancy::insert(tx.conn, &vacancy)?;
        Ok(vacancy.id)
    });
    created.await
}
