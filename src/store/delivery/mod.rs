//! Deliveries in the database: what is owed, who holds it, where it stands.
//!
//! A delivery is *held* by the instance that will send it. Everything that moves a delivery on names the holder, so an
//! instance that was taken for dead cannot undo what its successor did.

/// Loads a query that selects ids. On PostgreSQL it locks their rows and leaves out what somebody has locked: an answer that
/// is written down takes its rows in an order of its own, so two who waited for each other's would never end.
macro_rules! load_free {
    ($query:expr, $conn:expr) => {
        match $conn {
            // The one writer needs no row locks.
            Conn::Sqlite(conn) => $query.load::<String>(conn)?,
            Conn::Postgres(conn) => $query.for_update().skip_locked().load::<String>(conn)?,
        }
    };
}

mod claim;
mod end;
mod free;
mod missed;
mod moved;
mod owed;
mod recent;
mod settle;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::row::Reader;
use super::schema::{deliveries, event_bodies, events};
use super::statement::{Batch, Column, Line, Statement, Value};
use super::time::micros;
use super::{Conn, Result, StoreError};
use crate::domain::attempt::{ErrorClass, Trigger};
use crate::domain::delivery::{Before, Delivery, DeliveryState, Status, Tries};
use crate::domain::event::EventType;
use crate::domain::hook::FieldSet;
use crate::domain::ids::{DeliveryId, InstanceId, OrganisationId};
use crate::domain::mode::Mode;

pub use claim::{Wanted, claim, free_from, free_from_strangers, held_and_due, release, still_held};
pub use missed::{CHUNK, count_missed_by, miss_owed_to, miss_stranded, send_missed_by};
pub use moved::{hand_on, left_with_deleted, move_owed, readdress};
pub use owed::{
    MOST_OWED, cancel_owed_to, cancel_tests_of, count_owed_to, hold_for, owed_to, release_for, release_stranded,
};
pub use recent::{Backlog, backlog, last_recorded, of_event, recent_statuses};
pub use settle::{Settled, settle};

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
    rotation_tries: i32,
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
            next_trigger: delivery.trigger.stored().to_owned(),
            automatic_tries: count(delivery.tries.automatic),
            manual_tries: count(delivery.tries.manual),
            sent_at: delivery.sent_at.map(micros),
            completed_at: delivery.state.completed_at().map(micros),
            response_status: delivery.response_status.map(i32::from),
            last_class: delivery.last_class.map(|class| class.as_str().to_owned()),
            // Only what will be sent is held; what is final or waits for its hook belongs to nobody.
            holder: delivery.state.due().and(holder).map(ToString::to_string),
            created_at: micros(delivery.created_at),
            updated_at: micros(delivery.updated_at),
            rotation_tries: count(delivery.tries.rotation),
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
            tries: Tries {
                automatic: row.count(self.automatic_tries)?,
                manual: row.count(self.manual_tries)?,
                rotation: row.count(self.rotation_tries)?,
            },
            sent_at: row.time_some(self.sent_at)?,
            response_status: row.status(self.response_status)?,
            last_class,
            created_at: row.time(self.created_at)?,
            updated_at: row.time(self.updated_at)?,
        })
    }
}

