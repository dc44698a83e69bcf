//! What may be set of a hook, when it is made and later: everything but its address (A2), each change audited.

use super::hook::{NewHook, find_alive};
use super::transaction::Transaction;
use super::{ActionError, Context, FieldError, Result, Viewer, line};
use crate::delivery::prepare::{self, place};
use crate::domain::act::Act;
use crate::domain::event::EventType;
use crate::domain::hook::{FieldSet, Hook, Subscription};
use crate::domain::hook_header::{self, HeaderError, HeaderName};
use crate::domain::ids::{HookHeaderId, HookId};
use crate::domain::policy::Policy;
use crate::domain::rate::{Per, RateLimit};
use crate::domain::secret::Plain;
use crate::store::changes::Change;
use crate::store::hook_header::SealedHeader;
use crate::store::{self, StoreError};

/// A name has at most this many characters.
const MAX_NAME_LEN: usize = 100;
/// A note has at most this many characters.
const MAX_NOTE_LEN: usize = 300;

/// A checked form, all but the address.
#[derive(Clone)]
pub(super) struct Settings {
    /// `None` when none was typed.
    pub(super) name: Option<String>,
    pub(super) note: Option<String>,
    pub(super) policy: Policy,
    pub(super) field_set: FieldSet,
    pub(super) subscription: Subscription,
    pub(super) rate: Option<RateLimit>,
    pub(super) is_default: bool,
    pub(super) headers: Vec<WantedHeader>,
}

/// A header as a form asks for it.
#[derive(Clone)]
pub(super) struct WantedHeader {
    name: HeaderName,
    /// `None` keeps the value it has.
    value: Option<Plain>,
}

/// How a hook stands, in a form that changes it.
pub fn stamp(hook: &Hook) -> String {
    hook.updated_at.timestamp_micros().to_string()
}

/// Changes a hook to what its form says. A header whose value was left empty keeps it; one whose name was emptied goes.
/// [`ActionError::ChangedMeanwhile`] when somebody has changed it since the form was filled.
pub async fn edit(context: &Context, viewer: &Viewer, id: HookId, form: &NewHook) -> Result<()> {
    let hook = find_alive(context, viewer, id).await?;
    let asked = hook.id.clone();
    let had = context.store.read(move |conn| store::hook_header::of_hook(conn, &asked)).await?;
    // Where a value was lost there is none to keep.
    let had: Vec<HeaderName> = had.into_iter().filter(|header| !header.is_lost()).map(|header| header.name).collect();
    let mut errors = Vec::new();
    let wanted = check(form, &had, &mut errors);
    if !errors.is_empty() {
        return Err(ActionError::Invalid(errors));
    }
    let seen = form.token.clone();
    match context.transact(viewer, move |tx| write(tx, &hook.id, &seen, wanted)).await {
        Err(ActionError::Store(error)) if error.is_duplicate() => Err(ActionError::Refused(
            "Another webhook became the default at the same moment. Look at the list and try again".into(),
        )),
        done => done,
    }
}

/// Writes what differs.
fn write(tx: &mut Transaction<'_>, id: &HookId, seen: &str, wanted: Settings) -> Result<()> {
    let now = tx.now;
    let organisation = &tx.viewer.organisation.id;
    let before = tx.lock_hook(id)?;
    if !seen.is_empty() && seen != stamp(&before) {
        return Err(ActionError::ChangedMeanwhile);
    }
    let mut after = Hook {
        name: wanted.name.unwrap_or_else(|| before.url.host()),
        note: wanted.note,
        rate: wanted.rate,
        updated_at: now,
        ..before.clone()
    };
    // What an interview's own hook gets, and how, is the default hook's and its interview's to say (S2).
    if before.interview().is_none() {
        after = Hook {
            policy: wanted.policy,
            field_set: wanted.field_set,
            subscription: wanted.subscription,
            is_default: wanted.is_default,
            ..after
        };
    }
    let mut changes = changes(&before, &after);
    if after.is_default && !before.is_default {
        store::hook::end_default(tx.conn, organisation, before.mode, now)?;
    }
    if !store::hook::change(tx.conn, &after)? {
        return Err(ActionError::NotFound);
    }
    if write_headers(tx, id, &wanted.headers)? {
        let names: Vec<&str> = wanted.headers.iter().map(|header| header.name.as_str()).collect();
        changes.push(format!("headers: {}", if names.is_empty() { "none".into() } else { names.join(", ") }));
    }
    if changes.is_empty() {
        return Ok(());
    }
    tx.changed(Change::of(&after));
    // Interviews' own hooks follow the default one, and another may have been it.
    if after.is_default || before.is_default {
        tx.changed(Change::Organisation(organisation.clone()));
    }
    Ok(tx.audit(Act::HookChanged { webhook: &before.name, changes: &changes }, id.as_str())?)
}

