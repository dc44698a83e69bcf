//! One session: where it stands, what came of it, and who was told.

use std::collections::HashMap;

use actix_web::{HttpResponse, web};
use chrono::{DateTime, Utc};
use maud::{Markup, Render, html};

use super::super::done;
use super::super::error::WebError;
use super::super::gate::Organisations;
use super::super::layout::{Head, Nav, Page, part};
use super::super::status::{State, response};
use super::super::{code, paths, time};
use super::evaluation::Outcome;
use super::{ids, who};
use crate::actions::{Context, Viewer, interview};
use crate::domain::candidate::Candidate;
use crate::domain::delivery::Delivery;
use crate::domain::hook::Hook;
use crate::domain::ids::{InterviewId, SessionId};
use crate::domain::interview::{Interview, Session, SessionState};
use crate::domain::role::{Permission, Role};
use crate::store::{self, Conn, StoreError};

/// The page.
pub async fn show(
    context: web::Data<Context>,
    viewer: Viewer,
    organisations: Organisations,
    path: web::Path<(String, String)>,
) -> Result<HttpResponse, WebError> {
    let known = Known::load(&context, &viewer, &path).await?;
    let view = View { known: &known, viewer: &viewer };
    let page = Page::new(view.title(), Nav::Interviews, &viewer, view.render()).in_mode(known.interview.mode);
    Ok(Page { organisations: organisations.0, ..page }.ok())
}

/// Marks it as started.
pub async fn start(
    context: web::Data<Context>,
    viewer: Viewer,
    path: web::Path<(String, String)>,
) -> Result<HttpResponse, WebError> {
    let (of, id) = ids(&path)?;
    interview::start(&context, &viewer, of.clone(), id.clone()).await?;
    Ok(done::see_other(paths::session(&of, &id), "The session is marked as started."))
}

/// What the pages of a session show.
pub(super) struct Known {
    pub interview: Interview,
    pub session: Session,
    pub candidate: Candidate,
    pub inviter: Option<String>,
    pub told: Vec<(Delivery, Option<Hook>)>,
    pub now: DateTime<Utc>,
}

impl Known {
    pub async fn load(context: &Context, viewer: &Viewer, path: &(String, String)) -> Result<Self, WebError> {
        let (of, id) = ids(path)?;
        let (reader, now) = (viewer.clone(), context.clock.now());
        let found = context.store.read(move |conn| Self::read(conn, &reader, &of, &id, now)).await?;
        found.ok_or(WebError::NotFound)
    }

    fn read(
        conn: &mut Conn,
        viewer: &Viewer,
        of: &InterviewId,
        id: &SessionId,
        now: DateTime<Utc>,
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
        Ok(Some(Self { interview, session, candidate, inviter, told, now }))
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
        let crumbs = [
            ("Interviews", Some(paths::INTERVIEWS.to_owned())),
            (interview.title.as_str(), Some(paths::interview(&interview.id))),
        ];
        let head = Head {
            state: State::of_session(&session.state).pill(),
            acts: self.acts(),
            ..Head::new(&crumbs, html! { bdi { (self.title()) } })
        };
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
        let (zone, now) = (self.viewer.organisation.time_zone, self.known.now);
        let near = |at| time::near(at, zone, now);
        html! {
            @match self.known.session.state {
                SessionState::Invited => "Invited, and not started yet. Hirewire sends no invitation: tell the candidate yourself.",
                SessionState::Started { at, expires_at } if expires_at <= now => {
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
        let zone = self.viewer.organisation.time_zone;
        // Recruiters see in the log what they exported, and nothing else.
        let may_open = self.viewer.role != Role::Recruiter;
        html! {
            div.table {
                table.cards.recent {
                    thead { tr {
                        th scope="col" { "Timestamp" }
                        th scope="col" { "Webhook" }
                        th scope="col" { "Status" }
                        th scope="col" { "Response" }
                        th.num scope="col" { "Retries" }
                    } }
                    tbody { @for (delivery, hook) in &self.known.told {
                        @let name = hook.as_ref().map_or("A webhook that is gone", |hook| hook.name.as_str());
                        tr {
                            td { (time::short(delivery.sent_at.unwrap_or(delivery.created_at), zone, self.known.now)) }
                            th scope="row" {
                                @if may_open { a href=(paths::log(&delivery.id)) { bdi { (name) } } } @else { bdi { (name) } }
                                @if hook.as_ref().is_some_and(|hook| hook.interview().is_some()) { " " span.tag { "Interview" } }
                            }
                            td { (State::of_delivery(delivery).plain()) }
                            td { (response(delivery)) }
                            td.num data-l="Retries" { (delivery.tries.retries()) }
                        }
                    } }
                }
            }
        }
    }

    fn facts(&self) -> Markup {
        let Known { session, candidate, inviter, .. } = self.known;
        let zone = self.viewer.organisation.time_zone;
        let (_, email) = who(self.viewer, candidate);
        html! {
            dl.facts.two {
                @if let Some(email) = email { div { dt { "E-mail" } dd { (email) } } }
                @if let Some(external) = &candidate.external_id { div { dt { "External id" } dd { code { (external) } } } }
                div {
                    dt { "Invited" }
                    dd { (time::long(session.invited_at, zone)) @if let Some(name) = inviter { ", " bdi { (name) } } }
                }
                @if let Some(at) = session.state.started_at() { div { dt { "Started" } dd { (time::long(at, zone)) } } }
                @if let Some(at) = session.state.ended_at() { div { dt { "Ended" } dd { (time::long(at, zone)) } } }
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
        Known { interview, session, candidate, inviter: Some("Nguyễn Thị Ánh".into()), told: Vec::new(), now }
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
        known.session = known.session.start(&known.interview, known.now).expect("it was invited");
        let told = page(&known, Role::Recruiter);
        assert!(told.contains("It becomes abandoned <time") && !told.contains("Mark as started"), "{told}");
        let support = page(&known, Role::Support);
        assert!(!support.contains("Record result") && !support.contains("Siobhán") && support.contains("S••• O•••"));
    }

    #[test]
    fn what_came_of_it_is_told_and_support_sees_numbers_but_no_words() {
        let mut known = sample::invited();
        known.session = known.session.complete(domain::result(), known.now).expect("it was open");
        let told = page(&known, Role::Admin);
        for words in ["Clear ✨", "Little experience with Kafka", "I like short feedback loops.", "Nobody: no webhook"]
        {
            assert!(told.contains(words), "no {words} in {told}");
        }
        let support = page(&known, Role::Support);
        assert!(support.contains("88.5") && !support.contains("Clear ✨") && !support.contains("feedback loops"));
    }
}
