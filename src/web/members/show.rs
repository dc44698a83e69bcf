//! One member: who they are, their role, the way out.

use actix_web::{HttpResponse, web};
use chrono::{DateTime, Utc};
use maud::{Markup, Render, html};

use super::super::done;
use super::super::error::WebError;
use super::super::form::{Errors, Fields, roles};
use super::super::gate::{Organisations, see_other};
use super::super::layout::{Head, Nav, Page, part};
use super::super::{paths, time};
use super::{crumbs, find_member};
use crate::actions::{ActionError, Context, Viewer, member};
use crate::domain::ids::MemberId;
use crate::domain::member::Membership;
use crate::domain::role::Role;

/// Shows a member.
pub async fn show(
    context: web::Data<Context>,
    viewer: Viewer,
    organisations: Organisations,
    id: web::Path<String>,
) -> Result<HttpResponse, WebError> {
    let membership = find_member(&context, &viewer, &id).await?;
    let view = MemberView {
        membership: &membership,
        role: membership.role.as_str(),
        errors: &Errors::default(),
        viewer: &viewer,
        now: context.clock.now(),
    };
    Ok(page(&view, organisations).ok())
}

/// Gives them another role.
pub async fn change_role(
    context: web::Data<Context>,
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
            let now = format!("{} is {} now.", membership.member.name, membership.role.with_article());
            Ok(done::see_other(paths::MEMBERS, now))
        }
        Err(ActionError::Invalid(errors)) => {
            let membership = find_member(&context, &viewer, &id).await?;
            let errors = Errors(errors);
            let now = context.clock.now();
            let view = MemberView { membership: &membership, role, errors: &errors, viewer: &viewer, now };
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
            (part("Remove", html! { "Ends their access; what they did stays" }, html! {
                p { a.btn.risk href=(paths::member_removal(&member.id)) { "Remove from " (self.viewer.organisation.name) } }
            }))
        }
    }
}

impl MemberView<'_> {
    fn facts(&self) -> Markup {
        let Membership { member, since, last_seen_at, .. } = self.membership;
        let zone = self.viewer.organisation.time_zone;
        html! {
            dl.facts {
                div { dt { "E-mail address" } dd { (member.email) } }
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