/// What differs, for the audit log.
fn changes(before: &Hook, after: &Hook) -> Vec<String> {
    let mut changes = Vec::new();
    let mut note = |differs: bool, what: String| changes.extend(differs.then_some(what));
    note(before.name != after.name, format!("name: {}", after.name));
    note(before.note != after.note, format!("note: {}", after.note.as_deref().unwrap_or("none")));
    note(
        before.policy != after.policy,
        format!("delivery policy: {} to {}", before.policy.label(), after.policy.label()),
    );
    let sets = (before.field_set.label(), after.field_set.label());
    note(before.field_set != after.field_set, format!("field set: {} to {}", sets.0, sets.1));
    let events = match &after.subscription {
        Subscription::All => "all".to_owned(),
        Subscription::Only(kinds) => kinds.iter().map(|kind| kind.as_str()).collect::<Vec<_>>().join(", "),
    };
    note(before.subscription != after.subscription, format!("events: {events}"));
    note(
        before.rate != after.rate,
        format!("at most {}", after.rate.map_or("as many as there are".into(), RateLimit::spoken)),
    );
    let is = if after.is_default { "is now" } else { "is no longer" };
    note(before.is_default != after.is_default, format!("{is} the default of {} mode", after.mode));
    changes
}

/// Writes the headers that a form asks for; whether any differs from what was there.
pub(super) fn write_headers(
    tx: &mut Transaction<'_>,
    hook: &HookId,
    wanted: &[WantedHeader],
) -> Result<bool, StoreError> {
    let had = store::hook_header::of_hook(tx.conn, hook)?;
    let is_same = had.len() == wanted.len()
        && had.iter().zip(wanted).all(|(had, wanted)| had.name == wanted.name && wanted.value.is_none());
    if is_same {
        return Ok(false);
    }
    let mut all = Vec::with_capacity(wanted.len());
    for WantedHeader { name, value } in wanted {
        let kept = had.iter().find(|header| header.name.is(name));
        match (value, kept) {
            (Some(value), _) => all.push(sealed(tx, hook, name.clone(), value)),
            (None, Some(kept)) => all.push(SealedHeader { name: name.clone(), ..kept.clone() }),
            // Somebody removed it while this form was open: without its value there is nothing to keep.
            (None, None) => {}
        }
    }
    store::hook_header::replace(tx.conn, hook, all)?;
    Ok(true)
}

/// Gives the headers of one hook to another, sealed for their new place: for a successor (A2).
pub(super) fn carry_headers_over(tx: &mut Transaction<'_>, from: &HookId, to: &HookId) -> Result<(), StoreError> {
    let kept = store::hook_header::of_hook(tx.conn, from)?.into_iter().filter(|header| !header.is_lost()).collect();
    store::hook_header::replace(tx.conn, from, kept)?;
    let headers = prepare::headers(tx.conn, from, &tx.context.sealing)?;
    let sealed = headers.iter().map(|header| sealed(tx, to, header.name.clone(), &header.value)).collect();
    store::hook_header::replace(tx.conn, from, Vec::new())?;
    store::hook_header::replace(tx.conn, to, sealed)
}

