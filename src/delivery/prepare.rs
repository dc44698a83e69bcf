//! Preparing: what it takes to send to a hook, read and opened.

use super::directory::Target;
use crate::domain::ids::HookId;
use crate::domain::sealing::SealingKey;
use crate::domain::secret::{CredentialKind, Plain};
use crate::domain::signing::Secrets;
use crate::store::{self, Conn, StoreError};

/// A hook with its key and secrets; `None` when there is no such hook.
pub(super) fn target(conn: &mut Conn, id: &HookId, sealing: &SealingKey) -> Result<Option<Target>, StoreError> {
    let ids = std::slice::from_ref(id);
    let Some(hook) = store::hook::by_ids(conn, ids)?.into_iter().next() else { return Ok(None) };
    let mut credentials = store::credential::of_hooks(conn, ids)?;
    if hook.interview().is_some()
        && let Some(default) = store::hook::default_of(conn, &hook.organisation_id, hook.mode)?
    {
        let theirs = store::credential::of_hooks(conn, &[default.id])?;
        inherit(&mut credentials, theirs);
    }
    let (key, secrets) = open(&credentials, sealing)?;
    Ok(Some(Target { hook, key, secrets }))
}

/// Adds the default hook's key and secrets where an interview's hook has none of its own (S2).
fn inherit(own: &mut Vec<store::credential::Sealed>, default: Vec<store::credential::Sealed>) {
    let kinds: Vec<CredentialKind> = own.iter().map(|sealed| sealed.credential.kind).collect();
    own.extend(default.into_iter().filter(|sealed| !kinds.contains(&sealed.credential.kind)));
}

/// Where a credential belongs: what its sealed value is bound to.
pub fn place(hook: &HookId, credential: &str) -> String {
    format!("{hook}/{credential}")
}

fn open(
    credentials: &[store::credential::Sealed],
    sealing: &SealingKey,
) -> Result<(Option<Plain>, Secrets), StoreError> {
    let mut key = None;
    let mut secrets = Secrets::default();
    for sealed in credentials {
        let place = place(&sealed.credential.hook_id, sealed.credential.id.as_str());
        let plain = sealing.open(&sealed.sealed, &place).map_err(|error| StoreError::Corrupt {
            table: "credentials",
            id: sealed.credential.id.to_string(),
            what: error.to_string(),
        })?;
        match sealed.credential.kind {
            CredentialKind::Secret => secrets.live.push(plain),
            CredentialKind::Key => key = key.or(Some(plain)),
        }
    }
    Ok((key, secrets))
}
