//! Hooks in the database.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::row::{Reader, json_text};
use super::schema::{hooks, organisations};
use super::time::micros;
use super::{Conn, Result, StoreError, health};
use crate::domain::event::EventType;
use crate::domain::hook::{FieldSet, Hook, HookKind, HookState, Subscription};
use crate::domain::hook_url::HookUrl;
use crate::domain::ids::{HookId, InterviewId, OrganisationId};
use crate::domain::mode::Mode;
use crate::domain::policy::Policy;
use crate::domain::rate::RateLimit;

#[derive(Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = hooks)]
struct HookRow {
    id: String,
    organisation_id: String,
    mode: String,
    name: String,
    url: String,
    policy: String,
    field_set: String,
    events: Option<String>,
    is_default: bool,
    state: String,
    created_by: Option<String>,
    created_at: i64,
    updated_at: i64,
    interview_id: Option<String>,
    own_policy: bool,
    replaced_by: Option<String>,
    note: Option<String>,
    rate_limit: Option<String>,
}

/// What may change of a hook; NULLs are written, too.
#[derive(AsChangeset)]
#[diesel(table_name = hooks, treat_none_as_null = true)]
struct SettingsRow {
    name: String,
    policy: String,
    field_set: String,
    events: Option<String>,
    is_default: bool,
    updated_at: i64,
    note: Option<String>,
    rate_limit: Option<String>,
}

impl HookRow {
    fn write(hook: &Hook) -> Self {
        let events = match &hook.subscription {
            Subscription::All => None,
            Subscription::Only(kinds) => Some(json_text(&kinds.iter().map(|kind| kind.as_str()).collect::<Vec<_>>())),
        };
        Self {
            id: hook.id.to_string(),
            organisation_id: hook.organisation_id.to_string(),
            mode: hook.mode.to_string(),
            name: hook.name.clone(),
            url: hook.url.to_string(),
            policy: hook.policy.as_str().to_owned(),
            field_set: hook.field_set.as_str().to_owned(),
            events,
            is_default: hook.is_default,
            state: hook.state.as_str().to_owned(),
            created_by: hook.created_by.as_ref().map(ToString::to_string),
            created_at: micros(hook.created_at),
            updated_at: micros(hook.updated_at),
            interview_id: hook.interview().map(ToString::to_string),
            own_policy: !matches!(hook.kind, HookKind::Interview { own_policy: false, .. }),
            replaced_by: hook.replaced_by.as_ref().map(ToString::to_string),
            note: hook.note.clone(),
            rate_limit: hook.rate.map(|rate| rate.to_string()),
        }
    }

    fn read(self) -> Result<Hook> {
        let row = Reader { table: "hooks", id: &self.id };
        let subscription = match &self.events {
            None => Subscription::All,
            Some(text) => {
                let names: Vec<String> = row.json(text)?;
                Subscription::Only(
                    names.iter().map(|name| row.word("events", name, EventType::parse)).collect::<Result<_>>()?,
                )
            }
        };
        Ok(Hook {
            id: row.parse(&self.id)?,
            organisation_id: row.parse(&self.organisation_id)?,
            mode: row.word("mode", &self.mode, Mode::parse)?,
            url: HookUrl::parse(&self.url).map_err(|error| row.corrupt(error))?,
            policy: row.word("policy", &self.policy, Policy::parse)?,
            field_set: row.word("field_set", &self.field_set, FieldSet::parse)?,
            subscription,
            rate: self.rate_limit.as_deref().map(|text| row.word("rate_limit", text, RateLimit::parse)).transpose()?,
            is_default: self.is_default,
            kind: match row.parse_some::<InterviewId>(self.interview_id.as_deref())? {
                Some(interview) => HookKind::Interview { interview, own_policy: self.own_policy },
                None => HookKind::General,
            },
            state: row.word("state", &self.state, HookState::parse)?,
            created_by: row.parse_some(self.created_by.as_deref())?,
            created_at: row.time(self.created_at)?,
            updated_at: row.time(self.updated_at)?,
            replaced_by: row.parse_some(self.replaced_by.as_deref())?,
            note: self.note,
            name: self.name,
        })
    }
}

