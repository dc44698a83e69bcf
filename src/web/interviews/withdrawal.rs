//! Ending a session before it has ended by itself, on a page that says what that means.

use super::session::Known;
use super::who;
use crate::actions::interview;
use crate::domain::ids::{InterviewId, SessionId};
use crate::domain::interview::SessionState;
use crate::web::prelude::*;
use crate::web::ui::{Confirm, stays, stops};

/// Asks.
pub async fn show(visit: Visit, Path((of, id)): Path<(InterviewId, SessionId)>) -> Answer {
    let known = Known::load(&visit, of, id).await?;
    let body = AskView { known: &known, viewer: &visit.viewer }.render();
    Ok(visit.page("Withdraw session", Nav::Interviews, body).in_mode(known.interview.mode).ok())
}

/// Ends it.
pub async fn submit(visit: Visit, Path((of, id)): Path<(InterviewId, SessionId)>) -> Answer {
    interview::withdraw(&visit.app, &visit.viewer, of.clone(), id.clone()).await?;
    Ok(done::see_other(paths::session(&of, &id), "The session was withdrawn."))
}

struct AskView<'a> {
    known: &'a Known,
    viewer: &'a Viewer,
}

impl Render for AskView<'_> {
    fn render(&self) -> Markup {
        let Known { interview, session, candidate, .. } = self.known;
        let back = paths::session(&interview.id, &session.id);
        let (name, _) = who(self.viewer, candidate);
        html! {
            (Head::below(Nav::Interviews, "Withdraw this session?")
                .under(&interview.title, paths::interview(&interview.id))
                .under(&name, back.clone()))
            @if !session.state.is_open() {
                p.says { "It has ended already: it is " (session.state.as_str()) "." }
                p.row { a.btn.main href=(back) { "Back to the session" } }
            } @else {
                (self.confirm(back, &name))
            }
        }
    }
}

impl AskView<'_> {
    fn confirm(&self, back: String, name: &str) -> Confirm<'_> {
        let Known { interview, session, .. } = self.known;
        let says = html! { "The session of " bdi { (name) } " ends from the moment you press the button." };
        let ends = match session.state {
            SessionState::Started { .. } => "The session that has started: no result can be recorded for it any more.",
            _ => "The invitation: it cannot be started any more.",
        };
        let details = html! {
            (stops(html! { ul { li { (ends) } } }))
            (stays(html! { p { "The session stays in the list as withdrawn. No webhook is told. The candidate can be invited again." } }))
        };
        let action = paths::session_withdrawal(&interview.id, &session.id);
        Confirm::new(says, "Withdraw session", action, back).details(details)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::interviews::session::sample;

    #[test]
    fn it_says_what_stops_and_asks_only_while_the_session_is_open() {
        let mut known = sample::invited();
        let viewer = crate::web::samples::viewer(Role::Recruiter);
        let page = AskView { known: &known, viewer: &viewer }.render().0;
        assert!(page.contains("What stops") && page.contains("btn stop") && page.contains("Keep it"), "{page}");
        known.session = known.session.withdraw(known.time.now).expect("it was open");
        let page = AskView { known: &known, viewer: &viewer }.render().0;
        assert!(page.contains("it is withdrawn.") && !page.contains("btn stop"), "{page}");
    }
}
