//! Identifiers: a prefix that says what it names, an underscore, and 26 characters of Crockford base 32 (a ULID).
//!
//! They sort by the time they were made, hold no `.` (the Standard Webhooks signing text uses it as a separator) and are
//! safe in URLs, headers and file names.

use std::fmt;
use std::hash::{Hash, Hasher};

use arrayvec::ArrayString;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use ulid::Ulid;

/// A text that is not an identifier of the wanted kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("“{text}” is not an id that starts with {prefix}_")]
pub struct NotAnId {
    /// The prefix that was wanted.
    pub prefix: &'static str,
    /// What was given.
    pub text: String,
}

/// The longest prefix, the underscore and a ULID.
const MAX_LEN: usize = 30;

/// The text of an id where it stands: ids are everywhere, and none is worth an allocation.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Inline(ArrayString<MAX_LEN>);

impl Inline {
    /// `rest` is a ULID, so there is room for all of it.
    fn of(prefix: &str, rest: &str) -> Self {
        let mut text = ArrayString::new();
        for part in [prefix, "_", rest] {
            text.push_str(part);
        }
        Self(text)
    }

    fn as_str(&self) -> &str {
        &self.0
    }
}

impl Hash for Inline {
    /// The end of it: there it is random.
    fn hash<H: Hasher>(&self, state: &mut H) {
        let text = self.0.as_bytes();
        state.write(&text[text.len().saturating_sub(16)..]);
    }
}

fn fresh(prefix: &str, now: DateTime<Utc>) -> Inline {
    let millis = u64::try_from(now.timestamp_millis()).unwrap_or_default();
    let mut text = [0; ulid::ULID_LEN];
    Inline::of(prefix, Ulid::from_parts(millis, rand::random()).array_to_str(&mut text))
}

fn made_at(id: &str) -> Option<DateTime<Utc>> {
    let (_, body) = id.rsplit_once('_')?;
    let millis = Ulid::from_string(body).ok()?.timestamp_ms();
    DateTime::from_timestamp_millis(i64::try_from(millis).ok()?)
}

fn checked(prefix: &'static str, text: &str) -> Result<Inline, NotAnId> {
    let body = text.strip_prefix(prefix).and_then(|rest| rest.strip_prefix('_'));
    match body {
        Some(body) if body.len() == 26 && body.bytes().all(|b| b.is_ascii_digit() || b.is_ascii_uppercase()) => {
            Ok(Inline::of(prefix, body))
        }
        _ => Err(NotAnId { prefix, text: text.chars().take(64).collect() }),
    }
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident = $prefix:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(into = "String", try_from = "String")]
        pub struct $name(Inline);

        impl $name {
            /// What every id of this kind starts with, before the underscore.
            pub const PREFIX: &'static str = $prefix;

            /// A new id made at `now`.
            pub fn new(now: DateTime<Utc>) -> Self {
                Self(fresh($prefix, now))
            }

            /// The id as text.
            pub fn as_str(&self) -> &str {
                self.0.as_str()
            }

            /// When it was made, to the millisecond; `None` when what was given as an id is no ULID.
            pub fn made_at(&self) -> Option<DateTime<Utc>> {
                made_at(self.0.as_str())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.as_str())
            }
        }

        impl TryFrom<String> for $name {
            type Error = NotAnId;

            fn try_from(text: String) -> Result<Self, NotAnId> {
                text.parse()
            }
        }

        impl std::str::FromStr for $name {
            type Err = NotAnId;

            fn from_str(text: &str) -> Result<Self, NotAnId> {
                checked($prefix, text).map(Self)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.as_str().to_owned()
            }
        }
    )*};
}

ids! {
    /// An organisation; the *company ID* of the wire contract (T9).
    OrganisationId = "org";
    /// A member: a person who signs in.
    MemberId = "mem";
    /// An invitation to become a member.
    InvitationId = "inv";
    /// A vacancy; the partner API calls it a job.
    VacancyId = "job";
    /// A candidate.
    CandidateId = "can";
    /// A candidate's application to one vacancy.
    ApplicationId = "app";
    /// An interview: what candidates are invited to.
    InterviewId = "int";
    /// One candidate's session of an interview.
    SessionId = "ses";
    /// A hook: an address that is called.
    HookId = "hk";
    /// A key or a signing secret of a hook.
    CredentialId = "crd";
    /// A header of a hook's own.
    HookHeaderId = "hdr";
    /// An event: something that happened.
    EventId = "evt";
    /// A delivery: one event owed to one hook.
    DeliveryId = "dlv";
    /// An attempt: one request of a delivery.
    AttemptId = "att";
    /// An export of candidates to a hook.
    ExportId = "exp";
    /// An import of candidates into a vacancy.
    ImportId = "imp";
    /// An API key's public id; not the key itself.
    ApiKeyId = "key";
    /// One running process on a database.
    InstanceId = "ins";
    /// A row of the audit log.
    AuditId = "aud";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_its_prefix_and_26_characters_and_reads_back() {
        let id = EventId::new(DateTime::UNIX_EPOCH);
        assert_eq!(id.as_str().len(), 30);
        assert!(id.as_str().starts_with("evt_") && !id.as_str().contains('.'));
        assert_eq!(id.as_str().parse(), Ok(id.clone()));
        assert!(id.as_str().parse::<HookId>().is_err());
        assert!("evt_short".parse::<EventId>().is_err());
        let made = DateTime::from_timestamp_millis(1_795_182_131_123);
        assert_eq!(made.and_then(|at| EventId::new(at).made_at()), made);
        assert_eq!("evt_UUUUUUUUUUUUUUUUUUUUUUUUUU".parse::<EventId>().ok().and_then(|id| id.made_at()), None);
    }
}
