//! The members, and the invitations that nobody has accepted yet.

use actix_web::{HttpResponse, web};
use chrono::{DateTime, Utc};
use maud::{Markup, Render, html};

use super::super::error::WebError;
use super::super::form::{token, token_field};
use super::super::gate::Organisations;
use super::super::layout::{Head, Nav, Page, part};
use super::super::{paths, time};
use crate::actions::{Context, Viewer};
use crate::domain::invitation::{Invitation, Mail, Standing};
use crate::domain::member::Membership;
use crate::store::{self, StoreError};

/// Shows the list.
pub async fn show(
    context: web::Data<Context>,
    viewer: Viewer,
    organisations: Organisations,
) -> Result<HttpResponse, WebError> {
    let organisation = viewer.organisation.id.clone();
    let (members, invitations) = context
        .store
        .read(move |conn| {
            let members = store::member::list(conn, &organisation)?;
            Ok::<_, StoreError>((members, store::invitation::pending(conn, &organisation)?))
        })
        .await?;
    let view = MembersView { members: &members, invitations: &invitations, viewer: &viewer, now: context.clock.now() };
    let page = Page::new("Members", Nav::Members, &viewer, view.render());
    Ok(Page { organisations: organisations.0, ..page }.ok())
}

struct MembersView<'a> {
    members: &'a [Membership],
    invitations: &'a [Invitation],
    viewer: &'a Viewer,
    now: DateTime<Utc>,
}

impl Render for MembersView<'_> {
    fn render(&self) -> Markup {
        let crumbs = [("Settings", None), ("Access Management", None)];
        let mut head = Head::new(&crumbs, html! { "Members" });
        head.lede = html! { "Who works in " bdi { (self.viewer.organisation.name) } ", and what each may do. Changes apply from the next page they open." };
        head.acts = html! { a.btn.main href=(paths::INVITE) { "Invite a member" } };
        html! {
            (head)
            (self.members())
            (part("Invited", html! { "Links that nobody has used yet" }, self.invitations()))
        }
    }
}

impl MembersView<'_> {
    fn members(&self) -> Markup {
        html! {
            div.table {
                table.cards.pairs {
                    caption.hush { "Members" }
                    thead { tr {
                        th scope="col" { "Name" }
                        th scope="col" { "Role" }
                        th scope="col" { "Since" }
                        th scope="col" { "Last seen" }
                    } }
                    tbody { @for membership in self.members { (self.member(membership)) } }
                }
            }
        }
    }

    fn member(&self, membership: &Membership) -> Markup {
        let Membership { member, role, since, last_seen_at } = membership;
        let zone = self.viewer.organisation.time_zone;
        html! {
            tr {
                th scope="row" {
                    a href=(paths::member(&member.id)) { bdi { (member.name) } }
                    @if member.id == self.viewer.member.id { " " span.tag { "You" } }
                    span.sub { bdi { (member.email) } }
                }
                td data-l="Role" { (role.label()) }
                td data-l="Since" { (time::date(*since, zone, self.now)) }
                td data-l="Last seen" {
                    @match last_seen_at { Some(at) => (time::near(*at, zone, self.now)), None => span.soft { "never" } }
                }
            }
        }
    }

    fn invitations(&self) -> Markup {
        if self.invitations.is_empty() {
            return html! { p.small.soft { "Nobody is invited at the moment." } };
        }
        html! {
            div.table {
                table.cards.pairs {
                    caption.hush { "Invitations" }
                    thead { tr {
                        th scope="col" { "Invited" }
                        th scope="col" { "Role" }
                        th scope="col" { "Ends" }
                        th scope="col" { span.hush { "Acts" } }
                    } }
                    tbody { @for invitation in self.invitations { (self.invitation(invitation)) } }
                }
            }
        }
    }

    fn invitation(&self, invitation: &Invitation) -> Markup {
        let zone = self.viewer.organisation.time_zone;
        let expired = invitation.standing(self.now) == Standing::Expired;
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
                    (time::near(invitation.expires_at, zone, self.now))
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
    use crate::domain::role::Role;
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
            MembersView { members: &members, invitations, viewer: &viewer, now }.render().into_string()
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
