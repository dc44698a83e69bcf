//! What stands in each type's `data`: path, type, meaning.

use crate::domain::event::EventType;

/// One field of a type's `data`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// Where it stands below `data`; `[]` is each item of a list: `candidates[].emails[].value`.
    pub path: String,
    /// Its JSON type as pages say it: `string`, `number`, `boolean`, `time`, `object`, `list`, with `or null` where it may be.
    pub kind: &'static str,
    /// What it means, one sentence without its full stop.
    pub meaning: &'static str,
}

/// Path below its group, type, meaning.
pub(super) type Line = (&'static str, &'static str, &'static str);

/// Where a group stands below `data`, and what is in it.
pub(super) type Group = (&'static str, &'static [Line]);

/// Every field of a type's `data` with the field set *Full*, in the order of its sample; groups stand before what is in them.
pub fn fields(kind: EventType) -> Vec<Field> {
    let of_group = |(group, lines): &Group| {
        let field = |(path, kind, meaning): &Line| Field { path: format!("{group}{path}"), kind, meaning };
        lines.iter().map(field).collect::<Vec<_>>()
    };
    kind.entry().fields.iter().flat_map(of_group).collect()
}

pub(super) const WHOM: [Line; 1] = [("candidate", "object", "Whom it is about, with their application to this job")];

pub(super) const EXPORTED: [Line; 1] = [("candidates", "list", "Who is exported, in the order of the vacancy’s page")];

pub(super) const CANDIDATE: [Line; 49] = [
    (".id", "string", "Hirewire’s id of the candidate"),
    (".externalId", "string or null", "The id another system knows them by"),
    (".firstName", "string or null", "Given name"),
    (".lastName", "string or null", "Family name"),
    (".fullName", "string", "The name as they write it"),
    (".emails", "list", "E-mail addresses, the main one first"),
    (".emails[].type", "string", "What kind of address it is: home, work"),
    (".emails[].value", "string", "The address"),
    (".phones", "list", "Phone numbers, the main one first"),
    (".phones[].type", "string", "What kind of number it is: mobile, home, work"),
    (".phones[].value", "string", "The number"),
    (".location", "string or null", "Where they live, in words"),
    (".links", "list", "Profiles and portfolios"),
    (".links[].type", "string", "What it leads to: linkedin, portfolio"),
    (".links[].value", "string", "The URL"),
    (".application", "object", "Their application to this vacancy"),
    (".application.id", "string", "Hirewire’s id of the application"),
    (".application.appliedAt", "time", "When they applied"),
    (".application.source", "string or null", "What brought them: careers page, referral"),
    (".application.status", "string", "active, hired or rejected"),
    (".application.stage", "string", "Where they stand in the pipeline"),
    (".application.answers", "list", "Free-text answers of the form; empty unless the field set is Full"),
    (".application.answers[].question", "string", "What was asked"),
    (".application.answers[].answer", "string", "What was answered"),
    (".qualifications", "list", "Degrees and certificates"),
    (".qualifications[].title", "string", "What it is"),
    (".qualifications[].institution", "string or null", "From whom"),
    (".qualifications[].year", "number or null", "In which year"),
    (".experience", "list", "Positions held, the latest first"),
    (".experience[].company", "string or null", "At which company"),
    (".experience[].title", "string", "As what"),
    (".experience[].from", "string or null", "Since when: YYYY or YYYY-MM"),
    (".experience[].to", "string or null", "Until when; null is today or unknown"),
    (".skills", "list", "Skills, as words"),
    (".skills[]", "string", "One skill"),
    (".languages", "list", "Languages they speak"),
    (".languages[].language", "string", "Which"),
    (".languages[].level", "string or null", "How well"),
    (".ratings", "list", "Judgements of interviewers"),
    (".ratings[].criterion", "string", "What was judged"),
    (".ratings[].score", "number", "How many points"),
    (".ratings[].max", "number", "Of how many"),
    (".assessments", "list", "Results of tests"),
    (".assessments[].name", "string", "Which test"),
    (".assessments[].score", "number or null", "How many points, when it is scored"),
    (".assessments[].max", "number or null", "Of how many"),
    (".assessments[].completedAt", "time or null", "When it was taken"),
    (".tags", "list", "The team’s own labels"),
    (".tags[]", "string", "One label"),
];

pub(super) const VACANCY: [Line; 7] = [
    ("", "object", "The vacancy"),
    (".id", "string", "Hirewire’s id of the vacancy"),
    (".title", "string", "Its title"),
    (".reference", "string or null", "The team’s own reference"),
    (".status", "string", "draft, open or closed"),
    (".department", "string or null", "Which department"),
    (".location", "string or null", "Where, in words"),
];

pub(super) const CHANGED: [Line; 2] =
    [("changed", "list", "Which fields have changed"), ("changed[]", "string", "The name of one of them")];

pub(super) const STAGES: [Line; 4] = [
    ("fromStage", "object", "The stage they left"),
    ("fromStage.name", "string", "Its name"),
    ("toStage", "object", "The stage they stand in now"),
    ("toStage.name", "string", "Its name"),
];

pub(super) const STATUSES: [Line; 2] =
    [("fromStatus", "string", "What its status was"), ("toStatus", "string", "What its status is now")];

pub(super) const DELETED: [Line; 4] = [
    ("candidate", "object", "Who was deleted; nothing but ids is left to tell"),
    ("candidate.id", "string", "Hirewire’s id of the candidate"),
    ("candidate.externalId", "string or null", "The id another system knows them by"),
    ("deletedAt", "time", "When"),
];

pub(super) const BATCH: [Line; 6] = [
    ("batchId", "string", "The id of the batch"),
    ("jobId", "string or null", "The vacancy the résumés are for"),
    ("status", "string", "processing, completed or failed"),
    ("fileCount", "number", "How many files the batch has"),
    ("successCount", "number", "How many have been read so far"),
    ("failedCount", "number", "How many could not be read"),
];

pub(super) const BATCH_ERROR: [Line; 3] = [
    ("error", "object", "Why the batch failed"),
    ("error.code", "string", "The reason as a word that does not change"),
    ("error.message", "string", "The reason as a sentence"),
];

pub(super) const EXPORT: [Line; 11] = [
    ("export", "object", "The export itself"),
    ("export.id", "string", "Export id"),
    ("export.exportedAt", "time", "When it was confirmed"),
    ("export.requestedBy", "object", "Who confirmed it"),
    ("export.requestedBy.id", "string", "The id of the member"),
    ("export.requestedBy.name", "string", "Their name"),
    ("export.candidateCount", "number", "How many candidates follow"),
    ("export.fieldSet", "string", "minimal, standard or full"),
    ("export.excluded", "list", "Who was ticked but left out"),
    ("export.excluded[].id", "string", "The id of the candidate"),
    ("export.excluded[].reason", "string", "Why: consent_withdrawn"),
];

pub(super) const TEST: [Line; 3] = [
    ("message", "string", "A sentence for whoever reads it"),
    ("webhook", "string", "The name of the webhook"),
    ("sentBy", "string", "Who pressed Send Test"),
];

pub(super) const INTERVIEW: &[Group] = &[
    ("", &INTERVIEW_AND_CANDIDATE),
    ("", &SESSION),
    ("", &SCORES),
    ("", &EVALUATION),
    ("", &RESUME_EVALUATION),
    ("", &TRANSCRIPT),
];

const INTERVIEW_AND_CANDIDATE: [Line; 15] = [
    ("interview", "object", "The interview"),
    ("interview.id", "string", "Interview id"),
    ("interview.title", "string", "Title of the interview"),
    ("interview.companyName", "string", "Who is hiring"),
    ("interview.dashboardUrl", "string or null", "Its page in the console"),
    ("candidate", "object", "Who was interviewed"),
    ("candidate.id", "string", "Hirewire’s id of the candidate"),
    ("candidate.firstName", "string or null", "Given name"),
    ("candidate.lastName", "string or null", "Family name"),
    ("candidate.fullName", "string", "The name as they write it"),
    ("candidate.email", "string or null", "Their main e-mail address"),
    ("candidate.phone", "string or null", "Their main phone number"),
    ("candidate.externalUserId", "string or null", "The id another system knows them by"),
    ("candidate.profileUrl", "string or null", "The page of the session in the console, for members"),
    ("candidate.shareUrl", "string or null", "Null: a result has no page for others than members"),
];

const SESSION: [Line; 15] = [
    ("session", "object", "The sitting"),
    ("session.id", "string", "Session id"),
    ("session.token", "string or null", "The token of the invitation"),
    ("session.type", "string or null", "video, audio or text"),
    ("session.status", "string", "completed or abandoned"),
    ("session.startedAt", "time or null", "When it began"),
    ("session.endedAt", "time or null", "When it ended or expired"),
    ("session.durationSeconds", "number or null", "How long it lasted"),
    ("session.recordingUrl", "string or null", "The recording"),
    ("session.thumbnailUrl", "string or null", "A picture of it"),
    ("session.resumeUrl", "string or null", "The résumé that was handed in"),
    ("validation", "object or null", "Whether the session counts"),
    ("validation.passed", "boolean or null", "Whether the candidate passed validation"),
    ("validation.reason", "string or null", "Why, or why not"),
    ("validation.checkedAt", "time or null", "When that was checked"),
];

const SCORES: [Line; 9] = [
    ("scores", "object or null", "Scores from 0 to 100; null when nothing was evaluated"),
    ("scores.overall", "number or null", "Interview and résumé together"),
    ("scores.interview", "number or null", "The interview"),
    ("scores.resume", "number or null", "The résumé"),
    ("integrity", "object or null", "Whether it was the candidate’s own work"),
    ("integrity.score", "number or null", "From 0 to 100; 100 is beyond doubt"),
    ("integrity.riskLevel", "string or null", "low, medium or high"),
    ("integrity.flags", "list", "What was noticed"),
    ("integrity.flags[]", "string", "One thing that was noticed"),
];

const EVALUATION: [Line; 23] = [
    ("evaluation", "object or null", "How the interview went; null when it was not evaluated"),
    ("evaluation.performanceSummary", "string or null", "One sentence"),
    ("evaluation.categoryScores", "object", "Five scores from 0 to 100"),
    ("evaluation.categoryScores.communication", "number or null", "How clearly they speak"),
    ("evaluation.categoryScores.technicalKnowledge", "number or null", "What they know of the trade"),
    ("evaluation.categoryScores.problemSolving", "number or null", "How they go about a problem"),
    ("evaluation.categoryScores.experience", "number or null", "What they have done before"),
    ("evaluation.categoryScores.motivation", "number or null", "Why they want the job"),
    ("evaluation.languageProficiency", "object or null", "How well they speak the language of the job"),
    ("evaluation.languageProficiency.language", "string or null", "Which language"),
    ("evaluation.languageProficiency.overall", "number or null", "Overall score"),
    ("evaluation.languageProficiency.fluency", "number or null", "Fluency"),
    ("evaluation.languageProficiency.vocabulary", "number or null", "Vocabulary"),
    ("evaluation.languageProficiency.grammar", "number or null", "Grammar"),
    ("evaluation.summary", "object", "The evaluation in words"),
    ("evaluation.summary.text", "string or null", "A short text"),
    ("evaluation.summary.strengths", "list", "What speaks for them"),
    ("evaluation.summary.strengths[]", "string", "One strength"),
    ("evaluation.summary.concerns", "list", "What to ask next"),
    ("evaluation.summary.concerns[]", "string", "One concern"),
    ("evaluation.customScores", "list", "Scores of your own criteria"),
    ("evaluation.customScores[].name", "string", "Which criterion"),
    ("evaluation.customScores[].score", "number or null", "From 0 to 100"),
];

const RESUME_EVALUATION: [Line; 7] = [
    ("resumeEvaluation", "object or null", "How the résumé fits; null when résumés are not screened"),
    ("resumeEvaluation.overallScore", "number or null", "Overall score, from 0 to 100"),
    ("resumeEvaluation.criteria", "list", "Scores of parts"),
    ("resumeEvaluation.criteria[].name", "string", "Which part"),
    ("resumeEvaluation.criteria[].score", "number or null", "From 0 to 100"),
    ("resumeEvaluation.highlights", "list", "What stands out"),
    ("resumeEvaluation.highlights[]", "string", "One thing that stands out"),
];

const TRANSCRIPT: [Line; 4] = [
    ("transcript", "list or null", "Everything that was said"),
    ("transcript[].at", "time or null", "When"),
    ("transcript[].speaker", "string", "interviewer or candidate"),
    ("transcript[].text", "string or null", "What was said; the candidate’s words only with the field set Full"),
];
