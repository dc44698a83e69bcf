//! One interview: its sessions, and who else is invited.

use std::collections::HashMap;

use chrono::{DateTime, Utc};

use super::{Side, minutes, tabs, who};
use crate::actions::interview;
use crate::domain::candidate::Candidate;
use crate::domain::ids::{CandidateId, InterviewId};
use crate::domain::interview::{Interview, Session, SessionState};
use crate::store::candidate::ApplicantPage;
use crate::store::interview::MAX_LISTED;
use crate::web::form::{Choice, TextField};
use crate::web::prelude::*;

/// So many candidates of the vacancy can be chosen from a list.
const OFFERED: i64 = 200;

/// The page.
pub async fn show(visit: Visit, Path(id): Path<InterviewId>) -> Answer {
    let shown = InterviewData::load(&visit, id).await?;
    let typed = Typed { token: token(), ..Typed::default() };
    Ok(shown.page(&visit, &typed).ok())
}

/// Invites a candidate, and leads to their session.
pub async fn invite(visit: Visit, fields: Fields, Path(id): Path<InterviewId>) -> Answer {
    let shown = InterviewData::load(&visit, id).await?;
    let of = shown.interview.id.clone();
    let (token, chosen, typed) = (fields.one("token"), fields.one("candidate"), fields.one("other"));
    // What was typed counts before what was chosen.
    let is_typed = !typed.trim().is_empty();
    let candidate = if is_typed { typed } else { chosen };
    match interview::invite(&visit.app, &visit.viewer, of.clone(), candidate.to_owned(), token).await {
        Ok(session) => Ok(done::see_other(paths::session(&of, &session), "The session was created.")),
        Err(ActionError::Invalid(mut errors)) => {
            let field = if is_typed || shown.offered.is_empty() { "other" } else { "candidate" };
            errors.iter_mut().for_each(|error| error.field = field.to_owned());
            let typed =
                Typed { token: token.into(), chosen: chosen.into(), typed: typed.into(), errors: Errors(errors) };
            Ok(shown.page(&visit, &typed).refused())
        }
        Err(error) => Err(error.into()),
    }
}

#[derive(Default)]
struct Typed {
    token: String,
    chosen: String,
    typed: String,
    errors: Errors,
}

struct InterviewData {
    interview: Interview,
    vacancy: Option<String>,
    sessions: Vec<(Session, Option<Candidate>)>,
    /// Who can be chosen: candidates of the vacancy without an open session.
    offered: Vec<Candidate>,
    time: LocalTime,
}

impl InterviewData {
    async fn load(visit: &Visit, id: InterviewId) -> Result<Self, WebError> {
        let time = visit.time();
        visit.find(move |conn, viewer| Self::read(conn, viewer, &id, time)).await
    }

    fn read(conn: &mut Conn, viewer: &Viewer, id: &InterviewId, time: LocalTime) -> Result<Option<Self>, StoreError> {
        let organisation = &viewer.organisation.id;
        let Some(interview) = store::interview::find(conn, organisation, id)? else { return Ok(None) };
        let sessions = store::interview::sessions(conn, id)?;
        let open = |candidate: &CandidateId| {
            sessions.iter().any(|session| session.candidate_id == *candidate && session.state.is_open())
        };
        let mut offered = Vec::new();
        let mut vacancy = None;
        if let Some(of) = &interview.vacancy_id {
            vacancy = store::vacancy::find(conn, organisation, of)?.map(|vacancy| vacancy.title);
            if viewer.role.may(Permission::ManageInterviews) {
                let page = ApplicantPage { stage: None, offset: 0, limit: OFFERED };
                offered = store::candidate::applicants(conn, of, &page)?.into_iter().map(|one| one.candidate).collect();
                offered.retain(|one| one.consent_withdrawn_at.is_none() && !open(&one.id));
                offered.sort_by_key(|one| one.profile.full_name.to_lowercase());
            }
        }
        let ids: Vec<CandidateId> = sessions.iter().map(|session| session.candidate_id.clone()).collect();
        let people = store::candidate::by_ids(conn, organisation, &ids)?;
        let mut people: HashMap<CandidateId, Candidate> = people.into_iter().map(|one| (one.id.clone(), one)).collect();
        let mut seen: HashMap<CandidateId, Candidate> = HashMap::new();
        let sessions = sessions
            .into_iter()
            .map(|session| {
                // Somebody may have been invited twice.
                let of = &session.candidate_id;
                let candidate = people.remove(of).or_else(|| seen.get(of).cloned());
                seen.extend(candidate.clone().map(|one| (of.clone(), one)));
                (session, candidate)
            })
            .collect();
        Ok(Some(Self { interview, vacancy, sessions, offered, time }))
    }

