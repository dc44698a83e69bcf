//! Finds out whether the database takes a write when nobody writes anything: what `/readyz` says rests on it.

use std::time::Duration;

use super::Chore;
use crate::actions::Context;
use crate::store::StoreError;

/// See the module's docs.
pub struct Writable;

impl Chore for Writable {
    const NAME: &'static str = "a write";
    const INTERVAL: Duration = Duration::from_secs(10);

    async fn run_once(&self, context: &Context) -> Result<(), StoreError> {
        context.store.prove_writable().await
    }
}