/// Reads rows, those of the kind *interview* with what they have of the default hook.
fn read_all(conn: &mut Conn, rows: Vec<HookRow>) -> Result<Vec<Hook>> {
    let mut hooks = rows.into_iter().map(HookRow::read).collect::<Result<Vec<Hook>>>()?;
    let mut known: Vec<(OrganisationId, Mode, Option<Hook>)> = Vec::new();
    for hook in &mut hooks {
        let HookKind::Interview { own_policy, .. } = hook.kind else { continue };
        let found = known.iter().position(|(whose, mode, _)| *whose == hook.organisation_id && *mode == hook.mode);
        let at = match found {
            Some(at) => at,
            None => {
                let default = default_of(conn, &hook.organisation_id, hook.mode)?;
                known.push((hook.organisation_id.clone(), hook.mode, default));
                known.len() - 1
            }
        };
        if let Some(default) = &known[at].2 {
            hook.field_set = default.field_set;
            if !own_policy {
                hook.policy = default.policy;
            }
        }
    }
    Ok(hooks)
}

/// The default hook of a mode, if there is one.
pub fn default_of(conn: &mut Conn, organisation: &OrganisationId, mode: Mode) -> Result<Option<Hook>> {
    let row = hooks::table
        .filter(hooks::organisation_id.eq(organisation.as_str()).and(hooks::mode.eq(mode.as_str())))
        .filter(hooks::is_default.and(hooks::state.ne(HookState::Deleted.as_str())))
        .select(HookRow::as_select())
        .first(conn)
        .optional()?;
    row.map(HookRow::read).transpose()
}

/// Whether a mode has a default hook, one that cannot be read included.
pub fn has_default(conn: &mut Conn, organisation: &OrganisationId, mode: Mode) -> Result<bool> {
    let default = hooks::table
        .filter(hooks::organisation_id.eq(organisation.as_str()).and(hooks::mode.eq(mode.as_str())))
        .filter(hooks::is_default.and(hooks::state.ne(HookState::Deleted.as_str())));
    Ok(diesel::select(diesel::dsl::exists(default)).get_result(conn)?)
}

/// The hook that an interview has of its own, if it has one (S2).
pub fn of_interview(conn: &mut Conn, organisation: &OrganisationId, interview: &InterviewId) -> Result<Option<Hook>> {
    let rows = hooks::table
        .filter(hooks::organisation_id.eq(organisation.as_str()).and(hooks::interview_id.eq(interview.as_str())))
        .filter(hooks::state.ne(HookState::Deleted.as_str()))
        .select(HookRow::as_select())
        .load(conn)?;
    Ok(read_all(conn, rows)?.pop())
}

/// Gives a hook of the kind *interview* another name, and a policy of its own or the default hook's.
pub fn update_override(conn: &mut Conn, hook: &Hook) -> Result<()> {
    let row = HookRow::write(hook);
    diesel::update(hooks::table.find(hook.id.as_str()).filter(hooks::interview_id.is_not_null()))
        .set((
            hooks::name.eq(row.name),
            hooks::policy.eq(row.policy),
            hooks::own_policy.eq(row.own_policy),
            hooks::updated_at.eq(row.updated_at),
        ))
        .execute(conn)?;
    Ok(())
}

/// Writes a new hook.
pub fn insert(conn: &mut Conn, hook: &Hook) -> Result<()> {
    diesel::insert_into(hooks::table).values(&HookRow::write(hook)).execute(conn)?;
    health::insert(conn, hook)
}

/// Writes what may change of a hook: all but whose it is, its mode, its address and where it stands (A2). Whether it was there
/// to be changed: a deleted one is not.
pub fn change(conn: &mut Conn, hook: &Hook) -> Result<bool> {
    let row = HookRow::write(hook);
    let settings = SettingsRow {
        name: row.name,
        policy: row.policy,
        field_set: row.field_set,
        events: row.events,
        is_default: row.is_default,
        updated_at: row.updated_at,
        note: row.note,
        rate_limit: row.rate_limit,
    };
    let alive = hooks::table.find(hook.id.as_str()).filter(hooks::state.ne(HookState::Deleted.as_str()));
    Ok(diesel::update(alive).set(&settings).execute(conn)? == 1)
}

