//! The audit log: who did what, when (B12). Written in the transaction of the act itself.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::schema::{audit, members};
use super::time::{from_micros, micros};
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

/// An act on one object, as pages tell it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Done {
    /// What was done.
    pub act: String,
    /// By whom; their name as it is now.
    pub by: Option<String>,
    /// When.
    pub at: DateTime<Utc>,
}

/// What was done to an object since a time, oldest first, at most 200 acts.
pub fn of_object(
    conn: &mut Conn,
    organisation: &OrganisationId,
    object: &str,
    since: DateTime<Utc>,
) -> Result<Vec<Done>> {
    let rows: Vec<(String, String, Option<String>, i64)> = audit::table
        .left_join(members::table.on(audit::member_id.eq(members::id.nullable())))
        .filter(audit::organisation_id.eq(organisation.as_str()).and(audit::object.eq(object)))
        .filter(audit::created_at.ge(micros(since)))
        .order((audit::created_at, audit::id))
        .limit(200)
        .select((audit::id, audit::act, members::name.nullable(), audit::created_at))
        .load(conn)?;
    rows.into_iter().map(|(id, act, by, at)| Ok(Done { act, by, at: from_micros("audit", &id, at)? })).collect()
}

/// Everything written of an act's details, for tests that look for what must not be there.
pub fn all_details(conn: &mut Conn) -> Result<Vec<(String, String)>> {
    Ok(audit::table.order(audit::id).select((audit::act, audit::detail)).load(conn)?)
}
