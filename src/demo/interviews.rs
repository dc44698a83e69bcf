//! Interviews with sessions in every state. In test mode one has a webhook of its own, and those that have ended were told
//! of; live mode has no webhook yet, so there nothing has ended.

use chrono::{DateTime, TimeDelta, Utc};
use rand::SeedableRng as _;
use rand::rngs::StdRng;

use super::history;
use crate::actions::Context;
use crate::delivery::interviews::{Reporter, end};
use crate::domain::candidate::Candidate;
use crate::domain::event::Cause;
use crate::domain::hook::{FieldSet, Hook, HookKind, HookState, Subscription};
use crate::domain::hook_url::HookUrl;
use crate::domain::ids::{HookId, InterviewId, MemberId, OrganisationId, SessionId};
use crate::domain::interview::result::{
    CategoryScores, Evaluation, Held, Integrity, LanguageProficiency, ResumeEvaluation, Score, Scores, SessionResult,
    Speaker, Summary, Turn, Validation,
};
use crate::domain::interview::{Interview, Session, SessionState};
use crate::domain::mode::Mode;
use crate::domain::policy::Policy;
use crate::store::candidate::ApplicantPage;
use crate::store::{self, Conn, StoreError};

/// An interview in short: title, minutes it takes, minutes until it expires, which of the first vacancy's candidates have a
/// session of it and how that stands.
struct Plan(&'static str, u32, u32, &'static [(usize, Stand)]);

/// How a session stands, with how many minutes ago it came to that.
#[derive(Clone, Copy)]
enum Stand {
    Invited(i64),
    Started(i64),
    Completed(i64),
    Abandoned(i64),
    Withdrawn(i64),
}
use Stand::{Abandoned, Completed, Invited, Started, Withdrawn};

const IN_TEST: [Plan; 3] = [
    Plan(
        "First interview",
        30,
        120,
        &[
            (0, Completed(1_300)),
            (1, Completed(1_150)),
            (2, Completed(430)),
            (3, Abandoned(900)),
            (4, Completed(200)),
            (5, Completed(760)),
            (7, Completed(1_020)),
            (8, Abandoned(340)),
            (12, Completed(38)),
            (13, Completed(560)),
            (6, Withdrawn(700)),
            (9, Started(20)),
            (11, Invited(95)),
        ],
    ),
    Plan(
        "Systems design",
        60,
        240,
        &[(0, Completed(1_000)), (1, Completed(310)), (2, Abandoned(150)), (4, Started(45)), (6, Invited(60))],
    ),
    Plan("Meet the team", 45, 4_320, &[(2, Invited(30))]),
];

const IN_LIVE: [Plan; 2] =
    [Plan("First interview", 30, 4_320, &[(0, Started(25)), (4, Invited(50))]), Plan("Systems design", 60, 4_320, &[])];

/// The one with a webhook of its own, and the path of that at the receiver.
const WITH_OWN_HOOK: (&str, &str) = ("Systems design", "/ok?for=systems-design");

/// Who makes all of it.
#[derive(Clone, Copy)]
pub(super) struct Scene<'a> {
    pub(super) context: &'a Context,
    pub(super) organisation: &'a OrganisationId,
    pub(super) admin: &'a MemberId,
    pub(super) now: DateTime<Utc>,
}

