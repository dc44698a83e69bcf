//! Keys and secrets of hooks: made, rotated, ended (T4, S5, B3).
//!
//! Making one where there is one begins a rotation ([`crate::domain::rotation`]): the old one works beside the new one for as
//! long as was chosen. Only two of a kind work at a time, so an older one ends with that.

use super::transaction::Transaction;
use super::{Context, Result, Viewer, reveal};
use crate::delivery::prepare::place;
use crate::domain::act::Act;
use crate::domain::hook::Credential;
use crate::domain::ids::{CredentialId, HookId};
use crate::domain::rotation::{self, Overlap, Side};
use crate::domain::secret::{CredentialKind, Plain};
use crate::store::changes::Change;
use crate::store::{self, StoreError};

/// Makes a key or secret for a hook and leaves it to be shown once; the one before works beside it for the overlap.
///
/// `token` names the filling of the form: pressing twice begins one rotation, or the second press would end what the receiver
/// still uses.
pub async fn make(
    context: &Context,
    viewer: &Viewer,
    hook_id: HookId,
    kind: CredentialKind,
    overlap: Overlap,
    token: &str,
) -> Result<()> {
    let made = context.transact_once(viewer, token, move |tx| {
        let hook = tx.lock_hook(&hook_id)?;
        let had = retire(tx, &hook.id, kind, overlap)?;
        let (id, plain) = insert(tx, &hook.id, kind, !had)?;
        reveal::leave(tx, hook.id.as_str(), &[(kind.as_str(), &plain)])?;
        let webhook = hook.name.as_str();
        let act = match (kind, had) {
            (CredentialKind::Secret, false) => Act::SecretGenerated { webhook },
            (CredentialKind::Secret, true) => Act::SecretRegenerated { webhook, overlap },
            (CredentialKind::Key, false) => Act::KeyGenerated { webhook },
            (CredentialKind::Key, true) => Act::KeyRegenerated { webhook, overlap },
        };
        tx.audit(act, hook.id.as_str())?;
        tx.changed(Change::of(&hook));
        Ok(id)
    });
    made.await.map(drop)
}

/// Has those of a kind that a hook has come to an end: the newest after the overlap, older ones now. Whether there was one.
fn retire(tx: &mut Transaction<'_>, hook: &HookId, kind: CredentialKind, overlap: Overlap) -> Result<bool, StoreError> {
    let (conn, now) = (&mut *tx.conn, tx.now);
    let before = store::credential::live(conn, hook, now)?;
    let before = rotation::live(&before, kind, now);
    let Some((newest, older)) = before.split_first() else {
        store::credential::delete(conn, hook, kind)?;
        return Ok(false);
    };
    for credential in older {
        store::credential::delete_one(conn, &credential.id)?;
    }
    if overlap == Overlap::AtOnce {
        store::credential::delete_one(conn, &newest.id)?;
        return Ok(true);
    }
    // Had the receiver switched, then what it switched to is what it knows.
    let switched = store::rotation::preference(conn, hook)?.is_some_and(|preference| preference.side == Side::New);
    if switched {
        store::credential::all_known(conn, hook)?;
    }
    store::credential::end_at(conn, &newest.id, now + overlap.duration())?;
    store::rotation::begin(conn, hook, now)?;
    Ok(true)
}

/// The receiver has switched to the new key or secret: headers with room for one carry that from now on.
pub async fn switched(context: &Context, viewer: &Viewer, hook_id: HookId) -> Result<()> {
    let switched = context.transact(viewer, move |tx| {
        let hook = tx.lock_hook(&hook_id)?;
        let is_rotating = rotation::is_under_way(&store::credential::live(tx.conn, &hook.id, tx.now)?, tx.now);
        if is_rotating && store::rotation::prefer(tx.conn, &hook.id, Side::New, tx.now)? {
            tx.audit(Act::HookSwitched { webhook: &hook.name }, hook.id.as_str())?;
            tx.changed(Change::of(&hook));
        }
        Ok(())
    });
    switched.await
}

/// Ends the old one of a kind before its time; nothing happens when it has ended already.
pub async fn revoke_old(context: &Context, viewer: &Viewer, hook_id: HookId, kind: CredentialKind) -> Result<()> {
    let revoked = context.transact(viewer, move |tx| {
        let hook = tx.lock_hook(&hook_id)?;
        let before = store::credential::live(tx.conn, &hook.id, tx.now)?;
        for old in rotation::live(&before, kind, tx.now).into_iter().skip(1) {
            store::credential::delete_one(tx.conn, &old.id)?;
            tx.changed(Change::of(&hook));
            let (webhook, ends_in) = (hook.name.as_str(), old.ends_in.as_str());
            let act = match kind {
                CredentialKind::Secret => Act::SecretRevoked { webhook, ends_in },
                CredentialKind::Key => Act::KeyRevoked { webhook, ends_in },
            };
            tx.audit(act, hook.id.as_str())?;
        }
        Ok(())
    });
    revoked.await
}

/// Ends a hook's key or secret at once, the old one of a rotation included.
pub async fn end(context: &Context, viewer: &Viewer, hook_id: HookId, kind: CredentialKind) -> Result<()> {
    let ended = context.transact(viewer, move |tx| {
        let hook = tx.lock_hook(&hook_id)?;
        if store::credential::delete(tx.conn, &hook.id, kind)? > 0 {
            let webhook = hook.name.as_str();
            let act = match kind {
                CredentialKind::Secret => Act::SecretRemoved { webhook },
                CredentialKind::Key => Act::KeyRemoved { webhook },
            };
            tx.audit(act, hook.id.as_str())?;
            tx.changed(Change::of(&hook));
        }
        Ok(())
    });
    ended.await
}

/// Writes a new random credential, sealed and bound to its hook. The receiver is known to take the first of its kind.
pub(super) fn insert(
    tx: &mut Transaction<'_>,
    hook: &HookId,
    kind: CredentialKind,
    is_first: bool,
) -> Result<(CredentialId, Plain), StoreError> {
    let now = tx.now;
    let plain = kind.generate();
    let credential = Credential {
        id: CredentialId::new(now),
        hook_id: hook.clone(),
        kind,
        ends_in: plain.ends_in().to_owned(),
        created_by: Some(tx.viewer.member.id.clone()),
        created_at: now,
        ends_at: None,
        is_known: is_first,
        last_used_at: None,
    };
    let sealed = tx.context.sealing.seal(&plain, &place(hook, credential.id.as_str()));
    store::credential::insert(tx.conn, &credential, sealed)?;
    Ok((credential.id, plain))
}