/// Takes the default flag from whichever hook of the mode has it; whose it was.
pub fn end_default(
    conn: &mut Conn,
    organisation: &OrganisationId,
    mode: Mode,
    now: DateTime<Utc>,
) -> Result<Option<HookId>> {
    let current = hooks::table
        .filter(hooks::organisation_id.eq(organisation.as_str()).and(hooks::mode.eq(mode.as_str())))
        .filter(hooks::is_default.and(hooks::state.ne(HookState::Deleted.as_str())));
    let id: Option<String> = current.select(hooks::id).first(conn).optional()?;
    let Some(id) = id else { return Ok(None) };
    diesel::update(hooks::table.find(&id))
        .set((hooks::is_default.eq(false), hooks::updated_at.eq(micros(now))))
        .execute(conn)?;
    Reader { table: "hooks", id: &id }.parse(&id).map(Some)
}

/// Every hook that takes only so many requests, whosever it is: what the queue keeps to. One that cannot be read is left
/// out: nothing is sent to it as long as that is so.
pub fn rate_limits(conn: &mut Conn) -> Result<Vec<(HookId, RateLimit)>> {
    let rows: Vec<(String, Option<String>)> = hooks::table
        .filter(hooks::rate_limit.is_not_null().and(hooks::state.ne(HookState::Deleted.as_str())))
        .select((hooks::id, hooks::rate_limit))
        .load(conn)?;
    let read = |(id, limit): (String, Option<String>)| Some((id.parse().ok()?, RateLimit::parse(&limit?)?));
    Ok(rows.into_iter().filter_map(read).collect())
}

/// One hook of an organisation, deleted ones included: their log stays.
pub fn find(conn: &mut Conn, organisation: &OrganisationId, id: &HookId) -> Result<Option<Hook>> {
    let rows = hooks::table
        .find(id.as_str())
        .filter(hooks::organisation_id.eq(organisation.as_str()))
        .select(HookRow::as_select())
        .load(conn)?;
    Ok(read_all(conn, rows)?.pop())
}

/// Where a hook stands now; it stays there until the transaction ends.
pub fn current_state(conn: &mut Conn, id: &HookId) -> Result<Option<HookState>> {
    let query = hooks::table.find(id.as_str()).select(hooks::state);
    let state: Option<String> = match conn {
        // The one writer needs no row locks.
        Conn::Sqlite(conn) => query.first(conn).optional()?,
        Conn::Postgres(conn) => query.for_update().first(conn).optional()?,
    };
    let row = Reader { table: "hooks", id: id.as_str() };
    state.map(|word| row.word("state", &word, HookState::parse)).transpose()
}

/// How what is owed to a hook is to stand: as the hook does, but held while its organisation is suspended. The hook stays as it
/// is until the transaction ends.
pub fn sending_state(conn: &mut Conn, id: &HookId) -> Result<Option<HookState>> {
    let Some(state) = current_state(conn, id)? else { return Ok(None) };
    Ok(Some(state.within(is_suspended(conn, id)?)))
}

/// Whether the organisation of a hook is suspended.
pub fn is_suspended(conn: &mut Conn, id: &HookId) -> Result<bool> {
    let organisation = hooks::table.inner_join(organisations::table.on(organisations::id.eq(hooks::organisation_id)));
    let found: Option<Option<i64>> =
        organisation.filter(hooks::id.eq(id.as_str())).select(organisations::suspended_at).first(conn).optional()?;
    Ok(found.flatten().is_some())
}

/// Every hook of an organisation that is not deleted, in both modes.
pub fn all_of(conn: &mut Conn, organisation: &OrganisationId) -> Result<Vec<HookId>> {
    let ids: Vec<String> = hooks::table
        .filter(hooks::organisation_id.eq(organisation.as_str()))
        .filter(hooks::state.ne(HookState::Deleted.as_str()))
        .select(hooks::id)
        .load(conn)?;
    ids.iter().map(|id| Reader { table: "hooks", id }.parse(id)).collect()
}

