//! Invitations: made by an admin, accepted by whoever holds the link, once.
//!
//! The link is left for the admin's session to see once, and goes out by e-mail when a mail server is configured. The mail
//! is sent after the invitation is on disk: one that cannot be sent is told of, and takes nothing back.

use std::net::IpAddr;

use super::mail::Letter;
use super::member::still_admin;
use super::once::once;
use super::sign_in::{REFUSED, SignIn, sign_in};
use super::{ActionError, Context, FieldError, Result, Viewer, line, password, reveal};
use crate::domain::api_key::hash;
use crate::domain::ids::{InvitationId, MemberId, OrganisationId};
use crate::domain::invitation::{End, Invitation, LIFE, Mail, Standing, token};
use crate::domain::member::{self, Member};
use crate::domain::organisation::Organisation;
use crate::domain::role::Role;
use crate::domain::secret::Plain;
use crate::store::audit::Act;
use crate::store::{self, Conn, StoreError};

/// So many invitations of an organisation wait at once; a list that grows without end is somebody's mistake.
const MOST_PENDING: usize = 200;

/// What an existing account's holder typed was not its password.
pub const NOT_YOUR_PASSWORD: &str = "This is not the password of your account";

/// What was typed into the form of a new invitation.
#[derive(Debug, Clone, Default)]
pub struct NewInvitation {
    /// What the admin calls them; may be empty.
    pub name: String,
    /// Their e-mail address.
    pub email: String,
    /// Their role, as [`Role::as_str`] has it.
    pub role: String,
    /// Names this filling of the form: pressing twice makes one invitation.
    pub token: String,
}

/// Whom an invitation is for.
#[derive(Debug, Clone)]
struct Wanted {
    name: Option<String>,
    email: String,
    role: Role,
}

/// Invites somebody into the viewer's organisation. `link` makes the address that a token opens.
pub async fn invite(
    context: &Context,
    viewer: &Viewer,
    form: NewInvitation,
    link: impl Fn(&str) -> String + Send + 'static,
) -> Result<InvitationId> {
    let mut errors = Vec::new();
    let name = line("name", &form.name, 100).unwrap_or_else(|error| {
        errors.push(error);
        None
    });
    let email = member::email(&form.email);
    if email.is_none() {
        errors.push(FieldError::new("email", "Enter an e-mail address, such as name@example.com"));
    }
    let role = Role::parse(&form.role);
    if role.is_none() {
        errors.push(FieldError::new("role", "Choose a role"));
    }
    let (Some(email), Some(role), true) = (email, role, errors.is_empty()) else {
        return Err(ActionError::Invalid(errors));
    };
    let wanted = Wanted { name, email, role };
    issue(context, viewer, &form.token, "invitation.created", link, move |_, _| Ok(wanted)).await
}

/// Makes a pending invitation anew: another link, another week; the old link is worth nothing.
pub async fn renew(
    context: &Context,
    viewer: &Viewer,
    id: InvitationId,
    form_token: &str,
    link: impl Fn(&str) -> String + Send + 'static,
) -> Result<InvitationId> {
    issue(context, viewer, form_token, "invitation.renewed", link, move |conn, viewer| {
        let old = pending(conn, viewer, &id)?;
        Ok(Wanted { name: old.name, email: old.email, role: old.role })
    })
    .await
}

/// Takes a pending invitation back: its link is worth nothing from now on.
pub async fn revoke(context: &Context, viewer: &Viewer, id: InvitationId) -> Result<()> {
    let (owned, viewer) = (context.clone(), viewer.clone());
    context
        .store
        .write(move |conn| {
            let old = pending(conn, &viewer, &id)?;
            if !store::invitation::end(conn, &id, End::Revoked, owned.clock.now())? {
                return Err(ActionError::Refused("This invitation was accepted at the same moment.".into()));
            }
            Ok(audit(conn, &owned, &viewer, &old, "invitation.revoked")?)
        })
        .await
}

fn pending(conn: &mut Conn, viewer: &Viewer, id: &InvitationId) -> Result<Invitation> {
    let found = store::invitation::find(conn, &viewer.organisation.id, id)?.ok_or(ActionError::NotFound)?;
    match found.ended {
        None => Ok(found),
        Some(End::Accepted) => Err(ActionError::Refused("This invitation has been accepted.".into())),
        Some(End::Revoked | End::Replaced) => Err(ActionError::Refused("This invitation has already ended.".into())),
    }
}

