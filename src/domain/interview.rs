//! Interviews: what candidates are invited to, and one session for each of them (S1).
//!
//! A session is *invited*, *started*, and then *completed* or, when it expires, *abandoned*; it can be *withdrawn* as long as
//! it has not ended. What came of a completed one is its [`result::SessionResult`]; how it goes out is in [`payload`].

pub mod payload;
pub mod result;

use chrono::{DateTime, TimeDelta, Utc};

use super::event::EventType;
use super::ids::{CandidateId, EventId, InterviewId, MemberId, OrganisationId, SessionId, VacancyId};
use super::mode::Mode;
use result::SessionResult;

/// What candidates are invited to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interview {
    /// Its id.
    pub id: InterviewId,
    /// Whose.
    pub organisation_id: OrganisationId,
    /// In which world.
    pub mode: Mode,
    /// For which vacancy, if for one.
    pub vacancy_id: Option<VacancyId>,
    /// What the team calls it.
    pub title: String,
    /// How long it is meant to take, in minutes.
    pub duration_minutes: u32,
    /// How long after its start a session expires, in minutes.
    pub expires_after_minutes: u32,
    /// Who made it.
    pub created_by: Option<MemberId>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
}

impl Interview {
    /// An interview may be meant to take so many minutes at most: a day.
    pub const MAX_MINUTES: u32 = 24 * 60;
    /// A started session may stay open for so many minutes at most: thirty days.
    pub const MAX_OPEN_MINUTES: u32 = 30 * 24 * 60;
}

/// Where a session stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SessionState {
    /// The candidate may start it. A start, a result or a recruiter moves it on; by itself it stays.
    Invited,
    /// The candidate has begun. A result or a recruiter moves it on, and the clock when it expires.
    Started {
        /// When.
        at: DateTime<Utc>,
        /// When it becomes abandoned automatically.
        expires_at: DateTime<Utc>,
    },
    /// It has a result. Final.
    Completed {
        /// When it began, if that is known.
        started_at: Option<DateTime<Utc>>,
        /// When it ended.
        at: DateTime<Utc>,
    },
    /// It was started and expired. Final.
    Abandoned {
        /// When it began.
        started_at: DateTime<Utc>,
        /// When it expired.
        at: DateTime<Utc>,
    },
    /// A recruiter ended it. Final, and no event: nobody is told.
    Withdrawn {
        /// When it had begun, if it had.
        started_at: Option<DateTime<Utc>>,
        /// When.
        at: DateTime<Utc>,
    },
}

impl SessionState {
    /// `invited`, `started`, `completed`, `abandoned` or `withdrawn`; also `status` on the wire.
    pub fn as_str(&self) -> &'static str {
        match self {
            SessionState::Invited => "invited",
            SessionState::Started { .. } => "started",
            SessionState::Completed { .. } => "completed",
            SessionState::Abandoned { .. } => "abandoned",
            SessionState::Withdrawn { .. } => "withdrawn",
        }
    }

    /// When it began.
    pub fn started_at(&self) -> Option<DateTime<Utc>> {
        match self {
            SessionState::Invited => None,
            SessionState::Started { at, .. } => Some(*at),
            SessionState::Abandoned { started_at, .. } => Some(*started_at),
            SessionState::Completed { started_at, .. } | SessionState::Withdrawn { started_at, .. } => *started_at,
        }
    }

    /// When it ended.
    pub fn ended_at(&self) -> Option<DateTime<Utc>> {
        match self {
            SessionState::Invited | SessionState::Started { .. } => None,
            SessionState::Completed { at, .. }
            | SessionState::Abandoned { at, .. }
            | SessionState::Withdrawn { at, .. } => Some(*at),
        }
    }

    /// When it becomes abandoned automatically.
    pub fn expires_at(&self) -> Option<DateTime<Utc>> {
        match self {
            SessionState::Started { expires_at, .. } => Some(*expires_at),
            _ => None,
        }
    }

    /// Whether it can still be started, completed or withdrawn.
    pub fn is_open(&self) -> bool {
        self.ended_at().is_none()
    }
}

