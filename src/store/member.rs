//! Members and their roles in the database.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::BigInt;

use super::organisation::OrganisationRow;
use super::row::Reader;
use super::schema::{members, memberships, organisations};
use super::time::micros;
use super::{Conn, Result};
use crate::domain::act::ActKind;
use crate::domain::email::spellings;
use crate::domain::ids::{MemberId, OrganisationId};
use crate::domain::member::{Member, Membership, PasswordMark};
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
    address_proven_at: Option<i64>,
    password_given_at: Option<i64>,
}

impl MemberRow {
    fn read(self) -> Result<Member> {
        let row = Reader { table: "members", id: &self.id };
        Ok(Member {
            id: row.parse(&self.id)?,
            created_at: row.time(self.created_at)?,
            address_proven_at: row.time_some(self.address_proven_at)?,
            password_given_at: row.time_some(self.password_given_at)?,
            email: self.email,
            name: self.name,
            password: PasswordMark::of(&self.password_hash),
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
        address_proven_at: member.address_proven_at.map(micros),
        password_given_at: member.password_given_at.map(micros),
    };
    diesel::insert_into(members::table).values(&row).execute(conn)?;
    Ok(())
}

/// Gives a member a role in an organisation.
pub fn join(
    conn: &mut Conn,
    member: &MemberId,
    organisation: &OrganisationId,
    role: Role,
    now: DateTime<Utc>,
) -> Result<()> {
    diesel::insert_into(memberships::table)
        .values((
            memberships::member_id.eq(member.as_str()),
            memberships::organisation_id.eq(organisation.as_str()),
            memberships::role.eq(role.as_str()),
            memberships::created_at.eq(micros(now)),
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
    let row = members::table
        .filter(members::email.eq_any(spellings(email)))
        .order(members::id)
        .select(MemberRow::as_select())
        .first(conn)
        .optional()?;
    row.map(|row| {
        let hash = row.password_hash.clone();
        row.read().map(|member| (member, hash))
    })
    .transpose()
}

/// Sets a new password hash; whether there was such a member. `given_at` is when the operator printed the password, `None` for
/// one that the member chose.
pub fn set_password(
    conn: &mut Conn,
    id: &MemberId,
    password_hash: &str,
    given_at: Option<DateTime<Utc>>,
) -> Result<bool> {
    let changed = diesel::update(members::table.find(id.as_str()))
        .set((members::password_hash.eq(password_hash), members::password_given_at.eq(given_at.map(micros))))
        .execute(conn)?;
    Ok(changed == 1)
}

/// Writes down that a member's address was shown to be theirs; whether that was not known before.
pub fn prove_address(conn: &mut Conn, id: &MemberId, now: DateTime<Utc>) -> Result<bool> {
    let unproven = members::table.find(id.as_str()).filter(members::address_proven_at.is_null());
    Ok(diesel::update(unproven).set(members::address_proven_at.eq(micros(now))).execute(conn)? == 1)
}

/// Carries over, for up to `limit` accounts from before this was kept, that the operator made them: the address was theirs to
/// give. How many there were.
pub fn backfill_proven_addresses(conn: &mut Conn, limit: usize) -> Result<usize> {
    let proven = diesel::sql_query(format!(
        "UPDATE members SET address_proven_at = created_at WHERE id IN \
            (SELECT m.id {} AND m.address_proven_at IS NULL LIMIT $1)",
        made_by_operator()
    ));
    Ok(proven.bind::<BigInt, _>(i64::try_from(limit).unwrap_or(i64::MAX)).execute(conn)?)
}

/// How many accounts the operator made.
pub fn count_made_by_operator(conn: &mut Conn) -> Result<i64> {
    let query = format!("SELECT count(*) AS count {}", made_by_operator());
    let count: Counted = diesel::sql_query(query).get_result(conn)?;
    Ok(count.count)
}

/// The audit says of whoever the operator gave a role that they were created; of an account that was there before, at a later
/// time.
fn made_by_operator() -> String {
    format!(
        "FROM audit a JOIN members m ON m.id = a.object AND m.created_at = a.created_at WHERE a.act = '{}'",
        ActKind::MemberCreated.as_str()
    )
}

#[derive(QueryableByName)]
struct Counted {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

/// The hash of a member's password.
pub fn password_hash(conn: &mut Conn, id: &MemberId) -> Result<Option<String>> {
    Ok(members::table.find(id.as_str()).select(members::password_hash).first(conn).optional()?)
}

/// Sets the name a member goes by, in every organisation of theirs.
pub fn rename(conn: &mut Conn, id: &MemberId, name: &str) -> Result<()> {
    diesel::update(members::table.find(id.as_str())).set(members::name.eq(name)).execute(conn)?;
    Ok(())
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

/// A place in an organisation as the tables hold it: role, since when, last seen.
type Place = (String, i64, Option<i64>);

fn membership((member, (role, since, last_seen_at)): (MemberRow, Place)) -> Result<Membership> {
    let member = member.read()?;
    let row = Reader { table: "memberships", id: member.id.as_str() };
    let (role, since) = (row.word("role", &role, Role::parse)?, row.time(since)?);
    let last_seen_at = row.time_some(last_seen_at)?;
    Ok(Membership { role, since, last_seen_at, member })
}

/// Everybody in an organisation, by name.
pub fn list(conn: &mut Conn, organisation: &OrganisationId) -> Result<Vec<Membership>> {
    let rows: Vec<(MemberRow, Place)> = members::table
        .inner_join(memberships::table.on(memberships::member_id.eq(members::id)))
        .filter(memberships::organisation_id.eq(organisation.as_str()))
        .order((members::name, members::id))
        .select((MemberRow::as_select(), (memberships::role, memberships::created_at, memberships::last_seen_at)))
        .load(conn)?;
    rows.into_iter().map(membership).collect()
}

/// One member's place in an organisation, if they have one there.
pub fn find_in(conn: &mut Conn, organisation: &OrganisationId, id: &MemberId) -> Result<Option<Membership>> {
    let row: Option<(MemberRow, Place)> = members::table
        .inner_join(memberships::table.on(memberships::member_id.eq(members::id)))
        .filter(members::id.eq(id.as_str()).and(memberships::organisation_id.eq(organisation.as_str())))
        .select((MemberRow::as_select(), (memberships::role, memberships::created_at, memberships::last_seen_at)))
        .first(conn)
        .optional()?;
    row.map(membership).transpose()
}

/// Who is an admin of an organisation now; they stay so until the transaction ends, so that two who act at once cannot
/// leave it without one.
pub fn hold_admins(conn: &mut Conn, organisation: &OrganisationId) -> Result<Vec<MemberId>> {
    let query = memberships::table
        .filter(memberships::organisation_id.eq(organisation.as_str()))
        .filter(memberships::role.eq(Role::Admin.as_str()))
        // In one order, so that two who wait do not wait for each other.
        .order(memberships::member_id)
        .select(memberships::member_id);
    let ids: Vec<String> = match conn {
        // The one writer needs no row locks.
        Conn::Sqlite(conn) => query.load(conn)?,
        Conn::Postgres(conn) => query.for_update().load(conn)?,
    };
    ids.iter().map(|id| Reader { table: "memberships", id }.parse(id)).collect()
}

/// Gives a member another role; whether they are in the organisation.
pub fn set_role(conn: &mut Conn, organisation: &OrganisationId, id: &MemberId, role: Role) -> Result<bool> {
    let changed = diesel::update(memberships::table.find((id.as_str(), organisation.as_str())))
        .set(memberships::role.eq(role.as_str()))
        .execute(conn)?;
    Ok(changed == 1)
}

/// Takes a member out of an organisation; whether they were in it. The member stays, for the log and other organisations.
pub fn leave(conn: &mut Conn, organisation: &OrganisationId, id: &MemberId) -> Result<bool> {
    Ok(diesel::delete(memberships::table.find((id.as_str(), organisation.as_str()))).execute(conn)? == 1)
}

/// Remembers that a member looked at an organisation's pages.
pub fn seen(conn: &mut Conn, organisation: &str, id: &str, now: DateTime<Utc>) -> Result<()> {
    diesel::update(memberships::table.find((id, organisation)))
        .set(memberships::last_seen_at.eq(micros(now)))
        .execute(conn)?;
    Ok(())
}
