//! What of each event's data says nothing about a person, as far as the catalogue knows. A path that does not stand here is
//! hidden from those who may not see personal data, whatever it holds.

use crate::domain::event::EventType;

/// Where a group stands below `data`, and the paths within it.
pub(super) type Group = (&'static str, &'static [&'static str]);

pub(super) const APPLICANT: &[&str] = &[
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
pub(super) const VACANCY: &[&str] = &[".title", ".reference", ".status", ".department", ".location"];
pub(super) const EXPORT: &[&str] = &[".fieldSet", ".excluded[].reason"];
pub(super) const CHANGED: &[&str] = &["changed[]"];
pub(super) const STAGES: &[&str] = &["fromStage.name", "toStage.name"];
pub(super) const STATUSES: &[&str] = &["fromStatus", "toStatus"];
pub(super) const INTERVIEW: &[&str] = &[
    "interview.title",
    "interview.companyName",
    "session.type",
    "session.status",
    "integrity.riskLevel",
    "integrity.flags[]",
    "evaluation.languageProficiency.language",
];
pub(super) const BATCH: &[&str] = &["status"];
pub(super) const BATCH_ERROR: &[&str] = &["error.code"];
pub(super) const TEST: &[&str] = &["message", "webhook"];

/// Whether the text at a path of an event's data says nothing about a person. `[]` is each item of a list.
pub(in crate::domain) fn is_harmless(kind: EventType, path: &str) -> bool {
    let mut groups = kind.entry().harmless.iter();
    groups.any(|(group, paths)| path.strip_prefix(group).is_some_and(|rest| paths.contains(&rest)))
}

#[cfg(test)]
mod tests {
    use crate::domain::catalogue;

    #[test]
    fn what_is_harmless_is_a_text_of_the_catalogue() {
        for kind in catalogue::all() {
            let fields = catalogue::fields(kind);
            for (group, paths) in kind.entry().harmless {
                for path in *paths {
                    let path = format!("{group}{path}");
                    let is_text = fields.iter().any(|field| field.path == path && field.kind.starts_with("string"));
                    assert!(is_text, "{kind}: {path} is no text of the catalogue");
                }
            }
        }
    }
}
