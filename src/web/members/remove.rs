//! Removing a member, on a page that says what ends and what stays.

use actix_session::Session;

use super::find_member;
use crate::actions::member;
use crate::domain::ids::MemberId;
use crate::domain::member::{Member, Membership};
use crate::web::bidi::isolated;
use crate::web::prelude::*;
use crate::web::ui::{Confirm, stays};

/// Asks.
pub async fn show(visit: Visit, Path(id): Path<MemberId>) -> Answer {
    Ok(page(&visit, id).await?.ok())
}

/// Removes; refused for the only admin.
pub async fn submit(visit: Visit, Path(id): Path<MemberId>, session: Session) -> Answer {
    let name = find_member(&visit, id.clone()).await?.member.name;
    match member::remove(&visit.app, &visit.viewer, id.clone()).await {
        Ok(()) if id == visit.viewer.member.id => {
            if visit.organisations().len() <= 1 {
                // It has ended in the database, and is not to be written there again.
                session.purge();
            }
            Ok(see_other(paths::HOME))
        }
        Ok(()) => Ok(done::see_other(paths::MEMBERS, format!("{} is no longer a member.", isolated(&name)))),
        // The same page says why.
        Err(ActionError::Invalid(_)) => Ok(page(&visit, id).await?.refused()),
        Err(error) => Err(error.into()),
    }
}

async fn page<'a>(visit: &'a Visit, id: MemberId) -> Result<Page<'a>, WebError> {
    let membership = find_member(visit, id).await?;
    let admins =
        visit.read(move |conn, viewer| store::member::with_role(conn, &viewer.organisation.id, Role::Admin)).await?;
    let view = RemoveView {
        membership: &membership,
        is_only_admin: is_only(&admins, &membership),
        viewer: &visit.viewer,
        time: visit.time(),
    };
    Ok(visit.page(format!("Remove {}", membership.member.name), Nav::Members, view))
}

fn is_only(admins: &[Member], membership: &Membership) -> bool {
    matches!(admins, [only] if only.id == membership.member.id)
}

struct RemoveView<'a> {
    membership: &'a Membership,
    is_only_admin: bool,
    viewer: &'a Viewer,
    time: LocalTime,
}

impl Render for RemoveView<'_> {
    fn render(&self) -> Markup {
        let member = &self.membership.member;
        let title = html! { "Remove " bdi { (member.name) } "?" };
        html! {
            (Head::below(Nav::Members, title).under(&member.name, paths::member(&member.id)))
            @if self.is_only_admin { (self.refuse()) } @else { (self.ask()) }
        }
    }
}

impl RemoveView<'_> {
    fn ask(&self) -> Markup {
        let member = &self.membership.member;
        let team = &self.viewer.organisation.name;
        let own = member.id == self.viewer.member.id;
        let says = html! {
            @if own { "You are logged out of " } @else { bdi { (member.name) } " is logged out of " }
            bdi { (team) } " from the moment you press the button."
        };
        let details = html! {
            div.notice.bad {
                h2 { "What ends" }
                ul {
                    li { @if own { "Every session of yours in " } @else { "Every session of theirs in " } (team) ", on every device." }
                    @if self.membership.role == Role::Admin { li { "The invitations of " bdi { (member.name) } " that nobody has accepted yet, because their links have been seen." } }
                }
            }
            (stays(self.stays()))
            dl.facts {
                div { dt { "E-mail address" } dd { bdi { (member.email) } } }
                div { dt { "Role" } dd { (self.membership.role.label()) } }
                div { dt { "Member since" } dd { (self.time.long(self.membership.since)) } }
            }
        };
        let keep = if own { "Stay" } else { "Keep them" };
        let (action, back) = (paths::member_removal(&member.id), paths::member(&member.id));
        Confirm::new(says, "Remove member", action, back).details(details).keep(keep).render()
    }

    fn stays(&self) -> Markup {
        html! {
            p { "The name in the logs and exports, the webhooks and API keys made so far, and what is on its way." }
            @if self.membership.role == Role::Admin {
                p { "Keys and secrets that were copied keep working: revoke or regenerate those under "
                    a href=(paths::API_KEYS) { "API Key Management" } " and " a href=(paths::WEBHOOKS) { "Webhooks" } "." }
            }
        }
    }

    /// The only admin: no red button, but what stands in the way.
    fn refuse(&self) -> Markup {
        html! {
            p.says { "Not yet: " (member::only_admin(&self.membership.member.name)) "." }
            p.row { a.btn.main href=(paths::MEMBERS) { "Back to the members" } }
        }
    }
}
