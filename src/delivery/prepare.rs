//! Preparing: what it takes to send to a hook, read and opened.

use super::hook_cache::Target;
use super::proof::Proofs;
use super::sender::KnownSecrets;
use crate::domain::hook::Hook;
use crate::domain::hook_header::HookHeader;
use crate::domain::ids::HookId;
use crate::domain::key_ring::KeyRing;
use crate::domain::rotation::Preference;
use crate::domain::sealing::DoesNotOpen;
use crate::domain::secret::Plain;
use crate::store::credential::Sealed;
use crate::store::hook_header::SealedHeader;
use crate::store::{self, Conn, StoreError};

/// A hook with its keys and secrets; `None` when there is no such hook.
pub(super) fn target(conn: &mut Conn, id: &HookId, sealing: &KeyRing) -> Result<Option<Target>, StoreError> {
    let ids = std::slice::from_ref(id);
    let Some(mut hook) = store::hook::by_ids(conn, ids)?.into_iter().next() else { return Ok(None) };
    let is_suspended = store::hook::is_suspended(conn, id)?;
    hook.state = hook.state.within(is_suspended);
    let mut known = KnownSecrets::default();
    let proofs = proofs(conn, &hook, sealing, &mut known)?;
    let headers = headers(conn, id, sealing)?;
    headers.iter().for_each(|header| known.add_header(header));
    let address = format!("{}:{}", hook.url.url().host_str().unwrap_or_default(), hook.url.port()).into();
    Ok(Some(Target { hook, is_suspended, proofs, headers: headers.into(), known: known.into(), address }))
}

fn proofs(conn: &mut Conn, hook: &Hook, sealing: &KeyRing, known: &mut KnownSecrets) -> Result<Proofs, StoreError> {
    let sealed = store::credential::in_use_by(conn, hook)?;
    let preference = preference(conn, hook, &sealed)?;
    let mut proofs = Proofs::preferring(preference.map(|preference| preference.side).unwrap_or_default());
    for sealed in sealed {
        let plain = open(&sealed, &sealed.credential.hook_id, sealing)?;
        known.add_credential(&plain);
        proofs.add(sealed.credential, plain);
    }
    Ok(proofs)
}

/// What a hook prefers; where its credentials are the default hook's, what that one prefers.
fn preference(conn: &mut Conn, hook: &Hook, sealed: &[Sealed]) -> Result<Option<Preference>, StoreError> {
    // Without two of a kind there is nothing to prefer.
    if sealed.len() < 2 {
        return Ok(None);
    }
    let own = store::rotation::preference(conn, &hook.id)?;
    let default = sealed.iter().map(|sealed| &sealed.credential.hook_id).find(|owner| **owner != hook.id);
    match default {
        Some(default) if own.is_none() => store::rotation::preference(conn, default),
        _ => Ok(own),
    }
}

/// The headers of a hook's own, opened.
pub fn headers(conn: &mut Conn, id: &HookId, sealing: &KeyRing) -> Result<Vec<HookHeader>, StoreError> {
    let sealed = store::hook_header::of_hook(conn, id)?;
    let open = |header: SealedHeader| {
        let is_lost = header.is_lost();
        let opened = sealing.open(&header.sealed, &place(id, header.id.as_str()));
        let value = opened.map_err(|error| does_not_open("hook_headers", header.id.as_str(), is_lost, error))?;
        Ok(HookHeader { name: header.name, value })
    };
    sealed.into_iter().map(open).collect()
}

/// Where a credential or a header belongs: what its sealed value is bound to.
pub fn place(hook: &HookId, credential: &str) -> String {
    format!("{hook}/{credential}")
}

/// A key or secret of this hook in clear.
pub fn open(sealed: &Sealed, hook: &HookId, sealing: &KeyRing) -> Result<Plain, StoreError> {
    let id = sealed.credential.id.as_str();
    let opened = sealing.open(&sealed.sealed, &place(hook, id));
    opened.map_err(|error| does_not_open("credentials", id, sealed.is_lost(), error))
}

fn does_not_open(table: &'static str, id: &str, is_lost: bool, error: DoesNotOpen) -> StoreError {
    let what = if is_lost { "it was lost with the sealing key: make a new one".to_owned() } else { error.to_string() };
    StoreError::Corrupt { table, id: id.to_owned(), what }
}
