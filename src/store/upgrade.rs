//! Backfills: rows that are carried over from an older form of the data, a chunk a transaction.
//!
//! A migration only adds (see docs/upgrading.md); what must be carried over is a [`Backfill`]. It is run at the start, after
//! the migrations and under their lock. A process that dies in the middle loses at most the chunk it was at: the next start
//! goes on from there. What is finished is written down in the table `upgrades` and never run again.

use std::time::{Duration, Instant};

use diesel::prelude::*;

use super::schema::upgrades;
use super::time::micros;
use super::{Conn, Result};
use crate::clock::{Clock as _, SystemClock};

/// How many rows share a transaction.
pub const CHUNK: usize = 1_000;

/// How often the log says how far it has come.
const PROGRESS_INTERVAL: Duration = Duration::from_secs(5);

/// Something that is carried over.
#[derive(Debug, Clone, Copy)]
pub struct Backfill {
    /// Its name in the table `upgrades`: never changed once released.
    pub name: &'static str,
    /// How many rows are left. It may run before the migrations that this backfill needs.
    pub left: fn(&mut Conn) -> Result<i64>,
    /// Carries over that many rows at most; how many it did. 0 when none is left.
    pub chunk: fn(&mut Conn, usize) -> Result<usize>,
    /// What follows once all is carried over, in the transaction that writes that down.
    pub finish: fn(&mut Conn) -> Result<()>,
}

/// Every backfill, in the order in which they are run.
pub const BACKFILLS: &[Backfill] = &[
    Backfill {
        name: "open_deliveries",
        left: super::delivery::count_to_backfill,
        chunk: super::delivery::backfill_open_deliveries,
        finish: super::delivery::finish_open_deliveries,
    },
    Backfill {
        name: "proven_addresses",
        left: super::member::count_made_by_operator,
        chunk: super::member::backfill_proven_addresses,
        finish: |_| Ok(()),
    },
];

/// Those of `all` that are not finished, once the table that says so is there.
pub(super) fn unfinished<'a>(conn: &mut Conn, all: &'a [Backfill]) -> Result<Vec<&'a Backfill>> {
    let finished: Vec<String> = upgrades::table.select(upgrades::name).load(conn)?;
    Ok(all.iter().filter(|backfill| !finished.iter().any(|name| name == backfill.name)).collect())
}

/// Runs those of `all` that are not finished.
pub fn run(conn: &mut Conn, all: &[Backfill]) -> Result<()> {
    for backfill in unfinished(conn, all)? {
        let carried = carry_over(conn, backfill)?;
        conn.transaction(|conn| {
            (backfill.finish)(conn)?;
            let row = (upgrades::name.eq(backfill.name), upgrades::finished_at.eq(micros(SystemClock.now())));
            diesel::insert_into(upgrades::table).values(row).execute(conn)?;
            Ok::<_, super::StoreError>(())
        })?;
        tracing::info!(backfill = backfill.name, rows = carried, "finished carrying over");
    }
    Ok(())
}

fn carry_over(conn: &mut Conn, backfill: &Backfill) -> Result<usize> {
    let (mut carried, mut said) = (0, Instant::now());
    loop {
        let rows = conn.transaction(|conn| (backfill.chunk)(conn, CHUNK))?;
        if rows == 0 {
            return Ok(carried);
        }
        carried += rows;
        if said.elapsed() >= PROGRESS_INTERVAL {
            said = Instant::now();
            tracing::info!(backfill = backfill.name, rows = carried, "carrying over");
        }
    }
}
