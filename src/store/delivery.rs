//! Deliveries in the database: what is owed, who holds it, where it stands.
//!
//! A delivery is *held* by the instance that will send it. Everything that moves a delivery on names the holder, so an
//! instance that was taken for dead cannot undo what its successor did.

use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;

use super::row::Reader;
use super::schema::{deliveries, event_bodies, events, hooks, instances};
use super::time::micros;
use super::{Conn, Result, StoreError};
use crate::domain::attempt::{ErrorClass, Trigger};
use crate::domain::delivery::{Before, Delivery, DeliveryState, Status, Tries};
use crate::domain::event::EventType;
use crate::domain::hook::FieldSet;
use crate::domain::ids::{DeliveryId, HookId, InstanceId, OrganisationId};
use crate::domain::mode::Mode;

const OWED: [&str; 2] = ["pending", "retrying"];

#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = deliveries, treat_none_as_null = true)]
pub(super) struct DeliveryRow {
    id: String,
    event_id: String,
    hook_id: String,
    organisation_id: String,
    mode: String,
    kind: String,
    probe: bool,
    field_set: String,
    status: String,
    due_at: Option<i64>,
    status_before: Option<String>,
    arrived_before: Option<i64>,
    next_trigger: String,
    automatic_tries: i32,
    manual_tries: i32,
    sent_at: Option<i64>,
    completed_at: Option<i64>,
    response_status: Option<i32>,
    last_class: Option<String>,
    holder: Option<String>,
    created_at: i64,
    updated_at: i64,
}

impl DeliveryRow {
    fn write(delivery: &Delivery, holder: Option<&InstanceId>) -> Self {
        Self {
            id: delivery.id.to_string(),
            event_id: delivery.event_id.to_string(),
            hook_id: delivery.hook_id.to_string(),
            organisation_id: delivery.organisation_id.to_string(),
            mode: delivery.mode.to_string(),
            kind: delivery.kind.to_string(),
            probe: delivery.probe,
            field_set: delivery.field_set.as_str().to_owned(),
            status: delivery.state.status().as_str().to_owned(),
            due_at: delivery.state.due().map(micros),
            status_before: delivery.before.map(|before| status_of(before).as_str().to_owned()),
            arrived_before: match delivery.before {
                Some(Before::Success { at }) => Some(micros(at)),
                Some(Before::Failed) | None => None,
            },
            next_trigger: delivery.trigger.as_str().to_owned(),
            automatic_tries: i32::try_from(delivery.tries.automatic).unwrap_or(i32::MAX),
            manual_tries: i32::try_from(delivery.tries.manual).unwrap_or(i32::MAX),
            sent_at: delivery.sent_at.map(micros),
            completed_at: delivery.state.completed_at().map(micros),
            response_status: delivery.response_status.map(i32::from),
            last_class: delivery.last_class.map(|class| class.as_str().to_owned()),
            // Only what will be sent is held; what is final or waits for its hook belongs to nobody.
            holder: delivery.state.due().and(holder).map(ToString::to_string),
            created_at: micros(delivery.created_at),
            updated_at: micros(delivery.updated_at),
        }
    }