/// A session that stands elsewhere than its act needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("The session is {0}, so this cannot be done any more")]
pub struct NotNow(pub &'static str);

/// One candidate's session of an interview.
#[derive(Debug, Clone, PartialEq)]
pub struct Session {
    /// Its id.
    pub id: SessionId,
    /// Of which interview.
    pub interview_id: InterviewId,
    /// Whose.
    pub organisation_id: OrganisationId,
    /// Whose turn it is.
    pub candidate_id: CandidateId,
    /// Names it to the system that holds the interview; random.
    pub token: String,
    /// Where it stands.
    pub state: SessionState,
    /// What came of it, once somebody has recorded that.
    pub result: Option<SessionResult>,
    /// What its end was reported as.
    pub event_id: Option<EventId>,
    /// Who invited.
    pub invited_by: Option<MemberId>,
    /// When.
    pub invited_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
}

impl Session {
    /// The candidate begins; it expires as long after as the interview says.
    pub fn start(self, interview: &Interview, now: DateTime<Utc>) -> Result<Self, NotNow> {
        let SessionState::Invited = self.state else { return Err(NotNow(self.state.as_str())) };
        let expires_at = now + TimeDelta::minutes(i64::from(interview.expires_after_minutes));
        Ok(Self { state: SessionState::Started { at: now, expires_at }, updated_at: now, ..self })
    }

    /// It has a result, which may know better when it began and ended.
    pub fn complete(self, result: SessionResult, now: DateTime<Utc>) -> Result<Self, NotNow> {
        if !self.state.is_open() {
            return Err(NotNow(self.state.as_str()));
        }
        let state = SessionState::Completed {
            started_at: result.session.started_at.or(self.state.started_at()),
            at: result.session.ended_at.unwrap_or(now),
        };
        Ok(Self { state, result: Some(result), updated_at: now, ..self })
    }

    /// It has expired: abandoned as of that moment, however late that is noticed.
    pub fn expire(self, now: DateTime<Utc>) -> Result<Self, NotNow> {
        match self.state {
            SessionState::Started { at, expires_at } if expires_at <= now => {
                let state = SessionState::Abandoned { started_at: at, at: expires_at };
                Ok(Self { state, updated_at: now, ..self })
            }
            state => Err(NotNow(state.as_str())),
        }
    }

    /// A recruiter ends it.
    pub fn withdraw(self, now: DateTime<Utc>) -> Result<Self, NotNow> {
        if !self.state.is_open() {
            return Err(NotNow(self.state.as_str()));
        }
        let state = SessionState::Withdrawn { started_at: self.state.started_at(), at: now };
        Ok(Self { state, updated_at: now, ..self })
    }

    /// What the end of a session is reported as (S1).
    pub fn end_event(&self) -> Option<EventType> {
        match self.state {
            SessionState::Completed { .. } => Some(EventType::INTERVIEW_COMPLETED),
            SessionState::Abandoned { .. } => Some(EventType::INTERVIEW_ABANDONED),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::payload::sample;
    use super::*;

    #[test]
    fn a_started_session_expires_when_its_time_is_over_and_not_before() {
        let (interview, session, _) = sample::parts();
        let now = session.invited_at;
        let started = session.start(&interview, now).expect("it was invited");
        let end = now + TimeDelta::minutes(i64::from(interview.expires_after_minutes));
        assert_eq!(started.state.expires_at(), Some(end));
        assert_eq!(started.clone().expire(end - TimeDelta::microseconds(1)), Err(NotNow("started")));
        let late = started.expire(end + TimeDelta::hours(3)).expect("its time is over");
        assert_eq!(late.state, SessionState::Abandoned { started_at: now, at: end });
        assert_eq!(late.end_event(), EventType::parse("interview.abandoned"));
    }

    #[test]
    fn what_has_ended_stays_as_it_ended() {
        let (interview, session, _) = sample::parts();
        let now = session.invited_at;
        let ended = [
            session.clone().withdraw(now),
            session.clone().complete(SessionResult::default(), now),
            session.start(&interview, now).and_then(|started| started.expire(now + TimeDelta::days(40))),
        ];
        for ended in ended.map(|ended| ended.expect("it was open")) {
            let word = ended.state.as_str();
            assert_eq!(ended.clone().withdraw(now), Err(NotNow(word)));
            assert_eq!(ended.clone().start(&interview, now), Err(NotNow(word)));
            assert_eq!(ended.clone().complete(SessionResult::default(), now), Err(NotNow(word)));
            assert_eq!(ended.expire(now + TimeDelta::days(99)), Err(NotNow(word)));
        }
    }

    #[test]
    fn a_result_may_know_better_when_the_session_was_held() {
        let (_, session, _) = sample::parts();
        let (now, held) = (session.invited_at, session.invited_at - TimeDelta::hours(5));
        let mut result = SessionResult::default();
        result.session.started_at = Some(held);
        result.session.ended_at = Some(held + TimeDelta::minutes(20));
        let done = session.complete(result, now).expect("it was open");
        assert_eq!((done.state.started_at(), done.state.ended_at()), (Some(held), Some(held + TimeDelta::minutes(20))));
    }
}
