//! Takes up what nobody would send: left by instances that are not on the list any more, or committed as held by this
//! instance and lost on its way to memory.

use std::time::Duration;

use super::Chore;
use crate::actions::Context;
use crate::delivery::membership;
use crate::store::{self, StoreError};

/// See the module's docs.
pub struct Lost;

impl Chore for Lost {
    const NAME: &'static str = "lost deliveries";
    const INTERVAL: Duration = Duration::from_secs(15);

    async fn run_once(&self, context: &Context) -> Result<(), StoreError> {
        let holdings = context.store.read(store::delivery::holdings).await?;
        let orphans = membership::free_orphans(&context.store, &holdings).await?;
        if orphans > 0 {
            tracing::warn!(deliveries = orphans, "deliveries that nobody would have sent are due again");
        }
        context.engine.take_up_lost(&holdings).await
    }
}
