//! Preparing: what it takes to send to a hook, read and opened.

use super::directory::Target;
use super::proof::Proofs;
use crate::domain::hook::Hook;
use crate::domain::hook_header::HookHeader;
use crate::domain::ids::HookId;
use crate::domain::sealing::SealingKey;
use crate::domain::secret::{CredentialKind, Plain};
use crate::store::credential::Sealed;
use crate::store::hook_header::SealedHeader;
use crate::store::{self, Conn, StoreError};

/// A hook with its keys and secrets; `None` when there is no such hook.
pub(super) fn target(conn: &mut Conn, id: &HookId, sealing: &SealingKey) -> Result<Option<Target>, StoreError> {
    let ids = std::slice::from_ref(id);
    let Some(hook) = store::hook::by_ids(conn, ids)?.into_iter().next() else { return Ok(None) };
    let proofs = proofs(conn, &hook, sealing)?;
    let headers = headers(conn, id, sealing)?.into();
    Ok(Some(Target { hook, proofs, headers }))
}

fn proofs(conn: &mut Conn, hook: &Hook, sealing: &SealingKey) -> Result<Proofs, StoreError> {
    let mut sealed = store::credential::of_hooks(conn, std::slice::from_ref(&hook.id))?;
    // Without two of a kind there is nothing to prefer.
    let mut preference = if sealed.len() > 1 { store::rotation::preference(conn, &hook.id)? } else { None };
    if hook.interview().is_some()
        && let Some(default) = store::hook::default_of(conn, &hook.organisation_id, hook.mode)?
    {
        inherit(&mut sealed, store::credential::of_hooks(conn, std::slice::from_ref(&default.id))?);
        preference = preference.or(store::rotation::preference(conn, &default.id)?);
    }
    let mut proofs = Proofs::preferring(preference.map(|preference| preference.side).unwrap_or_default());
    for sealed in sealed {
        let plain = open(&sealed, &sealed.credential.hook_id, sealing)?;
        proofs.add(sealed.credential, plain);
    }
    Ok(proofs)
}

/// Adds the default hook's keys and secrets where an interview's hook has none of its own (S2).
fn inherit(own: &mut Vec<Sealed>, default: Vec<Sealed>) {
    let kinds: Vec<CredentialKind> = own.iter().map(|sealed| sealed.credential.kind).collect();
    own.extend(default.into_iter().filter(|sealed| !kinds.contains(&sealed.credential.kind)));
}

/// The headers of a hook's own, opened.
pub fn headers(conn: &mut Conn, id: &HookId, sealing: &SealingKey) -> Result<Vec<HookHeader>, StoreError> {
    let sealed = store::hook_header::of_hook(conn, id)?;
    let open = |header: SealedHeader| {
        let opened = sealing.open(&header.sealed, &place(id, header.id.as_str()));
        let value = opened.map_err(|error| StoreError::Corrupt {
            table: "hook_headers",
            id: header.id.to_string(),
            what: error.to_string(),
        })?;
        Ok(HookHeader { name: header.name, value })
    };
    sealed.into_iter().map(open).collect()
}

/// Where a credential or a header belongs: what its sealed value is bound to.
pub fn place(hook: &HookId, credential: &str) -> String {
    format!("{hook}/{credential}")
}

/// A key or secret of this hook in clear.
pub fn open(sealed: &Sealed, hook: &HookId, sealing: &SealingKey) -> Result<Plain, StoreError> {
    let id = sealed.credential.id.as_str();
    sealing.open(&sealed.sealed, &place(hook, id)).map_err(|error| StoreError::Corrupt {
        table: "credentials",
        id: id.to_owned(),
        what: error.to_string(),
    })
}
