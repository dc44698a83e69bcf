//! Forgets all but the newest changes. An instance that was away for longer forgets everything it knew.

use std::time::Duration;

use super::Chore;
use crate::actions::Context;
use crate::store::{self, StoreError};

/// How many are kept.
const MAX_KEPT: i64 = 10_000;

/// See the module's docs.
pub struct Changes;

impl Chore for Changes {
    const NAME: &'static str = "changes";
    const INTERVAL: Duration = Duration::from_secs(60);

    async fn run_once(&self, context: &Context) -> Result<(), StoreError> {
        context.store.write(|conn| store::changes::forget_old(conn, MAX_KEPT)).await.map(drop)
    }
}
