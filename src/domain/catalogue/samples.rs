//! One sample of each type's `data`: complete, and as real ones are.
//!
//! Candidates, vacancies and interviews are printed by the functions that print real ones, so that a sample cannot differ in shape.

use serde_json::{Value, json};

use super::interviews;
use super::people::{self, november};
use crate::domain::event::EventType;
use crate::domain::export::Exclusion;
use crate::domain::hook::FieldSet;
use crate::domain::payload::{self, ExportHead, timestamp};
use crate::domain::vacancy::VacancyStatus;

/// The `data` of a sample event, the same at each call: what Send Test sends (B4) and the catalogue shows. The field set
/// decides how much of a candidate it tells, as with real events (B11).
pub fn sample(kind: EventType, field_set: FieldSet) -> Value {
    let job = |status| payload::vacancy_data(&people::vacancy(status));
    let open = || job(VacancyStatus::Open);
    let candidate = |stage| payload::candidate_data(&people::applicant(stage), field_set);
    match kind.as_str() {
        "candidate.created" => json!({"candidate": candidate("Applied"), "job": open()}),
        "candidate.updated" => json!({
            "candidate": candidate("Screening"),
            "job": open(),
            "changed": ["phones", "tags"],
        }),
        "candidate.stage_changed" => json!({
            "candidate": candidate("Technical interview"),
            "job": open(),
            "fromStage": {"name": "Screening"},
            "toStage": {"name": "Technical interview"},
        }),
        "candidate.deleted" => json!({
            "candidate": {"id": people::CANDIDATE, "externalId": "ATS-4100"},
            "deletedAt": timestamp(november(20, 9, 30)),
        }),
        "job.created" => json!({"job": job(VacancyStatus::Draft)}),
        "job.updated" => json!({"job": open(), "changed": ["title", "location"]}),
        "job.status_changed" => json!({"job": job(VacancyStatus::Closed), "fromStatus": "open", "toStatus": "closed"}),
        "interview.completed" => interviews::completed(field_set),
        "interview.abandoned" => interviews::abandoned(field_set),
        "resume.bulk_upload_parse.started" => resume_batch("processing", 0, 0),
        "resume.bulk_upload_parse.completed" => resume_batch("completed", 117, 3),
        "resume.bulk_upload_parse.failed" => resume_batch_failed(),
        "candidates.exported" => exported(field_set),
        // Nothing else is in the catalogue: `webhook.test`.
        _ => payload::test_data("Candidate warehouse", "Maeve O’Brien"),
    }
}

fn resume_batch(status: &str, succeeded: u32, failed: u32) -> Value {
    json!({
        "batchId": "bat_01KAG4B7D0F3H6K9N2Q5S8V1X4",
        "jobId": people::VACANCY,
        "status": status,
        "fileCount": 120,
        "successCount": succeeded,
        "failedCount": failed,
    })
}

fn resume_batch_failed() -> Value {
    let mut data = resume_batch("failed", 0, 120);
    data["error"] = json!({"code": "ARCHIVE_UNREADABLE", "message": "The archive could not be opened."});
    data
}

fn exported(field_set: FieldSet) -> Value {
    let (export, member) = (people::id(people::EXPORT), people::member());
    let left_out = people::id(people::OTHER_CANDIDATE);
    let head = ExportHead {
        id: &export,
        exported_at: november(20, 9, 30),
        requested_by: (&member, "Nguyễn Thị Ánh"),
        excluded: vec![(&left_out, Exclusion::ConsentWithdrawn)],
    };
    let candidates = [people::applicant("Offer")];
    payload::export_data(&head, &people::vacancy(VacancyStatus::Open), &candidates, field_set)
}
