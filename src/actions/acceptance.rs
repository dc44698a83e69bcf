//! Accepting an invitation: whoever holds the link becomes a member, once.
//!
//! What they have to show depends on the link's [`Channel`](crate::domain::invitation::Channel). A link that was mailed and
//! shown to nobody, or that the operator handed over, shows that the address is theirs: an account of that address that
//! nobody has proven goes over to them, with a new password; its sessions end, and so do its places in other organisations,
//! because somebody else took them. A link that an admin has seen shows nothing: an account made with it is of use in that
//! organisation alone, and an account that is there takes its own password.
//!
//! What is *not* guaranteed: that a link which was shown tells nothing about who has an account elsewhere. Its page is the same
//! for all, but whoever spends it on a new password learns whether that was taken. Links that are mailed have no such reader.

use std::net::IpAddr;

use super::sign_in::{SignIn, SignInError, sign_in};
use super::transaction::{NoViewer, Transaction};
use super::{ActionError, Context, FieldError, Result, line, password};
use crate::domain::act::Act;
use crate::domain::api_key::hash;
use crate::domain::ids::{MemberId, OrganisationId};
use crate::domain::invitation::{Channel, Invitation, Standing};
use crate::domain::member::{Member, PasswordMark};
use crate::domain::organisation::Organisation;
use crate::domain::secret::Plain;
use crate::store::audit::Entry;
use crate::store::{self, Conn, StoreError};

/// What an existing account's holder typed was not its password.
pub const NOT_YOUR_PASSWORD: &str = "This address has an account already, and this is not its password";

/// An account that nobody has proven is invited elsewhere, with a link that proves nothing.
pub const OF_ONE_ORGANISATION: &str = "This account was made with a link that somebody had seen, so it is of use in one organisation only. \
                                       Have whoever runs this Hirewire give it a new password, and accept then";

/// What stands behind a link.
#[derive(Debug, Clone)]
pub struct Invited {
    /// The invitation.
    pub invitation: Invitation,
    /// What the link is worth now.
    pub standing: Standing,
    /// Into which organisation.
    pub organisation: Organisation,
    /// The name of whoever invited; empty when the operator did.
    pub inviter: String,
    /// The account that the address already has.
    known: Option<Member>,
}

/// What accepting asks of a visitor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// Nothing: they are logged in as whom it is for.
    Nothing,
    /// A name and a new password.
    NewPassword,
    /// The password of the account that they have proven theirs.
    Password,
    /// A name and a password, a new one or the account's: whether there is an account is not told.
    AnyPassword,
}

impl Invited {
    /// What accepting asks of a visitor who is logged in as this member, or as nobody.
    pub fn asks(&self, signed_in: Option<&MemberId>) -> Asked {
        let is_own = self.known.as_ref().is_some_and(|known| Some(&known.id) == signed_in);
        match (&self.known, self.invitation.channel.proves_address()) {
            (None, true) => Asked::NewPassword,
            (Some(known), true) if !known.is_proven() => Asked::NewPassword,
            (Some(_), _) if is_own => Asked::Nothing,
            (Some(_), true) => Asked::Password,
            (_, false) => Asked::AnyPassword,
        }
    }

    /// Whether accepting takes over an account that somebody has made with this address.
    pub fn takes_over(&self) -> bool {
        self.invitation.channel.proves_address() && self.known.as_ref().is_some_and(|known| !known.is_proven())
    }

    /// The account that is invited, when this is its holder.
    pub fn is_for(&self, signed_in: Option<&MemberId>) -> bool {
        signed_in.is_some() && self.known.as_ref().map(|known| &known.id) == signed_in
    }
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
            let inviter = match invitation.channel {
                Channel::Operator => None,
                Channel::Shown | Channel::Mail => store::member::find(conn, &invitation.invited_by)?,
            };
            let inviter = inviter.map(|member| member.name).unwrap_or_default();
            let known = store::member::find_by_email(conn, &invitation.email)?.map(|(member, _)| member);
            let standing = invitation.standing(now);
            Ok(Some(Invited { invitation, standing, organisation, inviter, known }))
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
    let asked = invited.asks(acceptance.signed_in.as_ref());
    let joining = match &invited.known {
        Some(known) if asked == Asked::Nothing => Joining::Known(known.clone()),
        Some(known) if invited.takes_over() => {
            let (name, hash) = chosen(context, &invited, &acceptance).await?;
            let is_own = acceptance.signed_in.as_ref() == Some(&known.id);
            Joining::TakingOver { id: known.id.clone(), name, hash, keeps_places: is_own }
        }
        Some(known) => {
            check_password(context, known, &acceptance).await?;
            Joining::Known(known.clone())
        }
        None => newcomer(context, &invited, &acceptance).await?,
    };
    let invitation = invited.invitation;
    match context.transact_without_viewer(move |tx| join(tx, &invitation, joining)).await {
        // Two links for one new person at the same moment.
        Err(ActionError::Store(error)) if error.is_duplicate() => Err(ActionError::Refused(appeared())),
        done => done,
    }
}

enum Joining {
    Known(Member),
    New(Member, String),
    TakingOver {
        id: MemberId,
        name: String,
        hash: String,
        /// Whoever is logged in to the account, too, has used it themselves.
        keeps_places: bool,
    },
}

