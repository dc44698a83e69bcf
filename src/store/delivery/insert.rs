//! New deliveries: the log's row, and an open one for each that is not final from the start.

use diesel::RunQueryDsl as _;

use super::rows::DeliveryRow;
use super::{count, rows::OpenRow};
use crate::domain::attempt::ErrorClass;
use crate::domain::delivery::Delivery;
use crate::domain::ids::InstanceId;
use crate::store::schema::{deliveries, open_deliveries};
use crate::store::statement::{Batch, Column, Line, Statement, Value};
use crate::store::time::micros;
use crate::store::{Conn, Result};

/// Writes a new delivery, held by `holder` when it is due.
pub fn insert(conn: &mut Conn, delivery: &Delivery, holder: Option<&InstanceId>) -> Result<()> {
    diesel::insert_into(deliveries::table).values(&DeliveryRow::write(delivery)).execute(conn)?;
    if delivery.state.is_owed() {
        let row = OpenRow::write(delivery, delivery.state.due().and(holder));
        diesel::insert_into(open_deliveries::table).values(&row).execute(conn)?;
    }
    Ok(())
}

/// Writes new deliveries, each held by its holder when it is due. New ones have never been tried, and came to nothing before.
pub fn insert_all(conn: &mut Conn, new: &[(&Delivery, Option<&InstanceId>)]) -> Result<()> {
    match conn {
        Conn::Sqlite(conn) => {
            for (delivery, holder) in new {
                line(delivery).execute(conn)?;
                if delivery.state.is_owed() {
                    open_line(delivery, *holder).execute(conn)?;
                }
            }
        }
        Conn::Postgres(_) if new.is_empty() => {}
        Conn::Postgres(conn) => {
            batch(new).execute(conn)?;
        }
    }
    Ok(())
}

struct InsertDelivery;

impl Statement for InsertDelivery {
    const SQL: &'static str = "INSERT INTO deliveries (id, event_id, hook_id, organisation_id, mode, kind, probe, \
        field_set, status, next_trigger, automatic_tries, manual_tries, completed_at, last_class, created_at, \
        updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 0, ?, ?, ?, ?)";
}

fn line(delivery: &Delivery) -> Line<'_, InsertDelivery, 14> {
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
        Value::Text(delivery.trigger.stored()),
        Value::BigOrNull(delivery.state.completed_at().map(micros)),
        Value::TextOrNull(delivery.last_class.map(ErrorClass::as_str)),
        Value::Big(micros(delivery.created_at)),
        Value::Big(micros(delivery.updated_at)),
    ])
}

struct InsertOpen;

impl Statement for InsertOpen {
    const SQL: &'static str = "INSERT INTO open_deliveries (delivery_id, organisation_id, hook_id, probe, status, \
        due_at, holder, next_trigger, automatic_tries, manual_tries, rotation_tries, updated_at) \
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
}

fn open_line<'a>(delivery: &'a Delivery, holder: Option<&'a InstanceId>) -> Line<'a, InsertOpen, 12> {
    let due = delivery.state.due();
    Line::new([
        Value::Text(delivery.id.as_str()),
        Value::Text(delivery.organisation_id.as_str()),
        Value::Text(delivery.hook_id.as_str()),
        Value::Bool(delivery.probe),
        Value::Text(delivery.state.status().as_str()),
        Value::BigOrNull(due.map(micros)),
        Value::TextOrNull(due.and(holder).map(InstanceId::as_str)),
        Value::Text(delivery.trigger.stored()),
        Value::Int(count(delivery.tries.automatic)),
        Value::Int(count(delivery.tries.manual)),
        Value::Int(count(delivery.tries.rotation)),
        Value::Big(micros(delivery.updated_at)),
    ])
}

struct InsertAll;

impl Statement for InsertAll {
    const SQL: &'static str = "WITH new AS ( \
            SELECT * FROM UNNEST(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) AS v (id, event_id, hook_id, \
                organisation_id, mode, kind, probe, field_set, status, due_at, next_trigger, completed_at, last_class, \
                holder, created_at, updated_at)), \
        opened AS ( \
            INSERT INTO open_deliveries (delivery_id, organisation_id, hook_id, probe, status, due_at, holder, \
                next_trigger, automatic_tries, manual_tries, rotation_tries, updated_at) \
            SELECT id, organisation_id, hook_id, probe, status, due_at, holder, next_trigger, 0, 0, 0, updated_at \
            FROM new WHERE completed_at IS NULL) \
        INSERT INTO deliveries (id, event_id, hook_id, organisation_id, mode, kind, probe, field_set, status, \
            next_trigger, automatic_tries, manual_tries, completed_at, last_class, created_at, updated_at) \
        SELECT id, event_id, hook_id, organisation_id, mode, kind, probe, field_set, status, next_trigger, 0, 0, \
            completed_at, last_class, created_at, updated_at FROM new";
}

fn batch<'a>(new: &'a [(&'a Delivery, Option<&'a InstanceId>)]) -> Batch<'a, InsertAll> {
    let text = |of: fn(&Delivery) -> &str| Column::Text(new.iter().map(|(delivery, _)| of(delivery)).collect());
    let big_or_null =
        |of: fn(&Delivery) -> Option<i64>| Column::BigOrNull(new.iter().map(|(delivery, _)| of(delivery)).collect());
    let holder = |(delivery, holder): &(&Delivery, Option<&'a InstanceId>)| {
        delivery.state.due().and(*holder).map(InstanceId::as_str)
    };
    Batch::new(vec![
        text(|delivery| delivery.id.as_str()),
        text(|delivery| delivery.event_id.as_str()),
        text(|delivery| delivery.hook_id.as_str()),
        text(|delivery| delivery.organisation_id.as_str()),
        text(|delivery| delivery.mode.as_str()),
        text(|delivery| delivery.kind.as_str()),
        Column::Bool(new.iter().map(|(delivery, _)| delivery.probe).collect()),
        text(|delivery| delivery.field_set.as_str()),
        text(|delivery| delivery.state.status().as_str()),
        big_or_null(|delivery| delivery.state.due().map(micros)),
        text(|delivery| delivery.trigger.stored()),
        big_or_null(|delivery| delivery.state.completed_at().map(micros)),
        Column::TextOrNull(new.iter().map(|(delivery, _)| delivery.last_class.map(ErrorClass::as_str)).collect()),
        Column::TextOrNull(new.iter().map(holder).collect()),
        Column::Big(new.iter().map(|(delivery, _)| micros(delivery.created_at)).collect()),
        Column::Big(new.iter().map(|(delivery, _)| micros(delivery.updated_at)).collect()),
    ])
}
