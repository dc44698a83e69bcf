//! Keys and secrets of hooks in the database: sealed, never in clear.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::row::Reader;
use super::schema::credentials;
use super::time::micros;
use super::{Conn, Result};
use crate::domain::hook::{Credential, Hook};
use crate::domain::ids::{CredentialId, HookId};
use crate::domain::secret::CredentialKind;

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = credentials)]
struct CredentialRow {
    id: String,
    hook_id: String,
    kind: String,
    sealed: Vec<u8>,
    ends_in: String,
    created_by: Option<String>,
    created_at: i64,
    ends_at: Option<i64>,
    is_known: bool,
    last_used_at: Option<i64>,
}

/// A credential and its sealed value.
#[derive(Debug, Clone)]
pub struct Sealed {
    /// What is known of it in clear.
    pub credential: Credential,
    /// Its value, sealed under the sealing key and bound to its hook; empty when it was lost (see [`super::sealed`]).
    pub sealed: Vec<u8>,
}

impl Sealed {
    /// Whether its value was lost with the sealing key.
    pub fn is_lost(&self) -> bool {
        self.sealed.is_empty()
    }
}

impl CredentialRow {
    fn read(self) -> Result<Sealed> {
        let row = Reader { table: "credentials", id: &self.id };
        let credential = Credential {
            id: row.parse(&self.id)?,
            hook_id: row.parse(&self.hook_id)?,
            kind: row.word("kind", &self.kind, CredentialKind::parse)?,
            created_by: row.parse_some(self.created_by.as_deref())?,
            created_at: row.time(self.created_at)?,
            ends_at: row.time_some(self.ends_at)?,
            is_known: self.is_known,
            last_used_at: row.time_some(self.last_used_at)?,
            ends_in: self.ends_in,
        };
        Ok(Sealed { credential, sealed: self.sealed })
    }
}

/// Writes a new credential.
pub fn insert(conn: &mut Conn, credential: &Credential, sealed: Vec<u8>) -> Result<()> {
    let row = CredentialRow {
        id: credential.id.to_string(),
        hook_id: credential.hook_id.to_string(),
        kind: credential.kind.as_str().to_owned(),
        sealed,
        ends_in: credential.ends_in.clone(),
        created_by: credential.created_by.as_ref().map(ToString::to_string),
        created_at: micros(credential.created_at),
        ends_at: credential.ends_at.map(micros),
        is_known: credential.is_known,
        last_used_at: credential.last_used_at.map(micros),
    };
    diesel::insert_into(credentials::table).values(&row).execute(conn)?;
    Ok(())
}

/// The credentials of these hooks, newest first; those that have ended at this time included, until they are swept.
pub fn of_hooks(conn: &mut Conn, hooks: &[HookId]) -> Result<Vec<Sealed>> {
    let ids: Vec<&str> = hooks.iter().map(HookId::as_str).collect();
    let rows = credentials::table
        .filter(credentials::hook_id.eq_any(ids))
        .order(credentials::id.desc())
        .select(CredentialRow::as_select())
        .load(conn)?;
    rows.into_iter().map(CredentialRow::read).collect()
}

/// The credentials of one hook that work at this time, without their values, newest first. What was lost works no more.
pub fn live(conn: &mut Conn, hook: &HookId, now: DateTime<Utc>) -> Result<Vec<Credential>> {
    let all = of_hooks(conn, std::slice::from_ref(hook))?;
    let kept = all.into_iter().filter(|sealed| !sealed.is_lost()).map(|sealed| sealed.credential);
    Ok(kept.filter(|credential| credential.is_live(now)).collect())
}

/// What a hook's deliveries are signed with and carry: its own, and where an interview's hook has none of a kind, those of
/// the default hook (S2).
pub fn in_use_by(conn: &mut Conn, hook: &Hook) -> Result<Vec<Sealed>> {
    let mut own = of_hooks(conn, std::slice::from_ref(&hook.id))?;
    if hook.interview().is_some()
        && let Some(default) = super::hook::default_of(conn, &hook.organisation_id, hook.mode)?
    {
        let kinds: Vec<CredentialKind> = own.iter().map(|sealed| sealed.credential.kind).collect();
        let theirs = of_hooks(conn, &[default.id])?;
        own.extend(theirs.into_iter().filter(|sealed| !kinds.contains(&sealed.credential.kind)));
    }
    Ok(own)
}

