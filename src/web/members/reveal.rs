//! What became of an invitation. A link that goes by e-mail is not shown; one to hand over is shown once: a reload, Back or a
//! second visit shows that it was.

use super::find_invitation;
use crate::actions::reveal::{Revealed, take};
use crate::domain::ids::InvitationId;
use crate::domain::invitation::{Channel, Invitation, Mail};
use crate::web::prelude::*;
use crate::web::ui::one_time_value;

/// Shows the link, once, or that it was mailed.
pub async fn show(visit: Visit, Path(id): Path<InvitationId>) -> Answer {
    let invitation = find_invitation(&visit, id).await?;
    let revealed = take(&visit.app, &visit.viewer, invitation.id.as_str()).await?;
    let view = RevealView { invitation: &invitation, revealed: &revealed, time: visit.time() };
    Ok(visit.page(view.title(), Nav::Members, view).ok())
}

struct RevealView<'a> {
    invitation: &'a Invitation,
    revealed: &'a [Revealed],
    time: LocalTime,
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
        html! {
            (Head::below(Nav::Members, self.title()))
            @if self.invitation.channel == Channel::Mail {
                p.says { "Whoever opens the link becomes " (self.invitation.role.with_article()) " as " bdi { (self.invitation.email) } ". It is shown to nobody else: so it shows that the address is theirs." }
                div.form {
                    (self.mail())
                    p { "It ends " (self.time.long(self.invitation.expires_at)) "." }
                }
            } @else if self.revealed.is_empty() {
                p.says { "This link has been shown. Hirewire keeps only a hash of it." }
                p { "Is it lost? " strong { "New link" } " in the list of members makes another, and the lost one ends." }
            } @else {
                p.says { "Whoever opens it becomes " (self.invitation.role.with_article()) " as " bdi { (self.invitation.email) } ". You see this link only once." }
                div.form {
                    @for value in self.revealed { (one_time_value("Invitation", "works once", &value.value)) }
                    p { "It ends " (self.time.long(self.invitation.expires_at)) ". Do not share it with anyone else." }
                }
            }
            p.row { a.btn.main href=(paths::MEMBERS) { "Back to the members" } }
        }
    }
}
