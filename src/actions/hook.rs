//! Hooks: created, paused, resumed, deleted (A1, A2, A3). Replacing one is in [`super::replacement`].

use super::hook_settings::{self, Settings};
use super::refusals::{self, By, Refusal, What};
use super::transaction::Transaction;
use super::{ActionError, Context, FieldError, Result, Viewer, credential, reveal};
use crate::delivery::guard::{Blocked, Checked};
use crate::domain::act::Act;
use crate::domain::hook::{Hook, HookKind, HookState};
use crate::domain::hook_url::HookUrl;
use crate::domain::ids::HookId;
use crate::domain::mode::Mode;
use crate::domain::secret::CredentialKind;
use crate::store::changes::Change;
use crate::store::{self, Conn, StoreError};

/// What was typed into the form of a hook: of a new one, or of one that is changed, which has no fields for its address and
/// its credentials.
#[derive(Clone, Default)]
pub struct NewHook {
    /// Its name; the host's when empty.
    pub name: String,
    /// What it is for.
    pub note: String,
    /// Its address, with or without `https://`.
    pub url: String,
    /// The name of its delivery policy; *Quick* when empty.
    pub policy: String,
    /// The events ticked; all when none.
    pub events: Vec<String>,
    /// The name of its field set; *Standard* when empty.
    pub field_set: String,
    /// How many requests it takes at the most; no limit when empty.
    pub rate: String,
    /// In a `second` or a `minute`; a second when empty.
    pub rate_per: String,
    /// Whether it becomes its mode's default, in place of the one that is. The first of a mode always does.
    pub default: bool,
    /// Names and values of its own headers, row by row; empty rows are none.
    pub headers: Vec<(String, String)>,
    /// Whether to sign.
    pub sign: bool,
    /// Whether to send a key.
    pub key: bool,
    /// Names this filling of the form: pressing twice makes one hook. Of a hook that is changed, how it stood when the form was
    /// filled ([`hook_settings::stamp`]).
    pub token: String,
}

/// What came of the form.
#[derive(Debug, Clone)]
pub struct Created {
    /// The hook.
    pub id: HookId,
    /// Whether its host's name resolved when it was made; the page that follows warns when it did not.
    pub resolves: bool,
}

/// Creates a hook, active at once, with the credentials that were asked for; they are left to be shown once.
pub async fn create(context: &Context, viewer: &Viewer, form: NewHook) -> Result<Created> {
    let (checked, resolves) = check(context, viewer, &form).await?;
    let write = |checked: CheckedHook| {
        context.transact_once(viewer, &form.token, move |tx| {
            refuse_too_many(tx, tx.viewer.mode)?;
            let id = insert(tx, checked)?;
            // Interviews' own hooks follow the default one, which it may have become.
            tx.changed(Change::Organisation(tx.viewer.organisation.id.clone()));
            Ok(id)
        })
    };
    let id = match write(checked.clone()).await {
        // Two people made a mode's first hook at once: the faster one's is the default, and this one is not.
        Err(ActionError::Store(error)) if error.is_duplicate() => {
            tracing::debug!(%error, "another hook became the default meanwhile");
            write(checked).await?
        }
        done => done?,
    };
    Ok(Created { id, resolves })
}

/// Holds what is owed to a hook until it is resumed.
pub async fn pause(context: &Context, viewer: &Viewer, id: HookId) -> Result<()> {
    let paused = context.transact(viewer, move |tx| {
        let hook = tx.lock_hook(&id)?;
        refuse_disabled(&hook)?;
        set_state(tx, &hook, HookState::Paused)?;
        let owed = store::delivery::count_owed_to(tx.conn, &id)?;
        Ok(tx.audit(Act::HookPaused { webhook: &hook.name, owed }, id.as_str())?)
    });
    paused.await
}

/// Sends what was held, and everything to come.
pub async fn resume(context: &Context, viewer: &Viewer, id: HookId) -> Result<()> {
    let resumed = context.transact(viewer, move |tx| {
        let hook = tx.lock_hook(&id)?;
        refuse_disabled(&hook)?;
        refuse_lost(tx.conn, &hook)?;
        if set_state(tx, &hook, HookState::Active)? {
            // Nothing could arrive while it was paused, and that is not its fault.
            store::health::restart(tx.conn, &id, tx.now)?;
        }
        let owed = store::delivery::count_owed_to(tx.conn, &id)?;
        Ok(tx.audit(Act::HookResumed { webhook: &hook.name, owed }, id.as_str())?)
    });
    resumed.await
}

/// Deletes a hook: nothing is sent to it from this moment on, what is owed ends as cancelled, its log stays.
///
/// Refused while an export to it is in progress, unless `cancel_exports`.
pub async fn delete(context: &Context, viewer: &Viewer, id: HookId, cancel_exports: bool) -> Result<()> {
    let deleted = context.transact(viewer, move |tx| {
        // The hook first, then what is owed to it: everybody who changes both locks them in this order.
        let hook = tx.lock_hook(&id)?;
        let exports = store::export::in_progress_to(tx.conn, &id)?;
        if !exports.is_empty() && !cancel_exports {
            return Err(ActionError::Refused("An export to this webhook is in progress".into()));
        }
        let owed = store::delivery::count_owed_to(tx.conn, &id)?;
        set_state(tx, &hook, HookState::Deleted)?;
        for kind in CredentialKind::ALL {
            store::credential::delete(tx.conn, &id, kind)?;
        }
        store::hook_header::replace(tx.conn, &id, Vec::new())?;
        Ok(tx.audit(Act::HookDeleted { webhook: &hook.name, owed }, id.as_str())?)
    });
    deleted.await
}