    fn page<'a>(&self, visit: &'a Visit, typed: &Typed) -> Page<'a> {
        let body = View { shown: self, viewer: &visit.viewer, typed }.render();
        visit.page(self.interview.title.clone(), Nav::Interviews, body).in_mode(self.interview.mode)
    }
}

struct View<'a> {
    shown: &'a InterviewData,
    viewer: &'a Viewer,
    typed: &'a Typed,
}

impl Render for View<'_> {
    fn render(&self) -> Markup {
        let InterviewData { interview, sessions, .. } = self.shown;
        let head = Head::below(Nav::Interviews, html! { bdi { (interview.title) } }).lede(self.lede());
        html! {
            (self.typed.errors.summary())
            (head)
            (tabs(interview, sessions.len(), Side::Sessions))
            @if sessions.is_empty() {
                section.empty {
                    h2 { "Nobody has been invited yet." }
                    p { "Each candidate has a session of their own. What comes of it goes out as " code { "interview.completed" } " or " code { "interview.abandoned" } "." }
                }
            } @else {
                (self.table())
            }
            @if self.viewer.role.may(Permission::ManageInterviews) { (self.invite()) }
        }
    }
}

impl View<'_> {
    fn lede(&self) -> Markup {
        let Interview { vacancy_id, duration_minutes, expires_after_minutes, .. } = &self.shown.interview;
        html! {
            @if let (Some(id), Some(title)) = (vacancy_id, &self.shown.vacancy) {
                "For " a href=(paths::vacancy(id)) { bdi { (title) } } ". "
            }
            "Planned for " (minutes(*duration_minutes)) "; a started session expires after " (minutes(*expires_after_minutes)) "."
        }
    }

    fn table(&self) -> Markup {
        let count = self.shown.sessions.len();
        html! {
            (Table::pairs(["Candidate", "State", "Invited", "Started", "Ended"]).numbers("Score")
                .captioned("Sessions, the latest invited first")
                .rows(html! { @for (session, candidate) in &self.shown.sessions { (self.row(session, candidate.as_ref())) } }))
            @if count as i64 == MAX_LISTED { p.small.soft { "The latest " (MAX_LISTED) " sessions." } }
        }
    }

    fn row(&self, session: &Session, candidate: Option<&Candidate>) -> Markup {
        let near =
            |at: Option<DateTime<Utc>>| html! { @match at { Some(at) => (self.shown.time.near(at)), None => "–" } };
        let (name, email) = candidate.map_or(("A candidate who is gone".to_owned(), None), |one| who(self.viewer, one));
        let score = session.result.as_ref().and_then(|result| result.scores.overall);
        html! {
            tr {
                th scope="row" {
                    a href=(paths::session(&session.interview_id, &session.id)) { bdi { (name) } }
                    @if let Some(email) = email { span.sub { (email) } }
                }
                td {
                    (State::of_session(&session.state).plain())
                    @if let SessionState::Started { expires_at, .. } = session.state { span.sub { "expires " (self.shown.time.near(expires_at)) } }
                }
                td data-l="Invited" { (self.shown.time.near(session.invited_at)) }
                td data-l="Started" { (near(session.state.started_at())) }
                td data-l="Ended" { (near(session.state.ended_at())) }
                td.num data-l="Score" { @match score { Some(score) => (score), None => "–" } }
            }
        }
    }

    fn invite(&self) -> Markup {
        let InterviewData { interview, offered, .. } = self.shown;
        let mut options = vec![(String::new(), "Choose".to_owned())];
        options.extend(offered.iter().map(|one| {
            let email = one.profile.email().map(|email| format!(", {email}")).unwrap_or_default();
            (one.id.to_string(), format!("{}{email}", one.profile.full_name))
        }));
        let hint =
            if offered.is_empty() { "" } else { "Or somebody else. Candidates with an open session are not listed." };
        let content = html! {
            form.form method="post" action=(paths::interview_sessions(&interview.id)) novalidate {
                @if !offered.is_empty() {
                    (Choice {
                        name: "candidate", label: "Candidate of the vacancy", hint: "Candidates with an open session are not listed.", options: &options,
                        value: &self.typed.chosen, error: self.typed.errors.of("candidate"),
                    })
                }
                (TextField {
                    name: "other", label: "E-mail address or external id", hint, value: &self.typed.typed,
                    error: self.typed.errors.of("other"),
                })
                div.row { (token_field(&self.typed.token)) button.btn { "Invite candidate" } }
            }
        };
        part(
            "Invite",
            html! { "Hirewire tells nobody: neither the candidate nor a webhook. Tell the candidate yourself." },
            content,
        )
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;
    use crate::actions::FieldError;
    use crate::domain::interview::payload::sample;
    use crate::web::samples::{time, viewer};

    fn shown(sessions: Vec<(Session, Option<Candidate>)>, offered: Vec<Candidate>) -> InterviewData {
        let (interview, ..) = sample::parts();
        let time = LocalTime { now: sample::morning() + TimeDelta::hours(1), ..time() };
        InterviewData { interview, vacancy: None, sessions, offered, time }
    }

    fn render(shown: &InterviewData, role: Role, typed: &Typed) -> String {
        View { shown, viewer: &viewer(role), typed }.render().0
    }

    #[test]
    fn each_session_says_who_where_it_stands_and_how_it_went() {
        let (interview, session, candidate) = sample::parts();
        let at = session.invited_at;
        let started = session.clone().start(&interview, at).expect("it was invited");
        let done = session.complete(sample::result(), at).expect("it was open");
        let shown = shown(vec![(started, Some(candidate.clone())), (done, Some(candidate))], Vec::new());
        let page = render(&shown, Role::Recruiter, &Typed::default());
        assert!(page.contains("Siobhán O'Brien") || page.contains("Siobhán O&#39;Brien"), "{page}");
        assert!(page.contains("Started") && page.contains("expires <time") && page.contains("Completed"), "{page}");
        assert!(page.contains(r#"data-l="Score">87<"#) && page.contains("Invite candidate"), "{page}");
        assert!(page.contains("<bdi>First interview &lt;script&gt;</bdi>"), "{page}");
    }

    #[test]
    fn support_sees_first_letters_and_invites_nobody() {
        let (_, session, candidate) = sample::parts();
        let page = render(&shown(vec![(session, Some(candidate))], Vec::new()), Role::Support, &Typed::default());
        assert!(page.contains("S••• O•••") && page.contains("s•••@mail.example"), "{page}");
        assert!(!page.contains("Siobhán") && !page.contains("Invite candidate"), "{page}");
    }

    #[test]
    fn nobody_invited_is_said_and_a_refused_invitation_keeps_what_was_typed() {
        let (_, _, candidate) = sample::parts();
        let id = candidate.id.to_string();
        let typed = Typed {
            chosen: id.clone(),
            typed: "<x>".into(),
            errors: Errors(vec![FieldError::new("other", "Enter the e-mail address")]),
            ..Typed::default()
        };
        let page = render(&shown(Vec::new(), vec![candidate]), Role::Admin, &typed);
        assert!(page.contains("Nobody has been invited yet."), "{page}");
        assert!(page.contains(r##"<a href="#other">Enter the e-mail address</a>"##), "{page}");
        assert!(page.contains(r#"value="&lt;x&gt;""#) && page.contains(&format!(r#"value="{id}" selected"#)), "{page}");
    }
}