async fn check_password(context: &Context, member: &Member, acceptance: &Acceptance) -> Result<()> {
    let request = SignIn {
        email: member.email.clone(),
        password: acceptance.password.clone(),
        from: acceptance.from,
        browser_proof: acceptance.browser_proof.clone(),
    };
    match sign_in(context, request).await {
        Ok(_) => Ok(()),
        Err(ActionError::NotSignedIn(SignInError::WrongPassword)) => {
            Err(ActionError::field("password", NOT_YOUR_PASSWORD))
        }
        Err(error) => Err(error),
    }
}

/// The name that somebody chose, and the hash of their password.
async fn chosen(context: &Context, invited: &Invited, acceptance: &Acceptance) -> Result<(String, String)> {
    let mut errors = Vec::new();
    let name = match line("name", &acceptance.name, 100) {
        Ok(None) => Err(FieldError::new("name", "Enter the name that others are to see")),
        Ok(Some(name)) => Ok(name),
        Err(error) => Err(error),
    };
    let name = name.map_err(|error| errors.push(error)).ok();
    let about = [invited.invitation.email.as_str(), acceptance.name.as_str(), invited.organisation.name.as_str()];
    errors.extend(password::objection("password", &acceptance.password, &about));
    let (Some(name), true) = (name, errors.is_empty()) else { return Err(ActionError::Invalid(errors)) };
    let _place = context.passwords.place().ok_or(SignInError::Busy)?;
    Ok((name, context.passwords.hash(&acceptance.password).await?))
}

async fn newcomer(context: &Context, invited: &Invited, acceptance: &Acceptance) -> Result<Joining> {
    let (name, hash) = chosen(context, invited, acceptance).await?;
    let now = context.clock.now();
    let member = Member {
        id: MemberId::new(now),
        email: invited.invitation.email.clone(),
        name,
        created_at: now,
        address_proven_at: invited.invitation.channel.proves_address().then_some(now),
        password_given_at: None,
        password: PasswordMark::of(&hash),
    };
    Ok(Joining::New(member, hash))
}

fn join(
    tx: &mut Transaction<'_, NoViewer>,
    invitation: &Invitation,
    joining: Joining,
) -> Result<(Member, OrganisationId)> {
    if !store::invitation::accept(tx.conn, &invitation.id, tx.now)? {
        return Err(ActionError::NotFound);
    }
    let organisation = &invitation.organisation_id;
    let member = match joining {
        Joining::Known(member) => {
            refuse_elsewhere(tx.conn, &member.id, organisation)?;
            member
        }
        Joining::New(member, hash) => {
            if store::member::find_by_email(tx.conn, &member.email)?.is_some() {
                return Err(ActionError::Refused(appeared()));
            }
            store::member::insert(tx.conn, &member, &hash)?;
            member
        }
        Joining::TakingOver { id, name, hash, keeps_places } => {
            take_over(tx, invitation, &id, &hash, keeps_places)?;
            store::member::rename(tx.conn, &id, &name)?;
            store::member::find(tx.conn, &id)?.ok_or(ActionError::NotFound)?
        }
    };
    // The operator may have made them a member meanwhile: then that role counts.
    if store::member::find_in(tx.conn, organisation, &member.id)?.is_none() {
        store::member::join(tx.conn, &member.id, organisation, invitation.role, tx.now)?;
    }
    let act = Act::MemberJoined { name: &member.name, role: invitation.role, invitation: &invitation.id };
    audit(tx, organisation, &member.id, act)?;
    Ok((member, organisation.clone()))
}

/// Refuses an account that nobody has proven a place beside the one it has.
fn refuse_elsewhere(conn: &mut Conn, member: &MemberId, organisation: &OrganisationId) -> Result<()> {
    let found = store::member::find(conn, member)?.ok_or(ActionError::NotFound)?;
    let places = store::member::organisations_of(conn, member)?;
    if found.is_proven() || places.iter().all(|(place, _)| place.id == *organisation) {
        return Ok(());
    }
    Err(ActionError::Refused(OF_ONE_ORGANISATION.into()))
}

/// An account goes over to whoever has shown that its address is theirs: what somebody else had of it ends.
fn take_over(
    tx: &mut Transaction<'_, NoViewer>,
    invitation: &Invitation,
    id: &MemberId,
    hash: &str,
    keeps_places: bool,
) -> Result<()> {
    let email = &invitation.email;
    if !store::member::prove_address(tx.conn, id, tx.now)? {
        return Err(ActionError::Refused(appeared()));
    }
    store::member::set_password(tx.conn, id, hash, None)?;
    let ended = store::web_session::delete_of(tx.conn, id)?;
    audit(tx, &invitation.organisation_id, id, Act::MemberTakenOver { email, ended })?;
    if keeps_places {
        return Ok(());
    }
    // A place here was taken by somebody else as well: what they are invited as is what counts.
    for (organisation, role) in store::member::organisations_of(tx.conn, id)? {
        store::member::leave(tx.conn, &organisation.id, id)?;
        store::invitation::revoke_of(tx.conn, &organisation.id, id, tx.now)?;
        audit(tx, &organisation.id, id, Act::StrangerRemoved { email, role })?;
    }
    Ok(())
}

/// Writes down what somebody who has a link did to their own account.
fn audit(
    tx: &mut Transaction<'_, NoViewer>,
    organisation: &OrganisationId,
    member: &MemberId,
    act: Act<'_>,
) -> Result<(), StoreError> {
    let (organisation, object) = (Some(organisation), Some(member.as_str()));
    tx.record(&Entry { organisation, member: Some(member), act, object })
}

fn appeared() -> String {
    "An account with this e-mail address was made a moment ago. Open the link again and accept with its password."
        .into()
}