fn sealed(tx: &Transaction<'_>, hook: &HookId, name: HeaderName, value: &Plain) -> SealedHeader {
    let id = HookHeaderId::new(tx.now);
    let sealed = tx.context.sealing.seal(value, &place(hook, id.as_str()));
    SealedHeader { id, name, sealed }
}

/// Reads a form. What is wrong with it is added to `errors`, and something else stands in its place. `had` are the headers
/// whose values may be kept.
pub(super) fn check(form: &NewHook, had: &[HeaderName], errors: &mut Vec<FieldError>) -> Settings {
    let mut text = |field: &str, typed: &str, longest| {
        line(field, typed, longest).unwrap_or_else(|error| {
            errors.push(error);
            None
        })
    };
    let (name, note) = (text("name", &form.name, MAX_NAME_LEN), text("note", &form.note, MAX_NOTE_LEN));
    let policy = if form.policy.is_empty() { Some(Policy::Quick) } else { Policy::parse(&form.policy) };
    if policy.is_none() {
        errors.push(FieldError::new("policy", "Choose one of the delivery policies"));
    }
    let field_set = if form.field_set.is_empty() { Some(FieldSet::Standard) } else { FieldSet::parse(&form.field_set) };
    if field_set.is_none() {
        errors.push(FieldError::new("field_set", "Choose one of the field sets"));
    }
    let subscription = subscription(&form.events).unwrap_or_else(|error| {
        errors.push(error);
        Subscription::All
    });
    let rate = rate(form).unwrap_or_else(|error| {
        errors.push(error);
        None
    });
    Settings {
        name,
        note,
        policy: policy.unwrap_or(Policy::Quick),
        field_set: field_set.unwrap_or(FieldSet::Standard),
        subscription,
        rate,
        is_default: form.default,
        headers: headers(&form.headers, had, errors),
    }
}

fn subscription(ticked: &[String]) -> Result<Subscription, FieldError> {
    if ticked.is_empty() {
        return Ok(Subscription::All);
    }
    let kinds: Option<Vec<EventType>> =
        ticked.iter().map(|name| EventType::parse(name).filter(|kind| !kind.is_addressed())).collect();
    kinds.map(Subscription::Only).ok_or_else(|| FieldError::new("events", "Tick only events of the list"))
}

fn rate(form: &NewHook) -> Result<Option<RateLimit>, FieldError> {
    let typed = form.rate.trim();
    if typed.is_empty() {
        return Ok(None);
    }
    let per = if form.rate_per.is_empty() { Some(Per::Second) } else { Per::parse(&form.rate_per) };
    let per = per.ok_or_else(|| FieldError::new("rate", "Choose a second or a minute"))?;
    let limit = typed.parse().ok().and_then(|requests| RateLimit::new(requests, per));
    limit
        .map(Some)
        .ok_or_else(|| FieldError::new("rate", "Type a whole number from 1 to 1,000, or leave it empty for no limit"))
}

/// The rows of the form that have a name or a value. Errors name the row: `header-name-2` is the third.
fn headers(rows: &[(String, String)], had: &[HeaderName], errors: &mut Vec<FieldError>) -> Vec<WantedHeader> {
    let mut wanted: Vec<WantedHeader> = Vec::new();
    for (at, (name, value)) in rows.iter().enumerate() {
        let is_empty = value.trim_matches([' ', '\t']).is_empty();
        if name.trim().is_empty() && is_empty {
            continue;
        }
        match header(name, value, is_empty, had) {
            Ok(header) if wanted.iter().any(|other| other.name.is(&header.name)) => {
                let message = format!("{} is there twice; a header has one value", header.name.as_str());
                errors.push(FieldError::new(format!("header-name-{at}"), message));
            }
            Ok(header) if wanted.len() < hook_header::MAX_HEADERS => wanted.push(header),
            Ok(_) => {
                let message = format!("A webhook has at most {} custom headers", hook_header::MAX_HEADERS);
                errors.push(FieldError::new(format!("header-name-{at}"), message));
            }
            Err((field, message)) => errors.push(FieldError::new(format!("header-{field}-{at}"), message)),
        }
    }
    wanted
}

