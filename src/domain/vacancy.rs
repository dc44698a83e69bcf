//! Vacancies: what candidates apply to. The partner API calls them jobs.

use chrono::{DateTime, Utc};

use super::ids::{OrganisationId, VacancyId};
use super::mode::Mode;

/// Whether a vacancy takes candidates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum VacancyStatus {
    /// Being prepared.
    Draft,
    /// Taking applications.
    Open,
    /// Filled or withdrawn.
    Closed,
}

impl VacancyStatus {
    /// Every status.
    pub const ALL: [VacancyStatus; 3] = [VacancyStatus::Draft, VacancyStatus::Open, VacancyStatus::Closed];

    /// `draft`, `open` or `closed`; also on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            VacancyStatus::Draft => "draft",
            VacancyStatus::Open => "open",
            VacancyStatus::Closed => "closed",
        }
    }

    /// As it stands on pages.
    pub fn label(self) -> &'static str {
        match self {
            VacancyStatus::Draft => "Draft",
            VacancyStatus::Open => "Open",
            VacancyStatus::Closed => "Closed",
        }
    }

    /// Reads what [`VacancyStatus::as_str`] wrote.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == text)
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
