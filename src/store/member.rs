//! Members and their roles in the database.

use diesel::prelude::*;

use super::organisation::OrganisationRow;
use super::row::Reader;
use super::schema::{members, memberships, organisations};
use super::time::micros;
use super::{Conn, Result};
use crate::domain::ids::{MemberId, OrganisationId};
use crate::domain::member::Member;
use crate::domain::organisation::Organisation;
use crate::domain::role::Role;

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = members)]
struct MemberRow {
    id: String,
    email: String,
    name: String,
    password_hash: String,
    created_at: i64,
}

impl MemberRow {
    fn read(self) -> Result<Member> {
        let row = Reader { table: "members", id: &self.id };
        Ok(Member {
            id: row.parse(&self.id)?,
            created_at: row.time(self.created_at)?,
            email: self.email,
            name: self.name,
        })
    }
}

/// Writes a new member with the hash of their password.
pub fn insert(conn: &mut Conn, member: &Member, password_hash: &str) -> Result<()> {
    let row = MemberRow {
        id: member.id.to_string(),
        email: member.email.clone(),
        name: member.name.clone(),
        password_hash: password_hash.to_owned(),
        created_at: micros(member.created_at),
    };
    diesel::insert_into(members::table).values(&row).execute(conn)?;
    Ok(())
}

/// Gives a member a role in an organisation.
pub fn join(conn: &mut Conn, member: &Member, organisation: &OrganisationId, role: Role) -> Result<()> {
    diesel::insert_into(memberships::table)
        .values((
            memberships::member_id.eq(member.id.as_str()),
            memberships::organisation_id.eq(organisation.as_str()),
            memberships::role.eq(role.as_str()),
            memberships::created_at.eq(micros(member.created_at)),
        ))
        .execute(conn)?;
    Ok(())
}

/// One member.
pub fn find(conn: &mut Conn, id: &MemberId) -> Result<Option<Member>> {
    let row = members::table.find(id.as_str()).select(MemberRow::as_select()).first(conn).optional()?;
    row.map(MemberRow::read).transpose()
}

/// The names of these members, for pages that say who did what.
pub fn names(conn: &mut Conn, ids: &[String]) -> Result<std::collections::HashMap<String, String>> {
    let rows: Vec<(String, String)> =
        members::table.filter(members::id.eq_any(ids)).select((members::id, members::name)).load(conn)?;
    Ok(rows.into_iter().collect())
}

/// The member with this address (already lower-case) and the hash of their password.
pub fn find_by_email(conn: &mut Conn, email: &str) -> Result<Option<(Member, String)>> {
    let row = members::table.filter(members::email.eq(email)).select(MemberRow::as_select()).first(conn).optional()?;
    row.map(|row| {
        let hash = row.password_hash.clone();
        row.read().map(|member| (member, hash))
    })
    .transpose()
}

/// Sets a new password hash; whether there was such a member.
pub fn set_password(conn: &mut Conn, id: &MemberId, password_hash: &str) -> Result<bool> {
    let changed =
        diesel::update(members::table.find(id.as_str())).set(members::password_hash.eq(password_hash)).execute(conn)?;
    Ok(changed == 1)
}

/// The organisations a member belongs to and their role in each, oldest organisation first.
pub fn organisations_of(conn: &mut Conn, id: &MemberId) -> Result<Vec<(Organisation, Role)>> {
    let rows: Vec<(OrganisationRow, String)> = memberships::table
        .inner_join(organisations::table.on(organisations::id.eq(memberships::organisation_id)))
        .filter(memberships::member_id.eq(id.as_str()))
        .order(organisations::id)
        .select((OrganisationRow::as_select(), memberships::role))
        .load(conn)?;
    rows.into_iter()
        .map(|(organisation, role)| {
            let row = Reader { table: "memberships", id: id.as_str() };
            Ok((organisation.read()?, row.word("role", &role, Role::parse)?))
        })
        .collect()
}

/// The members of an organisation in a role, by name.
pub fn with_role(conn: &mut Conn, organisation: &OrganisationId, role: Role) -> Result<Vec<Member>> {
    let rows = members::table
        .inner_join(memberships::table.on(memberships::member_id.eq(members::id)))
        .filter(memberships::organisation_id.eq(organisation.as_str()).and(memberships::role.eq(role.as_str())))
        .order(members::name)
        .select(MemberRow::as_select())
        .load(conn)?;
    rows.into_iter().map(MemberRow::read).collect()
}
