//! Drops the files of imports that were never finished, and what was left out of those that were.

use std::time::Duration;

use chrono::TimeDelta;

use super::Chore;
use crate::actions::Context;
use crate::store::{self, StoreError};

/// How long an unfinished import keeps its file, and a finished one what was left out of it.
const FILE_MEMORY: TimeDelta = TimeDelta::hours(24);

/// See the module's docs.
pub struct Imports;

impl Chore for Imports {
    const NAME: &'static str = "imports";
    const INTERVAL: Duration = Duration::from_secs(60);
    const IS_FINAL: bool = true;

    async fn run_once(&self, context: &Context) -> Result<(), StoreError> {
        let before = context.clock.now() - FILE_MEMORY;
        context.store.write(move |conn| store::import::drop_abandoned(conn, before)).await.map(drop)
    }
}
