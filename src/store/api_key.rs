//! API keys in the database: hashes only.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::row::Reader;
use super::schema::api_keys;
use super::time::micros;
use super::{Conn, Result};
use crate::domain::api_key::ApiKey;
use crate::domain::ids::{ApiKeyId, OrganisationId};
use crate::domain::mode::Mode;

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = api_keys)]
struct ApiKeyRow {
    id: String,
    organisation_id: String,
    mode: String,
    name: String,
    hash: String,
    ends_in: String,
    created_by: Option<String>,
    created_at: i64,
    last_used_at: Option<i64>,
    revoked_at: Option<i64>,
}

impl ApiKeyRow {
    fn read(self) -> Result<ApiKey> {
        let row = Reader { table: "api_keys", id: &self.id };
        Ok(ApiKey {
            id: row.parse(&self.id)?,
            organisation_id: row.parse(&self.organisation_id)?,
            mode: row.word("mode", &self.mode, Mode::parse)?,
            created_by: row.parse_some(self.created_by.as_deref())?,
            created_at: row.time(self.created_at)?,
            last_used_at: row.time_some(self.last_used_at)?,
            revoked_at: row.time_some(self.revoked_at)?,
            name: self.name,
            ends_in: self.ends_in,
        })
    }
}

/// Writes a new key with its hash.
pub fn insert(conn: &mut Conn, key: &ApiKey, hash: &str) -> Result<()> {
    let row = ApiKeyRow {
        id: key.id.to_string(),
        organisation_id: key.organisation_id.to_string(),
        mode: key.mode.to_string(),
        name: key.name.clone(),
        hash: hash.to_owned(),
        ends_in: key.ends_in.clone(),
        created_by: key.created_by.as_ref().map(ToString::to_string),
        created_at: micros(key.created_at),
        last_used_at: key.last_used_at.map(micros),
        revoked_at: key.revoked_at.map(micros),
    };
    diesel::insert_into(api_keys::table).values(&row).execute(conn)?;
    Ok(())
}

/// The key with this hash, revoked ones included.
pub fn find_by_hash(conn: &mut Conn, hash: &str) -> Result<Option<ApiKey>> {
    let row = api_keys::table.filter(api_keys::hash.eq(hash)).select(ApiKeyRow::as_select()).first(conn).optional()?;
    row.map(ApiKeyRow::read).transpose()
}

/// One key of an organisation.
pub fn find(conn: &mut Conn, organisation: &OrganisationId, id: &ApiKeyId) -> Result<Option<ApiKey>> {
    let row = api_keys::table
        .find(id.as_str())
        .filter(api_keys::organisation_id.eq(organisation.as_str()))
        .select(ApiKeyRow::as_select())
        .first(conn)
        .optional()?;
    row.map(ApiKeyRow::read).transpose()
}

/// The keys of an organisation in both modes, newest first, revoked ones last.
pub fn list(conn: &mut Conn, organisation: &OrganisationId) -> Result<Vec<ApiKey>> {
    let rows = api_keys::table
        .filter(api_keys::organisation_id.eq(organisation.as_str()))
        .order(api_keys::id.desc())
        .select(ApiKeyRow::as_select())
        .load(conn)?;
    let mut keys: Vec<ApiKey> = rows.into_iter().map(ApiKeyRow::read).collect::<Result<_>>()?;
    keys.sort_by_key(|key| key.revoked_at.is_some());
    Ok(keys)
}

/// How many keys of a mode an organisation has that are not revoked.
pub fn count_working(conn: &mut Conn, organisation: &OrganisationId, mode: Mode) -> Result<usize> {
    let own = api_keys::table
        .filter(api_keys::organisation_id.eq(organisation.as_str()).and(api_keys::mode.eq(mode.as_str())))
        .filter(api_keys::revoked_at.is_null());
    let count: i64 = own.count().get_result(conn)?;
    Ok(usize::try_from(count).unwrap_or_default())
}

/// Revokes a key; whether it was not revoked before.
pub fn revoke(conn: &mut Conn, id: &ApiKeyId, now: DateTime<Utc>) -> Result<bool> {
    let changed = diesel::update(api_keys::table.find(id.as_str()).filter(api_keys::revoked_at.is_null()))
        .set(api_keys::revoked_at.eq(micros(now)))
        .execute(conn)?;
    Ok(changed == 1)
}

/// Remembers that a key was used.
pub fn touch(conn: &mut Conn, id: &ApiKeyId, now: DateTime<Utc>) -> Result<()> {
    diesel::update(api_keys::table.find(id.as_str())).set(api_keys::last_used_at.eq(micros(now))).execute(conn)?;
    Ok(())
}
