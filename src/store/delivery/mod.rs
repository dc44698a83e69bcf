//! Deliveries in the database: what is owed, who holds it, where it stands.
//!
//! Each has a row in the log, `deliveries`, written when it is recorded and once more when it has ended. What moves meanwhile
//! stands in a narrow table of its own, `open_deliveries`: whoever looks for what is owed, due, held or lost walks that one,
//! and never the log. While there is an open row, its values are the delivery's ([`rows`]).
//!
//! A delivery is *held* by the instance that will send it. Only taking over, giving back and settling change who that is: an
//! act of a member changes when it is due, to which hook it goes and whether it is owed at all. Everything that moves a
//! delivery on names the holder, so an instance that was taken for dead cannot undo what its successor did.
//!
//! Whoever locks both rows of an open delivery locks the open one first.

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

mod backfill;
mod claim;
mod columns;
mod end;
mod held;
mod hooks;
mod insert;
mod load;
mod missed;
mod moved;
mod owed;
mod recent;
pub(super) mod rows;
mod settle;

use diesel::prelude::*;

use super::row::Reader;
use super::schema::{deliveries, open_deliveries};
use super::{Conn, Result};
use crate::domain::delivery::Delivery;
use crate::domain::ids::{DeliveryId, InstanceId, OrganisationId};
use rows::{BothRows, DeliveryRow, OpenRow, both_rows, read};

pub use backfill::{backfill_open_deliveries, count_to_backfill, finish_open_deliveries};
pub use claim::{ClaimRequest, claim, free_from, free_orphans, release, set_aside};
pub use held::{HeldRow, held_among, held_due_page, held_of_hook, hooks_with_due, still_held};
pub use hooks::{Holding, holdings, out_of_place};
pub use insert::{insert, insert_all};
pub use load::{Loaded, Owed, load, load_all};
pub use missed::{CHUNK, count_missed_by, miss_chunk, send_missed_chunk};
pub use moved::{hand_on_chunk, hooks_to_hand_on, move_chunk, move_missed_chunk, readdress};
pub use owed::{MAX_OWED, cancel_chunk, cancel_tests_chunk, count_owed_to, hold_chunk, owed_to, release_chunk};
pub use recent::{Backlog, backlog, last_recorded, of_event, recent_statuses};
pub use settle::{Settled, settle};

fn count(tries: u32) -> i32 {
    i32::try_from(tries).unwrap_or(i32::MAX)
}

/// One delivery of an organisation.
pub fn find(conn: &mut Conn, organisation: &OrganisationId, id: &DeliveryId) -> Result<Option<Delivery>> {
    let rows: Option<BothRows> = both_rows!()
        .filter(deliveries::id.eq(id.as_str()).and(deliveries::organisation_id.eq(organisation.as_str())))
        .select((DeliveryRow::as_select(), Option::<OpenRow>::as_select()))
        .first(conn)
        .optional()?;
    rows.map(read).transpose()
}

/// The delivery as it stands now and who holds it; locked until the transaction ends.
pub fn current(conn: &mut Conn, id: &DeliveryId) -> Result<Option<(Delivery, Option<InstanceId>)>> {
    loop {
        let open = lock_open(conn, id)?;
        let Some(log) = lock_log(conn, id)? else { return Ok(None) };
        if open.is_none() && log.completed_at.is_none() && lock_open(conn, id)?.is_some() {
            // Somebody has sent it again between the two looks.
            continue;
        }
        let holder = open.as_ref().and_then(|open| open.holder.clone());
        let holder = Reader { table: "open_deliveries", id: id.as_str() }.parse_some(holder.as_deref())?;
        return Ok(Some((read((log, open))?, holder)));
    }
}

fn lock_open(conn: &mut Conn, id: &DeliveryId) -> Result<Option<OpenRow>> {
    let open = open_deliveries::table.find(id.as_str());
    Ok(match conn {
        // The one writer needs no row locks.
        Conn::Sqlite(conn) => open.select(OpenRow::as_select()).first(conn).optional()?,
        Conn::Postgres(conn) => open.select(OpenRow::as_select()).for_update().first(conn).optional()?,
    })
}

fn lock_log(conn: &mut Conn, id: &DeliveryId) -> Result<Option<DeliveryRow>> {
    let log = deliveries::table.find(id.as_str());
    Ok(match conn {
        Conn::Sqlite(conn) => log.select(DeliveryRow::as_select()).first(conn).optional()?,
        Conn::Postgres(conn) => log.select(DeliveryRow::as_select()).for_update().first(conn).optional()?,
    })
}

/// Writes a delivery that has changed in a way that is not usual: both its rows are written, whatever of them is new.
pub fn update(conn: &mut Conn, delivery: &Delivery, holder: Option<&InstanceId>) -> Result<()> {
    let open = open_deliveries::table.find(delivery.id.as_str());
    if delivery.state.is_owed() {
        let row = OpenRow::write(delivery, holder);
        if diesel::update(open).set(&row).execute(conn)? == 0 {
            diesel::insert_into(open_deliveries::table).values(&row).execute(conn)?;
        }
    } else {
        diesel::delete(open).execute(conn)?;
    }
    diesel::update(deliveries::table.find(delivery.id.as_str())).set(&DeliveryRow::write(delivery)).execute(conn)?;
    Ok(())
}
