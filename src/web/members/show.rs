//! One member: who they are, their role, the way out.

use actix_web::{HttpResponse, web};
use chrono::{DateTime, Utc};
use maud::{Markup, Render, html};

use super::super::done;
use super::super::error::WebError;
use super::super::form::{Errors, Fields, roles};
use super::super::gate::{Organisations, see_other};
use super::super::layout::{Head, Nav, Page, part};
use super::super::session::MAX_SESSIONS;
use super::super::words::{count, isolated};
use super::super::{paths, time};
use super::{crumbs, find_member};
use crate::actions::{ActionError, Context, Viewer, member};
use crate::config::Config;
use crate::domain::ids::MemberId;
use crate::domain::member::Membership;
use crate::domain::role::Role;
use crate::store;

/// Shows a member.
pub async fn show(
    context: web::Data<Context>,
    config: web::Data<Config>,
    viewer: Viewer,
    organisations: Organisations,
    id: web::Path<String>,
) -> Result<HttpResponse, WebError> {
    let membership = find_member(&context, &viewer, &id).await?;
    let view = MemberView {
        membership: &membership,
        sessions: sessions(&context, &config, &membership).await?,
        role: membership.role.as_str(),
        errors: &Errors::default(),
        viewer: &viewer,
        now: context.clock.now(),
    };
    Ok(page(&view, organisations).ok())
}

/// Ends their sessions.
pub async fn end_sessions(
    context: web::Data<Context>,
    viewer: Viewer,
    id: web::Path<String>,
) -> Result<HttpResponse, WebError> {
    let name = find_member(&context, &viewer, &id).await?.member.name;
    let id: MemberId = id.parse().map_err(|_| WebError::NotFound)?;
    let ended = member::end_sessions(&context, &viewer, id.clone()).await?;
    let ended = match ended {
        0 => format!("{} was not logged in.", isolated(&name)),
        1 => format!("One session of {} was ended.", isolated(&name)),
        many => format!("{many} sessions of {} were ended.", isolated(&name)),
    };
    Ok(done::see_other(paths::member(&id), ended))
}

/// How many sessions a member has that an admin can end.
async fn sessions(context: &Context, config: &Config, membership: &Membership) -> Result<usize, WebError> {
    let (id, now) = (membership.member.id.clone(), context.clock.now());
    let born = now - config.sessions.life;
    let found = context.store.read(move |conn| store::web_session::of_member(conn, &id, now, born, MAX_SESSIONS));
    Ok(found.await?.len())
}

/// Gives them another role.
pub async fn change_role(
    context: web::Data<Context>,
    config: web::Data<Config>,
    viewer: Viewer,
    organisations: Organisations,
    id: web::Path<String>,
    fields: Fields,
) -> Result<HttpResponse, WebError> {
    let wanted: MemberId = id.parse().map_err(|_| WebError::NotFound)?;
    let role = fields.one("role");
    match member::change_role(&context, &viewer, wanted.clone(), Role::parse(role)).await {
        // Whoever gave away their own right to be here is led where they still may go.
        Ok(()) if wanted == viewer.member.id && role != Role::Admin.as_str() => Ok(see_other(paths::HOME)),
        Ok(()) => {
            let membership = find_member(&context, &viewer, &id).await?;
            let now = format!("{} is {} now.", isolated(&membership.member.name), membership.role.with_article());
            Ok(done::see_other(paths::MEMBERS, now))
        }
        Err(ActionError::Invalid(errors)) => {
            let membership = find_member(&context, &viewer, &id).await?;
            let errors = Errors(errors);
            let now = context.clock.now();
            let sessions = sessions(&context, &config, &membership).await?;
            let view = MemberView { membership: &membership, sessions, role, errors: &errors, viewer: &viewer, now };
            Ok(page(&view, organisations).refused())
        }
        Err(error) => Err(error.into()),
    }
}

fn page<'a>(view: &MemberView<'a>, organisations: Organisations) -> Page<'a> {
    let page = Page::new(view.membership.member.name.clone(), Nav::Members, view.viewer, view.render());
    Page { organisations: organisations.0, ..page }
}

struct MemberView<'a> {
    membership: &'a Membership,
    /// How many sessions they have.
    sessions: usize,
    /// The role that is ticked.
    role: &'a str,
    errors: &'a Errors,
    viewer: &'a Viewer,
    now: DateTime<Utc>,
}

impl Render for MemberView<'_> {
    fn render(&self) -> Markup {
        let member = &self.membership.member;
        let crumbs = crumbs();
        html! {
            (self.errors.summary())
            (Head::new(&crumbs, html! { bdi { (member.name) } }))
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
        let zone = self.viewer.organisation.time_zone;
        html! {
            dl.facts {
                div { dt { "E-mail address" } dd { bdi { (member.email) } } }
                div { dt { "Member since" } dd { (time::long(*since, zone)) } }
                div {
                    dt { "Last seen" }
                    dd { @match last_seen_at { Some(at) => (time::near(*at, zone, self.now)), None => "never" } }
                }
                div { dt { "Member ID" } dd { code.id { (member.id) } } }
            }
        }
    }
}
