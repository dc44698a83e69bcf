//! The two rows of a delivery, and how they are read together.
//!
//! The log's row is there from the moment a delivery is recorded. While it is open, what moves stands in its open row, whose
//! values count; when it ends they are written into the log's row, and the open row is deleted.

use diesel::prelude::*;

use super::columns::{from_row, row, tried};
use crate::domain::attempt::{ErrorClass, Trigger};
use crate::domain::delivery::{Before, Delivery, DeliveryRecord, DeliveryState, Status, Tries};
use crate::domain::event::EventType;
use crate::domain::hook::FieldSet;
use crate::domain::ids::InstanceId;
use crate::domain::mode::Mode;
use crate::store::Result;
use crate::store::row::Reader;
use crate::store::schema::{deliveries, open_deliveries};
use crate::store::time::micros;

#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = deliveries, treat_none_as_null = true)]
pub(in crate::store) struct DeliveryRow {
    pub(super) id: String,
    pub(super) event_id: String,
    pub(super) hook_id: String,
    pub(super) organisation_id: String,
    pub(super) mode: String,
    pub(super) kind: String,
    pub(super) probe: bool,
    pub(super) field_set: String,
    pub(super) status: String,
    pub(super) status_before: Option<String>,
    pub(super) arrived_before: Option<i64>,
    pub(super) next_trigger: String,
    pub(super) completed_at: Option<i64>,
    #[diesel(embed)]
    pub(super) tried: LogTried,
    pub(super) last_class: Option<String>,
    pub(super) created_at: i64,
    pub(super) updated_at: i64,
}

#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = open_deliveries, primary_key(delivery_id), treat_none_as_null = true)]
pub(in crate::store) struct OpenRow {
    pub(super) delivery_id: String,
    pub(super) organisation_id: String,
    pub(super) hook_id: String,
    pub(super) probe: bool,
    pub(super) status: String,
    pub(super) due_at: Option<i64>,
    pub(super) holder: Option<String>,
    pub(super) status_before: Option<String>,
    pub(super) arrived_before: Option<i64>,
    pub(super) next_trigger: String,
    #[diesel(embed)]
    pub(super) tried: OpenTried,
    pub(super) last_class: Option<String>,
    pub(super) updated_at: i64,
}

// What attempts do to it, in each of the two.
tried!(row! { LogTried of deliveries });
tried!(row! { OpenTried of open_deliveries });
tried!(from_row! { LogTried from OpenTried });

/// Both rows of a delivery, as a query selects them.
pub(in crate::store) type BothRows = (DeliveryRow, Option<OpenRow>);

/// The log with the open rows beside it.
macro_rules! both_rows {
    () => {
        crate::store::schema::deliveries::table.left_join(
            crate::store::schema::open_deliveries::table
                .on(crate::store::schema::open_deliveries::delivery_id.eq(crate::store::schema::deliveries::id)),
        )
    };
}

pub(in crate::store) use both_rows;

impl DeliveryRow {
    pub(super) fn write(delivery: &Delivery) -> Self {
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
            status_before: delivery.before.map(|before| status_of(before).as_str().to_owned()),
            arrived_before: arrived(delivery),
            next_trigger: delivery.trigger.stored().to_owned(),
            completed_at: delivery.state.completed_at().map(micros),
            tried: LogTried::write(delivery),
            last_class: delivery.last_class.map(|class| class.as_str().to_owned()),
            created_at: micros(delivery.created_at),
            updated_at: micros(delivery.updated_at),
        }
    }
}

impl OpenRow {
    /// The row of a delivery that is open.
    pub(super) fn write(delivery: &Delivery, holder: Option<&InstanceId>) -> Self {
        Self {
            delivery_id: delivery.id.to_string(),
            organisation_id: delivery.organisation_id.to_string(),
            hook_id: delivery.hook_id.to_string(),
            probe: delivery.probe,
            status: delivery.state.status().as_str().to_owned(),
            due_at: delivery.state.due().map(micros),
            holder: holder.map(ToString::to_string),
            status_before: delivery.before.map(|before| status_of(before).as_str().to_owned()),
            arrived_before: arrived(delivery),
            next_trigger: delivery.trigger.stored().to_owned(),
            tried: OpenTried::write(delivery),
            last_class: delivery.last_class.map(|class| class.as_str().to_owned()),
            updated_at: micros(delivery.updated_at),
        }
    }
}

