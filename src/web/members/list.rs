//! The members, and the invitations that nobody has accepted yet.

use crate::domain::invitation::{Invitation, Mail, Standing};
use crate::domain::member::Membership;
use crate::web::prelude::*;

/// Shows the list.
pub async fn show(visit: Visit) -> Answer {
    let (members, invitations) = visit
        .read(move |conn, viewer| {
            let members = store::member::list(conn, &viewer.organisation.id)?;
            Ok((members, store::invitation::pending(conn, &viewer.organisation.id)?))
        })
        .await?;
    let view = MembersView { members: &members, invitations: &invitations, viewer: &visit.viewer, time: visit.time() };
    Ok(visit.page("Members", Nav::Members, view).ok())
}

struct MembersView<'a> {
    members: &'a [Membership],
    invitations: &'a [Invitation],
    viewer: &'a Viewer,
    time: LocalTime,
}

impl Render for MembersView<'_> {
    fn render(&self) -> Markup {
        let head = Head::of(Nav::Members, "Members")
            .lede(html! {
                "Who works in " bdi { (self.viewer.organisation.name) }
                ", and what each may do. Changes apply from the next page they open."
            })
            .acts(html! { a.btn.main href=(paths::INVITE) { "Invite a member" } });
        html! {
            (head)
            (self.members())
            (part("Invited", html! { "Links that nobody has used yet" }, self.invitations()))
        }
    }
}

impl MembersView<'_> {
    fn members(&self) -> Markup {
        Table::pairs(["Name", "Role", "Since", "Last seen"])
            .captioned("Members")
            .rows(html! { @for membership in self.members { (self.member(membership)) } })
    }

    fn member(&self, membership: &Membership) -> Markup {
        let Membership { member, role, since, last_seen_at } = membership;
        html! {
            tr {
                th scope="row" {
                    a href=(paths::member(&member.id)) { bdi { (member.name) } }
                    @if member.id == self.viewer.member.id { " " span.tag { "You" } }
                    span.sub { bdi { (member.email) } }
                }
                td data-l="Role" { (role.label()) }
                td data-l="Since" { (self.time.date(*since)) }
                td data-l="Last seen" {
                    @match last_seen_at { Some(at) => (self.time.near(*at)), None => span.soft { "never" } }
                }
            }
        }
    }

    fn invitations(&self) -> Markup {
        if self.invitations.is_empty() {
            return html! { p.small.soft { "Nobody is invited at the moment." } };
        }
        Table::pairs(["Invited", "Role", "Ends"])
            .unseen("Acts")
            .captioned("Invitations")
            .rows(html! { @for invitation in self.invitations { (self.invitation(invitation)) } })
    }

    fn invitation(&self, invitation: &Invitation) -> Markup {
        let expired = invitation.standing(self.time.now) == Standing::Expired;
        html! {
            tr {
                th scope="row" {
                    @if let Some(name) = &invitation.name { bdi { (name) } span.sub { bdi { (invitation.email) } } }
                    @else { bdi { (invitation.email) } }
                    @if let Some(told) = mail(invitation.mail) { span.sub { (told) } }
                }
                td data-l="Role" { (invitation.role.label()) }
                td data-l="Ends" {
                    @if expired { "expired " }
                    (self.time.near(invitation.expires_at))
                }
                td {
                    form.row method="post" action=(paths::invitation_renewal(&invitation.id)) {
                        (token_field(&token()))
                        button.btn { "New link" span.hush { " for " bdi { (invitation.email) } } }
                        a href=(paths::invitation_revocation(&invitation.id)) { "Revoke" span.hush { " the invitation of " bdi { (invitation.email) } } }
                    }
                }
            }
        }
    }
}

/// What became of an invitation's e-mail, beside its address.
fn mail(mail: Option<Mail>) -> Option<&'static str> {
    match mail? {
        Mail::Sending => Some("The e-mail is being sent"),
        Mail::Sent => Some("Sent by e-mail"),
        Mail::Failed => Some("The e-mail could not be sent"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::{InvitationId, MemberId};
    use crate::domain::invitation::{Channel, LIFE};
    use crate::domain::member::Member;
    use crate::web::samples;

    #[test]
    fn members_stand_there_by_name_and_invitations_say_when_they_end() {
        let viewer = samples::viewer(Role::Admin);
        let now = samples::now();
        let name = "Nguyễn Thị Ánh <b>";
        let member = Member {
            id: MemberId::new(now),
            email: "anh@team.example".into(),
            name: name.into(),
            ..viewer.member.clone()
        };
        let members = [
            Membership { member, role: Role::Recruiter, since: now, last_seen_at: None },
            Membership { member: viewer.member.clone(), role: Role::Admin, since: now, last_seen_at: Some(now) },
        ];
        let invited = Invitation {
            id: InvitationId::new(now),
            organisation_id: viewer.organisation.id.clone(),
            email: "o'brien@team.example".into(),
            name: Some("Siobhán O'Brien".into()),
            role: Role::Support,
            invited_by: viewer.member.id.clone(),
            mail: Some(Mail::Failed),
            created_at: now,
            expires_at: now + LIFE,
            ended: None,
            ended_at: None,
            channel: Channel::Mail,
        };
        let render = |invitations: &[Invitation], now| {
            let time = LocalTime { now, ..samples::time() };
            MembersView { members: &members, invitations, viewer: &viewer, time }.render().into_string()
        };
        let page = render(std::slice::from_ref(&invited), now);
        assert!(page.contains("<bdi>Nguyễn Thị Ánh &lt;b&gt;</bdi>") && page.contains(">never<"), "{page}");
        assert_eq!(page.matches(">You<").count(), 1);
        assert!(page.contains("<bdi>Siobhán O'Brien</bdi>") && page.contains("The e-mail could not be sent"));
        assert!(!page.contains("expired "));
        assert!(render(&[invited], now + LIFE).contains("expired "));
        assert!(render(&[], now).contains("Nobody is invited at the moment."));
    }
}
