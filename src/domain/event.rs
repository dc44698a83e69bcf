//! Events: things that happened, recorded once and owed to every hook in their route.

use std::fmt;
use std::hash::{Hash, Hasher};

use chrono::{DateTime, Utc};

use super::catalogue::{self, Entry, Reach};
use super::ids::{ApiKeyId, EventId, MemberId, OrganisationId};
use super::mode::Mode;

/// A type from the catalogue, such as `interview.completed`. There is one entry of each, so it is the same type where it is the
/// same entry.
#[derive(Clone, Copy)]
pub struct EventType(&'static Entry);

impl EventType {
    /// An export of candidates; goes to the chosen hook alone.
    pub const CANDIDATES_EXPORTED: EventType = EventType(&catalogue::CANDIDATES_EXPORTED);
    /// A candidate finished an interview (S1).
    pub const INTERVIEW_COMPLETED: EventType = EventType(&catalogue::INTERVIEW_COMPLETED);
    /// A candidate began an interview, and the session expired (S1).
    pub const INTERVIEW_ABANDONED: EventType = EventType(&catalogue::INTERVIEW_ABANDONED);
    /// Send Test's own event.
    pub const WEBHOOK_TEST: EventType = EventType(&catalogue::WEBHOOK_TEST);

    /// Takes a name that stands in the catalogue.
    pub fn parse(name: &str) -> Option<Self> {
        catalogue::all().find(|kind| kind.0.name == name)
    }

    pub(super) const fn of(entry: &'static Entry) -> Self {
        EventType(entry)
    }

    /// What the catalogue says of it.
    pub fn entry(self) -> &'static Entry {
        self.0
    }

    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        self.0.name
    }

    /// Whether an interview's own hook gets it in place of the default hook (S2).
    pub fn is_of_interview(self) -> bool {
        self.0.reach == Reach::Interview
    }

    /// Whether it reaches only the hook it is made for (T1).
    pub fn is_addressed(self) -> bool {
        self.0.reach == Reach::Addressed
    }
}

impl PartialEq for EventType {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self.0, other.0)
    }
}

impl Eq for EventType {}

impl Hash for EventType {
    fn hash<H: Hasher>(&self, state: &mut H) {
        std::ptr::hash(self.0, state);
    }
}

impl fmt::Debug for EventType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EventType({})", self.as_str())
    }
}

impl fmt::Display for EventType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What caused an event: the *client* of the wire contract (T9).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cause {
    /// A partner system, through this API key.
    ApiKey(ApiKeyId),
    /// A member, in the console.
    Member(MemberId),
    /// The clock: something expired.
    Clock,
}

impl Cause {
    /// `clientId` on the wire and in the log; `None` for the clock.
    pub fn client_id(&self) -> Option<&str> {
        match self {
            Cause::ApiKey(id) => Some(id.as_str()),
            Cause::Member(id) => Some(id.as_str()),
            Cause::Clock => None,
        }
    }

    /// Reads a stored client id; `None` when it is neither kind.
    pub fn from_client_id(id: Option<&str>) -> Option<Self> {
        match id {
            None => Some(Cause::Clock),
            Some(text) if text.starts_with("key_") => text.parse().ok().map(Cause::ApiKey),
            Some(text) => text.parse().ok().map(Cause::Member),
        }
    }
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Its id: `webhook-id`, the same on every try.
    pub id: EventId,
    /// Whose.
    pub organisation_id: OrganisationId,
    /// In which world.
    pub mode: Mode,
    /// Of which type.
    pub kind: EventType,
    /// Caused by whom or what.
    pub cause: Cause,
    /// When it happened; `X-Webhook-Timestamp`.
    pub occurred_at: DateTime<Utc>,
    /// Whether it is a Send Test or a sample rather than something real.
    pub probe: bool,
}

impl Event {
    /// The wire's `test`: true for test-mode data, Send Test and samples.
    pub fn is_test(&self) -> bool {
        self.probe || self.mode == Mode::Test
    }
}