/// What moves, from whichever of the two rows says it.
struct Moving {
    table: &'static str,
    hook_id: String,
    status: String,
    due_at: Option<i64>,
    status_before: Option<String>,
    arrived_before: Option<i64>,
    next_trigger: String,
    completed_at: Option<i64>,
    tried: LogTried,
    last_class: Option<String>,
    updated_at: i64,
}

impl Moving {
    fn of(log: &DeliveryRow, open: Option<OpenRow>) -> Self {
        match open {
            Some(open) => Self {
                table: "open_deliveries",
                hook_id: open.hook_id,
                status: open.status,
                due_at: open.due_at,
                status_before: open.status_before,
                arrived_before: open.arrived_before,
                next_trigger: open.next_trigger,
                completed_at: None,
                tried: open.tried.into(),
                last_class: open.last_class,
                updated_at: open.updated_at,
            },
            None => Self {
                table: "deliveries",
                hook_id: log.hook_id.clone(),
                status: log.status.clone(),
                due_at: None,
                status_before: log.status_before.clone(),
                arrived_before: log.arrived_before,
                next_trigger: log.next_trigger.clone(),
                completed_at: log.completed_at,
                tried: log.tried.clone(),
                last_class: log.last_class.clone(),
                updated_at: log.updated_at,
            },
        }
    }

    fn state(&self, row: Reader<'_>, is_open: bool, class: Option<ErrorClass>) -> Result<DeliveryState> {
        let (due, completed) = (row.time_some(self.due_at)?, row.time_some(self.completed_at)?);
        match (row.word("status", &self.status, Status::parse)?, is_open, completed, class) {
            (Status::Pending, true, ..) => Ok(DeliveryState::Pending { due }),
            (Status::Retrying, true, ..) => Ok(DeliveryState::Retrying { due }),
            (Status::Success, false, Some(at), _) => Ok(DeliveryState::Success { at }),
            (Status::Failed, false, Some(at), Some(class)) => Ok(DeliveryState::Failed { at, class }),
            (status, true, ..) => Err(row.corrupt(format!("{status:?}, though it is open"))),
            (status, false, completed, class) => Err(row.corrupt(format!(
                "{status:?} with completed_at {completed:?} and class {class:?}, and it is not open"
            ))),
        }
    }
}

/// The delivery that two rows tell of.
pub(in crate::store) fn read((log, open): BothRows) -> Result<Delivery> {
    let is_open = open.is_some();
    let moving = Moving::of(&log, open);
    let kept = Reader { table: "deliveries", id: &log.id };
    let row = Reader { table: moving.table, id: &log.id };
    let last_class =
        moving.last_class.as_deref().map(|word| row.word("last_class", word, ErrorClass::parse)).transpose()?;
    let status_before =
        moving.status_before.as_deref().map(|word| row.word("status_before", word, Status::parse)).transpose()?;
    let before = match (status_before, row.time_some(moving.arrived_before)?) {
        (None, None) => None,
        (Some(Status::Success), Some(at)) => Some(Before::Success { at }),
        (Some(Status::Failed), None) => Some(Before::Failed),
        (status, at) => return Err(row.corrupt(format!("{status:?} before with arrived_before {at:?}"))),
    };
    Ok(Delivery::restored(DeliveryRecord {
        id: kept.parse(&log.id)?,
        event_id: kept.parse(&log.event_id)?,
        hook_id: row.parse(&moving.hook_id)?,
        organisation_id: kept.parse(&log.organisation_id)?,
        mode: kept.word("mode", &log.mode, Mode::parse)?,
        kind: kept.word("kind", &log.kind, EventType::parse)?,
        probe: log.probe,
        field_set: kept.word("field_set", &log.field_set, FieldSet::parse)?,
        state: moving.state(row, is_open, last_class)?,
        before,
        trigger: row.word("next_trigger", &moving.next_trigger, Trigger::parse)?,
        tries: Tries {
            automatic: row.count(moving.tried.automatic_tries)?,
            manual: row.count(moving.tried.manual_tries)?,
            rotation: row.count(moving.tried.rotation_tries)?,
        },
        sent_at: row.time_some(moving.tried.sent_at)?,
        response_status: row.status(moving.tried.response_status)?,
        last_class,
        created_at: kept.time(log.created_at)?,
        updated_at: row.time(moving.updated_at)?,
    }))
}

fn status_of(before: Before) -> Status {
    match before {
        Before::Success { .. } => Status::Success,
        Before::Failed => Status::Failed,
    }
}

fn arrived(delivery: &Delivery) -> Option<i64> {
    match delivery.before {
        Some(Before::Success { at }) => Some(micros(at)),
        Some(Before::Failed) | None => None,
    }
}
