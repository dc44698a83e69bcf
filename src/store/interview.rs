//! Interviews and their sessions in the database.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::dsl::count_star;
use diesel::prelude::*;

use super::row::{Reader, json_text};
use super::schema::{interview_sessions, interviews};
use super::time::micros;
use super::{Conn, Result};
use crate::domain::ids::{CandidateId, InterviewId, OrganisationId, SessionId};
use crate::domain::interview::{Interview, Session, SessionState};
use crate::domain::mode::Mode;

/// At most so many interviews of a mode, and sessions of an interview, are listed.
pub const MAX_LISTED: i64 = 500;

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = interviews)]
struct InterviewRow {
    id: String,
    organisation_id: String,
    mode: String,
    vacancy_id: Option<String>,
    title: String,
    duration_minutes: i32,
    expires_after_minutes: i32,
    created_by: Option<String>,
    created_at: i64,
    updated_at: i64,
}

impl InterviewRow {
    fn write(interview: &Interview) -> Self {
        Self {
            id: interview.id.to_string(),
            organisation_id: interview.organisation_id.to_string(),
            mode: interview.mode.to_string(),
            vacancy_id: interview.vacancy_id.as_ref().map(ToString::to_string),
            title: interview.title.clone(),
            duration_minutes: minutes(interview.duration_minutes),
            expires_after_minutes: minutes(interview.expires_after_minutes),
            created_by: interview.created_by.as_ref().map(ToString::to_string),
            created_at: micros(interview.created_at),
            updated_at: micros(interview.updated_at),
        }
    }

    fn read(self) -> Result<Interview> {
        let row = Reader { table: "interviews", id: &self.id };
        Ok(Interview {
            id: row.parse(&self.id)?,
            organisation_id: row.parse(&self.organisation_id)?,
            mode: row.word("mode", &self.mode, Mode::parse)?,
            vacancy_id: row.parse_some(self.vacancy_id.as_deref())?,
            duration_minutes: row.count(self.duration_minutes)?,
            expires_after_minutes: row.count(self.expires_after_minutes)?,
            created_by: row.parse_some(self.created_by.as_deref())?,
            created_at: row.time(self.created_at)?,
            updated_at: row.time(self.updated_at)?,
            title: self.title,
        })
    }
}

fn minutes(count: u32) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}

#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = interview_sessions, treat_none_as_null = true)]
struct SessionRow {
    id: String,
    interview_id: String,
    organisation_id: String,
    candidate_id: String,
    token: String,
    state: String,
    started_at: Option<i64>,
    expires_at: Option<i64>,
    ended_at: Option<i64>,
    result: Option<String>,
    event_id: Option<String>,
    invited_by: Option<String>,
    invited_at: i64,
    updated_at: i64,
}

impl SessionRow {
    fn write(session: &Session) -> Self {
        Self {
            id: session.id.to_string(),
            interview_id: session.interview_id.to_string(),
            organisation_id: session.organisation_id.to_string(),
            candidate_id: session.candidate_id.to_string(),
            token: session.token.clone(),
            state: session.state.as_str().to_owned(),
            started_at: session.state.started_at().map(micros),
            expires_at: session.state.expires_at().map(micros),
            ended_at: session.state.ended_at().map(micros),
            result: session.result.as_ref().map(json_text),
            event_id: session.event_id.as_ref().map(ToString::to_string),
            invited_by: session.invited_by.as_ref().map(ToString::to_string),
            invited_at: micros(session.invited_at),
            updated_at: micros(session.updated_at),
        }
    }

