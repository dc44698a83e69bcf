//! Interviews: made by hand, changed, and their sessions moved on (S1).
//!
//! A result that is recorded completes its session: state, result and event are one transaction, and the event goes to the
//! hooks in the interview's route at once. Where that route leads is set in [`own_hook`].

pub mod own_hook;

use rand::distr::{Alphanumeric, SampleString};

use super::transaction::Transaction;
use super::{ActionError, Context, FieldError, Result, Viewer, line, refuse_too_many};
use crate::delivery::interviews::{Reporter, end};
use crate::domain::act::Act;
use crate::domain::candidate::Candidate;
use crate::domain::event::Cause;
use crate::domain::hook::Hook;
use crate::domain::ids::{CandidateId, InterviewId, SessionId, VacancyId};
use crate::domain::interview::result::SessionResult;
use crate::domain::interview::{Interview, NotNow, Session, SessionState};
use crate::store::changes::Change;
use crate::store::{self, Conn};

/// A title has at most this many characters; it also names the interview's own hook.
const MAX_TITLE_LEN: usize = 100;

/// What was typed into the form of an interview.
#[derive(Debug, Clone, Default)]
pub struct InterviewForm {
    /// Its title.
    pub title: String,
    /// The id of its vacancy; none when empty.
    pub vacancy: String,
    /// How long it is meant to take, in minutes.
    pub duration: String,
    /// How long after its start a session expires, in minutes.
    pub expires: String,
    /// Names this filling of the form: pressing twice makes one interview.
    pub token: String,
}

impl InterviewForm {
    /// The empty form: half an hour, and two hours to finish it.
    pub fn empty() -> Self {
        Self { duration: "30".into(), expires: "120".into(), ..Self::default() }
    }

    /// The form as it would have been filled in for an interview.
    pub fn of(interview: &Interview) -> Self {
        Self {
            title: interview.title.clone(),
            vacancy: interview.vacancy_id.as_ref().map(ToString::to_string).unwrap_or_default(),
            duration: interview.duration_minutes.to_string(),
            expires: interview.expires_after_minutes.to_string(),
            token: String::new(),
        }
    }

    fn read(&self) -> Result<(String, u32, u32)> {
        let mut errors = Vec::new();
        let title = line("title", &self.title, MAX_TITLE_LEN)
            .and_then(|title| title.ok_or_else(|| FieldError::new("title", "Enter the title of the interview")));
        let duration = minutes("duration", &self.duration, Interview::MAX_MINUTES);
        let expires = minutes("expires", &self.expires, Interview::MAX_OPEN_MINUTES);
        let mut told = |error| errors.push(error);
        let (title, duration, expires) =
            (title.map_err(&mut told), duration.map_err(&mut told), expires.map_err(&mut told));
        match (title, duration, expires) {
            (Ok(_), Ok(duration), Ok(expires)) if expires < duration => Err(ActionError::field(
                "expires",
                format!(
                    "Give at least the planned {duration} minutes: a session that expires earlier cannot be finished"
                ),
            )),
            (Ok(title), Ok(duration), Ok(expires)) => Ok((title, duration, expires)),
            _ => Err(ActionError::Invalid(errors)),
        }
    }
}

fn minutes(field: &str, typed: &str, most: u32) -> Result<u32, FieldError> {
    let number: Option<u32> = typed.trim().parse().ok();
    number
        .filter(|number| (1..=most).contains(number))
        .ok_or_else(|| FieldError::new(field, format!("Enter whole minutes from 1 to {most}")))
}

/// Makes an interview in the viewer's mode.
pub async fn create(context: &Context, viewer: &Viewer, form: InterviewForm) -> Result<InterviewId> {
    let (title, duration_minutes, expires_after_minutes) = form.read()?;
    let InterviewForm { vacancy, token, .. } = form;
    let created = context.transact_once(viewer, &token, move |tx| {
        let (now, maker) = (tx.now, tx.viewer);
        let have = store::interview::count(tx.conn, &maker.organisation.id, maker.mode)?;
        let remedy = "Have whoever runs this Hirewire raise the limit";
        refuse_too_many(have, tx.context.max_interviews, "title", "interview", maker.mode, remedy)?;
        let interview = Interview {
            id: InterviewId::new(now),
            organisation_id: maker.organisation.id.clone(),
            mode: maker.mode,
            vacancy_id: find_vacancy(tx, &vacancy)?,
            title,
            duration_minutes,
            expires_after_minutes,
            created_by: Some(maker.member.id.clone()),
            created_at: now,
            updated_at: now,
        };
        store::interview::insert(tx.conn, &interview)?;
        let act = Act::InterviewCreated { title: &interview.title, mode: interview.mode };
        tx.audit(act, interview.id.as_str())?;
        Ok(interview.id)
    });
    created.await
}