/// Whose a hook is.
pub fn owner(conn: &mut Conn, id: &HookId) -> Result<Option<OrganisationId>> {
    let found: Option<String> = hooks::table.find(id.as_str()).select(hooks::organisation_id).first(conn).optional()?;
    found.map(|organisation| Reader { table: "hooks", id: id.as_str() }.parse(&organisation)).transpose()
}

/// Whether this version can read a hook. One that is not there cannot be read.
pub fn is_readable(conn: &mut Conn, id: &HookId) -> Result<bool> {
    match by_ids(conn, std::slice::from_ref(id)) {
        Ok(found) => Ok(!found.is_empty()),
        Err(StoreError::Corrupt { .. }) => Ok(false),
        Err(error) => Err(error),
    }
}

/// These hooks, whosever they are: what the engine asks before it sends.
pub fn by_ids(conn: &mut Conn, ids: &[HookId]) -> Result<Vec<Hook>> {
    let ids: Vec<&str> = ids.iter().map(HookId::as_str).collect();
    let rows = hooks::table.filter(hooks::id.eq_any(ids)).select(HookRow::as_select()).load(conn)?;
    read_all(conn, rows)
}

/// How many hooks of a mode are not deleted, those of interviews included.
pub fn count_alive(conn: &mut Conn, organisation: &OrganisationId, mode: Mode) -> Result<usize> {
    let count: i64 = hooks::table
        .filter(hooks::organisation_id.eq(organisation.as_str()))
        .filter(hooks::mode.eq(mode.as_str()))
        .filter(hooks::state.ne(HookState::Deleted.as_str()))
        .count()
        .get_result(conn)?;
    Ok(usize::try_from(count).unwrap_or_default())
}

/// The hooks of a mode that are not deleted, by name, those that this version cannot read apart.
pub fn list(conn: &mut Conn, organisation: &OrganisationId, mode: Mode) -> Result<Listed> {
    let rows: Vec<HookRow> = hooks::table
        .filter(hooks::organisation_id.eq(organisation.as_str()))
        .filter(hooks::mode.eq(mode.as_str()))
        .filter(hooks::state.ne(HookState::Deleted.as_str()))
        .order((hooks::name, hooks::id))
        .select(HookRow::as_select())
        .load(conn)?;
    // Interviews' own hooks are what the default hook is: while that cannot be read, neither can they.
    let default_is_lost = rows.iter().any(|row| row.is_default && row.clone().read().is_err());
    let mut listed = Listed::default();
    let mut readable = Vec::with_capacity(rows.len());
    for row in rows {
        let is_lost = row.interview_id.is_some() && default_is_lost;
        if is_lost || row.clone().read().is_err() {
            listed.unreadable.extend(Unreadable::of(row));
        } else {
            readable.push(row);
        }
    }
    listed.hooks = read_all(conn, readable)?;
    Ok(listed)
}

/// The hooks of a mode.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Listed {
    /// Those that can be read.
    pub hooks: Vec<Hook>,
    /// Those that cannot: a newer version wrote them, or they are impossible.
    pub unreadable: Vec<Unreadable>,
}

impl Listed {
    /// The hooks that an event may go to. For each that cannot be read stands a paused one: what is recorded for it is held
    /// until it can be read.
    pub fn for_routing(self) -> Vec<Hook> {
        self.hooks.into_iter().chain(self.unreadable.into_iter().map(|unreadable| unreadable.stand_in)).collect()
    }
}

/// A hook that cannot be read.
#[derive(Debug, Clone, PartialEq)]
pub struct Unreadable {
    /// Its id.
    pub id: HookId,
    /// Its name.
    pub name: String,
    stand_in: Hook,
}

