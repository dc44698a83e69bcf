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
use super::transaction::Transaction;
use super::{ActionError, Context, FieldError, Result, Viewer};
use crate::delivery::prepare;
use crate::domain::act::Act;
use crate::domain::hook::{Hook, HookState};
use crate::domain::hook_url::HookUrl;
use crate::domain::ids::HookId;
use crate::store::changes::Change;
use crate::store::{self, StoreError};

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
    let replaced = context.transact_once(viewer, &form.token, move |tx| take_over(tx, &old.id, url));
    Ok(Created { id: replaced.await?, resolves })
}

async fn successor_of(context: &Context, viewer: &Viewer, id: HookId) -> Result<HookId> {
    let organisation = viewer.organisation.id.clone();
    let found = context.store.read(move |conn| store::hook::find(conn, &organisation, &id)).await?;
    found.and_then(|hook| hook.replaced_by).ok_or(ActionError::NotFound)
}

/// Has a new hook take over from one that is there, at another address; the new one's id. What is owed follows once that is
/// committed.
pub(super) fn take_over(tx: &mut Transaction<'_>, old: &HookId, url: HookUrl) -> Result<HookId> {
    let now = tx.now;
    // What was read before may have changed; from here on it cannot.
    let old = tx.lock_any_hook(old)?;
    let new = Hook {
        id: HookId::new(now),
        url,
        // Why the old one was disabled says nothing of the new address.
        state: match old.state {
            // Two presses at once: the first one's successor is the second one's, too.
            HookState::Deleted => return old.replaced_by.ok_or(ActionError::NotFound),
            HookState::Disabled => HookState::Active,
            HookState::Active | HookState::Paused => old.state,
        },
        created_by: Some(tx.viewer.member.id.clone()),
        created_at: now,
        updated_at: now,
        replaced_by: None,
        ..old.clone()
    };
    // First, because a mode has one default that is not deleted.
    store::hook::set_state(tx.conn, &old.id, HookState::Deleted, now)?;
    store::hook::insert(tx.conn, &new)?;
    store::hook::set_replaced(tx.conn, &old.id, &new.id, now)?;
    let owed = store::delivery::count_owed_to(tx.conn, &old.id)?;
    give_credentials(tx, &old.id, &new.id)?;
    hook_settings::carry_headers_over(tx, &old.id, &new.id)?;
    tx.audit(Act::HookReplaced { old: &old, new: &new, owed }, old.id.as_str())?;
    tx.audit(Act::SuccessorCreated { hook: &new, in_place_of: &old }, new.id.as_str())?;
    tx.changed(Change::of(&old));
    tx.changed(Change::of(&new));
    if new.is_default {
        tx.changed(Change::Organisation(new.organisation_id));
    }
    tx.bring_in_line(&old.id);
    Ok(new.id)
}

/// Seals keys and secrets anew: what is sealed opens only in its own place.
fn give_credentials(tx: &mut Transaction<'_>, old: &HookId, new: &HookId) -> Result<(), StoreError> {
    let all = store::credential::of_hooks(tx.conn, std::slice::from_ref(old))?;
    let sealing = &tx.context.sealing;
    // What was lost stays behind: there is nothing to give.
    for sealed in all.into_iter().filter(|sealed| !sealed.is_lost()) {
        let id = &sealed.credential.id;
        let plain = prepare::open(&sealed, old, sealing)?;
        let anew = sealing.seal(&plain, &prepare::place(new, id.as_str()));
        store::credential::give(tx.conn, id, new, anew)?;
    }
    store::rotation::give(tx.conn, old, new)
}
