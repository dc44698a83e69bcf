//! One session: where it stands, what came of it, and who was told.

use std::collections::HashMap;

use super::evaluation::Outcome;
use super::who;
use crate::actions::interview;
use crate::domain::candidate::Candidate;
use crate::domain::delivery::Delivery;
use crate::domain::hook::Hook;
use crate::domain::ids::{InterviewId, SessionId};
use crate::domain::interview::{Interview, Session, SessionState};
use crate::web::prelude::*;
use crate::web::status::response;

/// The page.
pub async fn show(visit: Visit, Path((of, id)): Path<(InterviewId, SessionId)>) -> Answer {
    let known = Known::load(&visit, of, id).await?;
    let view = View { known: &known, viewer: &visit.viewer };
    Ok(visit.page(view.title(), Nav::Interviews, view).in_mode(known.interview.mode).ok())
}

/// Marks it as started.
pub async fn start(visit: Visit, Path((of, id)): Path<(InterviewId, SessionId)>) -> Answer {
    interview::start(&visit.app, &visit.viewer, of.clone(), id.clone()).await?;
    Ok(done::see_other(paths::session(&of, &id), "The session is marked as started."))
}

/// What the pages of a session show.
pub(super) struct Known {
    pub interview: Interview,
    pub session: Session,
    pub candidate: Candidate,
    pub inviter: Option<String>,
    pub told: Vec<(Delivery, Option<Hook>)>,
    pub time: LocalTime,
}

impl Known {
    pub async fn load(visit: &Visit, of: InterviewId, id: SessionId) -> Result<Self, WebError> {
        let time = visit.time();
        visit.find(move |conn, viewer| Self::read(conn, viewer, &of, &id, time)).await
    }

    fn read(
        conn: &mut Conn,
        viewer: &Viewer,
        of: &InterviewId,
        id: &SessionId,
        time: LocalTime,
    ) -> Result<Option<Self>, StoreError> {
        let organisation = &viewer.organisation.id;
        let Some(interview) = store::interview::find(conn, organisation, of)? else { return Ok(None) };
        let session = store::interview::find_session(conn, organisation, id)?;
        let Some(session) = session.filter(|session| session.interview_id == interview.id) else { return Ok(None) };
        let found = store::candidate::find(conn, organisation, &session.candidate_id)?;
        let Some(candidate) = found else { return Ok(None) };
        let by: Vec<String> = session.invited_by.iter().map(ToString::to_string).collect();
        let mut names: HashMap<String, String> = store::member::names(conn, &by)?;
        let inviter = by.first().and_then(|id| names.remove(id));
        let mut told = Vec::new();
        if let Some(event) = &session.event_id {
            for delivery in store::delivery::of_event(conn, organisation, event)? {
                let hook = store::hook::find(conn, organisation, &delivery.hook_id)?;
                told.push((delivery, hook));
            }
        }
        Ok(Some(Self { interview, session, candidate, inviter, told, time }))
    }
}

struct View<'a> {
    known: &'a Known,
    viewer: &'a Viewer,
}

impl View<'_> {
    fn title(&self) -> String {
        who(self.viewer, &self.known.candidate).0
    }
}

impl Render for View<'_> {
    fn render(&self) -> Markup {
        let Known { interview, session, .. } = self.known;
        let head = Head::below(Nav::Interviews, html! { bdi { (self.title()) } })
            .under(&interview.title, paths::interview(&interview.id))
            .state(State::of_session(&session.state).pill())
            .acts(self.acts());
        let masked = !self.viewer.role.may(Permission::SeePersonalData);
        html! {
            (head)
            p.says { (self.says()) }
            @if let Some(result) = &session.result { (Outcome { result, masked }) }
            @if session.end_event().is_some() { (part("Deliveries", html! { "Who was told how it ended" }, self.deliveries())) }
            (part("Facts", html! {}, self.facts()))
        }
    }
}

