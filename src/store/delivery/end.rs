//! The end of deliveries that nobody will try any more.

use chrono::{DateTime, Utc};
use diesel::RunQueryDsl as _;

use super::columns::{set_from, tried};
use crate::domain::attempt::ErrorClass;
use crate::store::row::json_text;
use crate::store::statement::{Batch, Column, Line, Statement, Value};
use crate::store::time::micros;
use crate::store::{Conn, Result};

/// Ends what of these is open, for this reason; how many deliveries that were. What had arrived and was being sent again has
/// arrived: it is a Success again.
pub(super) fn end(conn: &mut Conn, ids: &[String], class: ErrorClass, now: DateTime<Utc>) -> Result<usize> {
    let now = micros(now);
    match conn {
        _ if ids.is_empty() => Ok(0),
        Conn::Sqlite(conn) => {
            let these = json_text(&ids);
            let values = [Value::Big(now), Value::Text(class.as_str()), Value::Big(now), Value::Text(&these)];
            let ended = Line::<EndInLog, 4>::new(values).execute(conn)?;
            Line::<Close, 1>::new([Value::Text(&these)]).execute(conn)?;
            Ok(ended)
        }
        Conn::Postgres(conn) => {
            let these = || Column::Text(ids.iter().map(String::as_str).collect());
            let (at, class) = (|| Column::OneBig(now), Column::One(class.as_str()));
            Ok(Batch::<End>::new(vec![these(), at(), class, at(), these()]).execute(conn)?)
        }
    }
}

struct EndInLog;

impl Statement for EndInLog {
    const SQL: &'static str = concat!(
        "UPDATE deliveries SET \
            status = CASE WHEN o.arrived_before IS NULL THEN 'failed' ELSE 'success' END, \
            completed_at = coalesce(o.arrived_before, ?), \
            last_class = CASE WHEN o.arrived_before IS NULL THEN ? ELSE o.last_class END, \
            status_before = o.status_before, arrived_before = o.arrived_before, next_trigger = o.next_trigger, ",
        tried!(set_from! { "o." }),
        ", updated_at = ? \
        FROM open_deliveries o \
        WHERE o.delivery_id = deliveries.id AND deliveries.id IN (SELECT value FROM json_each(?))"
    );
}

struct Close;

impl Statement for Close {
    const SQL: &'static str = "DELETE FROM open_deliveries WHERE delivery_id IN (SELECT value FROM json_each(?))";
}

struct End;

impl Statement for End {
    const SQL: &'static str = concat!(
        "WITH o AS (DELETE FROM open_deliveries WHERE delivery_id = ANY(?) RETURNING *) \
        UPDATE deliveries d SET \
            status = CASE WHEN o.arrived_before IS NULL THEN 'failed' ELSE 'success' END, \
            completed_at = coalesce(o.arrived_before, ?), \
            last_class = CASE WHEN o.arrived_before IS NULL THEN ? ELSE o.last_class END, \
            status_before = o.status_before, arrived_before = o.arrived_before, next_trigger = o.next_trigger, ",
        tried!(set_from! { "o." }),
        ", updated_at = ? \
        FROM o JOIN UNNEST(?) AS these (id) ON these.id = o.delivery_id WHERE d.id = these.id"
    );
}
