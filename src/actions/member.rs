//! Members of an organisation: their roles change, and they leave.
//!
//! An organisation keeps at least one admin. Each act here first holds the rows of all its admins until its transaction
//! ends, so that of two admins who demote each other at once the second finds that it is none any more. What a member may
//! do is read anew with each request, so a change counts from the next page on.

use super::transaction::Transaction;
use super::{ActionError, Context, Result, Viewer};
use crate::domain::act::Act;
use crate::domain::ids::MemberId;
use crate::domain::member::{Member, Membership};
use crate::domain::role::Role;
use crate::store;
use crate::store::audit::Entry;

/// Gives a member of the viewer's organisation another role.
pub async fn change_role(context: &Context, viewer: &Viewer, id: MemberId, role: Option<Role>) -> Result<()> {
    let role = role.ok_or_else(|| ActionError::field("role", "Choose a role"))?;
    let changed = context.transact(viewer, move |tx| {
        let Membership { member, role: from, .. } = &lock_membership(tx, &id)?;
        if *from == role {
            return Ok(());
        }
        if *from == Role::Admin {
            keep_an_admin(tx, member)?;
        }
        store::member::set_role(tx.conn, &tx.viewer.organisation.id, &id, role)?;
        Ok(tx.audit(Act::RoleChanged { name: &member.name, from: *from, to: role }, id.as_str())?)
    });
    changed.await
}

/// Takes a member out of the viewer's organisation: they are signed out of it at once. What they did stays in the log.
pub async fn remove(context: &Context, viewer: &Viewer, id: MemberId) -> Result<()> {
    let removed = context.transact(viewer, move |tx| {
        let Membership { member, role, .. } = &lock_membership(tx, &id)?;
        if *role == Role::Admin {
            keep_an_admin(tx, member)?;
        }
        store::member::leave(tx.conn, &tx.viewer.organisation.id, &id)?;
        // Whoever belongs to another organisation stays signed in there.
        if store::member::organisations_of(tx.conn, &id)?.is_empty() {
            store::web_session::delete_of(tx.conn, &id)?;
        }
        Ok(tx.audit(Act::MemberRemoved { name: &member.name, role: *role }, id.as_str())?)
    });
    removed.await
}

/// Ends the sessions of a member, in whatever organisation they are used: an account is signed in as a whole. The viewer's own
/// one stays. Each of the member's organisations finds it in its audit log. How many there were.
pub async fn end_sessions(context: &Context, viewer: &Viewer, id: MemberId) -> Result<usize> {
    let ended = context.transact(viewer, move |tx| {
        let membership = lock_membership(tx, &id)?;
        let ended = store::web_session::delete_of_but(tx.conn, &id, &tx.viewer.session)?;
        let by = &tx.viewer.member;
        let act = Act::MemberSessionsEnded { name: &membership.member.name, ended, by: &by.name };
        for (organisation, _) in store::member::organisations_of(tx.conn, &id)? {
            let (organisation, member) = (Some(&organisation.id), Some(&by.id));
            tx.record(&Entry { organisation, member, act, object: Some(id.as_str()) })?;
        }
        Ok(ended)
    });
    ended.await
}

/// Why the only admin stays one.
pub fn only_admin(name: &str) -> String {
    format!(
        "{name} is the only Organisation Admin here, and somebody has to be one. Make somebody else an Organisation Admin first"
    )
}

/// The member as they stand now, while nobody else changes who is an admin; refused when the viewer is none any more.
fn lock_membership(tx: &mut Transaction<'_>, id: &MemberId) -> Result<Membership> {
    still_admin(tx)?;
    store::member::find_in(tx.conn, &tx.viewer.organisation.id, id)?.ok_or(ActionError::NotFound)
}

/// Refuses when the viewer has stopped being an admin since their request was let in; from here to the end of the
/// transaction they are one.
pub(super) fn still_admin(tx: &mut Transaction<'_>) -> Result<()> {
    if store::member::hold_admins(tx.conn, &tx.viewer.organisation.id)?.contains(&tx.viewer.member.id) {
        return Ok(());
    }
    Err(ActionError::Refused("You are no longer an Organisation Admin here, so nothing was changed.".into()))
}

/// Refuses when nobody else is an admin, and ends the invitations of the one who stops being one: they have seen the links.
fn keep_an_admin(tx: &mut Transaction<'_>, leaving: &Member) -> Result<()> {
    let organisation = &tx.viewer.organisation.id;
    let admins = store::member::hold_admins(tx.conn, organisation)?;
    if admins.iter().all(|admin| *admin == leaving.id) {
        return Err(ActionError::field("role", only_admin(&leaving.name)));
    }
    store::invitation::revoke_of(tx.conn, organisation, &leaving.id, tx.now)?;
    Ok(())
}
