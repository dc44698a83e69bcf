//! Forgets web sessions that are over.

use std::time::Duration;

use super::Chore;
use crate::actions::Context;
use crate::store::{self, StoreError};

/// See the module's docs.
pub struct SignIns;

impl Chore for SignIns {
    const NAME: &'static str = "sign-ins";
    const INTERVAL: Duration = Duration::from_secs(60);
    const IS_FINAL: bool = true;

    async fn run_once(&self, context: &Context) -> Result<(), StoreError> {
        let now = context.clock.now();
        context.store.write(move |conn| store::web_session::forget(conn, now)).await.map(drop)
    }
}
