//! Forgets the answers of forms, and what was left to be seen once and was not.

use std::time::Duration;

use chrono::TimeDelta;

use super::Chore;
use crate::actions::Context;
use crate::store::{self, Conn, StoreError};

/// How long the answer of a form is remembered.
const FORM_MEMORY: TimeDelta = TimeDelta::hours(24);

/// How long what may be seen once waits to be seen.
const REVEAL_MEMORY: TimeDelta = TimeDelta::minutes(10);

/// See the module's docs.
pub struct Forms;

impl Chore for Forms {
    const NAME: &'static str = "forms";
    const INTERVAL: Duration = Duration::from_secs(60);
    const IS_FINAL: bool = true;

    async fn run_once(&self, context: &Context) -> Result<(), StoreError> {
        let now = context.clock.now();
        let forget = move |conn: &mut Conn| {
            store::reveal::forget(conn, now - REVEAL_MEMORY)?;
            store::submission::forget(conn, now - FORM_MEMORY)?;
            Ok::<_, StoreError>(())
        };
        context.store.write(forget).await
    }
}
