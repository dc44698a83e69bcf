//! The audit log: who did what, when (B12). Written in the transaction of the act itself.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::schema::audit;
use super::time::micros;
use super::{Conn, Result};
use crate::domain::ids::{AuditId, MemberId, OrganisationId};

/// An act to remember. Never holds a secret, a key, a password or a candidate's data.
#[derive(Debug, Clone)]
pub struct Act<'a> {
    /// In which organisation, if in one.
    pub organisation: Option<&'a OrganisationId>,
    /// Who, if a member.
    pub member: Option<&'a MemberId>,
    /// What was done, as `hook.created`.
    pub act: &'a str,
    /// To what: an id.
    pub object: Option<&'a str>,
    /// In words, for people.
    pub detail: String,
}

/// Writes an act.
pub fn insert(conn: &mut Conn, act: &Act<'_>, now: DateTime<Utc>) -> Result<()> {
    diesel::insert_into(audit::table)
        .values((
            audit::id.eq(AuditId::new(now).as_str()),
            audit::organisation_id.eq(act.organisation.map(OrganisationId::as_str)),
            audit::member_id.eq(act.member.map(MemberId::as_str)),
            audit::act.eq(act.act),
            audit::object.eq(act.object),
            audit::detail.eq(&act.detail),
            audit::created_at.eq(micros(now)),
        ))
        .execute(conn)?;
    Ok(())
}

/// Everything written of an act's details, for tests that look for what must not be there.
pub fn all_details(conn: &mut Conn) -> Result<Vec<(String, String)>> {
    Ok(audit::table.order(audit::id).select((audit::act, audit::detail)).load(conn)?)
}
