//! API keys: created, shown once, revoked (T13).

use super::once::once;
use super::{ActionError, Context, FieldError, Result, Viewer, line, refuse_too_many, reveal};
use crate::domain::api_key::{ApiKey, ApiKeySecret};
use crate::domain::ids::{ApiKeyId, OrganisationId};
use crate::domain::mode::Mode;
use crate::domain::secret::Plain;
use crate::store::audit::Act;
use crate::store::changes::Change;
use crate::store::{self, Conn, StoreError};

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
    let (owned, maker) = (context.clone(), viewer.clone());
    let inserted = once(context, viewer, &form.token, move |conn, _| {
        let have = store::api_key::count_working(conn, &maker.organisation.id, mode)?;
        let remedy = "Revoke one that is no longer needed";
        refuse_too_many(have, owned.max_api_keys, "name", "API key", mode, remedy)?;
        let secret = ApiKeySecret::generate(mode);
        let key = new_key(&maker.organisation.id, mode, name, &secret, Some(&maker), owned.clock.now());
        store::api_key::insert(conn, &key, &secret.hash())?;
        let plain = Plain::new(secret.reveal().to_owned());
        reveal::leave(conn, &owned, &maker, key.id.as_str(), &[("api_key", &plain)])?;
        audit(conn, &owned, &maker, &key, "api_key.created")?;
        Ok((key.id, ()))
    });
    Ok(inserted.await?.0)
}

/// Revokes a key: it works no more, at once.
pub async fn revoke(context: &Context, viewer: &Viewer, id: ApiKeyId) -> Result<()> {
    let (owned, viewer) = (context.clone(), viewer.clone());
    context
        .store
        .change(context.clock.now(), move |conn, named| {
            let key = store::api_key::find(conn, &viewer.organisation.id, &id)?.ok_or(ActionError::NotFound)?;
            if store::api_key::revoke(conn, &id, owned.clock.now())? {
                audit(conn, &owned, &viewer, &key, "api_key.revoked")?;
                named.push(Change::Organisation(key.organisation_id));
            }
            Ok(())
        })
        .await
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

fn audit(conn: &mut Conn, context: &Context, viewer: &Viewer, key: &ApiKey, act: &str) -> Result<(), StoreError> {
    let act = Act {
        organisation: Some(&viewer.organisation.id),
        member: Some(&viewer.member.id),
        act,
        object: Some(key.id.as_str()),
        detail: format!("API key “{}” ({})", key.name, key.mode),
    };
    store::audit::insert(conn, &act, context.clock.now())
}