/// Any one credential of the database that is not lost, to check the sealing key with.
pub fn any(conn: &mut Conn) -> Result<Option<Sealed>> {
    let nothing: &[u8] = &[];
    let kept = credentials::table.filter(credentials::sealed.ne(nothing));
    let row = kept.select(CredentialRow::as_select()).first(conn).optional()?;
    row.map(CredentialRow::read).transpose()
}

/// Has a credential end at a time.
pub fn end_at(conn: &mut Conn, id: &CredentialId, at: DateTime<Utc>) -> Result<()> {
    diesel::update(credentials::table.find(id.as_str())).set(credentials::ends_at.eq(micros(at))).execute(conn)?;
    Ok(())
}

/// The receiver takes every credential that a hook has.
pub fn all_known(conn: &mut Conn, hook: &HookId) -> Result<()> {
    let unknown = credentials::hook_id.eq(hook.as_str()).and(credentials::is_known.eq(false));
    diesel::update(credentials::table.filter(unknown)).set(credentials::is_known.eq(true)).execute(conn)?;
    Ok(())
}

/// Notes that deliveries proven with these arrived at this time. Those that somebody is changing at this moment are left
/// out: the next delivery notes them.
pub fn used(conn: &mut Conn, ids: &[&CredentialId], at: DateTime<Utc>) -> Result<()> {
    let ids: Vec<&str> = ids.iter().map(|id| id.as_str()).collect();
    let query = credentials::table
        .filter(credentials::id.eq_any(ids))
        .filter(credentials::last_used_at.is_null().or(credentials::last_used_at.lt(micros(at))))
        .select(credentials::id);
    let free: Vec<String> = match conn {
        // The one writer needs no row locks.
        Conn::Sqlite(conn) => query.load(conn)?,
        Conn::Postgres(conn) => query.for_no_key_update().skip_locked().load(conn)?,
    };
    diesel::update(credentials::table.filter(credentials::id.eq_any(free)))
        .set(credentials::last_used_at.eq(micros(at)))
        .execute(conn)?;
    Ok(())
}

/// Gives a credential to another hook, sealed for that one.
pub fn give(conn: &mut Conn, id: &CredentialId, hook: &HookId, sealed: Vec<u8>) -> Result<()> {
    diesel::update(credentials::table.find(id.as_str()))
        .set((credentials::hook_id.eq(hook.as_str()), credentials::sealed.eq(sealed)))
        .execute(conn)?;
    Ok(())
}

/// Removes the credentials whose time has come; without their values, the one that another instance removes left out.
pub fn remove_ended(conn: &mut Conn, now: DateTime<Utc>) -> Result<Vec<Credential>> {
    let rows: Vec<CredentialRow> = credentials::table
        .filter(credentials::ends_at.le(micros(now)))
        .order(credentials::id)
        .select(CredentialRow::as_select())
        .load(conn)?;
    let mut removed = Vec::with_capacity(rows.len());
    for row in rows {
        let credential = row.read()?.credential;
        if delete_one(conn, &credential.id)? {
            removed.push(credential);
        }
    }
    Ok(removed)
}

/// Removes a hook's credentials of a kind: they end at once. How many there were.
pub fn delete(conn: &mut Conn, hook: &HookId, kind: CredentialKind) -> Result<usize> {
    let of_kind = credentials::hook_id.eq(hook.as_str()).and(credentials::kind.eq(kind.as_str()));
    Ok(diesel::delete(credentials::table.filter(of_kind)).execute(conn)?)
}

/// Removes one credential; whether it was there.
pub fn delete_one(conn: &mut Conn, id: &CredentialId) -> Result<bool> {
    Ok(diesel::delete(credentials::table.find(id.as_str())).execute(conn)? == 1)
}
