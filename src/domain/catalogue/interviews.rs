//! The samples of interviews, printed by the function that prints real ones: a sample cannot differ from the wire.

use serde_json::Value;

use super::people::{self, november};
use crate::domain::hook::FieldSet;
use crate::domain::ids::{InterviewId, OrganisationId, SessionId, VacancyId};
use crate::domain::interview::payload::Told;
use crate::domain::interview::result::SessionResult;
use crate::domain::interview::{Interview, Session, SessionState};
use crate::domain::mode::Mode;

const INTERVIEW: &str = "int_01KAB5C8E1G4J7M0P3R6T9W2Y5";
const SESSION: &str = "ses_01KAG9X2Z5B8D1F4H7K0M3P6S9";

/// Where the console of the samples is.
const CONSOLE: &str = "https://hirewire.example";

/// What came of the session of the sample, in the form in which results are recorded.
const RESULT: &str = r#"{
  "session": {
    "type": "video",
    "durationSeconds": 1440,
    "recordingUrl": "https://media.example/ses_01KAG9X2/recording.mp4",
    "thumbnailUrl": "https://media.example/ses_01KAG9X2/thumbnail.jpg",
    "resumeUrl": "https://media.example/ses_01KAG9X2/resume.pdf"
  },
  "validation": {"passed": true, "reason": "completed", "checkedAt": "2026-11-20T09:29:00Z"},
  "scores": {"overall": 84, "interview": 86, "resume": 79},
  "integrity": {"score": 97, "riskLevel": "low", "flags": ["left_the_tab_once"]},
  "evaluation": {
    "performanceSummary": "Clear, structured answers with examples from production systems.",
    "categoryScores": {"communication": 88, "technicalKnowledge": 90, "problemSolving": 85, "experience": 82, "motivation": 84},
    "languageProficiency": {"language": "English", "overall": 95, "fluency": 96, "vocabulary": 94, "grammar": 95},
    "summary": {
      "text": "A strong candidate for the platform team.",
      "strengths": ["Designs for failure", "Explains trade-offs"],
      "concerns": ["Little experience with front ends"]
    },
    "customScores": [{"name": "On-call readiness", "score": 80}]
  },
  "resumeEvaluation": {
    "overallScore": 79,
    "criteria": [{"name": "Relevant experience", "score": 84}, {"name": "Education", "score": 74}],
    "highlights": ["Ten years with distributed systems", "Led a migration to PostgreSQL"]
  },
  "transcript": [
    {"speaker": "interviewer", "offsetSeconds": 4, "text": "Tell me about a system you are proud of."},
    {"speaker": "candidate", "offsetSeconds": 11.5, "text": "A queue that lost nothing when its disk did."}
  ]
}"#;

/// The data of `interview.completed`.
pub(super) fn completed(field_set: FieldSet) -> Value {
    let (interview, started) = started();
    let result = SessionResult::parse(RESULT.as_bytes()).unwrap_or_default();
    let ended = started.clone().complete(result, november(20, 9, 29));
    told(&interview, &ended.unwrap_or(started), field_set)
}

/// The data of `interview.abandoned`: the session expired, and nothing else is known.
pub(super) fn abandoned(field_set: FieldSet) -> Value {
    let (interview, started) = started();
    let ended = started.clone().expire(november(20, 10, 5));
    told(&interview, &ended.unwrap_or(started), field_set)
}

fn told(interview: &Interview, session: &Session, field_set: FieldSet) -> Value {
    let candidate = people::applicant("Interview").candidate;
    Told { interview, session, candidate: &candidate, company: "Acme Hiring", console: Some(CONSOLE) }.data(field_set)
}

fn started() -> (Interview, Session) {
    let (begun, organisation) = (november(20, 9, 5), people::id::<OrganisationId>(people::ORGANISATION));
    let interview = Interview {
        id: people::id::<InterviewId>(INTERVIEW),
        organisation_id: organisation.clone(),
        mode: Mode::Live,
        vacancy_id: Some(people::id::<VacancyId>(people::VACANCY)),
        title: "First interview, Senior Backend Engineer".into(),
        duration_minutes: 30,
        expires_after_minutes: 60,
        created_by: Some(people::member()),
        created_at: november(3, 8, 15),
        updated_at: november(3, 8, 15),
    };
    let invited = Session {
        id: people::id::<SessionId>(SESSION),
        interview_id: interview.id.clone(),
        organisation_id: organisation,
        candidate_id: people::id(people::CANDIDATE),
        token: "q7Xv2LkT9dRb".into(),
        state: SessionState::Invited,
        result: None,
        event_id: None,
        invited_by: Some(people::member()),
        invited_at: november(19, 8, 0),
        updated_at: november(19, 8, 0),
    };
    let started = invited.clone().start(&interview, begun).unwrap_or(invited);
    (interview, started)
}
