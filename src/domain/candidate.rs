//! Candidates and their applications: what an export carries (A5).

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::ids::{ApplicationId, CandidateId, OrganisationId, VacancyId};
use super::mode::Mode;

/// A person who applied. One record in an organisation and mode, however many vacancies they apply to.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    /// Their id.
    pub id: CandidateId,
    /// Whose.
    pub organisation_id: OrganisationId,
    /// In which world.
    pub mode: Mode,
    /// The id another system knows them by; unique in an organisation and mode.
    pub external_id: Option<String>,
    /// Their names, contact and history.
    pub profile: Profile,
    /// When they withdrew their consent; they are then left out of exports.
    pub consent_withdrawn_at: Option<DateTime<Utc>>,
    /// When they were added.
    pub created_at: DateTime<Utc>,
    /// When they last changed.
    pub updated_at: DateTime<Utc>,
}

/// What is known of a candidate; stored as one JSON document, in the names of the wire.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Profile {
    /// Given name.
    pub first_name: Option<String>,
    /// Family name.
    pub last_name: Option<String>,
    /// As they write it; never empty.
    pub full_name: String,
    /// E-mail addresses, the main one first.
    pub emails: Vec<Contact>,
    /// Phone numbers, the main one first.
    pub phones: Vec<Contact>,
    /// Where they live, in words.
    pub location: Option<String>,
    /// Profiles and portfolios.
    pub links: Vec<Contact>,
    /// Degrees and certificates.
    pub qualifications: Vec<Qualification>,
    /// Positions held.
    pub experience: Vec<Experience>,
    /// Skills, as words.
    pub skills: Vec<String>,
    /// Languages and how well.
    pub languages: Vec<Language>,
    /// The team's own labels.
    pub tags: Vec<String>,
}

impl Profile {
    /// The main e-mail address.
    pub fn email(&self) -> Option<&str> {
        self.emails.first().map(|contact| contact.value.as_str())
    }
}

/// An e-mail address, phone number or link with what kind it is (`work`, `home`, `linkedin` …).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Contact {
    /// What kind it is.
    #[serde(rename = "type")]
    pub kind: String,
    /// The address, number or URL.
    pub value: String,
}

/// A degree or certificate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Qualification {
    /// What it is.
    pub title: String,
    /// From whom.
    pub institution: Option<String>,
    /// In which year.
    pub year: Option<i32>,
}

/// A position held.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Experience {
    /// At which company.
    pub company: Option<String>,
    /// As what.
    pub title: String,
    /// Since when, as `YYYY` or `YYYY-MM`.
    pub from: Option<String>,
    /// Until when; `None` is today or unknown.
    pub to: Option<String>,
}

/// A language and its level.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Language {
    /// Which.
    pub language: String,
    /// How well, in the team's own terms.
    pub level: Option<String>,
}

/// A candidate's application to one vacancy.
#[derive(Debug, Clone, PartialEq)]
pub struct Application {
    /// Its id.
    pub id: ApplicationId,
    /// Whose.
    pub candidate_id: CandidateId,
    /// To what.
    pub vacancy_id: VacancyId,
    /// When they applied.
    pub applied_at: DateTime<Utc>,
    /// Through what: careers page, referral …
    pub source: Option<String>,
    /// `active`, `hired`, `rejected` or what the other system says.
    pub status: String,
    /// Where they stand in the pipeline.
    pub stage: String,
    /// What was judged and answered.
    pub review: Review,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

/// What was judged and answered in an application; stored as one JSON document.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Review {
    /// Free-text answers; only the field set *full* carries them.
    pub answers: Vec<Answer>,
    /// Judgements of people.
    pub ratings: Vec<Rating>,
    /// Results of tests.
    pub assessments: Vec<Assessment>,
}

impl Review {
    /// The mean of the ratings on a scale of five, for the table.
    pub fn mean_rating(&self) -> Option<f64> {
        let scaled: Vec<f64> = self
            .ratings
            .iter()
            .filter(|rating| rating.max > 0.0)
            .map(|rating| rating.score / rating.max * 5.0)
            .collect();
        (!scaled.is_empty()).then(|| scaled.iter().sum::<f64>() / scaled.len() as f64)
    }
}

/// A question of the application form and its answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    /// What was asked.
    pub question: String,
    /// What was answered.
    pub answer: String,
}

/// Someone's judgement by one criterion.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Rating {
    /// By what.
    pub criterion: String,
    /// How many points.
    pub score: f64,
    /// Of how many.
    pub max: f64,
}

/// A test's result.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Assessment {
    /// Which test.
    pub name: String,
    /// How many points, when it is scored.
    pub score: Option<f64>,
    /// Of how many.
    pub max: Option<f64>,
    /// When it was taken.
    pub completed_at: Option<DateTime<Utc>>,
}

/// A candidate with the application that brings them to a vacancy.
#[derive(Debug, Clone, PartialEq)]
pub struct Applicant {
    /// Who.
    pub candidate: Candidate,
    /// How they applied.
    pub application: Application,
}
