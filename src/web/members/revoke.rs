//! Taking an invitation back, on a page that asks first.

use actix_web::{HttpResponse, web};
use maud::html;

use super::super::done;
use super::super::error::WebError;
use super::super::gate::Organisations;
use super::super::layout::{Head, Nav, Page};
use super::super::{paths, time};
use super::{crumbs, find_invitation};
use crate::actions::{Context, Viewer, invitation};
use crate::domain::ids::InvitationId;

/// Asks.
pub async fn show(
    context: web::Data<Context>,
    viewer: Viewer,
    organisations: Organisations,
    id: web::Path<String>,
) -> Result<HttpResponse, WebError> {
    let found = find_invitation(&context, &viewer, &id).await?;
    let zone = viewer.organisation.time_zone;
    let crumbs = crumbs();
    let body = html! {
        (Head::new(&crumbs, html! { "Revoke the invitation of " bdi { (found.email) } "?" }))
        @if found.ended.is_some() {
            p.says { "There is nothing to revoke: it has ended already." }
            p.row { a.btn.main href=(paths::MEMBERS) { "Back to the members" } }
        } @else {
            p.says { "Its link stops working at once." }
            div.form {
                dl.facts {
                    @if let Some(name) = &found.name { div { dt { "Name" } dd { bdi { (name) } } } }
                    div { dt { "Role" } dd { (found.role.label()) } }
                    div { dt { "Made" } dd { (time::long(found.created_at, zone)) } }
                }
                form.row method="post" action=(paths::invitation_revocation(&found.id)) {
                    button.btn.stop { "Revoke invitation" } " " a.btn href=(paths::MEMBERS) { "Keep it" }
                }
            }
        }
    };
    let page = Page::new(format!("Revoke the invitation of {}", found.email), Nav::Members, &viewer, body);
    Ok(Page { organisations: organisations.0, ..page }.ok())
}

/// Revokes it.
pub async fn submit(
    context: web::Data<Context>,
    viewer: Viewer,
    id: web::Path<String>,
) -> Result<HttpResponse, WebError> {
    let id: InvitationId = id.parse().map_err(|_| WebError::NotFound)?;
    invitation::revoke(&context, &viewer, id).await?;
    Ok(done::see_other(paths::MEMBERS, "The invitation was revoked: its link no longer works."))
}