impl DeliveryRow {
    /// With when its event happened and the frozen bytes, if they are there.
    fn owed(self, frozen: Option<(i64, Vec<u8>)>) -> Result<Owed> {
        let (occurred_at, body) = frozen.ok_or_else(|| StoreError::Corrupt {
            table: "deliveries",
            id: self.id.clone(),
            what: format!("event {} has no body for field set {}", self.event_id, self.field_set),
        })?;
        let occurred_at = Reader { table: "events", id: &self.event_id }.time(occurred_at)?;
        Ok(Owed { delivery: self.read()?, occurred_at, body: body.into() })
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

/// Writes new deliveries, each held by its holder when it is due. New ones were never tried with another key and secret.
pub fn insert_all(conn: &mut Conn, new: &[(&Delivery, Option<&InstanceId>)]) -> Result<()> {
    match conn {
        Conn::Sqlite(conn) => {
            for (delivery, holder) in new {
                line(delivery, *holder).execute(conn)?;
            }
        }
        Conn::Postgres(_) if new.is_empty() => {}
        Conn::Postgres(conn) => {
            let rows = new.iter().map(|(delivery, holder)| DeliveryRow::write(delivery, *holder));
            insert_batch(&rows.collect::<Vec<_>>()).execute(conn)?;
        }
    }
    Ok(())
}

struct InsertDelivery;

impl Statement for InsertDelivery {
    const SQL: &'static str = "INSERT INTO deliveries (id, event_id, hook_id, organisation_id, mode, kind, probe, \
        field_set, status, due_at, next_trigger, automatic_tries, manual_tries, sent_at, completed_at, response_status, \
        last_class, holder, created_at, updated_at) \
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
}

/// A delivery that is new: it has come to nothing before.
fn line<'a>(delivery: &'a Delivery, holder: Option<&'a InstanceId>) -> Line<'a, InsertDelivery, 20> {
    let due = delivery.state.due();
    Line::new([
        Value::Text(delivery.id.as_str()),
        Value::Text(delivery.event_id.as_str()),
        Value::Text(delivery.hook_id.as_str()),
        Value::Text(delivery.organisation_id.as_str()),
        Value::Text(delivery.mode.as_str()),
        Value::Text(delivery.kind.as_str()),
        Value::Bool(delivery.probe),
        Value::Text(delivery.field_set.as_str()),
        Value::Text(delivery.state.status().as_str()),
        Value::BigOrNull(due.map(micros)),
        Value::Text(delivery.trigger.stored()),
        Value::Int(count(delivery.tries.automatic)),
        Value::Int(count(delivery.tries.manual)),
        Value::BigOrNull(delivery.sent_at.map(micros)),
        Value::BigOrNull(delivery.state.completed_at().map(micros)),
        Value::IntOrNull(delivery.response_status.map(i32::from)),
        Value::TextOrNull(delivery.last_class.map(ErrorClass::as_str)),
        Value::TextOrNull(due.and(holder).map(InstanceId::as_str)),
        Value::Big(micros(delivery.created_at)),
        Value::Big(micros(delivery.updated_at)),
    ])
}

fn count(tries: u32) -> i32 {
    i32::try_from(tries).unwrap_or(i32::MAX)
}

struct InsertDeliveries;

impl Statement for InsertDeliveries {
    const SQL: &'static str = "INSERT INTO deliveries (id, event_id, hook_id, organisation_id, mode, kind, probe, \
        field_set, status, due_at, status_before, arrived_before, next_trigger, automatic_tries, manual_tries, sent_at, \
        completed_at, response_status, last_class, holder, created_at, updated_at) \
        SELECT * FROM UNNEST(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
}

fn insert_batch(rows: &[DeliveryRow]) -> Batch<'_, InsertDeliveries> {
    let text = |of: fn(&DeliveryRow) -> &str| Column::Text(rows.iter().map(of).collect());
    let text_or_null = |of: fn(&DeliveryRow) -> Option<&str>| Column::TextOrNull(rows.iter().map(of).collect());
    let big_or_null = |of: fn(&DeliveryRow) -> Option<i64>| Column::BigOrNull(rows.iter().map(of).collect());
    Batch::new(vec![
        text(|row| &row.id),
        text(|row| &row.event_id),
        text(|row| &row.hook_id),
        text(|row| &row.organisation_id),
        text(|row| &row.mode),
        text(|row| &row.kind),
        Column::Bool(rows.iter().map(|row| row.probe).collect()),
        text(|row| &row.field_set),
        text(|row| &row.status),
        big_or_null(|row| row.due_at),
        text_or_null(|row| row.status_before.as_deref()),
        big_or_null(|row| row.arrived_before),
        text(|row| &row.next_trigger),
        Column::Int(rows.iter().map(|row| row.automatic_tries).collect()),
        Column::Int(rows.iter().map(|row| row.manual_tries).collect()),
        big_or_null(|row| row.sent_at),
        big_or_null(|row| row.completed_at),
        Column::IntOrNull(rows.iter().map(|row| row.response_status).collect()),
        text_or_null(|row| row.last_class.as_deref()),
        text_or_null(|row| row.holder.as_deref()),
        Column::Big(rows.iter().map(|row| row.created_at).collect()),
        Column::Big(rows.iter().map(|row| row.updated_at).collect()),
    ])
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

/// One delivery with what it takes to send it.
pub fn load(conn: &mut Conn, id: &DeliveryId) -> Result<Option<Owed>> {
    let row = deliveries::table.find(id.as_str()).select(DeliveryRow::as_select()).first(conn).optional()?;
    row.map(|row| load_owed(conn, row)).transpose()
}

fn load_owed(conn: &mut Conn, row: DeliveryRow) -> Result<Owed> {
    let frozen = events::table
        .inner_join(event_bodies::table.on(event_bodies::event_id.eq(events::id)))
        .filter(events::id.eq(&row.event_id).and(event_bodies::field_set.eq(&row.field_set)))
        .select((events::occurred_at, event_bodies::body))
        .first(conn)
        .optional()?;
    row.owed(frozen)
}