/// Moves a hook to another state, and then what is owed to it; whether it stood otherwise.
fn set_state(tx: &mut Transaction<'_>, hook: &Hook, state: HookState) -> Result<bool> {
    let is_changed = store::hook::set_state(tx.conn, &hook.id, state, tx.now)?;
    if is_changed {
        tx.changed(Change::of(hook));
    }
    tx.bring_in_line(&hook.id);
    Ok(is_changed)
}

fn refuse_disabled(hook: &Hook) -> Result<()> {
    match hook.state {
        HookState::Disabled => Err(ActionError::Refused("It is disabled: enable it first".into())),
        HookState::Active | HookState::Paused | HookState::Deleted => Ok(()),
    }
}

/// Refuses another hook where an organisation has as many as it may have.
pub(super) fn refuse_too_many(tx: &mut Transaction<'_>, mode: Mode) -> Result<()> {
    let have = store::hook::count_alive(tx.conn, &tx.viewer.organisation.id, mode)?;
    super::refuse_too_many(have, tx.context.max_hooks, "url", "webhook", mode, "Delete one that is no longer needed")
}

/// Refuses what needs something that was lost with the sealing key.
pub(super) fn refuse_lost(conn: &mut Conn, hook: &Hook) -> Result<()> {
    if store::sealed::lacks_something(conn, hook)? {
        let why = "Its key, secret or header value was lost with the server’s sealing key: make a new one first";
        return Err(ActionError::Refused(why.into()));
    }
    Ok(())
}

/// A hook of the viewer's organisation that is not deleted.
pub async fn find_alive(context: &Context, viewer: &Viewer, id: HookId) -> Result<Hook> {
    let organisation = viewer.organisation.id.clone();
    let found = context.store.read(move |conn| store::hook::find(conn, &organisation, &id)).await?;
    found.filter(|hook| hook.state != HookState::Deleted).ok_or(ActionError::NotFound)
}

#[derive(Clone)]
struct CheckedHook {
    url: HookUrl,
    settings: Settings,
    kinds: Vec<CredentialKind>,
}

async fn check(context: &Context, viewer: &Viewer, form: &NewHook) -> Result<(CheckedHook, bool)> {
    let mut errors = Vec::new();
    let url = address(context, viewer, &form.url).await.map_err(|error| errors.push(error)).ok();
    let settings = hook_settings::check(form, &[], &mut errors);
    match url {
        Some((url, resolves)) if errors.is_empty() => {
            let asked = [(form.sign, CredentialKind::Secret), (form.key, CredentialKind::Key)];
            let kinds = asked.into_iter().filter(|(wanted, _)| *wanted).map(|(_, kind)| kind).collect();
            Ok((CheckedHook { url, settings, kinds }, resolves))
        }
        _ => Err(ActionError::Invalid(errors)),
    }
}

/// Reads an address as it was typed and has the guard judge it, as every try will; whether its name resolves now (S3, B15).
pub(super) async fn address(context: &Context, viewer: &Viewer, typed: &str) -> Result<(HookUrl, bool), FieldError> {
    let url = HookUrl::typed(typed).map_err(|error| FieldError::new("url", error))?;
    match context.guard.check(&url).await {
        Ok(checked) => Ok((url, !matches!(checked, Checked::Unresolved))),
        Err(blocked) => {
            refusals::note(context, refused(viewer, &url), &format!("by {}", viewer.member.name));
            Err(FieldError::new("url", not_public(&blocked)))
        }
    }
}

/// What the audit log has of an address that was refused: its host, and never its path.
fn refused(viewer: &Viewer, url: &HookUrl) -> Refusal {
    let by = By::Member(viewer.organisation.id.clone(), viewer.member.id.clone());
    Refusal { what: What::Address, by, object: Some(url.host()) }
}

fn not_public(blocked: &Blocked) -> String {
    format!("Use a public address: {blocked}")
}

fn insert(tx: &mut Transaction<'_>, checked: CheckedHook) -> Result<HookId, StoreError> {
    let (now, viewer) = (tx.now, tx.viewer);
    let CheckedHook { url, settings, kinds } = checked;
    // One that cannot be read may be the default, too.
    let is_first = !store::hook::has_default(tx.conn, &viewer.organisation.id, viewer.mode)?;
    if settings.is_default {
        store::hook::end_default(tx.conn, &viewer.organisation.id, viewer.mode, now)?;
    }
    let hook = Hook {
        id: HookId::new(now),
        organisation_id: viewer.organisation.id.clone(),
        mode: viewer.mode,
        name: settings.name.unwrap_or_else(|| url.host()),
        note: settings.note,
        url,
        policy: settings.policy,
        field_set: settings.field_set,
        subscription: settings.subscription,
        rate: settings.rate,
        is_default: settings.is_default || is_first,
        kind: HookKind::General,
        state: HookState::Active,
        created_by: Some(viewer.member.id.clone()),
        created_at: now,
        updated_at: now,
        replaced_by: None,
    };
    store::hook::insert(tx.conn, &hook)?;
    hook_settings::write_headers(tx, &hook.id, &settings.headers)?;
    let mut made = Vec::new();
    for kind in kinds {
        let (_, plain) = credential::insert(tx, &hook.id, kind, true)?;
        made.push((kind.as_str(), plain));
    }
    let shown: Vec<_> = made.iter().map(|(kind, plain)| (*kind, plain)).collect();
    if !shown.is_empty() {
        reveal::leave(tx, hook.id.as_str(), &shown)?;
    }
    tx.audit(Act::HookCreated { hook: &hook }, hook.id.as_str())?;
    Ok(hook.id)
}
