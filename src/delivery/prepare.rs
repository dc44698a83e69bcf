//! Preparing: what is due gets what it takes to be sent, read in one go for the whole batch.
//!
//! This is also the last look before a request goes out: a delivery that was cancelled, taken over, or whose hook was
//! paused or deleted in the meantime is not sent.

use crate::domain::hook::{Hook, HookState};
use crate::domain::ids::{DeliveryId, HookId, InstanceId};
use crate::domain::sealing::SealingKey;
use crate::domain::secret::{CredentialKind, Plain};
use crate::domain::signing::Secrets;
use crate::store::delivery::Owed;
use crate::store::{self, Store, StoreError};

/// A delivery with everything it takes to send it.
pub(super) struct Job {
    pub owed: Owed,
    pub hook: Hook,
    pub key: Option<Plain>,
    pub secrets: Secrets,
}

/// What became of a delivery that was due.
pub(super) enum Prepared {
    Send(Box<Job>),
    /// Its hook is paused: hold it.
    Hold(Owed),
    /// Its hook was deleted just as it was recorded: nothing is sent, and it must not stay owed.
    Cancel(Owed),
    /// Someone else has it, or it was cancelled.
    Drop(Owed),
}

/// Prepares everything that is due. One row that cannot be read fails the whole batch.
pub(super) async fn prepare(
    store: &Store,
    instance: &InstanceId,
    sealing: &SealingKey,
    due: Vec<Owed>,
) -> Result<Vec<Prepared>, StoreError> {
    let (instance, sealing) = (instance.clone(), sealing.clone());
    store
        .read(move |conn| {
            let ids: Vec<DeliveryId> = due.iter().map(|owed| owed.delivery.id.clone()).collect();
            let mut hook_ids: Vec<HookId> = due.iter().map(|owed| owed.delivery.hook_id.clone()).collect();
            hook_ids.sort();
            hook_ids.dedup();
            let held = store::delivery::still_held(conn, &ids, &instance)?;
            let hooks = store::hook::by_ids(conn, &hook_ids)?;
            let credentials = store::credential::of_hooks(conn, &hook_ids)?;
            let prepare = |owed: Owed| {
                let hook = hooks.iter().find(|hook| hook.id == owed.delivery.hook_id);
                let Some(hook) = hook.filter(|_| held.contains(&owed.delivery.id)) else {
                    return Ok(Prepared::Drop(owed));
                };
                match hook.state {
                    HookState::Deleted => return Ok(Prepared::Cancel(owed)),
                    HookState::Paused if !owed.delivery.probe => return Ok(Prepared::Hold(owed)),
                    HookState::Paused | HookState::Active => {}
                }
                let (key, secrets) = open_credentials(&credentials, hook, &sealing)?;
                Ok(Prepared::Send(Box::new(Job { owed, hook: hook.clone(), key, secrets })))
            };
            due.into_iter().map(prepare).collect()
        })
        .await
}

/// Where a credential belongs: what its sealed value is bound to.
pub fn place(hook: &HookId, credential: &str) -> String {
    format!("{hook}/{credential}")
}

fn open_credentials(
    all: &[store::credential::Sealed],
    hook: &Hook,
    sealing: &SealingKey,
) -> Result<(Option<Plain>, Secrets), StoreError> {
    let mut key = None;
    let mut secrets = Secrets::default();
    for sealed in all.iter().filter(|sealed| sealed.credential.hook_id == hook.id) {
        let place = place(&hook.id, sealed.credential.id.as_str());
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
