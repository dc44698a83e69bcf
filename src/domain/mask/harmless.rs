//! What of each event's data says nothing about a person, as far as the catalogue knows. A path that does not stand here is
//! hidden from those who may not see personal data, whatever it holds.

use crate::domain::event::EventType;

/// Where a group stands below `data`, and the paths within it.
type Group = (&'static str, &'static [&'static str]);

const APPLICANT: &[&str] = &[
    ".emails[].type",
    ".phones[].type",
    ".links[].type",
    ".application.source",
    ".application.status",
    ".application.stage",
    ".application.answers[].question",
    ".skills[]",
    ".languages[].language",
    ".languages[].level",
    ".ratings[].criterion",
    ".assessments[].name",
];
const VACANCY: &[&str] = &[".title", ".reference", ".status", ".department", ".location"];
const EXPORT: &[&str] = &[".fieldSet", ".excluded[].reason"];
const CHANGED: &[&str] = &["changed[]"];
const STAGES: &[&str] = &["fromStage.name", "toStage.name"];
const STATUSES: &[&str] = &["fromStatus", "toStatus"];
const INTERVIEW: &[&str] = &[
    "interview.title",
    "interview.companyName",
    "session.type",
    "session.status",
    "integrity.riskLevel",
    "integrity.flags[]",
    "evaluation.languageProficiency.language",
];
const BATCH: &[&str] = &["status", "error.code"];
const TEST: &[&str] = &["message", "webhook"];

/// Whether the text at a path of an event's data says nothing about a person. `[]` is each item of a list.
pub(super) fn is_harmless(kind: EventType, path: &str) -> bool {
    groups(kind).iter().any(|(group, paths)| path.strip_prefix(group).is_some_and(|rest| paths.contains(&rest)))
}

fn groups(kind: EventType) -> &'static [Group] {
    match kind.as_str() {
        "candidate.created" => &[("candidate", APPLICANT), ("job", VACANCY)],
        "candidate.updated" => &[("candidate", APPLICANT), ("job", VACANCY), ("", CHANGED)],
        "candidate.stage_changed" => &[("candidate", APPLICANT), ("job", VACANCY), ("", STAGES)],
        "job.created" => &[("job", VACANCY)],
        "job.updated" => &[("job", VACANCY), ("", CHANGED)],
        "job.status_changed" => &[("job", VACANCY), ("", STATUSES)],
        "interview.completed" | "interview.abandoned" => &[("", INTERVIEW)],
        "resume.bulk_upload_parse.started"
        | "resume.bulk_upload_parse.completed"
        | "resume.bulk_upload_parse.failed" => &[("", BATCH)],
        "candidates.exported" => &[("export", EXPORT), ("vacancy", VACANCY), ("candidates[]", APPLICANT)],
        "webhook.test" => &[("", TEST)],
        _ => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::catalogue;

    #[test]
    fn what_is_harmless_is_a_text_of_the_catalogue() {
        for kind in catalogue::all() {
            let fields = catalogue::fields(kind);
            for (group, paths) in groups(kind) {
                for path in *paths {
                    let path = format!("{group}{path}");
                    // `error` comes with a failure alone.
                    let is_text = fields.iter().any(|field| field.path == path && field.kind.starts_with("string"));
                    assert!(is_text || path == "error.code", "{kind}: {path} is no text of the catalogue");
                }
            }
        }
    }
}
