//! The hook that an interview has of its own, in place of the default hook (S2).
//!
//! Addresses never change (A2): another address makes another hook, which takes over what is owed and its key and secret,
//! and retires the one before. An empty address means the default hook again, which then takes over what is owed.

use chrono::{DateTime, Utc};

use super::{changed_meanwhile, find};
use crate::actions::hook::{address, refuse_too_many};
use crate::actions::{
    ActionError, Context, FieldError, Result, Viewer, audit, bring_in_line, counted, replacement, to_the_end,
};
use crate::domain::hook::{FieldSet, Hook, HookKind, HookState, Subscription};
use crate::domain::hook_url::HookUrl;
use crate::domain::ids::{HookId, InterviewId};
use crate::domain::interview::Interview;
use crate::domain::policy::Policy;
use crate::domain::secret::CredentialKind;
use crate::store::changes::Change;
use crate::store::{self, Conn};

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
    let (owned, viewer) = (context.clone(), viewer.clone());
    to_the_end(context, async move {
        let (context, now) = (owned.clone(), owned.clock.now());
        let changed = owned.store.change(now, move |conn, named| {
            let change = Setting { context: &context, viewer: &viewer, interview: &interview, now };
            match wanted {
                Some(wanted) => change.set(conn, wanted, named),
                None => change.end(conn, named),
            }
        });
        let retired = match changed.await {
            // Two people gave it one at the same moment.
            Err(ActionError::Store(error)) if error.is_duplicate() => return Err(changed_meanwhile()),
            done => done?,
        };
        if let Some(retired) = retired {
            bring_in_line(&owned, &retired).await;
        }
        Ok(())
    })
    .await?;
    Ok(resolves)
}

struct Wanted {
    url: HookUrl,
    resolves: bool,
    /// `None` follows the default hook.
    policy: Option<Policy>,
}

async fn read(context: &Context, viewer: &Viewer, form: &OwnHookForm) -> Result<Option<Wanted>> {
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
        Some((url, resolves)) if errors.is_empty() => Ok(Some(Wanted { url, resolves, policy: policy.flatten() })),
        _ => Err(ActionError::Invalid(errors)),
    }
}

struct Setting<'a> {
    context: &'a Context,
    viewer: &'a Viewer,
    interview: &'a Interview,
    now: DateTime<Utc>,
}

impl Setting<'_> {
    /// Sets it; the hook that was retired for that.
    fn set(&self, conn: &mut Conn, wanted: Wanted, named: &mut Vec<Change>) -> Result<Option<HookId>> {
        let Interview { id, organisation_id, mode, title, .. } = self.interview;
        let default = store::hook::default_of(conn, organisation_id, *mode)?;
        let before = store::hook::of_interview(conn, organisation_id, id)?;
        let kind = HookKind::Interview { interview: id.clone(), own_policy: wanted.policy.is_some() };
        let followed = default.as_ref().map_or(Policy::Quick, |default| default.policy);
        let policy = wanted.policy.unwrap_or(followed);
        if let Some(same) = before.as_ref().filter(|before| before.url == wanted.url) {
            let hook = Hook { kind, policy, updated_at: self.now, ..same.clone() };
            store::hook::update_override(conn, &hook)?;
            let words = if wanted.policy.is_some() { "of its own" } else { "that of the default webhook" };
            let detail = format!("The webhook of interview “{title}” has the policy {}, {words}", policy.label());
            named.push(Change::of(&hook));
            self.audit(conn, hook.id.as_str(), "interview.override.changed", detail)?;
            return Ok(None);
        }
        if before.is_none() {
            refuse_too_many(conn, self.context, organisation_id, *mode)?;
        }
        if let Some(before) = before {
            let (from, to) = (before.url.host(), wanted.url.host());
            let retired = before.id.clone();
            let id = replacement::take_over(conn, self.context, self.viewer, before, wanted.url, named)?;
            let new = store::hook::find(conn, organisation_id, &id)?.ok_or(ActionError::NotFound)?;
            store::hook::update_override(conn, &Hook { kind, policy, ..new })?;
            let detail = format!("Interview “{title}” has another webhook of its own, to {to} in place of {from}");
            self.audit(conn, id.as_str(), "interview.override.set", detail)?;
            return Ok(Some(retired));
        }
        let hook = Hook {
            id: HookId::new(self.now),
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
            created_by: Some(self.viewer.member.id.clone()),
            created_at: self.now,
            updated_at: self.now,
            replaced_by: None,
        };
        store::hook::insert(conn, &hook)?;
        let detail = format!("Interview “{title}” has a webhook of its own, to {}", hook.url.host());
        named.push(Change::of(&hook));
        self.audit(conn, hook.id.as_str(), "interview.override.set", detail)?;
        Ok(None)
    }

    fn end(&self, conn: &mut Conn, named: &mut Vec<Change>) -> Result<Option<HookId>> {
        let Interview { id, organisation_id, mode, title, .. } = self.interview;
        let Some(own) = store::hook::of_interview(conn, organisation_id, id)? else { return Ok(None) };
        self.retire(conn, &own.id)?;
        let owed = counted(store::delivery::count_owed_to(conn, &own.id)?);
        let owed = match store::hook::default_of(conn, organisation_id, *mode)? {
            Some(default) => {
                // What is being recorded for it in this very moment finds the default hook by this.
                store::hook::set_replaced(conn, &own.id, &default.id, self.now)?;
                named.push(Change::of(&default));
                format!("the default webhook takes over {owed} owed deliveries")
            }
            None => format!("{owed} owed deliveries cancelled"),
        };
        for kind in [CredentialKind::Secret, CredentialKind::Key] {
            store::credential::delete(conn, &own.id, kind)?;
        }
        store::hook_header::replace(conn, &own.id, Vec::new())?;
        let detail = format!("Interview “{title}” has no webhook of its own any more; {owed}");
        named.push(Change::of(&own));
        self.audit(conn, own.id.as_str(), "interview.override.ended", detail)?;
        Ok(Some(own.id))
    }

    fn retire(&self, conn: &mut Conn, id: &HookId) -> Result<()> {
        if store::hook::set_state(conn, id, HookState::Deleted, self.now)? { Ok(()) } else { Err(changed_meanwhile()) }
    }

    fn audit(&self, conn: &mut Conn, object: &str, act: &str, detail: String) -> Result<()> {
        Ok(audit(conn, self.viewer, object, act, detail, self.now)?)
    }
}
