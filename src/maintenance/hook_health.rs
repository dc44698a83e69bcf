//! Warns of and disables webhooks whose time has run out while nothing was sent, and ends what is still owed to disabled ones.

use std::time::Duration;

use super::Chore;
use crate::actions::Context;
use crate::delivery::health;
use crate::store::StoreError;

/// See the module's docs.
pub struct HookHealth;

impl Chore for HookHealth {
    const NAME: &'static str = "health of webhooks";
    const INTERVAL: Duration = Duration::from_secs(15);
    const IS_FINAL: bool = true;

    async fn run_once(&self, context: &Context) -> Result<(), StoreError> {
        health::sweep(&context.store, context.engine.rule(), context.clock.now()).await
    }
}
