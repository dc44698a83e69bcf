//! Organisations and their members, as the operator makes them on the command line.

use chrono_tz::Tz;

use super::{ActionError, Context, FieldError, Result, line, password};
use crate::domain::ids::{MemberId, OrganisationId};
use crate::domain::member::{self, Member};
use crate::domain::organisation::Organisation;
use crate::domain::role::Role;
use crate::domain::secret::Plain;
use crate::store;
use crate::store::audit::Act;
use crate::store::changes::Change;

/// Creates an organisation.
pub async fn create(context: &Context, name: &str, time_zone: Tz) -> Result<OrganisationId> {
    let name = line("name", name, 100).map_err(|error| ActionError::Invalid(vec![error]))?;
    let name = name.ok_or_else(|| ActionError::field("name", "Give the organisation a name"))?;
    let now = context.clock.now();
    let organisation =
        Organisation { id: OrganisationId::new(now), name, time_zone, suspended_at: None, created_at: now };
    context
        .store
        .write(move |conn| {
            store::organisation::insert(conn, &organisation)?;
            let act = Act {
                organisation: Some(&organisation.id),
                member: None,
                act: "organisation.created",
                object: Some(organisation.id.as_str()),
                detail: format!("Organisation “{}” created by the operator", organisation.name),
            };
            store::audit::insert(conn, &act, now)?;
            Ok(organisation.id)
        })
        .await
}

/// Suspends or resumes an organisation. While suspended its API keys answer `ACCOUNT_INACTIVE`.
pub async fn set_suspended(context: &Context, id: OrganisationId, suspended: bool) -> Result<()> {
    let now = context.clock.now();
    context
        .store
        .change(now, move |conn, named| {
            if !store::organisation::set_suspended(conn, &id, suspended.then_some(now))? {
                return Err(ActionError::NotFound);
            }
            named.push(Change::Organisation(id.clone()));
            let act = if suspended { "organisation.suspended" } else { "organisation.resumed" };
            let act = Act {
                organisation: Some(&id),
                member: None,
                act,
                object: Some(id.as_str()),
                detail: "by the operator".into(),
            };
            Ok(store::audit::insert(conn, &act, now)?)
        })
        .await
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
}

/// Creates a member. A person who is already a member elsewhere joins with the password they have.
pub async fn create_member(context: &Context, new: NewMember) -> Result<MemberId> {
    let mut errors = Vec::new();
    let email = member::email(&new.email);
    if email.is_none() {
        errors.push(FieldError::new("email", format!("“{}” is not an e-mail address", new.email)));
    }
    errors.extend(password::objection("password", &new.password));
    let name = line("name", &new.name, 100).unwrap_or_else(|error| {
        errors.push(error);
        None
    });
    let (Some(email), true) = (email, errors.is_empty()) else { return Err(ActionError::Invalid(errors)) };
    let hash = context.passwords.hash(&new.password).await?;
    let now = context.clock.now();
    let member = Member { id: MemberId::new(now), name: name.unwrap_or_else(|| email.clone()), email, created_at: now };
    context
        .store
        .write(move |conn| {
            if store::organisation::find(conn, &new.organisation)?.is_none() {
                return Err(ActionError::field(
                    "organisation",
                    format!("There is no organisation {}", new.organisation),
                ));
            }
            let member = match store::member::find_by_email(conn, &member.email)? {
                Some((known, _)) => Member { created_at: now, ..known },
                None => {
                    store::member::insert(conn, &member, &hash)?;
                    member
                }
            };
            if store::member::organisations_of(conn, &member.id)?.iter().any(|(org, _)| org.id == new.organisation) {
                return Err(ActionError::field("email", format!("{} is already a member", member.email)));
            }
            store::member::join(conn, &member, &new.organisation, new.role)?;
            let act = Act {
                organisation: Some(&new.organisation),
                member: None,
                act: "member.created",
                object: Some(member.id.as_str()),
                detail: format!("{} as {} by the operator", member.name, new.role.label()),
            };
            store::audit::insert(conn, &act, now)?;
            Ok(member.id)
        })
        .await
}

/// Sets a member's password and ends every session they have.
pub async fn reset_password(context: &Context, email: &str, password: &Plain) -> Result<()> {
    let email = member::email(email).ok_or_else(|| ActionError::field("email", "This is not an e-mail address"))?;
    if let Some(objection) = password::objection("password", password) {
        return Err(ActionError::Invalid(vec![objection]));
    }
    let hash = context.passwords.hash(password).await?;
    let now = context.clock.now();
    context
        .store
        .write(move |conn| {
            let (member, _) = store::member::find_by_email(conn, &email)?.ok_or(ActionError::NotFound)?;
            store::member::set_password(conn, &member.id, &hash)?;
            let ended = store::web_session::delete_of(conn, &member.id)?;
            let act = Act {
                organisation: None,
                member: None,
                act: "member.password_reset",
                object: Some(member.id.as_str()),
                detail: format!("by the operator; {ended} sessions ended"),
            };
            Ok(store::audit::insert(conn, &act, now)?)
        })
        .await
}
