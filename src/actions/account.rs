//! One's own account: name, password, sessions. It is the same in every organisation one belongs to.

use std::net::IpAddr;

use super::sign_in::knows_password;
use super::{ActionError, Context, Result, Viewer, line, password};
use crate::domain::member::Member;
use crate::domain::secret::Plain;
use crate::store::audit::Act;
use crate::store::{self, Conn, StoreError};

/// Changes the name that others see.
pub async fn rename(context: &Context, viewer: &Viewer, typed: &str) -> Result<()> {
    let name = line("name", typed, 100).map_err(|error| ActionError::Invalid(vec![error]))?;
    let name = name.ok_or_else(|| ActionError::field("name", "Enter the name that others are to see"))?;
    if name == viewer.member.name {
        return Ok(());
    }
    let (owned, viewer) = (context.clone(), viewer.clone());
    context
        .store
        .write(move |conn| {
            store::member::rename(conn, &viewer.member.id, &name)?;
            let detail = format!("from “{}” to “{name}”", viewer.member.name);
            Ok(audit(conn, &owned, &viewer, "member.renamed", detail)?)
        })
        .await
}

/// A new password for oneself.
#[derive(Debug)]
pub struct NewPassword {
    /// The one that is to be replaced.
    pub present: Plain,
    /// The one that takes its place.
    pub new: Plain,
    /// Where the request comes from.
    pub from: IpAddr,
}

/// Changes the password and ends every other session. Gives the member as they are now.
pub async fn change_password(context: &Context, viewer: &Viewer, form: NewPassword) -> Result<Member> {
    let Member { email, name, .. } = &viewer.member;
    let about = [email.as_str(), name.as_str(), viewer.organisation.name.as_str()];
    let mut errors: Vec<_> = password::objection("new", &form.new, &about).into_iter().collect();
    if !knows_password(context, &viewer.member, &form.present, form.from).await? {
        errors.insert(0, super::FieldError::new("present", "This is not your current password"));
    }
    if form.new.reveal() == form.present.reveal() {
        errors.push(super::FieldError::new("new", "Choose another password than the current one"));
    }
    if !errors.is_empty() {
        return Err(ActionError::Invalid(errors));
    }
    let hash = context.passwords.hash(&form.new).await?;
    let (owned, viewer) = (context.clone(), viewer.clone());
    context
        .store
        .write(move |conn| {
            store::member::set_password(conn, &viewer.member.id, &hash, None)?;
            let ended = store::web_session::delete_of_but(conn, &viewer.member.id, &viewer.session)?;
            audit(conn, &owned, &viewer, "member.password_changed", format!("{ended} other sessions ended"))?;
            store::member::find(conn, &viewer.member.id)?.ok_or(ActionError::NotFound)
        })
        .await
}

/// Ends one of the viewer's sessions, by its name. One that has ended already is as good.
pub async fn end_session(context: &Context, viewer: &Viewer, name: &str) -> Result<()> {
    let (owned, viewer, name) = (context.clone(), viewer.clone(), name.to_owned());
    context
        .store
        .write(move |conn| {
            if store::web_session::delete_named(conn, &viewer.member.id, &name)? {
                audit(conn, &owned, &viewer, "session.ended", "one of their own".into())?;
            }
            Ok(())
        })
        .await
}

/// Ends every session of the viewer but the one at hand; how many there were.
pub async fn end_other_sessions(context: &Context, viewer: &Viewer) -> Result<usize> {
    let (owned, viewer) = (context.clone(), viewer.clone());
    context
        .store
        .write(move |conn| {
            let ended = store::web_session::delete_of_but(conn, &viewer.member.id, &viewer.session)?;
            audit(conn, &owned, &viewer, "session.ended", format!("{ended} others of their own"))?;
            Ok(ended)
        })
        .await
}

fn audit(conn: &mut Conn, context: &Context, viewer: &Viewer, act: &str, detail: String) -> Result<(), StoreError> {
    let act = Act {
        organisation: Some(&viewer.organisation.id),
        member: Some(&viewer.member.id),
        act,
        object: Some(viewer.member.id.as_str()),
        detail,
    };
    store::audit::insert(conn, &act, context.clock.now())
}
