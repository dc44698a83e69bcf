//! What became of an invitation. A link that goes by e-mail is not shown; one to hand over is shown once: a reload, Back or a
//! second visit shows that it was.

use actix_web::{HttpResponse, web};
use maud::{Markup, Render, html};

use super::super::error::WebError;
use super::super::gate::Organisations;
use super::super::layout::{Head, Nav, Page};
use super::super::webhooks::reveal::once;
use super::super::{paths, time};
use super::{crumbs, find_invitation};
use crate::actions::reveal::{Revealed, take};
use crate::actions::{Context, Viewer};
use crate::domain::invitation::{Channel, Invitation, Mail};

/// Shows the link, once, or that it was mailed.
pub async fn show(
    context: web::Data<Context>,
    viewer: Viewer,
    organisations: Organisations,
    id: web::Path<String>,
) -> Result<HttpResponse, WebError> {
    let invitation = find_invitation(&context, &viewer, &id).await?;
    let revealed = take(&context, &viewer, invitation.id.as_str()).await?;
    let view = RevealView { invitation: &invitation, revealed: &revealed, viewer: &viewer };
    let page = Page::new(view.title(), Nav::Members, &viewer, view.render());
    Ok(Page { organisations: organisations.0, ..page }.ok())
}

struct RevealView<'a> {
    invitation: &'a Invitation,
    revealed: &'a [Revealed],
    viewer: &'a Viewer,
}

impl RevealView<'_> {
    fn title(&self) -> &'static str {
        match (self.invitation.mail, self.revealed.is_empty()) {
            (Some(Mail::Sent), true) => "The invitation is sent",
            (Some(Mail::Sending), true) => "The invitation is on its way",
            (Some(Mail::Failed), true) => "The invitation was not sent",
            (None, true) => "Shown once already",
            (_, false) => "Share this link",
        }
    }

    fn mail(&self) -> Markup {
        let to = &self.invitation.email;
        html! {
            @match self.invitation.mail {
                None => {},
                Some(Mail::Sending) => p.notice.info { "The e-mail to " (to) " is on its way to the mail server." },
                Some(Mail::Sent) => p.notice.ok { "The link was sent to " (to) " by e-mail." },
                Some(Mail::Failed) => div.notice.warn {
                    h2 { "The e-mail could not be sent" }
                    p { "The mail server did not take it, so " (to) " has no link yet. " strong { "New link" } " in the list of members sends another. What the server said is in the log for the operator." }
                },
            }
        }
    }
}

impl Render for RevealView<'_> {
    fn render(&self) -> Markup {
        let crumbs = crumbs();
        let zone = self.viewer.organisation.time_zone;
        html! {
            (Head::new(&crumbs, html! { (self.title()) }))
            @if self.invitation.channel == Channel::Mail {
                p.says { "Whoever opens the link becomes " (self.invitation.role.with_article()) " as " bdi { (self.invitation.email) } ". It is shown to nobody else: so it shows that the address is theirs." }
                div.form {
                    (self.mail())
                    p { "It ends " (time::long(self.invitation.expires_at, zone)) "." }
                }
            } @else if self.revealed.is_empty() {
                p.says { "This link has been shown. Hirewire keeps only a hash of it." }
                p { "Is it lost? " strong { "New link" } " in the list of members makes another, and the lost one ends." }
            } @else {
                p.says { "Whoever opens it becomes " (self.invitation.role.with_article()) " as " bdi { (self.invitation.email) } ". You see this link only once." }
                div.form {
                    @for value in self.revealed { (once("Invitation", "works once", &value.value)) }
                    p { "It ends " (time::long(self.invitation.expires_at, zone)) ". Do not share it with anyone else." }
                }
            }
            p.row { a.btn.main href=(paths::MEMBERS) { "Back to the members" } }
        }
    }
}
