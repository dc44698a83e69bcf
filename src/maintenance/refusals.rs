//! Writes down how often was refused what is refused again and again.

use std::time::Duration;

use super::Chore;
use crate::actions::{Context, refusals};
use crate::store::StoreError;

/// See the module's docs.
pub struct Refusals;

impl Chore for Refusals {
    const NAME: &'static str = "refusals";
    const INTERVAL: Duration = Duration::from_secs(60);

    async fn run_once(&self, context: &Context) -> Result<(), StoreError> {
        refusals::write_down(context).await
    }
}
