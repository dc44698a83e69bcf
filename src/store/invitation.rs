//! Invitations in the database: hashes of their links only.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::row::Reader;
use super::schema::invitations;
use super::time::micros;
use super::{Conn, Result};
use crate::domain::email::spellings;
use crate::domain::ids::{InvitationId, MemberId, OrganisationId};
use crate::domain::invitation::{Channel, End, Invitation, Mail};
use crate::domain::role::Role;

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = invitations)]
struct InvitationRow {
    id: String,
    organisation_id: String,
    email: String,
    name: Option<String>,
    role: String,
    hash: String,
    invited_by: String,
    mail: Option<String>,
    created_at: i64,
    expires_at: i64,
    ended: Option<String>,
    ended_at: Option<i64>,
    channel: Option<String>,
}

impl InvitationRow {
    fn read(self) -> Result<Invitation> {
        let row = Reader { table: "invitations", id: &self.id };
        Ok(Invitation {
            id: row.parse(&self.id)?,
            organisation_id: row.parse(&self.organisation_id)?,
            role: row.word("role", &self.role, Role::parse)?,
            invited_by: row.parse(&self.invited_by)?,
            mail: self.mail.map(|word| row.word("mail", &word, Mail::parse)).transpose()?,
            created_at: row.time(self.created_at)?,
            expires_at: row.time(self.expires_at)?,
            ended: self.ended.map(|word| row.word("ended", &word, End::parse)).transpose()?,
            ended_at: row.time_some(self.ended_at)?,
            // Those from before this was kept were shown to whoever invited.
            channel: self.channel.map_or(Ok(Channel::Shown), |word| row.word("channel", &word, Channel::parse))?,
            email: self.email,
            name: self.name,
        })
    }
}

/// Writes a new invitation with the hash of what its link holds.
pub fn insert(conn: &mut Conn, invitation: &Invitation, hash: &str) -> Result<()> {
    let row = InvitationRow {
        id: invitation.id.to_string(),
        organisation_id: invitation.organisation_id.to_string(),
        email: invitation.email.clone(),
        name: invitation.name.clone(),
        role: invitation.role.as_str().to_owned(),
        hash: hash.to_owned(),
        invited_by: invitation.invited_by.to_string(),
        mail: invitation.mail.map(|mail| mail.as_str().to_owned()),
        created_at: micros(invitation.created_at),
        expires_at: micros(invitation.expires_at),
        ended: invitation.ended.map(|end| end.as_str().to_owned()),
        ended_at: invitation.ended_at.map(micros),
        channel: Some(invitation.channel.as_str().to_owned()),
    };
    diesel::insert_into(invitations::table).values(&row).execute(conn)?;
    Ok(())
}

/// The invitation whose link holds what has this hash, ended ones included.
pub fn find_by_hash(conn: &mut Conn, hash: &str) -> Result<Option<Invitation>> {
    let query = invitations::table.filter(invitations::hash.eq(hash)).select(InvitationRow::as_select());
    query.first(conn).optional()?.map(InvitationRow::read).transpose()
}

/// One invitation of an organisation.
pub fn find(conn: &mut Conn, organisation: &OrganisationId, id: &InvitationId) -> Result<Option<Invitation>> {
    let query = invitations::table
        .find(id.as_str())
        .filter(invitations::organisation_id.eq(organisation.as_str()))
        .select(InvitationRow::as_select());
    query.first(conn).optional()?.map(InvitationRow::read).transpose()
}

/// The invitations of an organisation that nothing but time has ended, newest first.
pub fn pending(conn: &mut Conn, organisation: &OrganisationId) -> Result<Vec<Invitation>> {
    let rows = invitations::table
        .filter(invitations::organisation_id.eq(organisation.as_str()).and(invitations::ended.is_null()))
        .order(invitations::id.desc())
        .select(InvitationRow::as_select())
        .load(conn)?;
    rows.into_iter().map(InvitationRow::read).collect()
}

/// Takes an open invitation up: the second call, and one that comes too late, finds none.
pub fn accept(conn: &mut Conn, id: &InvitationId, now: DateTime<Utc>) -> Result<bool> {
    let open = invitations::table
        .find(id.as_str())
        .filter(invitations::ended.is_null().and(invitations::expires_at.gt(micros(now))));
    let changed = diesel::update(open)
        .set((invitations::ended.eq(End::Accepted.as_str()), invitations::ended_at.eq(micros(now))))
        .execute(conn)?;
    Ok(changed == 1)
}

/// Ends an invitation, unless it has ended otherwise than by time; whether it did.
pub fn end(conn: &mut Conn, id: &InvitationId, end: End, now: DateTime<Utc>) -> Result<bool> {
    let changed = diesel::update(invitations::table.find(id.as_str()).filter(invitations::ended.is_null()))
        .set((invitations::ended.eq(end.as_str()), invitations::ended_at.eq(micros(now))))
        .execute(conn)?;
    Ok(changed == 1)
}

/// Ends what a person was invited with before: their newest link is the only one that works.
pub fn replace(conn: &mut Conn, organisation: &OrganisationId, email: &str, now: DateTime<Utc>) -> Result<()> {
    let before = invitations::table
        .filter(invitations::organisation_id.eq(organisation.as_str()).and(invitations::email.eq_any(spellings(email))))
        .filter(invitations::ended.is_null());
    diesel::update(before)
        .set((invitations::ended.eq(End::Replaced.as_str()), invitations::ended_at.eq(micros(now))))
        .execute(conn)?;
    Ok(())
}

/// Revokes what a member invited with in an organisation: they have seen the links. How many there were.
pub fn revoke_of(
    conn: &mut Conn,
    organisation: &OrganisationId,
    inviter: &MemberId,
    now: DateTime<Utc>,
) -> Result<usize> {
    let theirs = invitations::table
        .filter(invitations::organisation_id.eq(organisation.as_str()))
        .filter(invitations::invited_by.eq(inviter.as_str()).and(invitations::ended.is_null()));
    Ok(diesel::update(theirs)
        .set((invitations::ended.eq(End::Revoked.as_str()), invitations::ended_at.eq(micros(now))))
        .execute(conn)?)
}

/// How many invitations were mailed to an address since then, by whatever organisation.
pub fn mailed_to(conn: &mut Conn, email: &str, since: DateTime<Utc>) -> Result<i64> {
    let mailed =
        invitations::table.filter(invitations::email.eq_any(spellings(email))).filter(invitations::mail.is_not_null());
    Ok(mailed.filter(invitations::created_at.gt(micros(since))).count().get_result(conn)?)
}

/// How many invitations an organisation has mailed since then.
pub fn mailed_by(conn: &mut Conn, organisation: &OrganisationId, since: DateTime<Utc>) -> Result<i64> {
    let own = invitations::table.filter(invitations::organisation_id.eq(organisation.as_str()));
    let mailed = own.filter(invitations::mail.is_not_null().and(invitations::created_at.gt(micros(since))));
    Ok(mailed.count().get_result(conn)?)
}

/// Remembers what became of an invitation's e-mail.
pub fn set_mail(conn: &mut Conn, id: &InvitationId, mail: Mail) -> Result<()> {
    diesel::update(invitations::table.find(id.as_str())).set(invitations::mail.eq(mail.as_str())).execute(conn)?;
    Ok(())
}