    pub(super) fn read(self) -> Result<Delivery> {
        let row = Reader { table: "deliveries", id: &self.id };
        let last_class =
            self.last_class.as_deref().map(|word| row.word("last_class", word, ErrorClass::parse)).transpose()?;
        let due = row.time_some(self.due_at)?;
        let completed = row.time_some(self.completed_at)?;
        let state = match (row.word("status", &self.status, Status::parse)?, completed, last_class) {
            (Status::Pending, None, _) => DeliveryState::Pending { due },
            (Status::Retrying, None, _) => DeliveryState::Retrying { due },
            (Status::Success, Some(at), _) => DeliveryState::Success { at },
            (Status::Failed, Some(at), Some(class)) => DeliveryState::Failed { at, class },
            (status, completed, class) => {
                return Err(row.corrupt(format!("{status:?} with completed_at {completed:?} and class {class:?}")));
            }
        };
        let status_before =
            self.status_before.as_deref().map(|word| row.word("status_before", word, Status::parse)).transpose()?;
        let before = match (status_before, row.time_some(self.arrived_before)?) {
            (None, None) => None,
            (Some(Status::Success), Some(at)) => Some(Before::Success { at }),
            (Some(Status::Failed), None) => Some(Before::Failed),
            (status, at) => return Err(row.corrupt(format!("{status:?} before with arrived_before {at:?}"))),
        };
        Ok(Delivery {
            id: row.parse(&self.id)?,
            event_id: row.parse(&self.event_id)?,
            hook_id: row.parse(&self.hook_id)?,
            organisation_id: row.parse(&self.organisation_id)?,
            mode: row.word("mode", &self.mode, Mode::parse)?,
            kind: row.word("kind", &self.kind, EventType::parse)?,
            probe: self.probe,
            field_set: row.word("field_set", &self.field_set, FieldSet::parse)?,
            state,
            before,
            trigger: row.word("next_trigger", &self.next_trigger, Trigger::parse)?,
            tries: Tries { automatic: row.count(self.automatic_tries)?, manual: row.count(self.manual_tries)? },
            sent_at: row.time_some(self.sent_at)?,
            response_status: row.status(self.response_status)?,
            last_class,
            created_at: row.time(self.created_at)?,
            updated_at: row.time(self.updated_at)?,
        })
    }
}

fn status_of(before: Before) -> Status {
    match before {
        Before::Success { .. } => Status::Success,
        Before::Failed => Status::Failed,
    }
}

/// A delivery with what the engine needs to send it.
#[derive(Debug, Clone)]
pub struct Owed {
    /// The delivery.
    pub delivery: Delivery,
    /// When its event happened.
    pub occurred_at: DateTime<Utc>,
    /// The frozen bytes.
    pub body: Bytes,
}

/// Writes a new delivery, held by `holder` when it is due.
pub fn insert(conn: &mut Conn, delivery: &Delivery, holder: Option<&InstanceId>) -> Result<()> {
    diesel::insert_into(deliveries::table).values(&DeliveryRow::write(delivery, holder)).execute(conn)?;
    Ok(())
}

/// One delivery of an organisation.
pub fn find(conn: &mut Conn, organisation: &OrganisationId, id: &DeliveryId) -> Result<Option<Delivery>> {
    let row = deliveries::table
        .find(id.as_str())
        .filter(deliveries::organisation_id.eq(organisation.as_str()))
        .select(DeliveryRow::as_select())
        .first(conn)
        .optional()?;
    row.map(DeliveryRow::read).transpose()
}

/// Which of these deliveries `holder` still holds and still owes.
pub fn still_held(conn: &mut Conn, ids: &[DeliveryId], holder: &InstanceId) -> Result<Vec<DeliveryId>> {
    let ids: Vec<&str> = ids.iter().map(DeliveryId::as_str).collect();
    let found: Vec<String> = deliveries::table
        .filter(deliveries::id.eq_any(ids))
        .filter(deliveries::holder.eq(holder.as_str()).and(deliveries::status.eq_any(OWED)))
        .select(deliveries::id)
        .load(conn)?;
    found.iter().map(|id| Reader { table: "deliveries", id }.parse(id)).collect()
}

/// The delivery as it stands now and who holds it; locked until the transaction ends.
pub fn current(conn: &mut Conn, id: &DeliveryId) -> Result<Option<(Delivery, Option<InstanceId>)>> {
    let row = match conn {
        // The one writer needs no row locks.
        Conn::Sqlite(conn) => {
            deliveries::table.find(id.as_str()).select(DeliveryRow::as_select()).first(conn).optional()?
        }
        Conn::Postgres(conn) => {
            deliveries::table.find(id.as_str()).select(DeliveryRow::as_select()).for_update().first(conn).optional()?
        }
    };
    row.map(|row: DeliveryRow| {
        let holder = Reader { table: "deliveries", id: &row.id }.parse_some(row.holder.as_deref())?;
        Ok((row.read()?, holder))
    })
    .transpose()
}

/// Writes a delivery that has changed.
pub fn update(conn: &mut Conn, delivery: &Delivery, holder: Option<&InstanceId>) -> Result<()> {
    diesel::update(deliveries::table.find(delivery.id.as_str()))
        .set(&DeliveryRow::write(delivery, holder))
        .execute(conn)?;
    Ok(())
}

