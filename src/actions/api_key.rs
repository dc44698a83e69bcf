//! API keys: created, shown once, revoked (T13).

use super::{ActionError, Context, FieldError, Result, Viewer, line, refuse_too_many, reveal};
use crate::domain::act::Act;
use crate::domain::api_key::{ApiKey, ApiKeySecret};
use crate::domain::ids::{ApiKeyId, OrganisationId};
use crate::domain::mode::Mode;
use crate::domain::secret::Plain;
use crate::store;
use crate::store::changes::Change;

/// What was typed into the form of a new key.
#[derive(Debug, Clone, Default)]
pub struct NewApiKey {
    /// What it is for.
    pub name: String,
    /// `live` or `test`.
    pub mode: String,
    /// Names this filling of the form: pressing twice makes one key.
    pub token: String,
}

/// Creates a key and leaves it to be shown once.
pub async fn create(context: &Context, viewer: &Viewer, form: NewApiKey) -> Result<ApiKeyId> {
    let mut errors = Vec::new();
    let name = line("name", &form.name, 100).unwrap_or_else(|error| {
        errors.push(error);
        None
    });
    let Some(mode) = Mode::parse(&form.mode) else {
        errors.push(FieldError::new("mode", "Choose Live or Test"));
        return Err(ActionError::Invalid(errors));
    };
    if !errors.is_empty() {
        return Err(ActionError::Invalid(errors));
    }
    let name = name.unwrap_or_else(|| format!("{} key", mode.label()));
    let created = context.transact_once(viewer, &form.token, move |tx| {
        let organisation = &tx.viewer.organisation.id;
        let have = store::api_key::count_working(tx.conn, organisation, mode)?;
        let remedy = "Revoke one that is no longer needed";
        refuse_too_many(have, tx.context.max_api_keys, "name", "API key", mode, remedy)?;
        let secret = ApiKeySecret::generate(mode);
        let key = new_key(organisation, mode, name, &secret, Some(tx.viewer), tx.now);
        store::api_key::insert(tx.conn, &key, &secret.hash())?;
        let plain = Plain::new(secret.reveal().to_owned());
        reveal::leave(tx, key.id.as_str(), &[("api_key", &plain)])?;
        tx.audit(Act::ApiKeyCreated { key: &key }, key.id.as_str())?;
        Ok(key.id)
    });
    created.await
}

/// Revokes a key: it works no more, at once.
pub async fn revoke(context: &Context, viewer: &Viewer, id: ApiKeyId) -> Result<()> {
    let revoked = context.transact(viewer, move |tx| {
        let found = store::api_key::find(tx.conn, &tx.viewer.organisation.id, &id)?;
        let key = found.ok_or(ActionError::NotFound)?;
        if store::api_key::revoke(tx.conn, &id, tx.now)? {
            tx.audit(Act::ApiKeyRevoked { key: &key }, id.as_str())?;
            tx.changed(Change::Organisation(key.organisation_id));
        }
        Ok(())
    });
    revoked.await
}

/// A key as it is stored.
pub fn new_key(
    organisation: &OrganisationId,
    mode: Mode,
    name: String,
    secret: &ApiKeySecret,
    viewer: Option<&Viewer>,
    now: chrono::DateTime<chrono::Utc>,
) -> ApiKey {
    ApiKey {
        id: ApiKeyId::new(now),
        organisation_id: organisation.clone(),
        mode,
        name,
        ends_in: secret.ends_in().to_owned(),
        created_by: viewer.map(|viewer| viewer.member.id.clone()),
        created_at: now,
        last_used_at: None,
        revoked_at: None,
    }
}
