//! An interview, an invited session and a result in which everything is known.

use chrono::{DateTime, TimeZone as _, Utc};

use crate::domain::candidate::{Candidate, Contact, Profile};
use crate::domain::ids::{CandidateId, InterviewId, OrganisationId, SessionId};
use crate::domain::interview::result::*;
use crate::domain::interview::{Interview, Session, SessionState};
use crate::domain::mode::Mode;

/// 20 November 2026, 9:30 in UTC.
pub fn morning() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 11, 20, 9, 30, 0).single().expect("a time")
}

/// An interview, an invited session of it, and who was invited.
pub fn parts() -> (Interview, Session, Candidate) {
    let now = morning();
    let organisation_id = OrganisationId::new(now);
    let interview = Interview {
        id: InterviewId::new(now),
        organisation_id: organisation_id.clone(),
        mode: Mode::Live,
        vacancy_id: None,
        title: "First interview <script>".into(),
        duration_minutes: 30,
        expires_after_minutes: 120,
        created_by: None,
        created_at: now,
        updated_at: now,
    };
    let candidate = Candidate {
        id: CandidateId::new(now),
        organisation_id: organisation_id.clone(),
        mode: Mode::Live,
        external_id: Some("ATS-4101".into()),
        profile: Profile {
            first_name: Some("Siobhán".into()),
            last_name: Some("O'Brien".into()),
            full_name: "Siobhán O'Brien".into(),
            emails: vec![Contact { kind: "work".into(), value: "siobhan@mail.example".into() }],
            phones: vec![Contact { kind: "mobile".into(), value: "+353 85 555 0100".into() }],
            ..Profile::default()
        },
        consent_withdrawn_at: None,
        created_at: now,
        updated_at: now,
    };
    let session = Session {
        id: SessionId::new(now),
        interview_id: interview.id.clone(),
        organisation_id,
        candidate_id: candidate.id.clone(),
        token: "t0ken".into(),
        state: SessionState::Invited,
        result: None,
        event_id: None,
        invited_by: None,
        invited_at: now,
        updated_at: now,
    };
    (interview, session, candidate)
}

/// A result in which everything is known.
pub fn result() -> SessionResult {
    let score = |name: &str, score: f64| Score { name: name.into(), score: Some(score) };
    let url = |name: &str| Some(format!("https://media.example/{name}"));
    SessionResult {
        session: Held {
            kind: Some("video".into()),
            started_at: Some(morning()),
            ended_at: Some(morning() + chrono::TimeDelta::minutes(21)),
            duration_seconds: Some(1_260),
            recording_url: url("recording.mp4"),
            thumbnail_url: url("thumbnail.jpg"),
            resume_url: url("resume.pdf"),
        },
        validation: Validation {
            passed: Some(true),
            reason: Some("Identity confirmed".into()),
            checked_at: Some(morning()),
        },
        scores: Scores { overall: Some(87.0), interview: Some(88.5), resume: Some(84.0) },
        integrity: Integrity { score: Some(96.0), risk_level: Some("low".into()), flags: vec!["second_voice".into()] },
        evaluation: Some(Evaluation {
            performance_summary: Some("Explains trade-offs before she is asked.".into()),
            category_scores: CategoryScores {
                communication: Some(91.0),
                technical_knowledge: Some(86.0),
                problem_solving: Some(89.0),
                experience: Some(84.0),
                motivation: Some(90.0),
            },
            language_proficiency: Some(LanguageProficiency {
                language: Some("English".into()),
                overall: Some(95.0),
                fluency: Some(96.0),
                grammar: Some(95.0),
                vocabulary: Some(94.0),
            }),
            summary: Summary {
                text: Some("A strong candidate.".into()),
                strengths: vec!["Clear ✨".into()],
                concerns: vec!["Little experience with Kafka".into()],
            },
            custom_scores: vec![score("Team fit", 80.0)],
        }),
        resume_evaluation: Some(ResumeEvaluation {
            overall_score: Some(84.0),
            criteria: vec![score("Experience", 88.0), score("Education", 80.0)],
            highlights: vec!["Led a migration".into()],
        }),
        transcript: Some(vec![
            Turn { speaker: Speaker::Interviewer, offset_seconds: Some(0.0), text: "Why us?".into() },
            Turn {
                speaker: Speaker::Candidate,
                offset_seconds: Some(3.5),
                text: "I like short feedback loops.".into(),
            },
        ]),
    }
}