/// The vacancy of the viewer's mode that somebody chose; none when nothing was.
fn find_vacancy(tx: &mut Transaction<'_>, typed: &str) -> Result<Option<VacancyId>> {
    if typed.is_empty() {
        return Ok(None);
    }
    let id: Option<VacancyId> = typed.parse().ok();
    let found = match id {
        Some(id) => store::vacancy::find(tx.conn, &tx.viewer.organisation.id, &id)?,
        None => None,
    };
    let own = found.filter(|vacancy| vacancy.mode == tx.viewer.mode).map(|vacancy| vacancy.id);
    own.map(Some)
        .ok_or_else(|| ActionError::field("vacancy", "Choose one of the vacancies: this one is no longer there"))
}

/// Changes title and times of an interview. Sessions that have started keep their time.
pub async fn update(context: &Context, viewer: &Viewer, id: InterviewId, form: InterviewForm) -> Result<()> {
    let (title, duration_minutes, expires_after_minutes) = form.read()?;
    let updated = context.transact(viewer, move |tx| {
        let before = find_in(tx, &id)?;
        let changed = Interview { title, duration_minutes, expires_after_minutes, updated_at: tx.now, ..before };
        store::interview::update(tx.conn, &changed)?;
        if let Some(own) = store::hook::of_interview(tx.conn, &changed.organisation_id, &changed.id)? {
            let renamed = Hook { name: changed.title.clone(), updated_at: tx.now, ..own };
            store::hook::update_override(tx.conn, &renamed)?;
            tx.changed(Change::of(&renamed));
        }
        Ok(tx.audit(Act::InterviewUpdated { title: &changed.title }, changed.id.as_str())?)
    });
    updated.await
}

/// Invites a candidate, named by id, e-mail address or external id.
pub async fn invite(
    context: &Context,
    viewer: &Viewer,
    id: InterviewId,
    candidate: String,
    token: &str,
) -> Result<SessionId> {
    let invited = context.transact_once(viewer, token, move |tx| {
        let interview = find_in(tx, &id)?;
        let have = store::interview::count_open_sessions(tx.conn, &interview.organisation_id, interview.mode)?;
        let remedy = "Withdraw one that is no longer needed";
        refuse_too_many(have, tx.context.max_interviews, "candidate", "open session", interview.mode, remedy)?;
        let candidate = named(tx.conn, &interview, candidate.trim())?;
        if store::interview::has_open_session(tx.conn, &interview.id, &candidate.id)? {
            let name = &candidate.profile.full_name;
            return Err(ActionError::field("candidate", format!("Choose somebody else: {name} has an open session")));
        }
        let session = Session {
            id: SessionId::new(tx.now),
            interview_id: interview.id,
            organisation_id: interview.organisation_id,
            candidate_id: candidate.id,
            token: Alphanumeric.sample_string(&mut rand::rng(), 32),
            state: SessionState::Invited,
            result: None,
            event_id: None,
            invited_by: Some(tx.viewer.member.id.clone()),
            invited_at: tx.now,
            updated_at: tx.now,
        };
        store::interview::insert_session(tx.conn, &session)?;
        tx.audit(Act::SessionInvited { title: &interview.title }, session.id.as_str())?;
        Ok(session.id)
    });
    invited.await
}