    fn read(self) -> Result<Session> {
        let row = Reader { table: "interview_sessions", id: &self.id };
        let started_at = row.time_some(self.started_at)?;
        let ended_at = row.time_some(self.ended_at)?;
        let state = match (self.state.as_str(), started_at, row.time_some(self.expires_at)?, ended_at) {
            ("invited", None, None, None) => SessionState::Invited,
            ("started", Some(at), Some(expires_at), None) => SessionState::Started { at, expires_at },
            ("completed", started_at, None, Some(at)) => SessionState::Completed { started_at, at },
            ("abandoned", Some(started_at), None, Some(at)) => SessionState::Abandoned { started_at, at },
            ("withdrawn", started_at, None, Some(at)) => SessionState::Withdrawn { started_at, at },
            (word, ..) => return Err(row.corrupt(format!("state is “{word}”, which does not fit its times"))),
        };
        Ok(Session {
            id: row.parse(&self.id)?,
            interview_id: row.parse(&self.interview_id)?,
            organisation_id: row.parse(&self.organisation_id)?,
            candidate_id: row.parse(&self.candidate_id)?,
            result: self.result.as_deref().map(|text| row.json(text)).transpose()?,
            event_id: row.parse_some(self.event_id.as_deref())?,
            invited_by: row.parse_some(self.invited_by.as_deref())?,
            invited_at: row.time(self.invited_at)?,
            updated_at: row.time(self.updated_at)?,
            token: self.token,
            state,
        })
    }
}

/// Writes a new interview.
pub fn insert(conn: &mut Conn, interview: &Interview) -> Result<()> {
    diesel::insert_into(interviews::table).values(&InterviewRow::write(interview)).execute(conn)?;
    Ok(())
}

/// Writes what can be changed of an interview.
pub fn update(conn: &mut Conn, interview: &Interview) -> Result<()> {
    let row = InterviewRow::write(interview);
    diesel::update(interviews::table.find(row.id))
        .set((
            interviews::title.eq(row.title),
            interviews::duration_minutes.eq(row.duration_minutes),
            interviews::expires_after_minutes.eq(row.expires_after_minutes),
            interviews::updated_at.eq(row.updated_at),
        ))
        .execute(conn)?;
    Ok(())
}

/// One interview of an organisation.
pub fn find(conn: &mut Conn, organisation: &OrganisationId, id: &InterviewId) -> Result<Option<Interview>> {
    let row = interviews::table
        .find(id.as_str())
        .filter(interviews::organisation_id.eq(organisation.as_str()))
        .select(InterviewRow::as_select())
        .first(conn)
        .optional()?;
    row.map(InterviewRow::read).transpose()
}

/// The interviews of a mode with how many of their sessions stand in which state, newest first, at most [`MAX_LISTED`].
pub fn list(
    conn: &mut Conn,
    organisation: &OrganisationId,
    mode: Mode,
) -> Result<Vec<(Interview, HashMap<String, i64>)>> {
    let rows = interviews::table
        .filter(interviews::organisation_id.eq(organisation.as_str()).and(interviews::mode.eq(mode.as_str())))
        .order((interviews::created_at.desc(), interviews::id.desc()))
        .limit(MAX_LISTED)
        .select(InterviewRow::as_select())
        .load(conn)?;
    let ids: Vec<String> = rows.iter().map(|row| row.id.clone()).collect();
    let mut counts: HashMap<String, HashMap<String, i64>> = HashMap::new();
    let counted = interview_sessions::table
        .filter(interview_sessions::interview_id.eq_any(ids))
        .group_by((interview_sessions::interview_id, interview_sessions::state))
        .select((interview_sessions::interview_id, interview_sessions::state, count_star()))
        .load::<(String, String, i64)>(conn)?;
    for (interview, state, count) in counted {
        counts.entry(interview).or_default().insert(state, count);
    }
    let with_counts = |row: InterviewRow| {
        let own = counts.remove(&row.id).unwrap_or_default();
        Ok((row.read()?, own))
    };
    rows.into_iter().map(with_counts).collect()
}

/// Writes a new session.
pub fn insert_session(conn: &mut Conn, session: &Session) -> Result<()> {
    diesel::insert_into(interview_sessions::table).values(&SessionRow::write(session)).execute(conn)?;
    Ok(())
}

/// Writes a session that has moved on from where it stood; whether it still stood there. Of several who move it at once,
/// one does.
pub fn move_session(conn: &mut Conn, session: &Session, from: &SessionState) -> Result<bool> {
    let stood = interview_sessions::table.find(session.id.as_str()).filter(interview_sessions::state.eq(from.as_str()));
    Ok(diesel::update(stood).set(&SessionRow::write(session)).execute(conn)? == 1)
}

