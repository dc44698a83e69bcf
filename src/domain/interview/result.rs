//! What came of a session: the groups of the TalentSprout payload that somebody has to tell us (S4).
//!
//! It is stored as one JSON document in the names of the wire, and entered as one. Nothing in it is required: what is not
//! known goes out as null.

use chrono::{DateTime, Utc};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::domain::json;

/// A file with a result has at most so many bytes: a long transcript with room.
pub const MAX_BYTES: usize = 1024 * 1024;

/// What came of a session.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct SessionResult {
    /// How and when it was held.
    pub session: Held,
    /// Whether the candidate passed the validation.
    pub validation: Validation,
    /// The scores, each from 0 to 100.
    pub scores: Scores,
    /// Whether it was held fairly.
    pub integrity: Integrity,
    /// What was judged of the interview; `None` when it was not evaluated.
    pub evaluation: Option<Evaluation>,
    /// What was judged of the résumé; `None` when it was not screened.
    pub resume_evaluation: Option<ResumeEvaluation>,
    /// Who said what; `None` when it was not written down.
    pub transcript: Option<Vec<Turn>>,
}

/// How and when a session was held.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Held {
    /// `video`, `audio`, `text` or what the other system says.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// When it began.
    pub started_at: Option<DateTime<Utc>>,
    /// When it ended.
    pub ended_at: Option<DateTime<Utc>>,
    /// How long the candidate spoke or wrote, in seconds.
    pub duration_seconds: Option<u32>,
    /// The recording.
    pub recording_url: Option<String>,
    /// A picture of the recording.
    pub thumbnail_url: Option<String>,
    /// The résumé that the candidate handed in.
    pub resume_url: Option<String>,
}

/// Whether the candidate passed the validation.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Validation {
    /// Whether.
    pub passed: Option<bool>,
    /// Why, or why not.
    pub reason: Option<String>,
    /// When that was checked.
    pub checked_at: Option<DateTime<Utc>>,
}

/// The scores, each from 0 to 100.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Scores {
    /// All in all.
    pub overall: Option<f64>,
    /// Of the interview.
    pub interview: Option<f64>,
    /// Of the résumé.
    pub resume: Option<f64>,
}

/// Whether a session was held fairly.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Integrity {
    /// From 0 to 100.
    pub score: Option<f64>,
    /// `low`, `medium`, `high` or what the other system says.
    pub risk_level: Option<String>,
    /// What was noticed.
    pub flags: Vec<String>,
}

/// What was judged of an interview.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Evaluation {
    /// How the candidate did, in a sentence or two.
    pub performance_summary: Option<String>,
    /// The five categories.
    pub category_scores: CategoryScores,
    /// How well the candidate speaks; `None` where it does not matter.
    pub language_proficiency: Option<LanguageProficiency>,
    /// What speaks for and against.
    pub summary: Summary,
    /// What the team scores beside these.
    pub custom_scores: Vec<Score>,
}

/// The five categories, each from 0 to 100.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct CategoryScores {
    /// Listens, and is understood.
    pub communication: Option<f64>,
    /// Knows the trade.
    pub technical_knowledge: Option<f64>,
    /// Finds a way.
    pub problem_solving: Option<f64>,
    /// Has done it before.
    pub experience: Option<f64>,
    /// Wants to do it.
    pub motivation: Option<f64>,
}

/// How well a candidate speaks a language; scores from 0 to 100.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct LanguageProficiency {
    /// Which.
    pub language: Option<String>,
    /// All in all.
    pub overall: Option<f64>,
    /// Fluency.
    pub fluency: Option<f64>,
    /// Grammar.
    pub grammar: Option<f64>,
    /// Vocabulary.
    pub vocabulary: Option<f64>,
}

/// What speaks for and against a candidate.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Summary {
    /// In short.
    pub text: Option<String>,
    /// For.
    pub strengths: Vec<String>,
    /// Against.
    pub concerns: Vec<String>,
}

/// A score with its name, from 0 to 100.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Score {
    /// Of what.
    pub name: String,
    /// How much.
    pub score: Option<f64>,
}

/// What was judged of a résumé.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct ResumeEvaluation {
    /// All in all, from 0 to 100.
    pub overall_score: Option<f64>,
    /// By criterion.
    pub criteria: Vec<Score>,
    /// What stands out.
    pub highlights: Vec<String>,
}

/// Something that was said.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Turn {
    /// By whom.
    pub speaker: Speaker,
    /// How long after the beginning, in seconds.
    #[serde(default)]
    pub offset_seconds: Option<f64>,
    /// What.
    pub text: String,
}

/// Who speaks in an interview.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Speaker {
    /// Who asks.
    Interviewer,
    /// Who answers.
    Candidate,
}

impl Speaker {
    /// `interviewer` or `candidate`.
    pub fn as_str(self) -> &'static str {
        match self {
            Speaker::Interviewer => "interviewer",
            Speaker::Candidate => "candidate",
        }
    }
}

/// Why a document is no result: where, and what is wrong there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{path} {problem}")]
pub struct NoResult {
    /// The path of what is wrong, such as `scores`; `The file` is the whole.
    pub path: String,
    /// What is wrong, without full stop.
    pub problem: String,
}

/// What a whole document is called in what is said about it.
const WHOLE: &str = "The file";

