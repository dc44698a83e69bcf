//! Says that this instance lives, compares its clock with the database's, and takes over from instances that do not live.

use std::sync::Mutex;
use std::time::Duration;

use chrono::TimeDelta;

use super::Chore;
use crate::actions::Context;
use crate::delivery::membership::{HEARTBEAT_INTERVAL, SESSION_INTERVAL};
use crate::store::{self, StoreError};

/// See the module's docs.
#[derive(Debug, Default)]
pub struct Instances {
    /// When it last looked around, on the steady clock.
    looked_at: Mutex<Option<Duration>>,
}

impl Instances {
    fn is_look_due(&self, now: Duration) -> bool {
        let mut looked_at = self.looked_at.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let is_due = looked_at.is_none_or(|at| now.saturating_sub(at) >= HEARTBEAT_INTERVAL);
        if is_due {
            *looked_at = Some(now);
        }
        is_due
    }
}

impl Chore for Instances {
    const NAME: &'static str = "instances";
    const INTERVAL: Duration = SESSION_INTERVAL;

    async fn run_once(&self, context: &Context) -> Result<(), StoreError> {
        context.engine.hold_session().await?;
        let asked = context.clock.steady();
        if !self.is_look_due(asked) {
            return Ok(());
        }
        if let Some(database) = context.store.read(store::time::of_database).await? {
            // It was asked half-way.
            let late = context.clock.steady().saturating_sub(asked) / 2;
            context.clock.follow(database + TimeDelta::from_std(late).unwrap_or_default());
        }
        context.engine.look_around().await.map(drop)
    }
}