/// One session of an organisation.
pub fn find_session(conn: &mut Conn, organisation: &OrganisationId, id: &SessionId) -> Result<Option<Session>> {
    let row = interview_sessions::table
        .find(id.as_str())
        .filter(interview_sessions::organisation_id.eq(organisation.as_str()))
        .select(SessionRow::as_select())
        .first(conn)
        .optional()?;
    row.map(SessionRow::read).transpose()
}

/// The sessions of an interview, the latest invited first, at most [`MAX_LISTED`].
pub fn sessions(conn: &mut Conn, interview: &InterviewId) -> Result<Vec<Session>> {
    let rows = interview_sessions::table
        .filter(interview_sessions::interview_id.eq(interview.as_str()))
        .order((interview_sessions::invited_at.desc(), interview_sessions::id.desc()))
        .limit(MAX_LISTED)
        .select(SessionRow::as_select())
        .load(conn)?;
    rows.into_iter().map(SessionRow::read).collect()
}

/// How many sessions an interview has.
pub fn count_sessions(conn: &mut Conn, interview: &InterviewId) -> Result<usize> {
    let all = interview_sessions::table.filter(interview_sessions::interview_id.eq(interview.as_str()));
    let count: i64 = all.count().get_result(conn)?;
    Ok(usize::try_from(count).unwrap_or_default())
}

/// How many interviews an organisation has in a mode.
pub fn count(conn: &mut Conn, organisation: &OrganisationId, mode: Mode) -> Result<usize> {
    let own = interviews::organisation_id.eq(organisation.as_str()).and(interviews::mode.eq(mode.as_str()));
    let count: i64 = interviews::table.filter(own).count().get_result(conn)?;
    Ok(usize::try_from(count).unwrap_or_default())
}

/// How many sessions that have not ended an organisation has in a mode.
pub fn count_open_sessions(conn: &mut Conn, organisation: &OrganisationId, mode: Mode) -> Result<usize> {
    let open = interview_sessions::table
        .inner_join(interviews::table.on(interviews::id.eq(interview_sessions::interview_id)))
        .filter(interview_sessions::organisation_id.eq(organisation.as_str()))
        .filter(interviews::mode.eq(mode.as_str()))
        .filter(interview_sessions::state.eq_any(["invited", "started"]));
    let count: i64 = open.count().get_result(conn)?;
    Ok(usize::try_from(count).unwrap_or_default())
}

/// Whether a candidate has a session of an interview that has not ended. Whoever else asks so about this interview waits
/// until the transaction ends: two who invite at once do not both find that there is none.
pub fn has_open_session(conn: &mut Conn, interview: &InterviewId, candidate: &CandidateId) -> Result<bool> {
    if let Conn::Postgres(conn) = conn {
        let row = interviews::table.find(interview.as_str()).select(interviews::id);
        row.for_no_key_update().execute(conn)?;
    }
    let open = interview_sessions::table
        .filter(interview_sessions::interview_id.eq(interview.as_str()))
        .filter(interview_sessions::candidate_id.eq(candidate.as_str()))
        .filter(interview_sessions::state.eq_any(["invited", "started"]));
    Ok(diesel::select(diesel::dsl::exists(open)).get_result(conn)?)
}

/// Started sessions whose time is over, whosever they are, the longest over first.
pub fn expired(conn: &mut Conn, now: DateTime<Utc>, limit: i64) -> Result<Vec<(OrganisationId, SessionId)>> {
    let rows: Vec<(String, String)> = interview_sessions::table
        // A literal, so that the index of those that expire is used.
        .filter(diesel::dsl::sql::<diesel::sql_types::Bool>("state = 'started'"))
        .filter(interview_sessions::expires_at.le(micros(now)))
        .order((interview_sessions::expires_at, interview_sessions::id))
        .limit(limit)
        .select((interview_sessions::organisation_id, interview_sessions::id))
        .load(conn)?;
    let read = |(organisation, id): (String, String)| {
        let row = Reader { table: "interview_sessions", id: &id };
        Ok((row.parse(&organisation)?, row.parse(&id)?))
    };
    rows.into_iter().map(read).collect()
}