impl Unreadable {
    /// What there is to know of a row: its id, its name, and which events it wants, as far as this version knows of them.
    /// `None` when not even its id can be read.
    fn of(row: HookRow) -> Option<Self> {
        let known = |events: &String| {
            let names: Vec<String> = serde_json::from_str(events).ok()?;
            Some(json_text(&names.iter().filter(|name| EventType::parse(name).is_some()).collect::<Vec<_>>()))
        };
        let stand_in = HookRow {
            url: "https://unreadable.invalid/".to_owned(),
            policy: Policy::Quick.as_str().to_owned(),
            field_set: FieldSet::parse(&row.field_set).unwrap_or(FieldSet::Standard).as_str().to_owned(),
            events: row.events.as_ref().and_then(known),
            state: HookState::parse(&row.state)
                .filter(|state| *state == HookState::Disabled)
                .unwrap_or(HookState::Paused)
                .as_str()
                .to_owned(),
            created_by: None,
            replaced_by: None,
            rate_limit: None,
            created_at: 0,
            updated_at: 0,
            ..row
        };
        let stand_in = stand_in.read().ok()?;
        Some(Self { id: stand_in.id.clone(), name: stand_in.name.clone(), stand_in })
    }
}

/// How many hooks are disabled, of all organisations.
pub fn count_disabled(conn: &mut Conn) -> Result<i64> {
    Ok(hooks::table.filter(hooks::state.eq(HookState::Disabled.as_str())).count().get_result(conn)?)
}

/// The hooks of a mode that ever were, for the filter of the log.
pub fn list_with_deleted(conn: &mut Conn, organisation: &OrganisationId, mode: Mode) -> Result<Vec<Hook>> {
    let rows = hooks::table
        .filter(hooks::organisation_id.eq(organisation.as_str()).and(hooks::mode.eq(mode.as_str())))
        .order((hooks::name, hooks::id))
        .select(HookRow::as_select())
        .load(conn)?;
    read_all(conn, rows)
}

/// Which hook this one took over from. The default hook that follows an interview's own one is no successor.
pub fn predecessor(conn: &mut Conn, hook: &Hook) -> Result<Option<Hook>> {
    let mut replaced = hooks::table
        .filter(hooks::organisation_id.eq(hook.organisation_id.as_str()))
        .filter(hooks::replaced_by.eq(hook.id.as_str()))
        .select(HookRow::as_select())
        .into_boxed();
    replaced = match hook.interview() {
        Some(interview) => replaced.filter(hooks::interview_id.eq(interview.as_str())),
        None => replaced.filter(hooks::interview_id.is_null()),
    };
    replaced.first(conn).optional()?.map(HookRow::read).transpose()
}

/// Who takes what is owed to a hook that was replaced, and that one perhaps again; `None` when nobody does.
pub fn heir(conn: &mut Conn, id: &HookId) -> Result<Option<HookId>> {
    let mut at = id.clone();
    loop {
        let Some(hook) = by_ids(conn, std::slice::from_ref(&at))?.pop() else { return Ok(None) };
        match hook.replaced_by {
            Some(next) => at = next,
            None => return Ok(Some(at).filter(|_| hook.state != HookState::Deleted)),
        }
    }
}

/// Retires a hook in favour of another.
pub fn set_replaced(conn: &mut Conn, id: &HookId, successor: &HookId, now: DateTime<Utc>) -> Result<()> {
    diesel::update(hooks::table.find(id.as_str()))
        .set((hooks::replaced_by.eq(successor.as_str()), hooks::updated_at.eq(micros(now))))
        .execute(conn)?;
    Ok(())
}

/// Moves a hook to another state; whether anything changed. A deleted one stays deleted, and a disabled one is deleted or
/// enabled ([`health::enable`]).
pub fn set_state(conn: &mut Conn, id: &HookId, state: HookState, now: DateTime<Utc>) -> Result<bool> {
    let mut stays = vec![HookState::Deleted.as_str(), state.as_str()];
    if state != HookState::Deleted {
        stays.push(HookState::Disabled.as_str());
    }
    let changed = diesel::update(hooks::table.find(id.as_str()).filter(hooks::state.ne_all(stays)))
        .set((hooks::state.eq(state.as_str()), hooks::updated_at.eq(micros(now))))
        .execute(conn)?;
    Ok(changed == 1)
}
