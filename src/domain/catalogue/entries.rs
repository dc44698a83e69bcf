//! The entries of the catalogue, one a type. Whoever adds one says all of it here, or it does not compile.

use super::fields::*;
use super::{Entry, Reach, harmless, interviews, samples};

/// Makes the entries and the list of them.
macro_rules! entries {
    ($($entry:ident = $says:expr;)+) => {
        $(#[doc = stringify!($entry)] pub static $entry: Entry = $says;)+

        /// Every type, those to subscribe to first.
        pub static CATALOGUE: [&Entry; [$(stringify!($entry)),+].len()] = [$(&$entry),+];
    };
}

entries! {
    CANDIDATE_CREATED = Entry {
        name: "candidate.created",
        when: "A candidate was added to a vacancy.",
        reach: Reach::Subscribed,
        is_reported: true,
        fields: &[("", &WHOM), ("candidate", &CANDIDATE), ("job", &VACANCY)],
        harmless: &[("candidate", harmless::APPLICANT), ("job", harmless::VACANCY)],
        sample: samples::candidate_created,
    };
    CANDIDATE_UPDATED = Entry {
        name: "candidate.updated",
        when: "A candidate's profile or application changed.",
        reach: Reach::Subscribed,
        is_reported: true,
        fields: &[("", &WHOM), ("candidate", &CANDIDATE), ("job", &VACANCY), ("", &CHANGED)],
        harmless: &[("candidate", harmless::APPLICANT), ("job", harmless::VACANCY), ("", harmless::CHANGED)],
        sample: samples::candidate_updated,
    };
    CANDIDATE_STAGE_CHANGED = Entry {
        name: "candidate.stage_changed",
        when: "A candidate moved to another stage of a vacancy.",
        reach: Reach::Subscribed,
        is_reported: true,
        fields: &[("", &WHOM), ("candidate", &CANDIDATE), ("job", &VACANCY), ("", &STAGES)],
        harmless: &[("candidate", harmless::APPLICANT), ("job", harmless::VACANCY), ("", harmless::STAGES)],
        sample: samples::candidate_stage_changed,
    };
    CANDIDATE_DELETED = Entry {
        name: "candidate.deleted",
        when: "A candidate was deleted.",
        reach: Reach::Subscribed,
        is_reported: true,
        fields: &[("", &DELETED)],
        harmless: &[],
        sample: samples::candidate_deleted,
    };
    JOB_CREATED = Entry {
        name: "job.created",
        when: "A vacancy was created.",
        reach: Reach::Subscribed,
        is_reported: true,
        fields: &[("job", &VACANCY)],
        harmless: &[("job", harmless::VACANCY)],
        sample: samples::job_created,
    };
    JOB_UPDATED = Entry {
        name: "job.updated",
        when: "A vacancy changed.",
        reach: Reach::Subscribed,
        is_reported: true,
        fields: &[("job", &VACANCY), ("", &CHANGED)],
        harmless: &[("job", harmless::VACANCY), ("", harmless::CHANGED)],
        sample: samples::job_updated,
    };
    JOB_STATUS_CHANGED = Entry {
        name: "job.status_changed",
        when: "A vacancy was opened, paused or closed.",
        reach: Reach::Subscribed,
        is_reported: true,
        fields: &[("job", &VACANCY), ("", &STATUSES)],
        harmless: &[("job", harmless::VACANCY), ("", harmless::STATUSES)],
        sample: samples::job_status_changed,
    };
    INTERVIEW_COMPLETED = Entry {
        name: "interview.completed",
        when: "A candidate finished an interview and its evaluation is ready.",
        reach: Reach::Interview,
        is_reported: false,
        fields: INTERVIEW,
        harmless: &[("", harmless::INTERVIEW)],
        sample: interviews::completed,
    };
    INTERVIEW_ABANDONED = Entry {
        name: "interview.abandoned",
        when: "A candidate began an interview and the session expired.",
        reach: Reach::Interview,
        is_reported: false,
        fields: INTERVIEW,
        harmless: &[("", harmless::INTERVIEW)],
        sample: interviews::abandoned,
    };
    RESUME_BATCH_STARTED = Entry {
        name: "resume.bulk_upload_parse.started",
        when: "A batch of résumés began to be processed.",
        reach: Reach::Subscribed,
        is_reported: true,
        fields: &[("", &BATCH)],
        harmless: &[("", harmless::BATCH)],
        sample: samples::resume_batch_started,
    };
    RESUME_BATCH_COMPLETED = Entry {
        name: "resume.bulk_upload_parse.completed",
        when: "A batch of résumés has been processed.",
        reach: Reach::Subscribed,
        is_reported: true,
        fields: &[("", &BATCH)],
        harmless: &[("", harmless::BATCH)],
        sample: samples::resume_batch_completed,
    };
    RESUME_BATCH_FAILED = Entry {
        name: "resume.bulk_upload_parse.failed",
        when: "A batch of résumés could not be processed.",
        reach: Reach::Subscribed,
        is_reported: true,
        fields: &[("", &BATCH), ("", &BATCH_ERROR)],
        harmless: &[("", harmless::BATCH), ("", harmless::BATCH_ERROR)],
        sample: samples::resume_batch_failed,
    };
    CANDIDATES_EXPORTED = Entry {
        name: "candidates.exported",
        when: "A recruiter exported candidates to this webhook.",
        reach: Reach::Addressed,
        is_reported: false,
        fields: &[("", &EXPORT), ("vacancy", &VACANCY), ("", &EXPORTED), ("candidates[]", &CANDIDATE)],
        harmless: &[("export", harmless::EXPORT), ("vacancy", harmless::VACANCY), ("candidates[]", harmless::APPLICANT)],
        sample: samples::candidates_exported,
    };
    WEBHOOK_TEST = Entry {
        name: "webhook.test",
        when: "Someone pressed Send Test.",
        reach: Reach::Addressed,
        is_reported: false,
        fields: &[("", &TEST)],
        harmless: &[("", harmless::TEST)],
        sample: samples::webhook_test,
    };
}
