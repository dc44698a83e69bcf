//! Keys and secrets of hooks: made, replaced, ended (T4, S5).
//!
//! Making one where there is one replaces it at once. (Rotation with an overlap builds on this.)

use super::{ActionError, Context, Result, Viewer, hook, reveal};
use crate::delivery::prepare::place;
use crate::domain::hook::Credential;
use crate::domain::ids::{CredentialId, HookId};
use crate::domain::secret::{CredentialKind, Plain};
use crate::store::audit::Act;
use crate::store::{self, Conn, StoreError};

/// Makes a key or secret for a hook, ends the one before, and leaves the new one to be shown once.
pub async fn make(context: &Context, viewer: &Viewer, hook_id: HookId, kind: CredentialKind) -> Result<()> {
    let hook = hook::find_alive(context, viewer, hook_id).await?;
    let (context, viewer) = (context.clone(), viewer.clone());
    let store = context.store.clone();
    store
        .change(move |conn| {
            let had = store::credential::delete(conn, &hook.id, kind)? > 0;
            let plain = insert(conn, &context, &viewer, &hook.id, kind)?;
            reveal::leave(conn, &context, &viewer, hook.id.as_str(), &[(kind.as_str(), &plain)])?;
            let verb = if had { "regenerated" } else { "generated" };
            audit(conn, &context, &viewer, &hook.id, kind, verb, &hook.name)
        })
        .await
        .map_err(ActionError::Store)
}

/// Ends a hook's key or secret at once.
pub async fn end(context: &Context, viewer: &Viewer, hook_id: HookId, kind: CredentialKind) -> Result<()> {
    let hook = hook::find_alive(context, viewer, hook_id).await?;
    let (context, viewer) = (context.clone(), viewer.clone());
    let store = context.store.clone();
    store
        .change(move |conn| {
            if store::credential::delete(conn, &hook.id, kind)? > 0 {
                audit(conn, &context, &viewer, &hook.id, kind, "removed", &hook.name)?;
            }
            Ok::<_, StoreError>(())
        })
        .await
        .map_err(ActionError::Store)
}

/// Writes a new random credential, sealed and bound to its hook; part of the caller's transaction.
pub(super) fn insert(
    conn: &mut Conn,
    context: &Context,
    viewer: &Viewer,
    hook: &HookId,
    kind: CredentialKind,
) -> Result<Plain, StoreError> {
    let now = context.clock.now();
    let plain = kind.generate();
    let credential = Credential {
        id: CredentialId::new(now),
        hook_id: hook.clone(),
        kind,
        ends_in: plain.ends_in().to_owned(),
        created_by: Some(viewer.member.id.clone()),
        created_at: now,
    };
    let sealed = context.sealing.seal(&plain, &place(hook, credential.id.as_str()));
    store::credential::insert(conn, &credential, sealed)?;
    Ok(plain)
}

fn audit(
    conn: &mut Conn,
    context: &Context,
    viewer: &Viewer,
    hook: &HookId,
    kind: CredentialKind,
    verb: &str,
    name: &str,
) -> Result<(), StoreError> {
    let act = Act {
        organisation: Some(&viewer.organisation.id),
        member: Some(&viewer.member.id),
        act: &format!("hook.{}.{verb}", kind.as_str()),
        object: Some(hook.as_str()),
        detail: format!("{} of webhook “{name}” {verb}", kind.label()),
    };
    store::audit::insert(conn, &act, context.clock.now())
}
