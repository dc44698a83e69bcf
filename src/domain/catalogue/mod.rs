//! The event catalogue: every type there is, in the order of the forms (T6, S1).
//!
//! Each type has one sample ([`sample`]), which Send Test sends and the pages show, and a table of what stands in its `data`
//! ([`fields`]). A test walks the samples and fails where a table says something else.

mod fields;
mod interviews;
mod people;
mod samples;
#[cfg(test)]
mod tests;

use super::event::EventType;

pub use fields::{Field, fields};
pub use samples::sample;

/// One type of event.
#[derive(Debug, Clone, Copy)]
pub struct Entry {
    /// Its name on the wire.
    pub name: &'static str,
    /// When it happens, one sentence.
    pub when: &'static str,
    /// Whether hooks subscribe to it; the others go to the hook they are made for.
    pub subscribable: bool,
    /// Whether only partner systems report it: nothing that is done in Hirewire causes it.
    pub is_reported: bool,
}

const fn on(name: &'static str, when: &'static str) -> Entry {
    Entry { name, when, subscribable: true, is_reported: false }
}

const fn reported(name: &'static str, when: &'static str) -> Entry {
    Entry { name, when, subscribable: true, is_reported: true }
}

const fn addressed(name: &'static str, when: &'static str) -> Entry {
    Entry { name, when, subscribable: false, is_reported: false }
}

/// Every type, those to subscribe to first.
pub const CATALOGUE: [Entry; 14] = [
    reported("candidate.created", "A candidate was added to a vacancy."),
    reported("candidate.updated", "A candidate's profile or application changed."),
    reported("candidate.stage_changed", "A candidate moved to another stage of a vacancy."),
    reported("candidate.deleted", "A candidate was deleted."),
    reported("job.created", "A vacancy was created."),
    reported("job.updated", "A vacancy changed."),
    reported("job.status_changed", "A vacancy was opened, paused or closed."),
    on("interview.completed", "A candidate finished an interview and its evaluation is ready."),
    on("interview.abandoned", "A candidate began an interview and the session expired."),
    reported("resume.bulk_upload_parse.started", "A batch of résumés began to be processed."),
    reported("resume.bulk_upload_parse.completed", "A batch of résumés has been processed."),
    reported("resume.bulk_upload_parse.failed", "A batch of résumés could not be processed."),
    addressed("candidates.exported", "A recruiter exported candidates to this webhook."),
    addressed("webhook.test", "Someone pressed Send Test."),
];

/// The entry of a name.
pub fn entry(name: &str) -> Option<&'static Entry> {
    CATALOGUE.iter().find(|entry| entry.name == name)
}

/// Every type a hook can subscribe to.
pub fn subscribable() -> impl Iterator<Item = EventType> {
    CATALOGUE.iter().filter(|entry| entry.subscribable).map(|entry| EventType::of(entry.name))
}

/// Every type, those to subscribe to first.
pub fn all() -> impl Iterator<Item = EventType> {
    CATALOGUE.iter().map(|entry| EventType::of(entry.name))
}
