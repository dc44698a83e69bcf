//! The event catalogue: every type there is, in the order of the forms (T6, S1).
//!
//! Each type is one [`Entry`]: its sample, which Send Test sends and the pages show, a table of what stands in its `data`
//! ([`fields`]), and which of that says nothing about a person. A test walks the samples and fails where a table says something
//! else.

mod entries;
mod fields;
mod harmless;
mod interviews;
mod people;
mod samples;
#[cfg(test)]
mod tests;

use serde_json::Value;

use super::event::EventType;
use super::hook::FieldSet;

pub use entries::{CANDIDATES_EXPORTED, CATALOGUE, INTERVIEW_ABANDONED, INTERVIEW_COMPLETED, WEBHOOK_TEST};
pub use fields::{Field, fields};
pub(super) use harmless::is_harmless;

/// One type of event.
#[derive(Debug)]
pub struct Entry {
    /// Its name on the wire.
    pub name: &'static str,
    /// When it happens, one sentence.
    pub when: &'static str,
    /// Which hooks get it.
    pub reach: Reach,
    /// Whether only partner systems report it: nothing that is done in Hirewire causes it.
    pub is_reported: bool,
    /// What stands in its `data` with the field set *Full*, in the order of the sample; groups stand before what is in them.
    fields: &'static [fields::Group],
    /// Which texts of its `data` say nothing about a person.
    harmless: &'static [harmless::Group],
    /// The `data` of its sample.
    sample: fn(FieldSet) -> Value,
}

/// Which hooks get the events of a type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Those that subscribe to it.
    Subscribed,
    /// Those that subscribe to it, and an interview's own hook in place of the default one (S2).
    Interview,
    /// The one that it is made for (T1).
    Addressed,
}

impl Entry {
    /// Whether hooks subscribe to it; the others go to the hook they are made for.
    pub fn is_subscribable(&self) -> bool {
        self.reach != Reach::Addressed
    }
}

/// The `data` of a sample event, the same at each call: what Send Test sends (B4) and the catalogue shows. The field set
/// decides how much of a candidate it tells, as with real events (B11).
pub fn sample(kind: EventType, field_set: FieldSet) -> Value {
    (kind.entry().sample)(field_set)
}

/// Every type a hook can subscribe to.
pub fn subscribable() -> impl Iterator<Item = EventType> {
    all().filter(|kind| kind.entry().is_subscribable())
}

/// Every type, those to subscribe to first.
pub fn all() -> impl Iterator<Item = EventType> {
    CATALOGUE.into_iter().map(EventType::of)
}