/// The candidate of the interview's mode whom somebody named.
fn named(conn: &mut Conn, interview: &Interview, typed: &str) -> Result<Candidate> {
    let (organisation, mode) = (&interview.organisation_id, interview.mode);
    let wrong = |message: &str| ActionError::field("candidate", message);
    if typed.is_empty() {
        return Err(wrong("Choose a candidate, or enter their e-mail address or external id"));
    }
    let found = match typed.parse::<CandidateId>() {
        Ok(id) => store::candidate::find(conn, organisation, &id)?.filter(|found| found.mode == mode),
        Err(_) if typed.contains('@') => {
            store::candidate::find_by_email(conn, organisation, mode, typed)?.into_iter().next()
        }
        Err(_) => store::candidate::find_by_external_id(conn, organisation, mode, typed)?,
    };
    let found = found.ok_or_else(|| {
        wrong("Enter the e-mail address or external id of a candidate who is there: nobody has this one")
    })?;
    if found.consent_withdrawn_at.is_some() {
        return Err(wrong("Choose somebody else: this candidate has withdrawn their consent"));
    }
    Ok(found)
}

/// The candidate begins; the session expires by itself when its time is over.
pub async fn start(context: &Context, viewer: &Viewer, interview: InterviewId, id: SessionId) -> Result<()> {
    let started = context.transact(viewer, move |tx| {
        let (interview, session) = find_session(tx, &interview, &id)?;
        let before = session.state;
        let session = session.start(&interview, tx.now).map_err(not_now)?;
        move_on(tx, &session, &before)?;
        Ok(tx.audit(Act::SessionStarted { title: &interview.title }, id.as_str())?)
    });
    started.await
}

/// Ends a session that has not ended; nobody is told.
pub async fn withdraw(context: &Context, viewer: &Viewer, interview: InterviewId, id: SessionId) -> Result<()> {
    let withdrawn = context.transact(viewer, move |tx| {
        let (interview, session) = find_session(tx, &interview, &id)?;
        let before = session.state;
        let session = session.withdraw(tx.now).map_err(not_now)?;
        move_on(tx, &session, &before)?;
        Ok(tx.audit(Act::SessionWithdrawn { title: &interview.title }, id.as_str())?)
    });
    withdrawn.await
}

/// Writes where a session stands now, unless it was moved meanwhile.
fn move_on(tx: &mut Transaction<'_>, session: &Session, before: &SessionState) -> Result<()> {
    if store::interview::move_session(tx.conn, session, before)? { Ok(()) } else { Err(ActionError::ChangedMeanwhile) }
}

/// Records what came of a session, which completes it and reports `interview.completed`; durable when this returns.
pub async fn record(
    context: &Context,
    viewer: &Viewer,
    interview: InterviewId,
    id: SessionId,
    result: SessionResult,
) -> Result<()> {
    let recorded = context.transact(viewer, move |tx| {
        let (interview, session) = find_session(tx, &interview, &id)?;
        let before = session.state;
        let session = session.complete(result, tx.now).map_err(not_now)?;
        let (engine, cause) = (&tx.context.engine, Cause::Member(tx.viewer.member.id.clone()));
        let by = Reporter { cause: &cause, console: engine.console(), holder: engine.instance() };
        let (session, recorded) = end(tx.conn, session, &before, by, tx.now)?.ok_or(ActionError::ChangedMeanwhile)?;
        tx.audit(Act::SessionCompleted { title: &interview.title }, session.id.as_str())?;
        tx.hand_over(recorded.owed);
        Ok(())
    });
    recorded.await
}

fn find_session(tx: &mut Transaction<'_>, interview: &InterviewId, id: &SessionId) -> Result<(Interview, Session)> {
    let interview = find_in(tx, interview)?;
    let session = store::interview::find_session(tx.conn, &tx.viewer.organisation.id, id)?;
    let session = session.filter(|session| session.interview_id == interview.id).ok_or(ActionError::NotFound)?;
    Ok((interview, session))
}

/// An interview of the viewer's organisation, as it stands in this transaction.
fn find_in(tx: &mut Transaction<'_>, id: &InterviewId) -> Result<Interview> {
    store::interview::find(tx.conn, &tx.viewer.organisation.id, id)?.ok_or(ActionError::NotFound)
}

fn not_now(error: NotNow) -> ActionError {
    ActionError::Refused(error.to_string())
}

/// An interview of the viewer's organisation.
pub async fn find(context: &Context, viewer: &Viewer, id: InterviewId) -> Result<Interview> {
    let organisation = viewer.organisation.id.clone();
    let found = context.store.read(move |conn| store::interview::find(conn, &organisation, &id)).await?;
    found.ok_or(ActionError::NotFound)
}
