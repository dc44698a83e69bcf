//! Hooks: created, paused, resumed, deleted (A1, A2, A3). Replacing one is in [`super::replacement`].

use super::once::once;
use super::{ActionError, Context, FieldError, Result, Viewer, credential, line, reveal};
use crate::delivery::guard::{Blocked, Checked};
use crate::domain::event::EventType;
use crate::domain::hook::{FieldSet, Hook, HookKind, HookState, Subscription};
use crate::domain::hook_url::HookUrl;
use crate::domain::ids::HookId;
use crate::domain::policy::Policy;
use crate::domain::secret::CredentialKind;
use crate::store::audit::Act;
use crate::store::{self, Conn, StoreError};

/// A name has at most this many characters.
const LONGEST_NAME: usize = 100;

/// What was typed into the form of a new hook.
#[derive(Debug, Clone, Default)]
pub struct NewHook {
    /// Its name; the host's when empty.
    pub name: String,
    /// Its address, with or without `https://`.
    pub url: String,
    /// The name of its delivery policy; *Quick* when empty.
    pub policy: String,
    /// The events ticked; all when none.
    pub events: Vec<String>,
    /// Whether to sign.
    pub sign: bool,
    /// Whether to send a key.
    pub key: bool,
    /// Names this filling of the form: pressing twice makes one hook.
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
    let (checked, resolves) = check(context, &form).await?;
    let write = |checked: Wanted| {
        let (owned, maker) = (context.clone(), viewer.clone());
        once(context, viewer, &form.token, move |conn| Ok((insert(conn, &owned, &maker, checked)?, ())))
    };
    let (id, _) = match write(checked.clone()).await {
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
    let hook = find_alive(context, viewer, id).await?;
    change(context, viewer, hook, "hook.paused", |conn, hook, now| {
        refuse_disabled(conn, &hook.id)?;
        store::hook::set_state(conn, &hook.id, HookState::Paused, now)?;
        Ok(store::delivery::hold_for(conn, &hook.id)?)
    })
    .await
}

/// Sends what was held, and everything to come.
pub async fn resume(context: &Context, viewer: &Viewer, id: HookId) -> Result<()> {
    let hook = find_alive(context, viewer, id).await?;
    change(context, viewer, hook, "hook.resumed", |conn, hook, now| {
        refuse_disabled(conn, &hook.id)?;
        if store::hook::set_state(conn, &hook.id, HookState::Active, now)? {
            // Nothing could arrive while it was paused, and that is not its fault.
            store::health::restart(conn, &hook.id, now)?;
        }
        Ok(store::delivery::release_for(conn, &hook.id, now)?)
    })
    .await?;
    context.engine.nudge();
    Ok(())
}

/// Deletes a hook: nothing is sent to it from this moment on, what is owed ends as cancelled, its log stays.
///
/// Refused while an export to it is in progress, unless `cancel_exports`.
pub async fn delete(context: &Context, viewer: &Viewer, id: HookId, cancel_exports: bool) -> Result<()> {
    let hook = find_alive(context, viewer, id).await?;
    let (context, viewer) = (context.clone(), viewer.clone());
    let store = context.store.clone();
    store
        .change(move |conn| {
            let exports = store::export::in_progress_to(conn, &hook.id)?;
            if !exports.is_empty() && !cancel_exports {
                return Err(ActionError::Refused("An export to this webhook is in progress".into()));
            }
            let now = context.clock.now();
            let cancelled = store::delivery::cancel_owed_to(conn, &hook.id, now)?;
            store::hook::set_state(conn, &hook.id, HookState::Deleted, now)?;
            for kind in [CredentialKind::Secret, CredentialKind::Key] {
                store::credential::delete(conn, &hook.id, kind)?;
            }
            let detail = format!("Webhook “{}” deleted; {cancelled} owed deliveries cancelled", hook.name);
            audit(conn, &context, &viewer, &hook.id, "hook.deleted", detail)?;
            Ok(())
        })
        .await
}

/// A hook of the viewer's organisation that is not deleted.
pub async fn find_alive(context: &Context, viewer: &Viewer, id: HookId) -> Result<Hook> {
    let organisation = viewer.organisation.id.clone();
    let found = context.store.read(move |conn| store::hook::find(conn, &organisation, &id)).await?;
    found.filter(|hook| hook.state != HookState::Deleted).ok_or(ActionError::NotFound)
}

#[derive(Clone)]
struct Wanted {
    name: String,
    url: HookUrl,
    policy: Policy,
    subscription: Subscription,
    kinds: Vec<CredentialKind>,
}

async fn check(context: &Context, form: &NewHook) -> Result<(Wanted, bool)> {
    let mut errors = Vec::new();
    let name = line("name", &form.name, LONGEST_NAME).unwrap_or_else(|error| {
        errors.push(error);
        None
    });
    let policy = if form.policy.is_empty() { Some(Policy::Quick) } else { Policy::parse(&form.policy) };
    if policy.is_none() {
        errors.push(FieldError::new("policy", "Choose one of the delivery policies"));
    }
    let url = address(context, &form.url).await.map_err(|error| errors.push(error)).ok();
    let subscription = subscription(&form.events).unwrap_or_else(|error| {
        errors.push(error);
        Subscription::All
    });
    match (url, policy) {
        (Some((url, resolves)), Some(policy)) if errors.is_empty() => {
            let asked = [(form.sign, CredentialKind::Secret), (form.key, CredentialKind::Key)];
            let kinds = asked.into_iter().filter(|(wanted, _)| *wanted).map(|(_, kind)| kind).collect();
            let name = name.unwrap_or_else(|| url.host());
            Ok((Wanted { name, url, policy, subscription, kinds }, resolves))
        }
        _ => Err(ActionError::Invalid(errors)),
    }
}

/// Reads an address as it was typed and has the guard judge it, as every try will; whether its name resolves now (S3, B15).
pub(super) async fn address(context: &Context, typed: &str) -> Result<(HookUrl, bool), FieldError> {
    let url = HookUrl::typed(typed).map_err(|error| FieldError::new("url", error))?;
    match context.guard.check(&url).await {
        Ok(checked) => Ok((url, !matches!(checked, Checked::Unresolved))),
        Err(blocked) => Err(FieldError::new("url", not_public(&blocked))),
    }
}

fn not_public(blocked: &Blocked) -> String {
    format!("Use a public address: {blocked}")
}

fn subscription(ticked: &[String]) -> Result<Subscription, FieldError> {
    if ticked.is_empty() {
        return Ok(Subscription::All);
    }
    let kinds: Option<Vec<EventType>> =
        ticked.iter().map(|name| EventType::parse(name).filter(|kind| !kind.is_addressed())).collect();
    kinds.map(Subscription::Only).ok_or_else(|| FieldError::new("events", "Tick only events of the list"))
}

fn insert(conn: &mut Conn, context: &Context, viewer: &Viewer, checked: Wanted) -> Result<HookId, StoreError> {
    let now = context.clock.now();
    let others = store::hook::list(conn, &viewer.organisation.id, viewer.mode)?;
    let hook = Hook {
        id: HookId::new(now),
        organisation_id: viewer.organisation.id.clone(),
        mode: viewer.mode,
        name: checked.name,
        url: checked.url,
        policy: checked.policy,
        field_set: FieldSet::Standard,
        subscription: checked.subscription,
        is_default: !others.iter().any(|other| other.is_default),
        kind: HookKind::General,
        state: HookState::Active,
        created_by: Some(viewer.member.id.clone()),
        created_at: now,
        updated_at: now,
        replaced_by: None,
    };
    store::hook::insert(conn, &hook)?;
    let mut made = Vec::new();
    for kind in checked.kinds {
        let (_, plain) = credential::insert(conn, context, viewer, &hook.id, kind, true)?;
        made.push((kind.as_str(), plain));
    }
    let shown: Vec<_> = made.iter().map(|(kind, plain)| (*kind, plain)).collect();
    if !shown.is_empty() {
        reveal::leave(conn, context, viewer, hook.id.as_str(), &shown)?;
    }
    let detail = format!("Webhook “{}” to {} created in {} mode", hook.name, hook.url.host(), hook.mode);
    audit(conn, context, viewer, &hook.id, "hook.created", detail)?;
    Ok(hook.id)
}

async fn change(
    context: &Context,
    viewer: &Viewer,
    hook: Hook,
    act: &'static str,
    work: impl FnOnce(&mut Conn, &Hook, chrono::DateTime<chrono::Utc>) -> Result<usize> + Send + 'static,
) -> Result<()> {
    let (context, viewer) = (context.clone(), viewer.clone());
    let store = context.store.clone();
    store
        .change(move |conn| {
            let count = work(conn, &hook, context.clock.now())?;
            let detail = format!("Webhook “{}”, {count} owed deliveries", hook.name);
            Ok(audit(conn, &context, &viewer, &hook.id, act, detail)?)
        })
        .await
}

fn refuse_disabled(conn: &mut Conn, id: &HookId) -> Result<()> {
    match store::hook::current_state(conn, id)? {
        Some(HookState::Disabled) => Err(ActionError::Refused("It is disabled: enable it first".into())),
        _ => Ok(()),
    }
}

pub(super) fn audit(
    conn: &mut Conn,
    context: &Context,
    viewer: &Viewer,
    hook: &HookId,
    act: &str,
    detail: String,
) -> Result<(), StoreError> {
    let act = Act {
        organisation: Some(&viewer.organisation.id),
        member: Some(&viewer.member.id),
        act,
        object: Some(hook.as_str()),
        detail,
    };
    store::audit::insert(conn, &act, context.clock.now())
}