/// What an instance wants to claim.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// At most so many.
    pub limit: i64,
    /// Only what is due by then.
    pub due_by: DateTime<Utc>,
    /// Nothing for these hooks: enough waits for them.
    pub not_for: Vec<HookId>,
}

impl Wanted {
    /// Up to so many, whenever they are due and whomever they are for.
    pub fn up_to(limit: i64) -> Self {
        Self { limit, due_by: DateTime::<Utc>::MAX_UTC, not_for: Vec::new() }
    }
}

/// How long a row that cannot be read is left alone before it is looked at again.
const SET_ASIDE: TimeDelta = TimeDelta::hours(1);

/// Takes deliveries that are held by nobody, the longest due first. A row that cannot be read is set aside and reported in
/// the log, so that it holds up no other.
pub fn claim(conn: &mut Conn, holder: &InstanceId, wanted: &Wanted) -> Result<Vec<Owed>> {
    // The end of all times is later than what microseconds in 64 bits can say.
    let due_by = wanted.due_by.timestamp_micros().max(0);
    let not_for: Vec<&str> = wanted.not_for.iter().map(HookId::as_str).collect();
    let free = deliveries::holder
        .is_null()
        .and(deliveries::status.eq_any(OWED))
        .and(deliveries::due_at.is_not_null())
        .and(deliveries::due_at.le(due_by))
        .and(deliveries::hook_id.ne_all(not_for));
    let rows: Vec<DeliveryRow> = match conn {
        // The one writer needs no row locks.
        Conn::Sqlite(conn) => deliveries::table
            .filter(free)
            .order((deliveries::due_at, deliveries::id))
            .limit(wanted.limit)
            .select(DeliveryRow::as_select())
            .load(conn)?,
        Conn::Postgres(conn) => deliveries::table
            .filter(free)
            .order((deliveries::due_at, deliveries::id))
            .limit(wanted.limit)
            .select(DeliveryRow::as_select())
            .for_update()
            .skip_locked()
            .load(conn)?,
    };
    let ids: Vec<String> = rows.iter().map(|row| row.id.clone()).collect();
    diesel::update(deliveries::table.filter(deliveries::id.eq_any(&ids)))
        .set(deliveries::holder.eq(holder.as_str()))
        .execute(conn)?;
    load_each(conn, rows, wanted.due_by)
}

/// What `holder` holds and should have sent by `due_by`: lost on the way from the database to its memory, if it is not there.
pub fn held_and_due(
    conn: &mut Conn,
    holder: &InstanceId,
    due_by: DateTime<Utc>,
    limit: i64,
) -> Result<Vec<DeliveryId>> {
    let ids: Vec<String> = deliveries::table
        .filter(deliveries::holder.eq(holder.as_str()).and(deliveries::status.eq_any(OWED)))
        .filter(deliveries::due_at.le(micros(due_by)))
        .order((deliveries::due_at, deliveries::id))
        .limit(limit)
        .select(deliveries::id)
        .load(conn)?;
    ids.iter().map(|id| Reader { table: "deliveries", id }.parse(id)).collect()
}

/// Gives deliveries back that `holder` has no room for; they are claimed when there is some.
pub fn release(conn: &mut Conn, ids: &[DeliveryId], holder: &InstanceId) -> Result<usize> {
    let ids: Vec<&str> = ids.iter().map(DeliveryId::as_str).collect();
    let mine = deliveries::id.eq_any(ids).and(deliveries::holder.eq(holder.as_str()));
    Ok(diesel::update(deliveries::table.filter(mine)).set(deliveries::holder.eq(None::<String>)).execute(conn)?)
}

/// Frees what is held by instances that are not on the list: they were taken for dead, or had retired, while they wrote.
pub fn free_from_strangers(conn: &mut Conn) -> Result<usize> {
    let known: Vec<String> = instances::table.select(instances::id).load(conn)?;
    let theirs = deliveries::holder.is_not_null().and(deliveries::holder.assume_not_null().ne_all(known));
    let theirs = theirs.and(deliveries::status.eq_any(OWED));
    Ok(diesel::update(deliveries::table.filter(theirs)).set(deliveries::holder.eq(None::<String>)).execute(conn)?)
}