async fn issue(
    context: &Context,
    viewer: &Viewer,
    form_token: &str,
    act: &'static str,
    link: impl Fn(&str) -> String + Send + 'static,
    wanted: impl FnOnce(&mut Conn, &Viewer) -> Result<Wanted> + Send + 'static,
) -> Result<InvitationId> {
    let (owned, inviter) = (context.clone(), viewer.clone());
    let (id, made) = once(context, viewer, form_token, move |conn, _| {
        still_admin(conn, &inviter)?;
        let wanted = wanted(conn, &inviter)?;
        let organisation = &inviter.organisation.id;
        if store::member::list(conn, organisation)?.iter().any(|known| known.member.email == wanted.email) {
            return Err(ActionError::field("email", format!("{} is already a member", wanted.email)));
        }
        let now = owned.clock.now();
        store::invitation::replace(conn, organisation, &wanted.email, now)?;
        if store::invitation::pending(conn, organisation)?.len() >= MOST_PENDING {
            let why = format!("{MOST_PENDING} invitations wait already. Revoke those that nobody will accept.");
            return Err(ActionError::Refused(why));
        }
        let invitation = Invitation {
            id: InvitationId::new(now),
            organisation_id: organisation.clone(),
            email: wanted.email,
            name: wanted.name,
            role: wanted.role,
            invited_by: inviter.member.id.clone(),
            mail: owned.mailer.as_ref().map(|_| Mail::Sending),
            created_at: now,
            expires_at: now + LIFE,
            ended: None,
            ended_at: None,
        };
        let secret = token();
        store::invitation::insert(conn, &invitation, &hash(secret.reveal()))?;
        let address = Plain::new(link(secret.reveal()));
        reveal::leave(conn, &owned, &inviter, invitation.id.as_str(), &[("invitation", &address)])?;
        audit(conn, &owned, &inviter, &invitation, act)?;
        Ok((invitation.id.clone(), (invitation, address)))
    })
    .await?;
    if let Some((invitation, address)) = made {
        send(context, viewer, invitation, &address).await;
    }
    Ok(id)
}

/// Hands the letter to the mail server and writes down what came of it, also when nobody waits for the answer any more.
async fn send(context: &Context, viewer: &Viewer, invitation: Invitation, address: &Plain) {
    let Some(mailer) = context.mailer.clone() else { return };
    let letter = letter(viewer, &invitation, address);
    let store = context.store.clone();
    let sending = context.store.runtime().spawn(async move {
        let mail = match mailer.send(&letter).await {
            Ok(()) => Mail::Sent,
            Err(why) => {
                tracing::warn!(invitation = %invitation.id, %why, "the e-mail of an invitation was not sent");
                Mail::Failed
            }
        };
        let id = invitation.id.clone();
        if let Err(error) = store.write(move |conn| store::invitation::set_mail(conn, &id, mail)).await {
            tracing::warn!(invitation = %invitation.id, %error, "what became of its e-mail could not be written down");
        }
    });
    // It ends by itself within its time; if it ended in a bug, the invitation goes on saying that it is being sent.
    let _ = sending.await;
}

fn letter(viewer: &Viewer, invitation: &Invitation, address: &Plain) -> Letter {
    let (team, zone) = (&viewer.organisation.name, viewer.organisation.time_zone);
    let greeting = invitation.name.as_ref().map_or_else(|| "Hello,".to_owned(), |name| format!("Hello {name},"));
    let until = invitation.expires_at.with_timezone(&zone).format("%-d %B %Y, %H:%M");
    let text = format!(
        "{greeting}\n\n{} invites you to join {team} on Hirewire, as {}.\n\nOpen this address to accept:\n\n{}\n\n\
         It works once, until {until} ({}). If you did not expect this, leave it alone: nothing happens then.\n",
        viewer.member.name,
        invitation.role.with_article(),
        address.reveal(),
        zone.name(),
    );
    Letter {
        to_name: invitation.name.clone(),
        to: invitation.email.clone(),
        subject: format!("Join {team} on Hirewire"),
        text,
        id: invitation.id.to_string(),
        at: invitation.created_at,
    }
}

/// What stands behind a link.
#[derive(Debug, Clone)]
pub struct Invited {
    /// The invitation.
    pub invitation: Invitation,
    /// What the link is worth now.
    pub standing: Standing,
    /// Into which organisation.
    pub organisation: Organisation,
    /// The name of whoever invited.
    pub inviter: String,
    /// The account that the address already has.
    pub known: Option<Member>,
}

/// What stands behind the link that holds a token; nothing when no link of ours does.
pub async fn find(context: &Context, token: &str) -> Result<Option<Invited>> {
    let (hash, now) = (hash(token), context.clock.now());
    context
        .store
        .read(move |conn| {
            let Some(invitation) = store::invitation::find_by_hash(conn, &hash)? else { return Ok(None) };
            let Some(organisation) = store::organisation::find(conn, &invitation.organisation_id)? else {
                return Ok(None);
            };
            let inviter = store::member::find(conn, &invitation.invited_by)?.map(|member| member.name);
            let known = store::member::find_by_email(conn, &invitation.email)?.map(|(member, _)| member);
            let standing = invitation.standing(now);
            Ok(Some(Invited { invitation, standing, organisation, inviter: inviter.unwrap_or_default(), known }))
        })
        .await
}