impl SessionResult {
    /// Reads a JSON document with any of the groups. An unknown group or field is refused by name, rather than lost.
    pub fn parse(text: &[u8]) -> Result<Self, NoResult> {
        let document = json::reprint(text, WHOLE).map_err(|error| NoResult {
            path: error.path.strip_prefix(&format!("{WHOLE}.")).unwrap_or(&error.path).to_owned(),
            problem: error.problem,
        })?;
        let Value::Object(groups) = document.tree() else {
            return Err(NoResult {
                path: WHOLE.into(),
                problem: "must be one JSON object with groups such as scores".into(),
            });
        };
        let mut result = Self::default();
        for (name, group) in groups {
            match name.as_str() {
                "session" => result.session = read(&name, group)?.unwrap_or_default(),
                "validation" => result.validation = read(&name, group)?.unwrap_or_default(),
                "scores" => result.scores = read(&name, group)?.unwrap_or_default(),
                "integrity" => result.integrity = read(&name, group)?.unwrap_or_default(),
                "evaluation" => result.evaluation = read(&name, group)?,
                "resumeEvaluation" => result.resume_evaluation = read(&name, group)?,
                "transcript" => result.transcript = read(&name, group)?,
                _ => {
                    let problem = "is no group of a result; there are session, validation, scores, integrity, \
                                   evaluation, resumeEvaluation and transcript";
                    return Err(NoResult { path: name, problem: problem.into() });
                }
            }
        }
        result.in_range()?;
        Ok(result)
    }

    /// Whether every score is one.
    fn in_range(&self) -> Result<(), NoResult> {
        let Scores { overall, interview, resume } = self.scores;
        let mut all = vec![("scores", overall), ("scores", interview), ("scores", resume)];
        all.push(("integrity", self.integrity.score));
        if let Some(evaluation) = &self.evaluation {
            let five = evaluation.category_scores;
            let of_five =
                [five.communication, five.technical_knowledge, five.problem_solving, five.experience, five.motivation];
            all.extend(of_five.map(|score| ("evaluation.categoryScores", score)));
            if let Some(language) = &evaluation.language_proficiency {
                let LanguageProficiency { overall, fluency, grammar, vocabulary, .. } = language;
                let four = [overall, fluency, grammar, vocabulary];
                all.extend(four.map(|score| ("evaluation.languageProficiency", *score)));
            }
            all.extend(evaluation.custom_scores.iter().map(|own| ("evaluation.customScores", own.score)));
        }
        if let Some(resume) = &self.resume_evaluation {
            all.push(("resumeEvaluation", resume.overall_score));
            all.extend(resume.criteria.iter().map(|own| ("resumeEvaluation.criteria", own.score)));
        }
        let wrong = |score: f64| !(0.0..=100.0).contains(&score);
        match all.into_iter().find(|(_, score)| score.is_some_and(wrong)) {
            Some((path, _)) => {
                Err(NoResult { path: path.into(), problem: "holds a score that is not from 0 to 100".into() })
            }
            None => Ok(()),
        }
    }
}

fn read<T: DeserializeOwned>(name: &str, group: Value) -> Result<Option<T>, NoResult> {
    serde_json::from_value(group)
        .map_err(|error| NoResult { path: name.to_owned(), problem: format!("cannot be read: {error}") })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> String {
        SessionResult::parse(text.as_bytes()).expect_err("no result").to_string()
    }

    #[test]
    fn a_few_groups_are_enough_and_what_is_not_said_is_not_known() {
        let text = r#"{"scores":{"overall":87.5},"transcript":[{"speaker":"candidate","text":"Dia duit ✨"}],"evaluation":null}"#;
        let result = SessionResult::parse(text.as_bytes()).expect("a result");
        assert_eq!((result.scores.overall, result.scores.resume), (Some(87.5), None));
        assert_eq!(result.evaluation, None);
        assert_eq!(result.transcript.expect("one turn")[0].offset_seconds, None);
        assert_eq!(SessionResult::parse(b"{}"), Ok(SessionResult::default()));
    }

    #[test]
    fn what_is_no_result_is_named_by_its_path() {
        assert!(refused("[]").starts_with("The file must be one JSON object"));
        assert!(refused("Siobhán").starts_with("The file is not valid JSON"));
        assert!(refused(r#"{"score":{}}"#).starts_with("score is no group of a result"));
        assert!(refused(r#"{"scores":{"total":3}}"#).starts_with("scores cannot be read: unknown field `total`"));
        assert!(refused(r#"{"scores":{"overall":101}}"#).starts_with("scores holds a score"));
        assert!(refused(r#"{"evaluation":{"customScores":[{"name":"Fit","score":-1}]}}"#).contains("customScores"));
        assert!(refused(r#"{"scores":{"overall":1,"overall":2}}"#).starts_with("scores.overall "));
        assert!(refused(r#"{"transcript":[{"speaker":"Bob","text":""}]}"#).contains("expected `interviewer` or"));
    }

    #[test]
    fn a_result_reads_back_as_it_was_stored() {
        let full = crate::domain::interview::payload::sample::result();
        let stored = serde_json::to_vec(&full).expect("our own documents serialise");
        assert_eq!(SessionResult::parse(&stored), Ok(full));
    }
}
