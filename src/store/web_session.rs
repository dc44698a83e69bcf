//! The console's sign-in sessions, kept on the server: logging out or resetting a password really ends them.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::schema::web_sessions;
use super::time::micros;
use super::{Conn, Result};
use crate::domain::ids::MemberId;

/// A session as it is stored, under a hash of what the cookie holds.
#[derive(Queryable, Selectable, Insertable, AsChangeset, Debug, Clone)]
#[diesel(table_name = web_sessions, treat_none_as_null = true)]
pub struct WebSession {
    /// Hash of the cookie's value.
    pub id: String,
    /// Who is signed in, if anyone.
    pub member_id: Option<String>,
    /// What the session remembers, a JSON object of texts.
    pub state: String,
    /// When it began, in microseconds.
    pub created_at: i64,
    /// When it ends by itself, in microseconds.
    pub expires_at: i64,
    /// Its own name, by which its member tells it from the others; a session nobody is signed in to has none.
    pub name: Option<String>,
    /// The kind of browser it began in, in words.
    pub browser: Option<String>,
}

/// The session, if it has not ended. One that began at `born` or before has, however much it is used.
pub fn find(conn: &mut Conn, id: &str, now: DateTime<Utc>, born: DateTime<Utc>) -> Result<Option<WebSession>> {
    Ok(web_sessions::table
        .find(id)
        .filter(web_sessions::expires_at.gt(micros(now)).and(web_sessions::created_at.gt(micros(born))))
        .select(WebSession::as_select())
        .first(conn)
        .optional()?)
}

/// Writes a new session.
pub fn insert(conn: &mut Conn, session: &WebSession) -> Result<()> {
    diesel::insert_into(web_sessions::table).values(session).execute(conn)?;
    Ok(())
}

/// Writes a session that has changed; whether it still was there. One that has ended is not brought back.
pub fn update(conn: &mut Conn, session: &WebSession) -> Result<bool> {
    let changed = diesel::update(web_sessions::table.find(&session.id))
        .set((
            web_sessions::member_id.eq(&session.member_id),
            web_sessions::state.eq(&session.state),
            web_sessions::expires_at.eq(session.expires_at),
            // A session from before it had these is given them with its next change.
            web_sessions::name.eq(&session.name),
            web_sessions::browser.eq(&session.browser),
        ))
        .execute(conn)?;
    Ok(changed == 1)
}

/// Lets a session live longer.
pub fn extend(conn: &mut Conn, id: &str, expires: DateTime<Utc>) -> Result<()> {
    diesel::update(web_sessions::table.find(id)).set(web_sessions::expires_at.eq(micros(expires))).execute(conn)?;
    Ok(())
}

/// Ends one session.
pub fn delete(conn: &mut Conn, id: &str) -> Result<()> {
    diesel::delete(web_sessions::table.find(id)).execute(conn)?;
    Ok(())
}

/// Ends every session of a member; how many there were.
pub fn delete_of(conn: &mut Conn, member: &MemberId) -> Result<usize> {
    Ok(diesel::delete(web_sessions::table.filter(web_sessions::member_id.eq(member.as_str()))).execute(conn)?)
}

/// Ends the oldest sessions of a member, beside a new one, so that so many are left at most.
pub fn end_oldest(conn: &mut Conn, member: &str, new: &str, most: usize) -> Result<()> {
    let others = web_sessions::table.filter(web_sessions::member_id.eq(member).and(web_sessions::id.ne(new)));
    let newest_first = (web_sessions::created_at.desc(), web_sessions::expires_at.desc(), web_sessions::id);
    let kept = i64::try_from(most.saturating_sub(1)).unwrap_or(i64::MAX);
    let too_many: Vec<String> =
        others.order(newest_first).offset(kept).limit(1_000).select(web_sessions::id).load(conn)?;
    if !too_many.is_empty() {
        diesel::delete(web_sessions::table.filter(web_sessions::id.eq_any(too_many))).execute(conn)?;
    }
    Ok(())
}

/// The sessions of a member that have not ended, the one used last first, at most so many. One that began at `born` or
/// before has ended.
pub fn of_member(
    conn: &mut Conn,
    member: &MemberId,
    now: DateTime<Utc>,
    born: DateTime<Utc>,
    most: usize,
) -> Result<Vec<WebSession>> {
    Ok(web_sessions::table
        .filter(web_sessions::member_id.eq(member.as_str()).and(web_sessions::expires_at.gt(micros(now))))
        .filter(web_sessions::created_at.gt(micros(born)))
        .limit(i64::try_from(most).unwrap_or(i64::MAX))
        .order((web_sessions::expires_at.desc(), web_sessions::id))
        .select(WebSession::as_select())
        .load(conn)?)
}

/// Ends the session of a member that bears a name; whether there was one.
pub fn delete_named(conn: &mut Conn, member: &MemberId, name: &str) -> Result<bool> {
    let own = web_sessions::table.filter(web_sessions::member_id.eq(member.as_str()).and(web_sessions::name.eq(name)));
    Ok(diesel::delete(own).execute(conn)? > 0)
}

/// Ends every session of a member but the one that bears a name; how many there were.
pub fn delete_of_but(conn: &mut Conn, member: &MemberId, name: &str) -> Result<usize> {
    let others = web_sessions::table
        .filter(web_sessions::member_id.eq(member.as_str()))
        .filter(web_sessions::name.is_null().or(web_sessions::name.ne(name)));
    Ok(diesel::delete(others).execute(conn)?)
}

/// Removes sessions that have ended by themselves; how many there were.
pub fn forget(conn: &mut Conn, now: DateTime<Utc>) -> Result<usize> {
    Ok(diesel::delete(web_sessions::table.filter(web_sessions::expires_at.le(micros(now)))).execute(conn)?)
}