fn header(name: &str, value: &str, is_empty: bool, had: &[HeaderName]) -> Result<WantedHeader, (&'static str, String)> {
    if name.trim().is_empty() {
        return Err(("name", "Type the name of this header, or empty its value".into()));
    }
    let name = HeaderName::parse(name).map_err(|error: HeaderError| ("name", error.to_string()))?;
    if !is_empty {
        let value = hook_header::value(value).map_err(|error| ("value", error.to_string()))?;
        return Ok(WantedHeader { name, value: Some(value) });
    }
    if had.iter().any(|other| other.is(&name)) {
        return Ok(WantedHeader { name, value: None });
    }
    Err(("value", format!("Type the value of {}", name.as_str())))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Name and whether there is a new value, of each header that is wanted.
    type Wanted = Vec<(String, bool)>;
    /// Field and message of each error.
    type Told = Vec<(String, String)>;

    fn checked(rows: &[(&str, &str)], had: &[&str]) -> (Wanted, Told) {
        let headers = rows.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let had: Vec<_> = had.iter().map(|name| HeaderName::parse(name).expect("a name")).collect();
        let mut errors = Vec::new();
        let settings = check(&NewHook { headers, ..NewHook::default() }, &had, &mut errors);
        let kept = settings.headers.iter().map(|header| (header.name.as_str().to_owned(), header.value.is_some()));
        (kept.collect(), errors.into_iter().map(|error| (error.field, error.message)).collect())
    }

    #[test]
    fn empty_rows_are_none_and_an_empty_value_keeps_what_there_was() {
        let (wanted, errors) = checked(&[("", ""), ("x-tenant", ""), (" Authorization ", "Bearer 1")], &["X-Tenant"]);
        assert_eq!(wanted, [("x-tenant".into(), false), ("Authorization".into(), true)]);
        assert_eq!(errors, []);
    }

    #[test]
    fn each_wrong_row_is_named_with_what_to_do() {
        let rows = [("", "orphan"), ("X-A", ""), ("Host", "x"), ("X-B", "a\r\nX-Evil: 1"), ("X-C", "1"), ("x-c", "2")];
        let (_, errors) = checked(&rows, &[]);
        let told: Vec<_> = errors.iter().map(|(field, message)| (field.as_str(), message.as_str())).collect();
        assert_eq!(
            told,
            [
                ("header-name-0", "Type the name of this header, or empty its value"),
                ("header-value-1", "Type the value of X-A"),
                ("header-name-2", "Host is set by Hirewire or by the connection; choose another name"),
                ("header-value-3", "Remove line breaks and control characters from the value"),
                ("header-name-5", "x-c is there twice; a header has one value"),
            ]
        );
        let names: Vec<String> = (0..11).map(|at| format!("X-{at}")).collect();
        let many: Vec<_> = names.iter().map(|name| (name.as_str(), "1")).collect();
        assert_eq!(
            checked(&many, &[]).1,
            [("header-name-10".into(), "A webhook has at most 10 custom headers".into())]
        );
    }

    #[test]
    fn a_limit_is_a_whole_number_or_nothing() {
        let limit =
            |rate: &str, per: &str| rate_of(&NewHook { rate: rate.into(), rate_per: per.into(), ..NewHook::default() });
        assert_eq!(limit("  ", "second"), Ok(None));
        assert_eq!(limit("20", "minute"), Ok(Some("20/minute".to_owned())));
        for wrong in ["0", "-1", "1.5", "1001", "many"] {
            let told = "Type a whole number from 1 to 1,000, or leave it empty for no limit";
            assert_eq!(limit(wrong, ""), Err(told.to_owned()), "{wrong}");
        }
        assert!(limit("5", "hour").is_err());
    }

    fn rate_of(form: &NewHook) -> Result<Option<String>, String> {
        rate(form).map(|limit| limit.map(|limit| limit.to_string())).map_err(|error| error.message)
    }
}
