//! Organisations and their members, as the operator makes them on the command line.
//!
//! The operator's word proves an address: an account made here belongs to whom they mean. But an address that has an account
//! already may be anybody's who typed it before, so nobody is joined to an organisation because an address matches: its
//! holder gets a link, and accepts.

use chrono_tz::Tz;

use super::transaction::{NoViewer, Transaction};
use super::{ActionError, Context, FieldError, Result, line, password};
use crate::domain::act::Act;
use crate::domain::api_key::hash;
use crate::domain::ids::{InvitationId, MemberId, OrganisationId};
use crate::domain::invitation::{Channel, Invitation, LIFE, token};
use crate::domain::member::{self, Member, PasswordMark};
use crate::domain::organisation::Organisation;
use crate::domain::role::Role;
use crate::domain::secret::Plain;
use crate::store::changes::Change;
use crate::store::{self, Conn};

/// Creates an organisation.
pub async fn create(context: &Context, name: &str, time_zone: Tz) -> Result<OrganisationId> {
    let name = line("name", name, 100).map_err(|error| ActionError::Invalid(vec![error]))?;
    let name = name.ok_or_else(|| ActionError::field("name", "Give the organisation a name"))?;
    let now = context.clock.now();
    let organisation =
        Organisation { id: OrganisationId::new(now), name, time_zone, suspended_at: None, created_at: now };
    let created = context.transact_without_viewer(move |tx| {
        store::organisation::insert(tx.conn, &organisation)?;
        let act = Act::OrganisationCreatedByOperator { name: &organisation.name };
        tx.audit_operator(Some(&organisation.id), act, organisation.id.as_str())?;
        Ok(organisation.id)
    });
    created.await
}

/// What came of suspending or resuming an organisation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suspension {
    /// What it is called.
    pub name: String,
    /// Whether it stood so already; then nothing was changed.
    pub was_so: bool,
    /// How many webhooks it has.
    pub hooks: usize,
}

/// Suspends or resumes an organisation. While it is suspended its API keys answer `ACCOUNT_INACTIVE`, its members see a page
/// that says so, and what is owed to its webhooks is held; sessions of those who belong nowhere else end at once.
pub async fn set_suspended(context: &Context, id: OrganisationId, suspended: bool) -> Result<Suspension> {
    let changed = context.transact_without_viewer(move |tx| {
        let before = store::organisation::find(tx.conn, &id)?.ok_or(ActionError::NotFound)?;
        let hooks = store::hook::all_of(tx.conn, &id)?;
        // Also when it stands so already: an earlier act may have been cut off.
        hooks.iter().for_each(|hook| tx.bring_in_line(hook));
        let was_so = before.suspended_at.is_some() == suspended;
        let done = Suspension { name: before.name, was_so, hooks: hooks.len() };
        if was_so {
            return Ok(done);
        }
        if !store::organisation::set_suspended(tx.conn, &id, suspended.then_some(tx.now))? {
            return Err(ActionError::NotFound);
        }
        tx.changed(Change::Organisation(id.clone()));
        let act = if suspended { Act::OrganisationSuspended } else { Act::OrganisationResumed };
        tx.audit_operator(Some(&id), act, id.as_str())?;
        if suspended {
            end_sessions(tx.conn, &id)?;
        }
        Ok(done)
    });
    changed.await
}

/// Ends the sessions of members who belong to nothing but suspended organisations.
fn end_sessions(conn: &mut Conn, organisation: &OrganisationId) -> Result<()> {
    for membership in store::member::list(conn, organisation)? {
        let id = membership.member.id;
        if store::member::organisations_of(conn, &id)?.iter().all(|(place, _)| place.suspended_at.is_some()) {
            store::web_session::delete_of(conn, &id)?;
        }
    }
    Ok(())
}

/// A new member of an organisation.
#[derive(Debug, Clone)]
pub struct NewMember {
    /// In which organisation.
    pub organisation: OrganisationId,
    /// Their e-mail address.
    pub email: String,
    /// Their name.
    pub name: String,
    /// Their role.
    pub role: Role,
    /// Their password.
    pub password: Plain,
    /// Whether the password is printed: whoever gets it has to choose another one first.
    pub is_printed: bool,
}

/// What came of making a member.
#[derive(Debug, Clone)]
pub enum Created {
    /// A new account with the password that was given.
    Member(MemberId),
    /// The address has an account: nothing about it was changed, and with what this link holds its holder joins.
    Invited(Plain),
}

