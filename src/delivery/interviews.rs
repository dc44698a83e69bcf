//! The end of an interview session, and the event that says so (S1).
//!
//! State and event are written in one transaction, and the state only if the session still stood where it did: of several
//! instances that look at once, one ends it, and a crash between the two leaves neither.

use chrono::{DateTime, Utc};

use super::intake::{self, Recorded};
use crate::domain::event::{Cause, Event};
use crate::domain::ids::{EventId, InstanceId};
use crate::domain::interview::payload::Told;
use crate::domain::interview::{Session, SessionState};
use crate::store::{self, Conn, Result, StoreError};

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
