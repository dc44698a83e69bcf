//! Events: things that happened, recorded once and owed to every hook in their route.

use std::fmt;

use chrono::{DateTime, Utc};

use super::catalogue;
use super::ids::{ApiKeyId, EventId, MemberId, OrganisationId};
use super::mode::Mode;

/// A type from the catalogue, such as `interview.completed`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EventType(&'static str);

impl EventType {
    /// An export of candidates; goes to the chosen hook alone.
    pub const CANDIDATES_EXPORTED: EventType = EventType("candidates.exported");
    /// A candidate finished an interview (S1).
    pub const INTERVIEW_COMPLETED: EventType = EventType("interview.completed");
    /// A candidate began an interview, and the session expired (S1).
    pub const INTERVIEW_ABANDONED: EventType = EventType("interview.abandoned");
    /// Send Test's own event.
    pub const WEBHOOK_TEST: EventType = EventType("webhook.test");

    /// Takes a name that stands in the catalogue.
    pub fn parse(name: &str) -> Option<Self> {
        catalogue::entry(name).map(|entry| EventType(entry.name))
    }

    pub(super) const fn of(name: &'static str) -> Self {
        EventType(name)
    }

    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        self.0
    }

    /// Whether an interview's own hook gets it in place of the default hook (S2).
    pub fn is_of_interview(self) -> bool {
        self.0.starts_with("interview.")
    }

    /// Whether it reaches only the hook it is made for (T1).
    pub fn is_addressed(self) -> bool {
        self == Self::CANDIDATES_EXPORTED || self == Self::WEBHOOK_TEST
    }
}

impl fmt::Display for EventType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
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
