//! An organisation: a hiring team with its own members, hooks and data. On the wire it is the *company* (T9).

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use super::ids::OrganisationId;

/// A hiring team.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Organisation {
    /// Its id; `companyId` in every payload.
    pub id: OrganisationId,
    /// What its members call it.
    pub name: String,
    /// In which its pages tell the time and its log filters count days.
    pub time_zone: Tz,
    /// When an operator suspended it; its API keys then answer `ACCOUNT_INACTIVE` (T11).
    pub suspended_at: Option<DateTime<Utc>>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
}
