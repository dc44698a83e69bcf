//! Vacancies: what candidates apply to. The partner API calls them jobs.

use chrono::{DateTime, Utc};

use super::ids::{OrganisationId, VacancyId};
use super::mode::Mode;
use super::words::words;

words! {
    /// Whether a vacancy takes candidates.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
    pub enum VacancyStatus {
        /// Being prepared.
        Draft = "draft", "Draft";
        /// Taking applications.
        Open = "open", "Open";
        /// Filled or withdrawn.
        Closed = "closed", "Closed";
    }
}

/// A position to fill.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vacancy {
    /// Its id; `job_…`.
    pub id: VacancyId,
    /// Whose.
    pub organisation_id: OrganisationId,
    /// In which world.
    pub mode: Mode,
    /// Its title.
    pub title: String,
    /// The team's own reference, such as `ENG-2026-114`.
    pub reference: Option<String>,
    /// Whether it takes candidates.
    pub status: VacancyStatus,
    /// Which department.
    pub department: Option<String>,
    /// Where, in words.
    pub location: Option<String>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}
