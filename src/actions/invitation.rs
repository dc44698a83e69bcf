//! Invitations: made by an admin, accepted by whoever holds the link, once ([`super::acceptance`]).
//!
//! With a mail server the link goes out by e-mail and is shown to nobody, so that whoever opens it has shown that the address
//! is theirs. The mail is sent after the invitation is on disk: one that cannot be sent is told of, and takes nothing back.
//! Without a mail server the link is left for the admin's session to see once; who opens it has shown nothing.
//!
//! Letters go to people who asked for none, so there are few of them: so many a day to one address and from one organisation,
//! and no text in them that reads as an address of the web.

use chrono::{DateTime, TimeDelta, Utc};

use super::mail::Letter;
use super::member::still_admin;
use super::transaction::Transaction;
use super::{ActionError, Context, FieldError, Result, Viewer, line, reveal};
use crate::domain::act::Act;
use crate::domain::api_key::hash;
use crate::domain::ids::{InvitationId, OrganisationId};
use crate::domain::invitation::{Channel, End, Invitation, LIFE, Mail, token};
use crate::domain::member;
use crate::domain::role::Role;
use crate::domain::secret::Plain;
use crate::store::{self, Conn};

/// So many invitations of an organisation wait at once; a list that grows without end is somebody's mistake.
const MAX_PENDING: usize = 200;

/// Letters that an address is sent in a day at most, by whatever organisation.
const MAX_LETTERS_TO_ADDRESS: i64 = 3;

/// Letters that an organisation sends in a day at most.
const MAX_LETTERS_OF_ORGANISATION: i64 = 50;

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
struct CheckedInvitation {
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
    if context.mailer.is_some() && name.as_deref().is_some_and(reads_as_address) {
        errors.push(FieldError::new("name", "Enter a name without a web address in it: it stands in the e-mail"));
    }
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
    let wanted = CheckedInvitation { name, email, role };
    issue(context, viewer, &form.token, created, link, move |_| Ok(wanted)).await
}

/// Makes a pending invitation anew: another link, another week; the old link is worth nothing.
pub async fn renew(
    context: &Context,
    viewer: &Viewer,
    id: InvitationId,
    form_token: &str,
    link: impl Fn(&str) -> String + Send + 'static,
) -> Result<InvitationId> {
    issue(context, viewer, form_token, renewed, link, move |tx| {
        let old = pending(tx, &id)?;
        Ok(CheckedInvitation { name: old.name, email: old.email, role: old.role })
    })
    .await
}

/// Takes a pending invitation back: its link is worth nothing from now on.
pub async fn revoke(context: &Context, viewer: &Viewer, id: InvitationId) -> Result<()> {
    let revoked = context.transact(viewer, move |tx| {
        let old = pending(tx, &id)?;
        if !store::invitation::end(tx.conn, &id, End::Revoked, tx.now)? {
            return Err(ActionError::Refused("This invitation was accepted at the same moment.".into()));
        }
        Ok(tx.audit(Act::InvitationRevoked { email: &old.email, role: old.role }, id.as_str())?)
    });
    revoked.await
}

fn pending(tx: &mut Transaction<'_>, id: &InvitationId) -> Result<Invitation> {
    let found = store::invitation::find(tx.conn, &tx.viewer.organisation.id, id)?.ok_or(ActionError::NotFound)?;
    match found.ended {
        None => Ok(found),
        Some(End::Accepted) => Err(ActionError::Refused("This invitation has been accepted.".into())),
        Some(End::Revoked | End::Replaced) => Err(ActionError::Refused("This invitation has already ended.".into())),
    }
}

fn created(invitation: &Invitation) -> Act<'_> {
    Act::InvitationCreated { email: &invitation.email, role: invitation.role }
}

fn renewed(invitation: &Invitation) -> Act<'_> {
    Act::InvitationRenewed { email: &invitation.email, role: invitation.role }
}