impl View<'_> {
    fn acts(&self) -> Markup {
        let Known { interview, session, .. } = self.known;
        if !self.viewer.role.may(Permission::ManageInterviews) || !session.state.is_open() {
            return html! {};
        }
        html! {
            a.btn.main href=(paths::session_result(&interview.id, &session.id)) { "Record result" }
            @if session.state == SessionState::Invited {
                " " form method="post" action=(paths::session_start(&interview.id, &session.id)) { button.btn { "Mark as started" } }
            }
            " " a.btn.risk href=(paths::session_withdrawal(&interview.id, &session.id)) { "Withdraw" }
        }
    }

    fn says(&self) -> Markup {
        let near = |at| self.known.time.near(at);
        html! {
            @match self.known.session.state {
                SessionState::Invited => "Invited, and not started yet. Hirewire sends no invitation: tell the candidate yourself.",
                SessionState::Started { at, expires_at } if expires_at <= self.known.time.now => {
                    "Started " (near(at)) ". Its time is over: it is about to become abandoned."
                },
                SessionState::Started { at, expires_at } => {
                    "Started " (near(at)) ". It becomes abandoned " (near(expires_at)) ", unless its result is recorded before."
                },
                SessionState::Completed { at, .. } => { "Completed " (near(at)) "." },
                SessionState::Abandoned { started_at, at } => {
                    "Started " (near(started_at)) " and not completed: it expired " (near(at)) "."
                },
                SessionState::Withdrawn { at, .. } => { "Withdrawn " (near(at)) ". No webhook was told." },
            }
        }
    }

    fn deliveries(&self) -> Markup {
        if self.known.told.is_empty() {
            return html! {
                p.soft {
                    "Nobody: no webhook asked for it at that time. "
                    a href=(paths::interview_settings(&self.known.interview.id)) { "Where its events go now" }
                }
            };
        }
        // Recruiters see in the log what they exported, and nothing else.
        let may_open = self.viewer.role != Role::Recruiter;
        Table::of("cards recent", ["Timestamp", "Webhook", "Status", "Response"]).numbers("Retries")
            .rows(html! {
                @for (delivery, hook) in &self.known.told {
                    @let name = hook.as_ref().map_or("A webhook that is gone", |hook| hook.name.as_str());
                    tr {
                        td { (self.known.time.short(delivery.sent_at.unwrap_or(delivery.created_at))) }
                        th scope="row" {
                            @if may_open { a href=(paths::log(&delivery.id)) { bdi { (name) } } } @else { bdi { (name) } }
                            @if hook.as_ref().is_some_and(|hook| hook.interview().is_some()) { " " span.tag { "Interview" } }
                        }
                        td { (State::of_delivery(delivery).plain()) }
                        td { (response(delivery)) }
                        td.num data-l="Retries" { (delivery.tries.retries()) }
                    }
                }
            })
    }

    fn facts(&self) -> Markup {
        let Known { session, candidate, inviter, .. } = self.known;
        let (_, email) = who(self.viewer, candidate);
        html! {
            dl.facts.two {
                @if let Some(email) = email { div { dt { "E-mail" } dd { (email) } } }
                @if let Some(external) = &candidate.external_id { div { dt { "External id" } dd { code { (external) } } } }
                div {
                    dt { "Invited" }
                    dd { (self.known.time.long(session.invited_at)) @if let Some(name) = inviter { ", " bdi { (name) } } }
                }
                @if let Some(at) = session.state.started_at() { div { dt { "Started" } dd { (self.known.time.long(at)) } } }
                @if let Some(at) = session.state.ended_at() { div { dt { "Ended" } dd { (self.known.time.long(at)) } } }
                div { dt { "Session id" } dd { (code::id("session id", session.id.as_str())) } }
                @if let Some(event) = &session.event_id { div { dt { "Event id" } dd { (code::id("event id", event.as_str())) } } }
            }
        }
    }
}

#[cfg(test)]
pub(super) mod sample {
    use super::*;
    use crate::domain::interview::payload::sample;

    /// An invited session, half an hour later.
    pub fn invited() -> Known {
        let (interview, session, candidate) = sample::parts();
        let now = session.invited_at + chrono::TimeDelta::minutes(30);
        let time = LocalTime { now, ..crate::web::samples::time() };
        Known { interview, session, candidate, inviter: Some("Nguyễn Thị Ánh".into()), told: Vec::new(), time }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::interview::payload::sample as domain;
    use crate::web::samples::viewer;

    fn page(known: &Known, role: Role) -> String {
        View { known, viewer: &viewer(role) }.render().0
    }

    #[test]
    fn an_open_session_can_be_started_recorded_and_withdrawn_by_those_who_may() {
        let mut known = sample::invited();
        let told = page(&known, Role::Recruiter);
        assert!(
            told.contains("Record result") && told.contains("Mark as started") && told.contains("Withdraw"),
            "{told}"
        );
        assert!(told.contains("<bdi>Nguyễn Thị Ánh</bdi>"), "{told}");
        known.session = known.session.start(&known.interview, known.time.now).expect("it was invited");
        let told = page(&known, Role::Recruiter);
        assert!(told.contains("It becomes abandoned <time") && !told.contains("Mark as started"), "{told}");
        let support = page(&known, Role::Support);
        assert!(!support.contains("Record result") && !support.contains("Siobhán") && support.contains("S••• O•••"));
    }

    #[test]
    fn what_came_of_it_is_told_and_support_sees_numbers_but_no_words() {
        let mut known = sample::invited();
        known.session = known.session.complete(domain::result(), known.time.now).expect("it was open");
        let told = page(&known, Role::Admin);
        for words in ["Clear ✨", "Little experience with Kafka", "I like short feedback loops.", "Nobody: no webhook"]
        {
            assert!(told.contains(words), "no {words} in {told}");
        }
        let support = page(&known, Role::Support);
        assert!(support.contains("88.5") && !support.contains("Clear ✨") && !support.contains("feedback loops"));
    }
}
