//! API keys: how partner systems prove who they are (T11, T13).

use std::fmt;

use chrono::{DateTime, Utc};
use rand::distr::{Alphanumeric, SampleString};
use ring::digest::{SHA256, digest};
use zeroize::Zeroizing;

use super::ids::{ApiKeyId, MemberId, OrganisationId};
use super::mode::Mode;
use super::signing::hex;

/// A partner system's key as it is stored: its hash only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKey {
    /// Public id; `clientId` of the events reported with it.
    pub id: ApiKeyId,
    /// Whose data it reaches.
    pub organisation_id: OrganisationId,
    /// Which world it reaches; its prefix says the same.
    pub mode: Mode,
    /// What it is for.
    pub name: String,
    /// Its last four characters.
    pub ends_in: String,
    /// Who made it.
    pub created_by: Option<MemberId>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was last used, to the minute.
    pub last_used_at: Option<DateTime<Utc>>,
    /// When it was revoked; it works no more.
    pub revoked_at: Option<DateTime<Utc>>,
}

/// An API key in clear; shown once, never stored.
pub struct ApiKeySecret(Zeroizing<String>);

impl ApiKeySecret {
    /// A new key: `sk_live_` or `sk_test_` and 40 random letters and digits.
    pub fn generate(mode: Mode) -> Self {
        let random = Alphanumeric.sample_string(&mut rand::rng(), 40);
        Self(Zeroizing::new(format!("{}{random}", prefix(mode))))
    }

    /// The text itself.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// Its last four characters.
    pub fn ends_in(&self) -> &str {
        &self.0[self.0.len() - 4..]
    }

    /// What is stored and looked up. The key holds 238 random bits: a plain hash cannot be searched backwards.
    pub fn hash(&self) -> String {
        hash(&self.0)
    }
}

impl fmt::Debug for ApiKeySecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiKeySecret(••••••••)")
    }
}

/// What keys of a mode start with.
pub fn prefix(mode: Mode) -> &'static str {
    match mode {
        Mode::Live => "sk_live_",
        Mode::Test => "sk_test_",
    }
}

/// The stored form of a presented key.
pub fn hash(presented: &str) -> String {
    hex(digest(&SHA256, presented.as_bytes()).as_ref())
}
