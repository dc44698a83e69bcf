//! The data of `interview.completed` and `interview.abandoned`: every group of the TalentSprout payload, always all of
//! them, with null for what is not known or not carried (S4).
//!
//! What a field set leaves out: *minimal* carries who it was, how it ended and the scores, nothing of what was said or
//! judged and no link to it; *standard* carries everything but the candidate's own words, of which it keeps speaker and
//! time; *full* carries everything.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use super::result::{Evaluation, LanguageProficiency, ResumeEvaluation, Score, SessionResult, Speaker, Turn};
use super::{Interview, Session};
use crate::domain::candidate::Candidate;
use crate::domain::hook::FieldSet;
use crate::domain::ids::{InterviewId, SessionId};
use crate::domain::payload::timestamp;

/// The page of an interview in the console.
pub fn interview_page(id: &InterviewId) -> String {
    format!("/interviews/{id}")
}

/// The page of a session in the console.
pub fn session_page(interview: &InterviewId, session: &SessionId) -> String {
    format!("/interviews/{interview}/sessions/{session}")
}

/// A session with everything its payload tells.
#[derive(Debug, Clone, Copy)]
pub struct Told<'a> {
    /// Of which interview.
    pub interview: &'a Interview,
    /// The session, as it stands now.
    pub session: &'a Session,
    /// Who was interviewed.
    pub candidate: &'a Candidate,
    /// What the organisation is called.
    pub company: &'a str,
    /// Where the console is reached, without a slash at its end; `None` when that is not known.
    pub console: Option<&'a str>,
}

impl Told<'_> {
    /// The data, as far as the field set goes.
    pub fn data(&self, field_set: FieldSet) -> Value {
        let unknown = SessionResult::default();
        let result = self.session.result.as_ref().unwrap_or(&unknown);
        let is_minimal = field_set == FieldSet::Minimal;
        json!({
            "interview": {
                "id": self.interview.id.as_str(),
                "title": self.interview.title,
                "companyName": self.company,
                "dashboardUrl": self.link(&interview_page(&self.interview.id)),
            },
            "candidate": self.candidate(is_minimal),
            "session": self.session(result, is_minimal),
            "validation": known(&result.validation).map(|told| json!({
                "passed": told.passed,
                "reason": told.reason.as_ref().filter(|_| !is_minimal),
                "checkedAt": told.checked_at.map(timestamp),
            })),
            "scores": known(&result.scores).map(|told| json!({
                "overall": told.overall,
                "interview": told.interview,
                "resume": told.resume,
            })),
            "integrity": known(&result.integrity).map(|told| json!({
                "score": told.score,
                "riskLevel": told.risk_level,
                "flags": told.flags,
            })),
            "evaluation": result.evaluation.as_ref().filter(|_| !is_minimal).map(evaluation),
            "resumeEvaluation": result.resume_evaluation.as_ref().filter(|_| !is_minimal).map(resume_evaluation),
            "transcript": result.transcript.as_ref().filter(|_| !is_minimal).map(|turns| {
                turns.iter().map(|turn| self.turn(turn, field_set)).collect::<Vec<_>>()
            }),
        })
    }

    fn link(&self, page: &str) -> Option<String> {
        self.console.map(|console| format!("{console}{page}"))
    }

    fn candidate(&self, is_minimal: bool) -> Value {
        let profile = &self.candidate.profile;
        let page = self.link(&session_page(&self.interview.id, &self.session.id));
        json!({
            "id": self.candidate.id.as_str(),
            "firstName": profile.first_name,
            "lastName": profile.last_name,
            "fullName": profile.full_name,
            "email": profile.email(),
            "phone": profile.phones.first().map(|phone| phone.value.as_str()),
            "externalUserId": self.candidate.external_id,
            "profileUrl": page.filter(|_| !is_minimal),
            // Pages of the console are for members alone: there is none to share.
            "shareUrl": null,
        })
    }

    fn session(&self, result: &SessionResult, is_minimal: bool) -> Value {
        let (session, held) = (self.session, &result.session);
        let (started, ended) = (session.state.started_at(), session.state.ended_at());
        let lasted = started.zip(ended).and_then(|(start, end)| u32::try_from((end - start).num_seconds()).ok());
        json!({
            "id": session.id.as_str(),
            "token": Some(&session.token).filter(|_| !is_minimal),
            "type": held.kind,
            "status": session.state.as_str(),
            "startedAt": started.map(timestamp),
            "endedAt": ended.map(timestamp),
            "durationSeconds": held.duration_seconds.or(lasted),
            "recordingUrl": held.recording_url.as_ref().filter(|_| !is_minimal),
            "thumbnailUrl": held.thumbnail_url.as_ref().filter(|_| !is_minimal),
            "resumeUrl": held.resume_url.as_ref().filter(|_| !is_minimal),
        })
    }

    fn turn(&self, turn: &Turn, field_set: FieldSet) -> Value {
        let is_carried = field_set == FieldSet::Full || turn.speaker == Speaker::Interviewer;
        json!({
            "at": self.session.state.started_at().and_then(|start| said_at(start, turn)).map(timestamp),
            "speaker": turn.speaker.as_str(),
            "text": Some(&turn.text).filter(|_| is_carried),
        })
    }
}

/// A group of which something is known.
fn known<T: Default + PartialEq>(group: &T) -> Option<&T> {
    Some(group).filter(|group| **group != T::default())
}

fn said_at(start: DateTime<Utc>, turn: &Turn) -> Option<DateTime<Utc>> {
    let millis = turn.offset_seconds? * 1_000.0;
    // A number of milliseconds that no clock shows is no time.
    let offset = millis.is_finite().then(|| TimeDelta::try_milliseconds(millis as i64)).flatten()?;
    start.checked_add_signed(offset)
}

fn evaluation(told: &Evaluation) -> Value {
    let five = &told.category_scores;
    json!({
        "performanceSummary": told.performance_summary,
        "categoryScores": {
            "communication": five.communication,
            "technicalKnowledge": five.technical_knowledge,
            "problemSolving": five.problem_solving,
            "experience": five.experience,
            "motivation": five.motivation,
        },
        "languageProficiency": told.language_proficiency.as_ref().map(language),
        "summary": {
            "text": told.summary.text,
            "strengths": told.summary.strengths,
            "concerns": told.summary.concerns,
        },
        "customScores": scores(&told.custom_scores),
    })
}

fn language(told: &LanguageProficiency) -> Value {
    json!({
        "language": told.language,
        "overall": told.overall,
        "fluency": told.fluency,
        "vocabulary": told.vocabulary,
        "grammar": told.grammar,
    })
}

fn resume_evaluation(told: &ResumeEvaluation) -> Value {
    json!({
        "overallScore": told.overall_score,
        "criteria": scores(&told.criteria),
        "highlights": told.highlights,
    })
}

fn scores(told: &[Score]) -> Vec<Value> {
    told.iter().map(|own| json!({"name": own.name, "score": own.score})).collect()
}

/// An interview for the tests of this layer and those above.
#[cfg(test)]
pub mod sample;

#[cfg(test)]
mod tests;
