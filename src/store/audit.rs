//! The audit log: who did what, when (B12). Written in the transaction of the act itself.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::schema::{audit, members};
use super::time::{from_micros, micros};
use super::{Conn, Result};
use crate::domain::act::{Act, StoredAct};
use crate::domain::ids::{AuditId, MemberId, OrganisationId};

mod lines;

pub(super) use lines::{Line, gathered};

/// An act to remember.
#[derive(Debug, Clone, Copy)]
pub struct Entry<'a> {
    /// In which organisation, if in one.
    pub organisation: Option<&'a OrganisationId>,
    /// Who, if a member.
    pub member: Option<&'a MemberId>,
    /// What was done.
    pub act: Act<'a>,
    /// To what: an id.
    pub object: Option<&'a str>,
}

/// An act of a member in each of their organisations, so that each sees it; in none of a stranger, or of somebody who belongs
/// nowhere.
pub fn record_everywhere(conn: &mut Conn, member: Option<&MemberId>, act: Act<'_>, now: DateTime<Utc>) -> Result<()> {
    let organisations = match member {
        Some(member) => super::member::organisations_of(conn, member)?,
        None => Vec::new(),
    };
    if organisations.is_empty() {
        return record(conn, &Entry { organisation: None, member, act, object: None }, now);
    }
    for (organisation, _) in organisations {
        record(conn, &Entry { organisation: Some(&organisation.id), member, act, object: None }, now)?;
    }
    Ok(())
}

/// Writes an act. Once the transaction is durable it stands in the operator's log as well, under the target `audit`.
pub fn record(conn: &mut Conn, entry: &Entry<'_>, now: DateTime<Utc>) -> Result<()> {
    let id = AuditId::new(now);
    let (act, detail) = (entry.act.kind().as_str(), entry.act.sentence());
    diesel::insert_into(audit::table)
        .values((
            audit::id.eq(id.as_str()),
            audit::organisation_id.eq(entry.organisation.map(OrganisationId::as_str)),
            audit::member_id.eq(entry.member.map(MemberId::as_str)),
            audit::act.eq(act),
            audit::object.eq(entry.object),
            audit::detail.eq(detail.as_ref()),
            audit::created_at.eq(micros(now)),
        ))
        .execute(conn)?;
    lines::add(Line {
        id,
        organisation: entry.organisation.cloned(),
        member: entry.member.cloned(),
        act,
        object: entry.object.map(str::to_owned),
    });
    Ok(())
}

/// An act on one object, as pages tell it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Done {
    /// What was done.
    pub act: StoredAct,
    /// By whom; their name as it is now.
    pub by: Option<String>,
    /// When.
    pub at: DateTime<Utc>,
}

/// What was done to an object since a time, oldest first: the newest 200 acts.
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
        .order((audit::created_at.desc(), audit::id.desc()))
        .limit(200)
        .select((audit::id, audit::act, members::name.nullable(), audit::created_at))
        .load(conn)?;
    let read = |(id, act, by, at): (String, String, Option<String>, i64)| {
        Ok(Done { act: StoredAct::read(act), by, at: from_micros("audit", &id, at)? })
    };
    rows.into_iter().rev().map(read).collect()
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