/// Creates a member; invites them when their address has an account already.
pub async fn create_member(context: &Context, new: NewMember) -> Result<Created> {
    let (member, hash) = checked(context, &new).await?;
    let created = context.transact_without_viewer(move |tx| {
        let NewMember { organisation, role, .. } = &new;
        if store::organisation::find(tx.conn, organisation)?.is_none() {
            return Err(ActionError::field("organisation", format!("There is no organisation {organisation}")));
        }
        if let Some((known, _)) = store::member::find_by_email(tx.conn, &member.email)? {
            return Ok(Created::Invited(invite_known(tx, &known, organisation, *role)?));
        }
        store::member::insert(tx.conn, &member, &hash)?;
        store::member::join(tx.conn, &member.id, organisation, *role, tx.now)?;
        let act = Act::MemberCreatedByOperator { name: &member.name, role: *role };
        tx.audit_operator(Some(organisation), act, member.id.as_str())?;
        Ok(Created::Member(member.id))
    });
    created.await
}

async fn checked(context: &Context, new: &NewMember) -> Result<(Member, String)> {
    let mut errors = Vec::new();
    let email = member::email(&new.email);
    if email.is_none() {
        errors.push(FieldError::new("email", format!("“{}” is not an e-mail address", new.email)));
    }
    errors.extend(password::objection("password", &new.password, &[&new.email, &new.name]));
    let name = line("name", &new.name, 100).unwrap_or_else(|error| {
        errors.push(error);
        None
    });
    let (Some(email), true) = (email, errors.is_empty()) else { return Err(ActionError::Invalid(errors)) };
    let hash = context.passwords.hash(&new.password).await?;
    let now = context.clock.now();
    let member = Member {
        id: MemberId::new(now),
        name: name.unwrap_or_else(|| email.clone()),
        email,
        created_at: now,
        address_proven_at: Some(now),
        password_given_at: new.is_printed.then_some(now),
        password: PasswordMark::of(&hash),
    };
    Ok((member, hash))
}

/// Invites whoever an account belongs to; what the link holds.
fn invite_known(
    tx: &mut Transaction<'_, NoViewer>,
    known: &Member,
    organisation: &OrganisationId,
    role: Role,
) -> Result<Plain> {
    if store::member::find_in(tx.conn, organisation, &known.id)?.is_some() {
        return Err(ActionError::field("email", format!("{} is already a member", known.email)));
    }
    let now = tx.now;
    store::invitation::replace(tx.conn, organisation, &known.email, now)?;
    let invitation = Invitation {
        id: InvitationId::new(now),
        organisation_id: organisation.clone(),
        email: known.email.clone(),
        name: None,
        role,
        invited_by: known.id.clone(),
        mail: None,
        created_at: now,
        expires_at: now + LIFE,
        ended: None,
        ended_at: None,
        channel: Channel::Operator,
    };
    let secret = token();
    store::invitation::insert(tx.conn, &invitation, &hash(secret.reveal()))?;
    let act = Act::InvitationCreatedByOperator { email: &known.email, role };
    tx.audit_operator(Some(organisation), act, invitation.id.as_str())?;
    Ok(secret)
}

/// Sets a member's password and ends every session they have; how many those were. By the operator's word the address is
/// theirs from now on. A password that `is_printed` has to be changed first of all.
pub async fn reset_password(context: &Context, email: &str, password: &Plain, is_printed: bool) -> Result<usize> {
    let email = member::email(email).ok_or_else(|| ActionError::field("email", "This is not an e-mail address"))?;
    if let Some(objection) = password::objection("password", password, &[&email]) {
        return Err(ActionError::Invalid(vec![objection]));
    }
    let hash = context.passwords.hash(password).await?;
    let reset = context.transact_without_viewer(move |tx| {
        let (member, _) = store::member::find_by_email(tx.conn, &email)?.ok_or(ActionError::NotFound)?;
        store::member::set_password(tx.conn, &member.id, &hash, is_printed.then_some(tx.now))?;
        store::member::prove_address(tx.conn, &member.id, tx.now)?;
        let ended = store::web_session::delete_of(tx.conn, &member.id)?;
        tx.audit_operator(None, Act::PasswordReset { ended }, member.id.as_str())?;
        Ok(ended)
    });
    reset.await
}
