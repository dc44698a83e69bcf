//! Replacing a hook: its address cannot be edited, so a successor takes over and the old one retires (A2).
//!
//! The successor takes everything but the address and the past: name, events, policy, default flag, state, key and secret (a
//! rotation included), and what is owed, exports in progress and missed deliveries among it. The old one is deleted, says
//! who took over, and keeps its log. The hooks change in one transaction, so no event falls between the two, and from its
//! commit on nothing starts for the old address, on any instance. What is owed follows a chunk at a time; what stands in the
//! log of the old one meanwhile waits for that.
//!
//! A try under way at that moment ends where it began: if the old address takes the delivery, it has arrived there; if not,
//! the answer is kept as evidence and the delivery is owed to the successor ([`crate::delivery::settle`]).

use super::hook::{self, Created, address};
use super::hook_settings;
use super::once::once;
use super::{ActionError, Context, FieldError, Result, Viewer, bring_in_line, counted, to_the_end};
use crate::delivery::prepare;
use crate::domain::hook::{Hook, HookState};
use crate::domain::hook_url::HookUrl;
use crate::domain::ids::HookId;
use crate::store::changes::Change;
use crate::store::{self, Conn, StoreError};

/// What was typed into the form.
#[derive(Debug, Clone, Default)]
pub struct Replacement {
    /// The new address, with or without `https://`.
    pub url: String,
    /// Names this filling of the form: pressing twice replaces once.
    pub token: String,
}

/// Has a new hook with another address take over from a hook.
pub async fn replace(context: &Context, viewer: &Viewer, id: HookId, form: Replacement) -> Result<Created> {
    let old = match hook::find_alive(context, viewer, id.clone()).await {
        Ok(old) => old,
        // Pressed twice: the second press finds what the first one made.
        Err(ActionError::NotFound) => {
            return successor_of(context, viewer, id).await.map(|id| Created { id, resolves: true });
        }
        Err(error) => return Err(error),
    };
    let (url, resolves) =
        address(context, viewer, &form.url).await.map_err(|error| ActionError::Invalid(vec![error]))?;
    if url == old.url {
        let error = FieldError::new("url", "Type another address: this is the one it has now");
        return Err(ActionError::Invalid(vec![error]));
    }
    let (owned, viewer, token) = (context.clone(), viewer.clone(), form.token.clone());
    let replacing = async move {
        let (context, maker, retired) = (owned.clone(), viewer.clone(), old.id.clone());
        let work = move |conn: &mut Conn, named: &mut Vec<Change>| {
            Ok((take_over(conn, &context, &maker, old, url, named)?, ()))
        };
        let (id, _) = once(&owned, &viewer, &token, work).await?;
        bring_in_line(&owned, &retired).await;
        Ok(id)
    };
    let id = to_the_end(context, replacing).await?;
    Ok(Created { id, resolves })
}

async fn successor_of(context: &Context, viewer: &Viewer, id: HookId) -> Result<HookId> {
    let organisation = viewer.organisation.id.clone();
    let found = context.store.read(move |conn| store::hook::find(conn, &organisation, &id)).await?;
    found.and_then(|hook| hook.replaced_by).ok_or(ActionError::NotFound)
}

/// Has a new hook take over from one that is there, at another address; the new one's id. What is owed follows once that is
/// committed ([`bring_in_line`] of the old one).
pub(super) fn take_over(
    conn: &mut Conn,
    context: &Context,
    viewer: &Viewer,
    old: Hook,
    url: HookUrl,
    named: &mut Vec<Change>,
) -> Result<HookId> {
    let now = context.clock.now();
    // What was read before may have changed; from here on it cannot.
    let state = store::hook::current_state(conn, &old.id)?.unwrap_or(HookState::Deleted);
    let old = store::hook::find(conn, &viewer.organisation.id, &old.id)?.ok_or(ActionError::NotFound)?;
    let new = Hook {
        id: HookId::new(now),
        url,
        // Why the old one was disabled says nothing of the new address.
        state: match state {
            // Two presses at once: the first one's successor is the second one's, too.
            HookState::Deleted => return old.replaced_by.ok_or(ActionError::NotFound),
            HookState::Disabled => HookState::Active,
            HookState::Active | HookState::Paused => state,
        },
        created_by: Some(viewer.member.id.clone()),
        created_at: now,
        updated_at: now,
        replaced_by: None,
        ..old.clone()
    };
    // First, because a mode has one default that is not deleted.
    store::hook::set_state(conn, &old.id, HookState::Deleted, now)?;
    store::hook::insert(conn, &new)?;
    store::hook::set_replaced(conn, &old.id, &new.id, now)?;
    let owed = counted(store::delivery::count_owed_to(conn, &old.id)?);
    give_credentials(conn, context, &old.id, &new.id)?;
    hook_settings::carry_headers_over(conn, context, &old.id, &new.id)?;
    let (from, to) = (old.url.host(), new.url.host());
    let detail = format!("Webhook “{}” to {from} replaced by one to {to}; {owed} owed deliveries move", old.name);
    hook::audit(conn, context, viewer, &old.id, "hook.replaced", detail)?;
    let detail = format!("Webhook “{}” to {to} created in place of the one to {from}", new.name);
    hook::audit(conn, context, viewer, &new.id, "hook.created", detail)?;
    named.extend([Change::of(&old), Change::of(&new)]);
    if new.is_default {
        named.push(Change::Organisation(new.organisation_id));
    }
    Ok(new.id)
}

/// Seals keys and secrets anew: what is sealed opens only in its own place.
fn give_credentials(conn: &mut Conn, context: &Context, old: &HookId, new: &HookId) -> Result<(), StoreError> {
    let all = store::credential::of_hooks(conn, std::slice::from_ref(old))?;
    // What was lost stays behind: there is nothing to give.
    for sealed in all.into_iter().filter(|sealed| !sealed.is_lost()) {
        let id = &sealed.credential.id;
        let plain = prepare::open(&sealed, old, &context.sealing)?;
        let anew = context.sealing.seal(&plain, &prepare::place(new, id.as_str()));
        store::credential::give(conn, id, new, anew)?;
    }
    store::rotation::give(conn, old, new)
}
