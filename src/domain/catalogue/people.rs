//! The vacancy and the person that the samples tell of.

use chrono::{DateTime, TimeZone as _, Utc};

use crate::domain::candidate::{
    Answer, Applicant, Application, Assessment, Candidate, Contact, Experience, Language, Profile, Qualification,
    Rating, Review,
};
use crate::domain::ids::{ApplicationId, CandidateId, MemberId, OrganisationId, VacancyId};
use crate::domain::mode::Mode;
use crate::domain::vacancy::{Vacancy, VacancyStatus};

pub(super) const CANDIDATE: &str = "can_01KAG2M4X8QJ5T6V7W9YB3C4D5";
pub(super) const OTHER_CANDIDATE: &str = "can_01KAG2N9P3R6S8T1V4W7X2Y5Z8";
pub(super) const VACANCY: &str = "job_01K9W7E2F5H8J1K4M6N9P3Q7R0";
const APPLICATION: &str = "app_01KAG2M5A1B4C7D0E3F6G9H2J5";
pub(super) const MEMBER: &str = "mem_01K8D3S6V9X2Z5B8D1F4H7K0M3";
pub(super) const ORGANISATION: &str = "org_01K8D3S6T2W5Y8A1C4E7G0J3M6";
pub(super) const EXPORT: &str = "exp_01KAGB7N3Q6S9V2X5Z8B1D4F7H";

/// A time of the samples, in UTC: November 2026.
pub(super) fn november(day: u32, hour: u32, minute: u32) -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 11, day, hour, minute, 0).single().unwrap_or_default()
}

/// An id of the samples; they are well-formed, as a test sees.
pub(super) fn id<T: std::str::FromStr>(text: &str) -> T
where
    T::Err: std::fmt::Debug,
{
    text.parse().expect("an id of the samples is well-formed")
}

pub(super) fn member() -> MemberId {
    id(MEMBER)
}

pub(super) fn vacancy(status: VacancyStatus) -> Vacancy {
    Vacancy {
        id: id::<VacancyId>(VACANCY),
        organisation_id: id::<OrganisationId>(ORGANISATION),
        mode: Mode::Live,
        title: "Senior Backend Engineer".into(),
        reference: Some("ENG-2026-114".into()),
        status,
        department: Some("Platform".into()),
        location: Some("Dublin or remote in the EU".into()),
        created_at: november(3, 8, 15),
        updated_at: november(20, 9, 30),
    }
}

pub(super) fn applicant(stage: &str) -> Applicant {
    let candidate = Candidate {
        id: id::<CandidateId>(CANDIDATE),
        organisation_id: id::<OrganisationId>(ORGANISATION),
        mode: Mode::Live,
        external_id: Some("ATS-4100".into()),
        profile: profile(),
        consent_withdrawn_at: None,
        created_at: november(18, 16, 5),
        updated_at: november(20, 9, 30),
    };
    let application = Application {
        id: id::<ApplicationId>(APPLICATION),
        candidate_id: candidate.id.clone(),
        vacancy_id: id::<VacancyId>(VACANCY),
        applied_at: november(18, 16, 5),
        source: Some("Referral".into()),
        status: "active".into(),
        stage: stage.into(),
        review: review(),
        updated_at: november(20, 9, 30),
    };
    Applicant { candidate, application }
}

fn profile() -> Profile {
    let contact = |kind: &str, value: &str| Contact { kind: kind.into(), value: value.into() };
    let position = |company: &str, title: &str, from: &str, to: Option<&str>| Experience {
        company: Some(company.into()),
        title: title.into(),
        from: Some(from.into()),
        to: to.map(Into::into),
    };
    Profile {
        first_name: Some("Siobhán".into()),
        last_name: Some("O’Brien".into()),
        full_name: "Siobhán O’Brien".into(),
        emails: vec![contact("home", "siobhan.obrien@mail.example")],
        phones: vec![contact("mobile", "+353 85 555 0100")],
        location: Some("Dublin".into()),
        links: vec![contact("portfolio", "https://siobhan.example/work")],
        qualifications: vec![Qualification {
            title: "MSc Computer Science".into(),
            institution: Some("Trinity College Dublin".into()),
            year: Some(2014),
        }],
        experience: vec![
            position("Northwind Data", "Backend Engineer", "2021-04", None),
            position("Société Lumière", "Software Developer", "2016-09", Some("2021-03")),
        ],
        skills: vec!["Rust".into(), "PostgreSQL".into(), "Kafka".into()],
        languages: vec![Language { language: "English".into(), level: Some("C2".into()) }],
        tags: vec!["shortlist".into()],
    }
}

fn review() -> Review {
    let rating = |criterion: &str, score: f64| Rating { criterion: criterion.into(), score, max: 5.0 };
    Review {
        answers: vec![Answer {
            question: "Why do you want to join us?".into(),
            answer: "I like short feedback loops.".into(),
        }],
        ratings: vec![rating("System design", 4.5), rating("Collaboration", 4.0)],
        assessments: vec![Assessment {
            name: "Take-home exercise".into(),
            score: Some(92.0),
            max: Some(100.0),
            completed_at: Some(november(19, 12, 40)),
        }],
    }
}
