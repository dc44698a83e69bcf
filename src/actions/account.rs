//! One's own account: name, password, sessions. It is the same in every organisation one belongs to.

use std::net::IpAddr;

use super::sign_in::knows_password;
use super::{ActionError, Context, Result, Viewer, line, password};
use crate::domain::act::Act;
use crate::domain::member::Member;
use crate::domain::secret::Plain;
use crate::store;

/// Changes the name that others see.
pub async fn rename(context: &Context, viewer: &Viewer, typed: &str) -> Result<()> {
    let name = line("name", typed, 100).map_err(|error| ActionError::Invalid(vec![error]))?;
    let name = name.ok_or_else(|| ActionError::field("name", "Enter the name that others are to see"))?;
    if name == viewer.member.name {
        return Ok(());
    }
    let renamed = context.transact(viewer, move |tx| {
        let member = &tx.viewer.member;
        store::member::rename(tx.conn, &member.id, &name)?;
        Ok(tx.audit(Act::MemberRenamed { from: &member.name, to: &name }, member.id.as_str())?)
    });
    renamed.await
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
    let changed = context.transact(viewer, move |tx| {
        let member = &tx.viewer.member.id;
        store::member::set_password(tx.conn, member, &hash, None)?;
        let ended = store::web_session::delete_of_but(tx.conn, member, &tx.viewer.session)?;
        tx.audit(Act::PasswordChanged { ended }, member.as_str())?;
        store::member::find(tx.conn, member)?.ok_or(ActionError::NotFound)
    });
    changed.await
}

/// Ends one of the viewer's sessions, by its name. One that has ended already is as good.
pub async fn end_session(context: &Context, viewer: &Viewer, name: &str) -> Result<()> {
    let name = name.to_owned();
    let ended = context.transact(viewer, move |tx| {
        let member = &tx.viewer.member.id;
        if store::web_session::delete_named(tx.conn, member, &name)? {
            tx.audit(Act::SessionEnded, member.as_str())?;
        }
        Ok(())
    });
    ended.await
}

/// Ends every session of the viewer but the one at hand; how many there were.
pub async fn end_other_sessions(context: &Context, viewer: &Viewer) -> Result<usize> {
    let ended = context.transact(viewer, |tx| {
        let member = &tx.viewer.member.id;
        let ended = store::web_session::delete_of_but(tx.conn, member, &tx.viewer.session)?;
        tx.audit(Act::OtherSessionsEnded { ended }, member.as_str())?;
        Ok(ended)
    });
    ended.await
}