/// Who accepts, and how they show that they may.
#[derive(Debug)]
pub struct Acceptance {
    /// What their link holds.
    pub token: String,
    /// The name they go by; for a new account.
    pub name: String,
    /// The password of their account, or the one a new account is to have.
    pub password: Plain,
    /// Where the request comes from.
    pub from: IpAddr,
    /// The proof of an earlier sign-in that the browser carries.
    pub browser_proof: Option<String>,
    /// Who is signed in already: an account's own holder need not type its password.
    pub signed_in: Option<MemberId>,
}

/// Makes whoever holds the link a member. The second one with the same link, at once or later, finds nothing.
pub async fn accept(context: &Context, acceptance: Acceptance) -> Result<(Member, OrganisationId)> {
    let invited = find(context, &acceptance.token).await?;
    let invited = invited.filter(|invited| invited.standing == Standing::Open).ok_or(ActionError::NotFound)?;
    let joining = match &invited.known {
        Some(member) => {
            prove(context, member, &acceptance).await?;
            Joining::Known(member.clone())
        }
        None => newcomer(context, &invited.invitation, &acceptance).await?,
    };
    let (owned, invitation) = (context.clone(), invited.invitation);
    let done = context.store.write(move |conn| join(conn, &owned, &invitation, joining)).await;
    match done {
        // Two links for one new person at the same moment.
        Err(ActionError::Store(error)) if error.is_duplicate() => Err(ActionError::Refused(appeared())),
        done => done,
    }
}

enum Joining {
    Known(Member),
    New(Member, String),
}

async fn prove(context: &Context, member: &Member, acceptance: &Acceptance) -> Result<()> {
    if acceptance.signed_in.as_ref() == Some(&member.id) {
        return Ok(());
    }
    let request = SignIn {
        email: member.email.clone(),
        password: acceptance.password.clone(),
        from: acceptance.from,
        browser_proof: acceptance.browser_proof.clone(),
    };
    match sign_in(context, request).await {
        Ok(_) => Ok(()),
        Err(ActionError::Refused(why)) if why == REFUSED => Err(ActionError::field("password", NOT_YOUR_PASSWORD)),
        Err(error) => Err(error),
    }
}

async fn newcomer(context: &Context, invitation: &Invitation, acceptance: &Acceptance) -> Result<Joining> {
    let mut errors = Vec::new();
    let name = match line("name", &acceptance.name, 100) {
        Ok(None) => Err(FieldError::new("name", "Enter the name that others are to see")),
        Ok(Some(name)) => Ok(name),
        Err(error) => Err(error),
    };
    let name = name.map_err(|error| errors.push(error)).ok();
    errors.extend(password::objection("password", &acceptance.password));
    let (Some(name), true) = (name, errors.is_empty()) else { return Err(ActionError::Invalid(errors)) };
    let _place = context.passwords.place().ok_or_else(|| ActionError::Refused(super::sign_in::BUSY.into()))?;
    let hash = context.passwords.hash(&acceptance.password).await?;
    let now = context.clock.now();
    let member = Member { id: MemberId::new(now), email: invitation.email.clone(), name, created_at: now };
    Ok(Joining::New(member, hash))
}

fn join(
    conn: &mut Conn,
    context: &Context,
    invitation: &Invitation,
    joining: Joining,
) -> Result<(Member, OrganisationId)> {
    let now = context.clock.now();
    if !store::invitation::accept(conn, &invitation.id, now)? {
        return Err(ActionError::NotFound);
    }
    let member = match joining {
        Joining::Known(member) => Member { created_at: now, ..member },
        Joining::New(member, hash) => {
            if store::member::find_by_email(conn, &member.email)?.is_some() {
                return Err(ActionError::Refused(appeared()));
            }
            store::member::insert(conn, &member, &hash)?;
            member
        }
    };
    let organisation = &invitation.organisation_id;
    // The operator may have made them a member meanwhile: then that role counts.
    if store::member::find_in(conn, organisation, &member.id)?.is_none() {
        store::member::join(conn, &member, organisation, invitation.role)?;
    }
    let act = Act {
        organisation: Some(organisation),
        member: Some(&member.id),
        act: "member.joined",
        object: Some(member.id.as_str()),
        detail: format!("{} as {}, with invitation {}", member.name, invitation.role.label(), invitation.id),
    };
    store::audit::insert(conn, &act, now)?;
    Ok((member, organisation.clone()))
}

fn appeared() -> String {
    "An account with this e-mail address was made a moment ago. Open the link again and accept with its password."
        .into()
}

fn audit(
    conn: &mut Conn,
    context: &Context,
    viewer: &Viewer,
    invitation: &Invitation,
    act: &str,
) -> Result<(), StoreError> {
    let detail = format!("{} as {}", invitation.email, invitation.role.label());
    super::audit(conn, viewer, invitation.id.as_str(), act, detail, context.clock.now())
}