impl Scene<'_> {
    /// Writes the interviews of a mode. `hooks` are those that are told of them, at the `receiver`.
    pub(super) fn write(
        &self,
        conn: &mut Conn,
        mode: Mode,
        hooks: &[Hook],
        receiver: &HookUrl,
    ) -> Result<(), StoreError> {
        // The newest vacancy is the last of the list that they are written in; the first has everybody.
        let vacancies = store::vacancy::list(conn, self.organisation, mode)?;
        let Some((vacancy, _)) = vacancies.into_iter().max_by_key(|(_, candidates)| *candidates) else { return Ok(()) };
        let page = ApplicantPage { stage: None, offset: 0, limit: 50 };
        let mut people: Vec<Candidate> =
            store::candidate::applicants(conn, &vacancy.id, &page)?.into_iter().map(|one| one.candidate).collect();
        people.sort_by(|one, other| one.external_id.cmp(&other.external_id));
        let mut hooks = hooks.to_vec();
        let plans: &[Plan] = if mode == Mode::Test { &IN_TEST } else { &IN_LIVE };
        let mut random = StdRng::seed_from_u64(20_261_121);
        for Plan(title, duration_minutes, expires_after_minutes, sessions) in plans {
            let made = self.now - TimeDelta::days(9);
            let interview = Interview {
                id: InterviewId::new(made),
                organisation_id: self.organisation.clone(),
                mode,
                vacancy_id: Some(vacancy.id.clone()),
                title: (*title).into(),
                duration_minutes: *duration_minutes,
                expires_after_minutes: *expires_after_minutes,
                created_by: Some(self.admin.clone()),
                created_at: made,
                updated_at: made,
            };
            store::interview::insert(conn, &interview)?;
            if mode == Mode::Test && *title == WITH_OWN_HOOK.0 {
                hooks.push(self.own_hook(conn, &interview, &hooks, receiver)?);
            }
            for (at, stand) in *sessions {
                let Some(candidate) = people.get(*at) else { continue };
                self.session(conn, &interview, candidate, *stand, &hooks, &mut random)?;
            }
        }
        Ok(())
    }

    fn own_hook(
        &self,
        conn: &mut Conn,
        of: &Interview,
        hooks: &[Hook],
        receiver: &HookUrl,
    ) -> Result<Hook, StoreError> {
        let default = hooks.iter().find(|hook| hook.is_default);
        let (path, query) = WITH_OWN_HOOK.1.split_once('?').unwrap_or((WITH_OWN_HOOK.1, ""));
        let mut url = receiver.url().clone();
        url.set_path(path);
        url.set_query(Some(query));
        let hook = Hook {
            id: HookId::new(of.created_at),
            organisation_id: of.organisation_id.clone(),
            mode: of.mode,
            name: of.title.clone(),
            note: None,
            rate: None,
            url: HookUrl::parse(url.as_str()).unwrap_or_else(|_| receiver.clone()),
            policy: default.map_or(Policy::Quick, |default| default.policy),
            field_set: default.map_or(FieldSet::Standard, |default| default.field_set),
            subscription: Subscription::All,
            is_default: false,
            kind: HookKind::Interview { interview: of.id.clone(), own_policy: false },
            state: HookState::Active,
            created_by: Some(self.admin.clone()),
            created_at: of.created_at,
            updated_at: of.created_at,
            replaced_by: None,
        };
        store::hook::insert(conn, &hook)?;
        Ok(hook)
    }

    fn session(
        &self,
        conn: &mut Conn,
        of: &Interview,
        candidate: &Candidate,
        stand: Stand,
        hooks: &[Hook],
        random: &mut StdRng,
    ) -> Result<(), StoreError> {
        let ago = |minutes: i64| self.now - TimeDelta::minutes(minutes);
        let expires = i64::from(of.expires_after_minutes);
        let (invited, started) = match stand {
            Invited(at) => (ago(at), None),
            Started(at) => (ago(at + 180), Some(ago(at))),
            Completed(at) => (ago(at + 400), Some(ago(at + 24))),
            Abandoned(at) => (ago(at + expires + 300), Some(ago(at + expires))),
            Withdrawn(at) => (ago(at + 500), None),
        };
        let state = started.map_or(SessionState::Invited, |at| SessionState::Started {
            at,
            expires_at: at + TimeDelta::minutes(expires),
        });
        let session = Session {
            id: SessionId::new(invited),
            interview_id: of.id.clone(),
            organisation_id: of.organisation_id.clone(),
            candidate_id: candidate.id.clone(),
            token: format!("demo-{}", candidate.id.as_str().to_lowercase()),
            state,
            result: None,
            event_id: None,
            invited_by: Some(self.admin.clone()),
            invited_at: invited,
            updated_at: invited,
        };
        store::interview::insert_session(conn, &session)?;
        let member = Cause::Member(self.admin.clone());
        let (ended, at, cause) = match stand {
            Invited(_) | Started(_) => return Ok(()),
            Completed(at) => (session.complete(result(at), ago(at)), ago(at), member),
            Abandoned(at) => (session.expire(ago(at)), ago(at), Cause::Clock),
            Withdrawn(at) => (session.withdraw(ago(at)), ago(at), member),
        };
        let Ok(ended) = ended else { return Ok(()) };
        if let Withdrawn(_) = stand {
            return store::interview::move_session(conn, &ended, &state).map(drop);
        }
        let engine = &self.context.engine;
        let by = Reporter { cause: &cause, console: engine.console(), holder: engine.instance() };
        let Some((_, recorded)) = end(conn, ended, &state, by, at)? else { return Ok(()) };
        for owed in recorded.owed {
            let Some(hook) = hooks.iter().find(|hook| hook.id == owed.delivery.hook_id) else { continue };
            history::deliver(conn, self.context, hook, owed, random)?;
        }
        Ok(())
    }
}

/// A result that is a little different each time.
fn result(seed: i64) -> SessionResult {
    let score = |around: i64| Some((around + seed / 10 % 13) as f64);
    let turn = |speaker, offset: f64, text: &str| Turn { speaker, offset_seconds: Some(offset), text: text.into() };
    let named = |name: &str, around: i64| Score { name: name.into(), score: score(around) };
    SessionResult {
        session: Held { kind: Some("video".into()), ..Held::default() },
        validation: Validation { passed: Some(true), reason: Some("Identity confirmed".into()), checked_at: None },
        scores: Scores { overall: score(76), interview: score(78), resume: score(72) },
        integrity: Integrity { score: score(84), risk_level: Some("low".into()), flags: Vec::new() },
        evaluation: Some(Evaluation {
            performance_summary: Some("Explains trade-offs before being asked, and says what they cost.".into()),
            category_scores: CategoryScores {
                communication: score(80),
                technical_knowledge: score(75),
                problem_solving: score(79),
                experience: score(70),
                motivation: score(82),
            },
            language_proficiency: Some(LanguageProficiency {
                language: Some("English".into()),
                overall: score(81),
                ..LanguageProficiency::default()
            }),
            summary: Summary {
                text: Some("Ready for the next round.".into()),
                strengths: vec!["Clear under pressure".into(), "Asks what the user needs".into()],
                concerns: vec!["Little experience with Kafka".into()],
            },
            custom_scores: vec![named("Team fit", 77)],
        }),
        resume_evaluation: Some(ResumeEvaluation {
            overall_score: score(72),
            criteria: vec![named("Experience", 74), named("Education", 70)],
            highlights: vec!["Led the migration of 40 services".into()],
        }),
        transcript: Some(vec![
            turn(Speaker::Interviewer, 0.0, "What did you build last, and what would you do differently?"),
            turn(Speaker::Candidate, 6.5, "A queue that outlives its receivers. I would measure it first."),
            turn(Speaker::Interviewer, 94.0, "What did it cost?"),
            turn(Speaker::Candidate, 97.5, "Two weeks and a lot of patience."),
        ]),
    }
}
