//! One sample of each type's `data`: complete, and as real ones are.
//!
//! Candidates, vacancies and interviews are printed by the functions that print real ones, so that a sample cannot differ in shape.

use serde_json::{Value, json};

use super::people::{self, november};
use crate::domain::export::Exclusion;
use crate::domain::hook::FieldSet;
use crate::domain::payload::{self, ExportHead, timestamp};
use crate::domain::vacancy::VacancyStatus;

fn job(status: VacancyStatus) -> Value {
    payload::vacancy_data(&people::vacancy(status))
}

fn candidate(stage: &str, field_set: FieldSet) -> Value {
    payload::candidate_data(&people::applicant(stage), field_set)
}

pub(super) fn candidate_created(field_set: FieldSet) -> Value {
    json!({"candidate": candidate("Applied", field_set), "job": job(VacancyStatus::Open)})
}

pub(super) fn candidate_updated(field_set: FieldSet) -> Value {
    json!({
        "candidate": candidate("Screening", field_set),
        "job": job(VacancyStatus::Open),
        "changed": ["phones", "tags"],
    })
}

pub(super) fn candidate_stage_changed(field_set: FieldSet) -> Value {
    json!({
        "candidate": candidate("Technical interview", field_set),
        "job": job(VacancyStatus::Open),
        "fromStage": {"name": "Screening"},
        "toStage": {"name": "Technical interview"},
    })
}

pub(super) fn candidate_deleted(_: FieldSet) -> Value {
    json!({
        "candidate": {"id": people::CANDIDATE, "externalId": "ATS-4100"},
        "deletedAt": timestamp(november(20, 9, 30)),
    })
}

pub(super) fn job_created(_: FieldSet) -> Value {
    json!({"job": job(VacancyStatus::Draft)})
}

pub(super) fn job_updated(_: FieldSet) -> Value {
    json!({"job": job(VacancyStatus::Open), "changed": ["title", "location"]})
}

pub(super) fn job_status_changed(_: FieldSet) -> Value {
    json!({"job": job(VacancyStatus::Closed), "fromStatus": "open", "toStatus": "closed"})
}

pub(super) fn resume_batch_started(_: FieldSet) -> Value {
    resume_batch("processing", 0, 0)
}

pub(super) fn resume_batch_completed(_: FieldSet) -> Value {
    resume_batch("completed", 117, 3)
}

pub(super) fn webhook_test(_: FieldSet) -> Value {
    payload::test_data("Candidate warehouse", "Maeve O’Brien")
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

pub(super) fn resume_batch_failed(_: FieldSet) -> Value {
    let mut data = resume_batch("failed", 0, 120);
    data["error"] = json!({"code": "ARCHIVE_UNREADABLE", "message": "The archive could not be opened."});
    data
}

pub(super) fn candidates_exported(field_set: FieldSet) -> Value {
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
