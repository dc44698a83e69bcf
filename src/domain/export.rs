//! Exports: candidates of a vacancy sent to one hook in one request (A4, A5, B8).

use chrono::{DateTime, Utc};

use super::candidate::{Applicant, Candidate};
use super::hook::FieldSet;
use super::ids::{CandidateId, DeliveryId, EventId, ExportId, HookId, MemberId, OrganisationId, VacancyId};
use super::mode::Mode;
use super::words::words;

/// How many candidates one export may carry; above it is refused with this number.
pub const MAX_CANDIDATES: usize = 500;

words! {
    /// Why a ticked candidate stays out of an export.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
    pub enum Exclusion {
        /// They withdrew their consent.
        ConsentWithdrawn = "consent_withdrawn", "Consent withdrawn";
        /// The hook has them already, or is being sent them, and nothing about them has changed since.
        AlreadySent = "already_sent", "Already sent";
    }
}

impl Exclusion {
    /// Why this candidate stays out, if they do.
    pub fn of(candidate: &Candidate) -> Option<Self> {
        candidate.consent_withdrawn_at.map(|_| Exclusion::ConsentWithdrawn)
    }
}

/// What becomes of those whom the hook has already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SentBefore {
    /// They stay out.
    LeftOut,
    /// They are sent once more.
    Again,
}

/// The ticked candidates, parted into those who are sent and those who stay out.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Selection {
    /// Who is sent.
    pub included: Vec<Applicant>,
    /// Who stays out, and why.
    pub excluded: Vec<(Applicant, Exclusion)>,
}

impl Selection {
    /// Parts the ticked.
    pub fn of(ticked: Vec<Applicant>) -> Self {
        let mut selection = Selection::default();
        for applicant in ticked {
            match Exclusion::of(&applicant.candidate) {
                Some(reason) => selection.excluded.push((applicant, reason)),
                None => selection.included.push(applicant),
            }
        }
        selection
    }

    /// The same, with those left out who were sent at this time at the latest and have not changed since.
    pub fn without_those_sent(self, sent: impl Fn(&CandidateId) -> Option<DateTime<Utc>>) -> Self {
        let Selection { included, mut excluded } = self;
        let unchanged = |one: &Applicant| {
            let changed = one.candidate.updated_at.max(one.application.updated_at);
            sent(&one.candidate.id).is_some_and(|at| changed <= at)
        };
        let (known, included): (Vec<_>, Vec<_>) = included.into_iter().partition(unchanged);
        excluded.extend(known.into_iter().map(|one| (one, Exclusion::AlreadySent)));
        Self { included, excluded }
    }
}

/// An export that was confirmed. How it went is its delivery's to say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Export {
    /// Its id.
    pub id: ExportId,
    /// Whose.
    pub organisation_id: OrganisationId,
    /// In which world.
    pub mode: Mode,
    /// Candidates of what.
    pub vacancy_id: VacancyId,
    /// To whom.
    pub hook_id: HookId,
    /// The event it became.
    pub event_id: EventId,
    /// The delivery that carries it.
    pub delivery_id: DeliveryId,
    /// Who confirmed it.
    pub requested_by: MemberId,
    /// How much of each candidate it carries.
    pub field_set: FieldSet,
    /// How many candidates it carries.
    pub candidate_count: u32,
    /// Who was ticked but left out, and why.
    pub excluded: Vec<(CandidateId, Exclusion)>,
    /// When it was confirmed.
    pub created_at: DateTime<Utc>,
}
