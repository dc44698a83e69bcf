//! Taking an invitation back, on a page that asks first.

use super::find_invitation;
use crate::actions::invitation;
use crate::domain::ids::InvitationId;
use crate::web::prelude::*;
use crate::web::ui::Confirm;

/// Asks.
pub async fn show(visit: Visit, Path(id): Path<InvitationId>) -> Answer {
    let found = find_invitation(&visit, id).await?;
    let details = html! {
        dl.facts {
            @if let Some(name) = &found.name { div { dt { "Name" } dd { bdi { (name) } } } }
            div { dt { "Role" } dd { (found.role.label()) } }
            div { dt { "Made" } dd { (visit.time().long(found.created_at)) } }
        }
    };
    let action = paths::invitation_revocation(&found.id);
    let ask = Confirm::new("Its link stops working at once.", "Revoke invitation", action, paths::MEMBERS);
    let body = html! {
        (Head::below(Nav::Members, html! { "Revoke the invitation of " bdi { (found.email) } "?" }))
        @if found.ended.is_some() {
            p.says { "There is nothing to revoke: it has ended already." }
            p.row { a.btn.main href=(paths::MEMBERS) { "Back to the members" } }
        } @else {
            (ask.details(details))
        }
    };
    Ok(visit.page(format!("Revoke the invitation of {}", found.email), Nav::Members, body).ok())
}

/// Revokes it.
pub async fn submit(visit: Visit, Path(id): Path<InvitationId>) -> Answer {
    invitation::revoke(&visit.app, &visit.viewer, id).await?;
    Ok(done::see_other(paths::MEMBERS, "The invitation was revoked: its link no longer works."))
}
