//! The audit log: who did what, when (B12). Written in the transaction of the act itself.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::schema::{audit, members};
use super::time::{from_micros, micros};
use super::{Conn, Result};
use crate::domain::ids::{AuditId, MemberId, OrganisationId};

mod lines;

pub(super) use lines::{Line, gathered};

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

/// An act of a member in each of their organisations, so that each sees it; in none of a stranger, or of somebody who belongs
/// nowhere.
pub fn insert_everywhere(
    conn: &mut Conn,
    member: Option<&MemberId>,
    act: &str,
    detail: String,
    now: DateTime<Utc>,
) -> Result<()> {
    let organisations = match member {
        Some(member) => super::member::organisations_of(conn, member)?,
        None => Vec::new(),
    };
    if organisations.is_empty() {
        return insert(conn, &Act { organisation: None, member, act, object: None, detail }, now);
    }
    for (organisation, _) in organisations {
        let act = Act { organisation: Some(&organisation.id), member, act, object: None, detail: detail.clone() };
        insert(conn, &act, now)?;
    }
    Ok(())
}

/// Writes an act. Once the transaction is durable it stands in the operator's log as well, under the target `audit`.
pub fn insert(conn: &mut Conn, act: &Act<'_>, now: DateTime<Utc>) -> Result<()> {
    let id = AuditId::new(now);
    diesel::insert_into(audit::table)
        .values((
            audit::id.eq(id.as_str()),
            audit::organisation_id.eq(act.organisation.map(OrganisationId::as_str)),
            audit::member_id.eq(act.member.map(MemberId::as_str)),
            audit::act.eq(act.act),
            audit::object.eq(act.object),
            audit::detail.eq(&act.detail),
            audit::created_at.eq(micros(now)),
        ))
        .execute(conn)?;
    lines::add(Line {
        id,
        organisation: act.organisation.cloned(),
        member: act.member.cloned(),
        act: act.act.to_owned(),
        object: act.object.map(str::to_owned),
    });
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

/// What was done in an organisation, oldest first.
pub fn acts_of(conn: &mut Conn, organisation: &OrganisationId) -> Result<Vec<String>> {
    let own = audit::table.filter(audit::organisation_id.eq(organisation.as_str()));
    Ok(own.order((audit::created_at, audit::id)).select(audit::act).load(conn)?)
}

/// Everything written of an act's details, for tests that look for what must not be there.
pub fn all_details(conn: &mut Conn) -> Result<Vec<(String, String)>> {
    Ok(audit::table.order(audit::id).select((audit::act, audit::detail)).load(conn)?)
}
