//! The hook that an interview has of its own, in place of the default hook (S2).
//!
//! Addresses never change (A2): another address makes another hook, which takes over what is owed and its key and secret,
//! and retires the one before. An empty address means the default hook again, which then takes over what is owed.

use super::find;
use crate::actions::hook::{address, refuse_too_many};
use crate::actions::transaction::Transaction;
use crate::actions::{ActionError, Context, FieldError, Result, Viewer, replacement};
use crate::domain::act::Act;
use crate::domain::hook::{FieldSet, Hook, HookKind, HookState, Subscription};
use crate::domain::hook_url::HookUrl;
use crate::domain::ids::{HookId, InterviewId};
use crate::domain::interview::Interview;
use crate::domain::policy::Policy;
use crate::domain::secret::CredentialKind;
use crate::store;
use crate::store::changes::Change;

/// What was typed into the form.
#[derive(Debug, Clone, Default)]
pub struct OwnHookForm {
    /// Its address, with or without `https://`; empty means the default hook.
    pub url: String,
    /// The name of its delivery policy; the default hook's when empty.
    pub policy: String,
}

/// Gives an interview a hook of its own, another one, or none. Whether the name of its host resolved, when there is one.
pub async fn save(context: &Context, viewer: &Viewer, id: InterviewId, form: OwnHookForm) -> Result<bool> {
    let interview = find(context, viewer, id).await?;
    let wanted = read(context, viewer, &form).await?;
    let resolves = wanted.as_ref().is_none_or(|wanted| wanted.resolves);
    let saved = context.transact(viewer, move |tx| match wanted {
        Some(wanted) => set(tx, &interview, wanted),
        None => end(tx, &interview),
    });
    match saved.await {
        // Two people gave it one at the same moment.
        Err(ActionError::Store(error)) if error.is_duplicate() => Err(ActionError::ChangedMeanwhile),
        done => done.map(|()| resolves),
    }
}

struct CheckedOwnHook {
    url: HookUrl,
    resolves: bool,
    /// `None` follows the default hook.
    policy: Option<Policy>,
}

async fn read(context: &Context, viewer: &Viewer, form: &OwnHookForm) -> Result<Option<CheckedOwnHook>> {
    if form.url.trim().is_empty() {
        return Ok(None);
    }
    let mut errors = Vec::new();
    let url = address(context, viewer, &form.url).await.map_err(|error| errors.push(error)).ok();
    let policy = Some(form.policy.as_str()).filter(|word| !word.is_empty()).map(Policy::parse);
    if policy == Some(None) {
        errors.push(FieldError::new("policy", "Choose one of the delivery policies"));
    }
    match url {
        Some((url, resolves)) if errors.is_empty() => {
            Ok(Some(CheckedOwnHook { url, resolves, policy: policy.flatten() }))
        }
        _ => Err(ActionError::Invalid(errors)),
    }
}

/// Gives an interview a hook of its own, or another one.
fn set(tx: &mut Transaction<'_>, interview: &Interview, wanted: CheckedOwnHook) -> Result<()> {
    let Interview { id, organisation_id, mode, title, .. } = interview;
    let default = store::hook::default_of(tx.conn, organisation_id, *mode)?;
    let before = store::hook::of_interview(tx.conn, organisation_id, id)?;
    let is_own = wanted.policy.is_some();
    let kind = HookKind::Interview { interview: id.clone(), own_policy: is_own };
    let followed = default.as_ref().map_or(Policy::Quick, |default| default.policy);
    let policy = wanted.policy.unwrap_or(followed);
    if let Some(same) = before.as_ref().filter(|before| before.url == wanted.url) {
        let hook = Hook { kind, policy, updated_at: tx.now, ..same.clone() };
        store::hook::update_override(tx.conn, &hook)?;
        tx.changed(Change::of(&hook));
        return Ok(tx.audit(Act::OwnHookChanged { title, policy, is_own }, hook.id.as_str())?);
    }
    if let Some(before) = before {
        let (from, to) = (&before.url.host(), &wanted.url.host());
        let id = replacement::take_over(tx, &before.id, wanted.url)?;
        let new = store::hook::find(tx.conn, organisation_id, &id)?.ok_or(ActionError::NotFound)?;
        store::hook::update_override(tx.conn, &Hook { kind, policy, ..new })?;
        return Ok(tx.audit(Act::OwnHookReplaced { title, from, to }, id.as_str())?);
    }
    refuse_too_many(tx, *mode)?;
    let hook = Hook {
        id: HookId::new(tx.now),
        organisation_id: organisation_id.clone(),
        mode: *mode,
        name: title.clone(),
        note: None,
        rate: None,
        url: wanted.url,
        policy,
        field_set: default.map_or(FieldSet::Standard, |default| default.field_set),
        subscription: Subscription::All,
        is_default: false,
        kind,
        state: HookState::Active,
        created_by: Some(tx.viewer.member.id.clone()),
        created_at: tx.now,
        updated_at: tx.now,
        replaced_by: None,
    };
    store::hook::insert(tx.conn, &hook)?;
    tx.changed(Change::of(&hook));
    Ok(tx.audit(Act::OwnHookSet { title, host: &hook.url.host() }, hook.id.as_str())?)
}

/// Has an interview follow the default hook again, which takes over what is owed.
fn end(tx: &mut Transaction<'_>, interview: &Interview) -> Result<()> {
    let Interview { id, organisation_id, mode, title, .. } = interview;
    let Some(own) = store::hook::of_interview(tx.conn, organisation_id, id)? else { return Ok(()) };
    if !store::hook::set_state(tx.conn, &own.id, HookState::Deleted, tx.now)? {
        return Err(ActionError::ChangedMeanwhile);
    }
    let owed = store::delivery::count_owed_to(tx.conn, &own.id)?;
    let default = store::hook::default_of(tx.conn, organisation_id, *mode)?;
    if let Some(default) = &default {
        // What is being recorded for it in this very moment finds the default hook by this.
        store::hook::set_replaced(tx.conn, &own.id, &default.id, tx.now)?;
        tx.changed(Change::of(default));
    }
    for kind in CredentialKind::ALL {
        store::credential::delete(tx.conn, &own.id, kind)?;
    }
    store::hook_header::replace(tx.conn, &own.id, Vec::new())?;
    tx.changed(Change::of(&own));
    tx.bring_in_line(&own.id);
    Ok(tx.audit(Act::OwnHookEnded { title, owed, has_default: default.is_some() }, own.id.as_str())?)
}
