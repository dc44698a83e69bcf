//! The first run: on a database without any organisation, `hirewire serve` prints an address that works once. Whoever reads
//! the terminal makes the first organisation and its first admin there.
//!
//! Each living instance has printed one address; the first that is used ends them all, and none is worth anything once
//! there is an organisation, however it came about.

use super::{ActionError, Context, FieldError, Result, line, password};
use crate::domain::act::Act;
use crate::domain::api_key::hash;
use crate::domain::ids::{MemberId, OrganisationId};
use crate::domain::invitation::token;
use crate::domain::member::{self, Member, PasswordMark};
use crate::domain::organisation::Organisation;
use crate::domain::role::Role;
use crate::domain::secret::Plain;
use crate::domain::time_zone;
use crate::store::audit::Entry;
use crate::store::{self, StoreError};

/// What opens the page of the first run, fresh for this instance; `None` when there is an organisation. The engine must
/// have started: what was printed ends with its instance.
pub async fn offer(context: &Context) -> Result<Option<Plain>> {
    let (secret, instance) = (token(), context.engine.instance().clone());
    let hash = hash(secret.reveal());
    let offered = context.transact_without_viewer(move |tx| {
        let is_first = store::organisation::none(tx.conn)?;
        if is_first {
            store::first_run::offer(tx.conn, &instance, &hash)?;
        }
        Ok(is_first)
    });
    Ok(offered.await?.then_some(secret))
}

/// Whether nobody has begun to use the database yet.
pub async fn is_first(context: &Context) -> Result<bool> {
    Ok(context.store.read(store::organisation::none).await?)
}

/// Whether a token opens the page of the first run now.
pub async fn opens(context: &Context, token: &str) -> Result<bool> {
    let hash = hash(token);
    let opens = context.store.read(move |conn| {
        Ok::<_, StoreError>(store::first_run::is_offered(conn, &hash)? && store::organisation::none(conn)?)
    });
    Ok(opens.await?)
}

/// What was typed on the page of the first run.
#[derive(Debug, Clone)]
pub struct FirstRun {
    /// What the organisation is called.
    pub organisation: String,
    /// Its time zone, such as `Europe/Berlin`.
    pub time_zone: String,
    /// The admin's name.
    pub name: String,
    /// The admin's e-mail address.
    pub email: String,
    /// The admin's password.
    pub password: Plain,
}

/// Makes the first organisation and its admin. Of several who come at once one is served.
pub async fn complete(context: &Context, token: &str, form: FirstRun) -> Result<(Member, OrganisationId)> {
    let (organisation, member) = checked(context, &form)?;
    if !opens(context, token).await? {
        return Err(ActionError::NotFound);
    }
    let password = context.passwords.hash(&form.password).await?;
    let member = Member { password: PasswordMark::of(&password), ..member };
    let hash = hash(token);
    let completed = context.transact_without_viewer(move |tx| {
        if !store::first_run::take(tx.conn, &hash)? || !store::organisation::none(tx.conn)? {
            return Err(ActionError::NotFound);
        }
        store::organisation::insert(tx.conn, &organisation)?;
        store::member::insert(tx.conn, &member, &password)?;
        store::member::join(tx.conn, &member.id, &organisation.id, Role::Admin, member.created_at)?;
        let of_organisation = Act::OrganisationCreatedAtFirstRun { name: &organisation.name };
        let of_member = Act::MemberCreatedAtFirstRun { name: &member.name, role: Role::Admin };
        for (act, object) in [(of_organisation, organisation.id.as_str()), (of_member, member.id.as_str())] {
            let (organisation, member) = (Some(&organisation.id), Some(&member.id));
            tx.record(&Entry { organisation, member, act, object: Some(object) })?;
        }
        Ok((member, organisation.id))
    });
    completed.await
}

fn checked(context: &Context, form: &FirstRun) -> Result<(Organisation, Member)> {
    let mut errors = Vec::new();
    let required = |errors: &mut Vec<FieldError>, field: &str, typed: &str, missing: &str| -> String {
        let read = line(field, typed, 100).and_then(|line| line.ok_or_else(|| FieldError::new(field, missing)));
        read.map_err(|error| errors.push(error)).unwrap_or_default()
    };
    // In the order of the page.
    let organisation = required(&mut errors, "organisation", &form.organisation, "Give the organisation a name");
    let zone = time_zone::parse(&form.time_zone);
    if zone.is_none() {
        errors.push(FieldError::new("time_zone", time_zone::objection(&form.time_zone)));
    }
    let name = required(&mut errors, "name", &form.name, "Enter your name");
    let email = member::email(&form.email);
    if email.is_none() {
        errors.push(FieldError::new("email", "Enter your e-mail address, such as name@example.com"));
    }
    errors.extend(password::objection("password", &form.password, &[&form.email, &form.name, &form.organisation]));
    let (Some(time_zone), Some(email), true) = (zone, email, errors.is_empty()) else {
        return Err(ActionError::Invalid(errors));
    };
    let now = context.clock.now();
    let id = OrganisationId::new(now);
    let organisation = Organisation { id, name: organisation, time_zone, suspended_at: None, created_at: now };
    // Who reads the terminal is the operator, or was sent by them.
    let address_proven_at = Some(now);
    let id = MemberId::new(now);
    let password = PasswordMark::default();
    let member = Member { id, email, name, created_at: now, address_proven_at, password_given_at: None, password };
    Ok((organisation, member))
}
