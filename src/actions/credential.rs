//! Keys and secrets of hooks: made, rotated, ended (T4, S5, B3).
//!
//! Making one where there is one begins a rotation ([`crate::domain::rotation`]): the old one works beside the new one for as
//! long as was chosen. Only two of a kind work at a time, so an older one ends with that.

use chrono::{DateTime, Utc};

use super::once::once;
use super::{ActionError, Context, Result, Viewer, hook, reveal};
use crate::delivery::prepare::place;
use crate::domain::hook::{Credential, Hook, HookState};
use crate::domain::ids::{CredentialId, HookId};
use crate::domain::rotation::{self, Overlap, Side};
use crate::domain::secret::{CredentialKind, Plain};
use crate::store::audit::Act;
use crate::store::changes::Change;
use crate::store::{self, Conn, StoreError};

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
    let hook = hook::find_alive(context, viewer, hook_id).await?;
    let (owned, maker) = (context.clone(), viewer.clone());
    let made = once(context, viewer, token, move |conn, named| {
        stays(conn, &hook.id)?;
        let now = owned.clock.now();
        let had = retire(conn, &hook.id, kind, overlap, now)?;
        let (id, plain) = insert(conn, &owned, &maker, &hook.id, kind, !had)?;
        reveal::leave(conn, &owned, &maker, hook.id.as_str(), &[(kind.as_str(), &plain)])?;
        let (verb, more) = match (had, overlap) {
            (false, _) => ("generated", String::new()),
            (true, Overlap::AtOnce) => ("regenerated", "; the old one ended at once".to_owned()),
            (true, _) => ("regenerated", format!("; the old one works beside it for {}", overlap.label())),
        };
        audit(conn, &owned, &maker, &hook, kind, verb, &more)?;
        named.push(Change::of(&hook));
        Ok((id, ()))
    });
    made.await.map(drop)
}

/// Has those of a kind that a hook has come to an end: the newest after the overlap, older ones now. Whether there was one.
fn retire(
    conn: &mut Conn,
    hook: &HookId,
    kind: CredentialKind,
    overlap: Overlap,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
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
    let hook = hook::find_alive(context, viewer, hook_id).await?;
    let (owned, viewer) = (context.clone(), viewer.clone());
    context
        .store
        .change(context.clock.now(), move |conn, named| {
            stays(conn, &hook.id)?;
            let now = owned.clock.now();
            let is_rotating = rotation::is_under_way(&store::credential::live(conn, &hook.id, now)?, now);
            if is_rotating && store::rotation::prefer(conn, &hook.id, Side::New, now)? {
                let detail = format!("Webhook “{}”: its receiver has switched to the new key or secret", hook.name);
                hook::audit(conn, &owned, &viewer, &hook.id, "hook.switched", detail)?;
                named.push(Change::of(&hook));
            }
            Ok(())
        })
        .await
}

/// Ends the old one of a kind before its time; nothing happens when it has ended already.
pub async fn revoke_old(context: &Context, viewer: &Viewer, hook_id: HookId, kind: CredentialKind) -> Result<()> {
    let hook = hook::find_alive(context, viewer, hook_id).await?;
    let (owned, viewer) = (context.clone(), viewer.clone());
    context
        .store
        .change(context.clock.now(), move |conn, named| {
            stays(conn, &hook.id)?;
            let now = owned.clock.now();
            let before = store::credential::live(conn, &hook.id, now)?;
            for old in rotation::live(&before, kind, now).into_iter().skip(1) {
                store::credential::delete_one(conn, &old.id)?;
                named.push(Change::of(&hook));
                audit(
                    conn,
                    &owned,
                    &viewer,
                    &hook,
                    kind,
                    "revoked",
                    &format!(": the old one, which ended in {}", old.ends_in),
                )?;
            }
            Ok(())
        })
        .await
}

/// Ends a hook's key or secret at once, the old one of a rotation included.
pub async fn end(context: &Context, viewer: &Viewer, hook_id: HookId, kind: CredentialKind) -> Result<()> {
    let hook = hook::find_alive(context, viewer, hook_id).await?;
    let (owned, viewer) = (context.clone(), viewer.clone());
    context
        .store
        .change(context.clock.now(), move |conn, named| {
            stays(conn, &hook.id)?;
            if store::credential::delete(conn, &hook.id, kind)? > 0 {
                audit(conn, &owned, &viewer, &hook, kind, "removed", "")?;
                named.push(Change::of(&hook));
            }
            Ok::<_, ActionError>(())
        })
        .await
}

/// The hook is there still, and stays so until the transaction ends; whoever else rotates it waits.
fn stays(conn: &mut Conn, hook: &HookId) -> Result<()> {
    match store::hook::current_state(conn, hook)? {
        Some(HookState::Deleted) | None => Err(ActionError::NotFound),
        Some(HookState::Active | HookState::Paused | HookState::Disabled) => Ok(()),
    }
}

/// Writes a new random credential, sealed and bound to its hook; part of the caller's transaction. The receiver is known to
/// take the first of its kind.
pub(super) fn insert(
    conn: &mut Conn,
    context: &Context,
    viewer: &Viewer,
    hook: &HookId,
    kind: CredentialKind,
    is_first: bool,
) -> Result<(CredentialId, Plain), StoreError> {
    let now = context.clock.now();
    let plain = kind.generate();
    let credential = Credential {
        id: CredentialId::new(now),
        hook_id: hook.clone(),
        kind,
        ends_in: plain.ends_in().to_owned(),
        created_by: Some(viewer.member.id.clone()),
        created_at: now,
        ends_at: None,
        is_known: is_first,
        last_used_at: None,
    };
    let sealed = context.sealing.seal(&plain, &place(hook, credential.id.as_str()));
    store::credential::insert(conn, &credential, sealed)?;
    Ok((credential.id, plain))
}

fn audit(
    conn: &mut Conn,
    context: &Context,
    viewer: &Viewer,
    hook: &Hook,
    kind: CredentialKind,
    verb: &str,
    more: &str,
) -> Result<(), StoreError> {
    let act = Act {
        organisation: Some(&viewer.organisation.id),
        member: Some(&viewer.member.id),
        act: &format!("hook.{}.{verb}", kind.as_str()),
        object: Some(hook.id.as_str()),
        detail: format!("{} of webhook “{}” {verb}{more}", kind.label(), hook.name),
    };
    store::audit::insert(conn, &act, context.clock.now())
}