async fn issue(
    context: &Context,
    viewer: &Viewer,
    form_token: &str,
    act: fn(&Invitation) -> Act<'_>,
    link: impl Fn(&str) -> String + Send + 'static,
    wanted: impl FnOnce(&mut Transaction<'_>) -> Result<CheckedInvitation> + Send + 'static,
) -> Result<InvitationId> {
    let issued = context.transact_once_with(viewer, form_token, move |tx| {
        still_admin(tx)?;
        let wanted = wanted(tx)?;
        let (invitation, secret) = insert(tx, wanted)?;
        let address = Plain::new(link(secret.reveal()));
        if invitation.channel == Channel::Shown {
            reveal::leave(tx, invitation.id.as_str(), &[("invitation", &address)])?;
        }
        tx.audit(act(&invitation), invitation.id.as_str())?;
        Ok((invitation.id.clone(), (invitation, address)))
    });
    let (id, made) = issued.await?;
    if let Some((invitation, address)) = made {
        send(context, viewer, invitation, &address).await;
    }
    Ok(id)
}

/// Writes an invitation in place of an earlier one of the same address; what its link holds beside it.
fn insert(tx: &mut Transaction<'_>, wanted: CheckedInvitation) -> Result<(Invitation, Plain)> {
    let (organisation, now) = (&tx.viewer.organisation.id, tx.now);
    if store::member::list(tx.conn, organisation)?.iter().any(|known| known.member.email == wanted.email) {
        return Err(ActionError::field("email", format!("{} is already a member", wanted.email)));
    }
    store::invitation::replace(tx.conn, organisation, &wanted.email, now)?;
    if store::invitation::pending(tx.conn, organisation)?.len() >= MAX_PENDING {
        let why = format!("{MAX_PENDING} invitations wait already. Revoke those that nobody will accept.");
        return Err(ActionError::Refused(why));
    }
    let channel = if tx.context.mailer.is_some() { Channel::Mail } else { Channel::Shown };
    if channel == Channel::Mail {
        keep_letters_few(tx.conn, organisation, &wanted.email, now)?;
    }
    let invitation = Invitation {
        id: InvitationId::new(now),
        organisation_id: organisation.clone(),
        email: wanted.email,
        name: wanted.name,
        role: wanted.role,
        invited_by: tx.viewer.member.id.clone(),
        mail: tx.context.mailer.as_ref().map(|_| Mail::Sending),
        created_at: now,
        expires_at: now + LIFE,
        ended: None,
        ended_at: None,
        channel,
    };
    let secret = token();
    store::invitation::insert(tx.conn, &invitation, &hash(secret.reveal()))?;
    Ok((invitation, secret))
}

fn keep_letters_few(conn: &mut Conn, organisation: &OrganisationId, email: &str, now: DateTime<Utc>) -> Result<()> {
    let since = now - TimeDelta::days(1);
    if store::invitation::mailed_to(conn, email, since)? >= MAX_LETTERS_TO_ADDRESS {
        return Err(ActionError::Refused(format!(
            "{email} has been sent {MAX_LETTERS_TO_ADDRESS} invitations within a day. Wait until tomorrow before the next."
        )));
    }
    if store::invitation::mailed_by(conn, organisation, since)? >= MAX_LETTERS_OF_ORGANISATION {
        return Err(ActionError::Refused(format!(
            "{MAX_LETTERS_OF_ORGANISATION} invitations have been sent from here within a day. Go on tomorrow."
        )));
    }
    Ok(())
}

/// Whether mail programs would make a link of it, or of a part of it.
fn reads_as_address(text: &str) -> bool {
    let is_host = |word: &str| {
        let word = word.trim_matches(|c: char| !c.is_alphanumeric());
        // “J.R.R. Tolkien” and “Ph.D.” are names: what follows a host's last dot has two letters at least, and a name before it.
        word.rsplit_once('.').is_some_and(|(before, last)| {
            last.chars().count() >= 2 && last.chars().all(char::is_alphabetic) && before.chars().count() >= 3
        })
    };
    text.contains("//") || text.to_lowercase().contains("www.") || text.split_whitespace().any(is_host)
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
    let name = invitation.name.as_deref().filter(|name| !reads_as_address(name));
    let greeting = name.map_or_else(|| "Hello,".to_owned(), |name| format!("Hello {name},"));
    let inviter = &viewer.member.name;
    let inviter = if reads_as_address(inviter) { &viewer.member.email } else { inviter };
    let until = invitation.expires_at.with_timezone(&zone).format("%-d %B %Y, %H:%M");
    let text = format!(
        "{greeting}\n\n{inviter} invites you to join {team} on Hirewire, as {}.\n\nOpen this link to accept:\n\n{}\n\n\
         It works once, until {until} ({}). If you did not expect this, ignore it; nothing will happen.\n",
        invitation.role.with_article(),
        address.reveal(),
        zone.name(),
    );
    Letter {
        to_name: name.map(ToOwned::to_owned),
        to: invitation.email.clone(),
        subject: format!("Join {team} on Hirewire"),
        text,
        id: invitation.id.to_string(),
        at: invitation.created_at,
    }
}

#[cfg(test)]
mod tests {
    use super::reads_as_address;

    #[test]
    fn what_reads_as_a_web_address_is_told_from_a_name() {
        for address in
            ["Your parcel waits: https://evil.example/pay now", "evil.example", "www.evil", "//x", "(evil.com)"]
        {
            assert!(reads_as_address(address), "{address}");
        }
        for name in
            ["Siobhán O'Brien", "J.R.R. Tolkien", "Nguyễn Thị Ánh", "Ada Ph.D.", "St. John", "Smith, Jr.", "محمد"]
        {
            assert!(!reads_as_address(name), "{name}");
        }
    }
}
