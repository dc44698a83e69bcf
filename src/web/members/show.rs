//! One member: who they are, their role, the way out.

use super::find_member;
use crate::actions::member;
use crate::config::Config;
use crate::domain::ids::MemberId;
use crate::domain::member::Membership;
use crate::web::bidi::isolated;
use crate::web::form::roles;
use crate::web::prelude::*;
use crate::web::session::MAX_SESSIONS;
use crate::web::words::count;

/// Shows a member.
pub async fn show(visit: Visit, Path(id): Path<MemberId>, config: web::Data<Config>) -> Answer {
    let membership = find_member(&visit, id.clone()).await?;
    let view = MemberView {
        membership: &membership,
        sessions: sessions(&visit, &config, &membership).await?,
        role: membership.role.as_str(),
        errors: &Errors::default(),
        viewer: &visit.viewer,
        time: visit.time(),
    };
    Ok(page(&visit, &view).ok())
}

/// Ends their sessions.
pub async fn end_sessions(visit: Visit, Path(id): Path<MemberId>) -> Answer {
    let name = find_member(&visit, id.clone()).await?.member.name;
    let ended = member::end_sessions(&visit.app, &visit.viewer, id.clone()).await?;
    let ended = match ended {
        0 => format!("{} was not logged in.", isolated(&name)),
        1 => format!("One session of {} was ended.", isolated(&name)),
        many => format!("{many} sessions of {} were ended.", isolated(&name)),
    };
    Ok(done::see_other(paths::member(&id), ended))
}

/// How many sessions a member has that an admin can end.
async fn sessions(visit: &Visit, config: &Config, membership: &Membership) -> Result<usize, WebError> {
    let (id, now) = (membership.member.id.clone(), visit.now);
    let born = now - config.sessions.life;
    let found = visit.read(move |conn, _| store::web_session::of_member(conn, &id, now, born, MAX_SESSIONS));
    Ok(found.await?.len())
}

/// Gives them another role.
pub async fn change_role(visit: Visit, config: web::Data<Config>, fields: Fields, Path(id): Path<MemberId>) -> Answer {
    let role = fields.one("role");
    match member::change_role(&visit.app, &visit.viewer, id.clone(), Role::parse(role)).await {
        // Whoever gave away their own right to be here is led where they still may go.
        Ok(()) if id == visit.viewer.member.id && role != Role::Admin.as_str() => Ok(see_other(paths::HOME)),
        Ok(()) => {
            let membership = find_member(&visit, id.clone()).await?;
            let done = format!("{} is {} now.", isolated(&membership.member.name), membership.role.with_article());
            Ok(done::see_other(paths::MEMBERS, done))
        }
        Err(ActionError::Invalid(errors)) => {
            let membership = find_member(&visit, id.clone()).await?;
            let errors = Errors(errors);
            let sessions = sessions(&visit, &config, &membership).await?;
            let view = MemberView {
                membership: &membership,
                sessions,
                role,
                errors: &errors,
                viewer: &visit.viewer,
                time: visit.time(),
            };
            Ok(page(&visit, &view).refused())
        }
        Err(error) => Err(error.into()),
    }
}

fn page<'a>(visit: &'a Visit, view: &MemberView<'_>) -> Page<'a> {
    visit.page(view.membership.member.name.clone(), Nav::Members, view)
}

struct MemberView<'a> {
    membership: &'a Membership,
    /// How many sessions they have.
    sessions: usize,
    /// The role that is ticked.
    role: &'a str,
    errors: &'a Errors,
    viewer: &'a Viewer,
    time: LocalTime,
}

impl Render for MemberView<'_> {
    fn render(&self) -> Markup {
        let member = &self.membership.member;
        html! {
            (self.errors.summary())
            (Head::below(Nav::Members, html! { bdi { (member.name) } }))
            div.form { (self.facts()) }
            (part("Role", html! { "Changes apply from the next page they open" }, html! {
                form.form method="post" action=(paths::member_role(&member.id)) novalidate {
                    (roles(self.role, self.errors.of("role")))
                    div.row { button.btn.main { "Change role" } a.btn href=(paths::MEMBERS) { "Cancel" } }
                }
            }))
            (part("Sessions", html! { "Where they are logged in, in other organisations too" }, self.sessions()))
            (part("Remove", html! { "Ends their access; what they did stays" }, html! {
                p { a.btn.risk href=(paths::member_removal(&member.id)) { "Remove from " bdi { (self.viewer.organisation.name) } } }
            }))
        }
    }
}

impl MemberView<'_> {
    fn sessions(&self) -> Markup {
        let own = self.membership.member.id == self.viewer.member.id;
        html! {
            @if self.sessions == 0 {
                p.soft { "They are logged in nowhere." }
            } @else {
                form.row method="post" action=(paths::member_sessions(&self.membership.member.id)) {
                    button.btn.risk { "End sessions" }
                    span.soft.small {
                        (count(self.sessions, "session")) ". "
                        @if own { "All but this one end; you log in again there." } @else { "All of them end; they have to log in again." }
                    }
                }
            }
        }
    }

    fn facts(&self) -> Markup {
        let Membership { member, since, last_seen_at, .. } = self.membership;
        html! {
            dl.facts {
                div { dt { "E-mail address" } dd { bdi { (member.email) } } }
                div { dt { "Member since" } dd { (self.time.long(*since)) } }
                div {
                    dt { "Last seen" }
                    dd { @match last_seen_at { Some(at) => (self.time.near(*at)), None => "never" } }
                }
                div { dt { "Member ID" } dd { code.id { (member.id) } } }
            }
        }
    }
}