/// Makes due what is held for a hook that is active again: it was recorded in the very moment of the resumption.
pub fn release_stranded(conn: &mut Conn, now: DateTime<Utc>) -> Result<usize> {
    let active = hooks::table.filter(hooks::state.eq("active")).select(hooks::id);
    let stranded =
        deliveries::status.eq_any(OWED).and(deliveries::due_at.is_null()).and(deliveries::hook_id.eq_any(active));
    Ok(diesel::update(deliveries::table.filter(stranded)).set(deliveries::due_at.eq(micros(now))).execute(conn)?)
}

fn load_each(conn: &mut Conn, rows: Vec<DeliveryRow>, due_by: DateTime<Utc>) -> Result<Vec<Owed>> {
    let mut owed = Vec::with_capacity(rows.len());
    for row in rows {
        let (id, due) = (row.id.clone(), row.due_at.unwrap_or_default());
        match load_owed(conn, row) {
            Ok(loaded) => owed.push(loaded),
            Err(error @ StoreError::Corrupt { .. }) => {
                tracing::error!(%error, "a delivery cannot be read and is set aside; the others go on");
                let later = due_by.checked_add_signed(SET_ASIDE).map_or(due, micros);
                diesel::update(deliveries::table.find(&id))
                    .set((deliveries::holder.eq(None::<String>), deliveries::due_at.eq(later)))
                    .execute(conn)?;
            }
            Err(error) => return Err(error),
        }
    }
    Ok(owed)
}

/// One delivery with what it takes to send it.
pub fn load(conn: &mut Conn, id: &DeliveryId) -> Result<Option<Owed>> {
    let row = deliveries::table.find(id.as_str()).select(DeliveryRow::as_select()).first(conn).optional()?;
    row.map(|row| load_owed(conn, row)).transpose()
}

fn load_owed(conn: &mut Conn, row: DeliveryRow) -> Result<Owed> {
    let (occurred_at, body): (i64, Vec<u8>) = events::table
        .inner_join(event_bodies::table.on(event_bodies::event_id.eq(events::id)))
        .filter(events::id.eq(&row.event_id).and(event_bodies::field_set.eq(&row.field_set)))
        .select((events::occurred_at, event_bodies::body))
        .first(conn)
        .optional()?
        .ok_or_else(|| StoreError::Corrupt {
            table: "deliveries",
            id: row.id.clone(),
            what: format!("event {} has no body for field set {}", row.event_id, row.field_set),
        })?;
    let occurred_at = Reader { table: "events", id: &row.event_id }.time(occurred_at)?;
    Ok(Owed { delivery: row.read()?, occurred_at, body: body.into() })
}

/// What a hook still owes or is owed: deliveries not yet final, oldest first, at most `limit`.
pub fn owed_to(conn: &mut Conn, hook: &HookId, limit: i64) -> Result<Vec<Delivery>> {
    let rows = deliveries::table
        .filter(deliveries::hook_id.eq(hook.as_str()).and(deliveries::status.eq_any(OWED)))
        .order((deliveries::created_at, deliveries::id))
        .limit(limit)
        .select(DeliveryRow::as_select())
        .load(conn)?;
    rows.into_iter().map(DeliveryRow::read).collect()
}

/// Ends everything that is owed to a hook as cancelled; how many deliveries that were.
///
/// What had arrived and was being sent again has arrived: it is a Success again.
pub fn cancel_owed_to(conn: &mut Conn, hook: &HookId, now: DateTime<Utc>) -> Result<usize> {
    let owed = deliveries::hook_id.eq(hook.as_str()).and(deliveries::status.eq_any(OWED));
    let resent = diesel::update(deliveries::table.filter(owed.clone().and(deliveries::arrived_before.is_not_null())))
        .set((
            deliveries::status.eq(Status::Success.as_str()),
            deliveries::due_at.eq(None::<i64>),
            deliveries::holder.eq(None::<String>),
            deliveries::completed_at.eq(deliveries::arrived_before),
            deliveries::updated_at.eq(micros(now)),
        ))
        .execute(conn)?;
    let changed = diesel::update(deliveries::table.filter(owed))
        .set((
            deliveries::status.eq(Status::Failed.as_str()),
            deliveries::last_class.eq(ErrorClass::Cancelled.as_str()),
            deliveries::due_at.eq(None::<i64>),
            deliveries::holder.eq(None::<String>),
            deliveries::completed_at.eq(micros(now)),
            deliveries::updated_at.eq(micros(now)),
        ))
        .execute(conn)?;
    Ok(resent + changed)
}

