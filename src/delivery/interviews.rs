//! Sessions that expire: a started one becomes abandoned by itself, and its event goes out (S1).
//!
//! State and event are written in one transaction, and the state only if the session still stood where it did: of several
//! instances that look at once, one abandons it, and a crash between the two leaves neither. The clock caused it, so it has
//! no client id.

use chrono::{DateTime, Utc};

use super::engine::Engine;
use super::intake::{self, Recorded};
use crate::domain::event::{Cause, Event};
use crate::domain::ids::{EventId, InstanceId, OrganisationId, SessionId};
use crate::domain::interview::payload::Told;
use crate::domain::interview::{Session, SessionState};
use crate::store::{self, Conn, Result, StoreError};

/// So many sessions are looked for at once.
const CHUNK: i64 = 100;

/// Who reports an event, and in whose hands what is owed for it lies.
#[derive(Debug, Clone, Copy)]
pub struct Reporter<'a> {
    /// Who caused it.
    pub cause: &'a Cause,
    /// Where the console is reached, for the links in the payload.
    pub console: Option<&'a str>,
    /// The instance that will send it.
    pub holder: &'a InstanceId,
}

/// Writes a session that has ended, if it still stands where it stood before, and reports its end to every hook in the
/// route of its interview; `None` when somebody else was faster. The event is about its candidate, so that erasing them
/// finds it (B11).
pub fn end(
    conn: &mut Conn,
    session: Session,
    before: &SessionState,
    by: Reporter<'_>,
    now: DateTime<Utc>,
) -> Result<Option<(Session, Recorded)>> {
    let Some(kind) = session.end_event() else { return Ok(None) };
    let id = EventId::new(now);
    let session = Session { event_id: Some(id.clone()), ..session };
    let whose = &session.organisation_id;
    let gone = |what: &str| StoreError::Corrupt {
        table: "interview_sessions",
        id: session.id.to_string(),
        what: format!("its {what} is not there"),
    };
    let interview = store::interview::find(conn, whose, &session.interview_id)?.ok_or_else(|| gone("interview"))?;
    let candidate = store::candidate::find(conn, whose, &session.candidate_id)?.ok_or_else(|| gone("candidate"))?;
    let organisation = store::organisation::find(conn, whose)?.ok_or_else(|| gone("organisation"))?;
    if !store::interview::move_session(conn, &session, before)? {
        return Ok(None);
    }
    let event = Event {
        id,
        organisation_id: whose.clone(),
        mode: interview.mode,
        kind,
        cause: by.cause.clone(),
        occurred_at: session.state.ended_at().unwrap_or(now),
        probe: false,
    };
    let told = Told {
        interview: &interview,
        session: &session,
        candidate: &candidate,
        company: &organisation.name,
        console: by.console,
    };
    let data = |field_set| told.data(field_set);
    let (of, whom) = (&interview.id, candidate.id.clone());
    let recorded = intake::record_of_interview(conn, event, of, data, whom, by.holder, now)?;
    Ok(Some((session, recorded)))
}

impl Engine {
    /// Abandons every started session whose time is over; how many those were.
    pub async fn expire_sessions(&self) -> Result<usize> {
        let mut all = 0;
        loop {
            let now = self.clock.now();
            let due = self.store.read(move |conn| store::interview::expired(conn, now, CHUNK)).await?;
            let (seen, before) = (due.len(), all);
            for (organisation, id) in due {
                match self.expire(organisation, id.clone(), now).await {
                    Ok(done) => all += usize::from(done),
                    // One that nobody can read holds up no other.
                    Err(error @ StoreError::Corrupt { .. }) => {
                        tracing::error!(%error, session = %id, "a session that has expired cannot be abandoned");
                    }
                    Err(error) => return Err(error),
                }
            }
            if seen < CHUNK as usize || all == before {
                return Ok(all);
            }
        }
    }

    async fn expire(&self, organisation: OrganisationId, id: SessionId, now: DateTime<Utc>) -> Result<bool> {
        let (instance, console) = (self.instance.clone(), self.console.clone());
        let expired = self.store.write(move |conn| {
            let Some(session) = store::interview::find_session(conn, &organisation, &id)? else { return Ok(None) };
            let before = session.state;
            // It has been completed or withdrawn since it was looked for.
            let Ok(session) = session.expire(now) else { return Ok(None) };
            let by = Reporter { cause: &Cause::Clock, console: console.as_deref(), holder: &instance };
            end(conn, session, &before, by, now)
        });
        let Some((_, recorded)) = expired.await? else { return Ok(false) };
        self.hand_over(recorded.owed);
        Ok(true)
    }
}
