//! Brings what is owed to webhooks in line with how they stand: held for a paused one, due for one that is active, missed by a
//! disabled one, and handed on or ended with a deleted one. What is out of line is the trace of a moment in which two things
//! happened at once, or of an act that was cut short.

use std::time::Duration;

use super::Chore;
use crate::actions::Context;
use crate::delivery::mend;
use crate::store::StoreError;

/// See the module's docs.
pub struct Webhooks;

impl Chore for Webhooks {
    const NAME: &'static str = "owed to webhooks";
    const INTERVAL: Duration = Duration::from_secs(15);

    async fn run_once(&self, context: &Context) -> Result<(), StoreError> {
        let mended = mend::sweep(&context.store, context.clock.now()).await?;
        if mended > 0 {
            tracing::warn!(webhooks = mended, "deliveries that nobody would have sent, or ended, are put right");
            context.engine.nudge();
        }
        Ok(())
    }
}