/// Holds everything that is owed to a hook, if it is paused; how many deliveries that were.
pub fn hold_for(conn: &mut Conn, hook: &HookId) -> Result<usize> {
    let paused = hooks::table.filter(hooks::id.eq(hook.as_str()).and(hooks::state.eq("paused"))).select(hooks::id);
    let owed = deliveries::hook_id.eq_any(paused).and(deliveries::status.eq_any(OWED));
    let changed = diesel::update(deliveries::table.filter(owed))
        .set((deliveries::due_at.eq(None::<i64>), deliveries::holder.eq(None::<String>)))
        .execute(conn)?;
    Ok(changed)
}

/// Makes everything that was held for a hook due now; how many deliveries that were.
pub fn release_for(conn: &mut Conn, hook: &HookId, now: DateTime<Utc>) -> Result<usize> {
    let held =
        deliveries::hook_id.eq(hook.as_str()).and(deliveries::status.eq_any(OWED)).and(deliveries::due_at.is_null());
    Ok(diesel::update(deliveries::table.filter(held)).set(deliveries::due_at.eq(micros(now))).execute(conn)?)
}

/// Frees what these instances held, so that others can claim it; how many deliveries that were.
pub fn free_from(conn: &mut Conn, holders: &[InstanceId]) -> Result<usize> {
    let holders: Vec<&str> = holders.iter().map(InstanceId::as_str).collect();
    let theirs = deliveries::holder.eq_any(holders).and(deliveries::status.eq_any(OWED));
    Ok(diesel::update(deliveries::table.filter(theirs)).set(deliveries::holder.eq(None::<String>)).execute(conn)?)
}

/// At most this many of what a hook is owed are counted.
pub const MOST_OWED: usize = 1_000;

/// How much is still owed to a hook, counted up to [`MOST_OWED`]; the second value says whether counting stopped there.
pub fn count_owed_to(conn: &mut Conn, hook: &HookId) -> Result<(usize, bool)> {
    let found: Vec<String> = deliveries::table
        .filter(deliveries::hook_id.eq(hook.as_str()).and(deliveries::status.eq_any(OWED)))
        .select(deliveries::id)
        .limit(i64::try_from(MOST_OWED).unwrap_or(i64::MAX - 1) + 1)
        .load(conn)?;
    Ok((found.len().min(MOST_OWED), found.len() > MOST_OWED))
}

/// How the deliveries of an organisation and mode since a time stand, newest first, tests left out, those of one hook or of
/// all: `(hook, status, recorded)` of each.
///
/// Used for small windows; at most 10,001 rows are read. Whoever tells how a hook does asks for that hook: among all, a busy
/// one leaves no room for a quiet one.
pub fn recent_statuses(
    conn: &mut Conn,
    organisation: &OrganisationId,
    mode: Mode,
    hook: Option<&HookId>,
    since: DateTime<Utc>,
) -> Result<Vec<(HookId, Status, DateTime<Utc>)>> {
    let mut query = deliveries::table
        .filter(deliveries::organisation_id.eq(organisation.as_str()).and(deliveries::mode.eq(mode.as_str())))
        .filter(deliveries::created_at.ge(micros(since)).and(deliveries::probe.eq(false)))
        .into_boxed();
    if let Some(hook) = hook {
        query = query.filter(deliveries::hook_id.eq(hook.as_str()));
    }
    let rows: Vec<(String, String, String, i64)> = query
        .order((deliveries::created_at.desc(), deliveries::id.desc()))
        .limit(10_001)
        .select((deliveries::id, deliveries::hook_id, deliveries::status, deliveries::created_at))
        .load(conn)?;
    rows.iter()
        .map(|(id, hook, status, created)| {
            let row = Reader { table: "deliveries", id };
            Ok((row.parse(hook)?, row.word("status", status, Status::parse)?, row.time(*created)?))
        })
        .collect()
}
