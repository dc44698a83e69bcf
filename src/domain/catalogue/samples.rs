//! One sample of each type's `data`: complete, and as real ones are.
//!
//! Candidates and vacancies are printed by the functions that print real ones, so that a sample cannot differ in shape.

use serde_json::{Value, json};

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
        "interview.completed" => interview_completed(),
        "interview.abandoned" => interview_abandoned(),
        "resume.bulk_upload_parse.started" => resume_batch("processing", 0, 0),
        "resume.bulk_upload_parse.completed" => resume_batch("completed", 117, 3),
        "resume.bulk_upload_parse.failed" => resume_batch_failed(),
        "candidates.exported" => exported(field_set),
        // Nothing else is in the catalogue: `webhook.test`.
        _ => payload::test_data("Candidate warehouse", "Maeve O’Brien"),
    }
}

fn interview() -> Value {
    json!({
        "id": "int_01KAB5C8E1G4J7M0P3R6T9W2Y5",
        "title": "First interview, Senior Backend Engineer",
        "companyName": "Acme Hiring",
        "dashboardUrl": "https://hirewire.example/interviews/int_01KAB5C8E1G4J7M0P3R6T9W2Y5",
    })
}

fn interviewed() -> Value {
    json!({
        "id": people::CANDIDATE,
        "firstName": "Siobhán",
        "lastName": "O’Brien",
        "fullName": "Siobhán O’Brien",
        "email": "siobhan.obrien@mail.example",
        "phone": "+353 85 555 0100",
        "externalUserId": "ATS-4100",
        "profileUrl": "https://siobhan.example/work",
        "shareUrl": "https://hirewire.example/share/3Jf9sQ2v",
    })
}

fn session(status: &str, ended: (u32, u32), seconds: u32, recorded: bool) -> Value {
    let of_recording = |name: &str| recorded.then(|| format!("https://media.example/ses_01KAG9X2/{name}"));
    json!({
        "id": "ses_01KAG9X2Z5B8D1F4H7K0M3P6S9",
        "token": "q7Xv2LkT9dRb",
        "type": "video",
        "status": status,
        "startedAt": timestamp(november(20, 9, 5)),
        "endedAt": timestamp(november(20, ended.0, ended.1)),
        "durationSeconds": seconds,
        "recordingUrl": of_recording("recording.mp4"),
        "thumbnailUrl": of_recording("thumbnail.jpg"),
        "resumeUrl": "https://media.example/ses_01KAG9X2/resume.pdf",
    })
}

fn interview_completed() -> Value {
    json!({
        "interview": interview(),
        "candidate": interviewed(),
        "session": session("completed", (9, 29), 1_440, true),
        "validation": {"passed": true, "reason": null, "checkedAt": timestamp(november(20, 9, 29))},
        "scores": {"overall": 84, "interview": 86, "resume": 79},
        "integrity": {"score": 97, "riskLevel": "low", "flags": ["left_the_tab_once"]},
        "evaluation": {
            "performanceSummary": "Clear, structured answers with examples from production systems.",
            "categoryScores": {
                "communication": 88,
                "technicalKnowledge": 90,
                "problemSolving": 85,
                "experience": 82,
                "motivation": 84,
            },
            "languageProficiency": {"language": "English", "overall": 95, "fluency": 96, "vocabulary": 94, "grammar": 95},
            "summary": {
                "text": "A strong candidate for the platform team.",
                "strengths": ["Designs for failure", "Explains trade-offs"],
                "concerns": ["Little experience with front ends"],
            },
            "customScores": [{"name": "On-call readiness", "score": 80}],
        },
        "resumeEvaluation": {
            "overallScore": 79,
            "criteria": [{"name": "Relevant experience", "score": 84}, {"name": "Education", "score": 74}],
            "highlights": ["Ten years with distributed systems", "Led a migration to PostgreSQL"],
        },
        "transcript": [
            {"at": timestamp(november(20, 9, 5)), "speaker": "interviewer", "text": "Tell me about a system you are proud of."},
            {"at": timestamp(november(20, 9, 6)), "speaker": "candidate", "text": "A queue that lost nothing when its disk did."},
        ],
    })
}

fn interview_abandoned() -> Value {
    json!({
        "interview": interview(),
        "candidate": interviewed(),
        "session": session("abandoned", (10, 5), 312, false),
        "validation": {"passed": false, "reason": "The session expired before the last question.", "checkedAt": timestamp(november(20, 10, 5))},
        "scores": null,
        "integrity": null,
        "evaluation": null,
        "resumeEvaluation": null,
        "transcript": [
            {"at": timestamp(november(20, 9, 5)), "speaker": "interviewer", "text": "Tell me about a system you are proud of."},
        ],
    })
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
