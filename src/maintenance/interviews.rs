//! Abandons interview sessions that have expired: a started one becomes abandoned by itself, and its event goes out (S1). The
//! clock caused it, so the event has no client id.
//!
//! Each is a transaction of its own, so that one that cannot be read holds up no other; such ones are passed over.

use std::time::Duration;

use chrono::{DateTime, Utc};

use super::Chore;
use crate::actions::Context;
use crate::delivery::interviews::{Reporter, end};
use crate::domain::event::Cause;
use crate::domain::ids::{OrganisationId, SessionId};
use crate::store::{self, Result, StoreError};

/// How many sessions are looked for at once.
const CHUNK: i64 = 100;

/// See the module's docs.
pub struct Interviews;

impl Chore for Interviews {
    const NAME: &'static str = "interviews";
    const INTERVAL: Duration = Duration::from_secs(15);
    const IS_FINAL: bool = true;

    async fn run_once(&self, context: &Context) -> Result<()> {
        expire_sessions(context).await.map(drop)
    }
}

/// Abandons every started session whose time is over; how many those were.
pub async fn expire_sessions(context: &Context) -> Result<usize> {
    let mut all = 0;
    // Those that cannot be read stay in front: they are stepped over.
    let mut unreadable = 0;
    loop {
        let now = context.clock.now();
        let limit = CHUNK + unreadable;
        let due = context.store.read(move |conn| store::interview::expired(conn, now, limit)).await?;
        let (seen, before) = (due.len(), all);
        for (organisation, id) in due.into_iter().skip(usize::try_from(unreadable).unwrap_or_default()) {
            match expire(context, organisation, id.clone(), now).await {
                Ok(done) => all += usize::from(done),
                Err(error @ StoreError::Corrupt { .. }) => {
                    unreadable += 1;
                    tracing::error!(%error, session = %id, "a session that has expired cannot be abandoned");
                }
                Err(error) => return Err(error),
            }
        }
        if (seen as i64) < limit || (all == before && unreadable == 0) {
            return Ok(all);
        }
    }
}

async fn expire(context: &Context, organisation: OrganisationId, id: SessionId, now: DateTime<Utc>) -> Result<bool> {
    let (instance, console) = (context.engine.instance().clone(), context.engine.console().map(str::to_owned));
    let expired = context.store.write(move |conn| {
        let Some(session) = store::interview::find_session(conn, &organisation, &id)? else { return Ok(None) };
        let before = session.state;
        // It has been completed or withdrawn since it was looked for.
        let Ok(session) = session.expire(now) else { return Ok(None) };
        let by = Reporter { cause: &Cause::Clock, console: console.as_deref(), holder: &instance };
        end(conn, session, &before, by, now)
    });
    let Some((_, recorded)) = expired.await? else { return Ok(false) };
    context.engine.hand_over(recorded.owed);
    Ok(true)
}
