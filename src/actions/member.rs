//! Members of an organisation: their roles change, and they leave.
//!
//! An organisation keeps at least one admin. Each act here first holds the rows of all its admins until its transaction
//! ends, so that of two admins who demote each other at once the second finds that it is none any more. What a member may
//! do is read anew with each request, so a change counts from the next page on.

use super::{ActionError, Context, Result, Viewer};
use crate::domain::ids::MemberId;
use crate::domain::member::Membership;
use crate::domain::role::Role;
use crate::store::audit::Act;
use crate::store::{self, Conn, StoreError};

/// Gives a member of the viewer's organisation another role.
pub async fn change_role(context: &Context, viewer: &Viewer, id: MemberId, role: Option<Role>) -> Result<()> {
    let role = role.ok_or_else(|| ActionError::field("role", "Choose a role"))?;
    let (owned, viewer) = (context.clone(), viewer.clone());
    context
        .store
        .write(move |conn| {
            let membership = held(conn, &viewer, &id)?;
            if membership.role == role {
                return Ok(());
            }
            if membership.role == Role::Admin {
                keep_an_admin(conn, &owned, &viewer, &membership)?;
            }
            store::member::set_role(conn, &viewer.organisation.id, &id, role)?;
            let detail = format!("{}: from {} to {}", membership.member.name, membership.role.label(), role.label());
            Ok(audit(conn, &owned, &viewer, &id, "member.role_changed", detail)?)
        })
        .await
}

/// Takes a member out of the viewer's organisation: they are signed out of it at once. What they did stays in the log.
pub async fn remove(context: &Context, viewer: &Viewer, id: MemberId) -> Result<()> {
    let (owned, viewer) = (context.clone(), viewer.clone());
    context
        .store
        .write(move |conn| {
            let membership = held(conn, &viewer, &id)?;
            if membership.role == Role::Admin {
                keep_an_admin(conn, &owned, &viewer, &membership)?;
            }
            store::member::leave(conn, &viewer.organisation.id, &id)?;
            // Whoever belongs to another organisation stays signed in there.
            if store::member::organisations_of(conn, &id)?.is_empty() {
                store::web_session::delete_of(conn, &id)?;
            }
            let detail = format!("{}, who was {}", membership.member.name, membership.role.with_article());
            Ok(audit(conn, &owned, &viewer, &id, "member.removed", detail)?)
        })
        .await
}

/// Ends the sessions of a member, in whatever organisation they are used: an account is signed in as a whole. The viewer's own
/// one stays. Each of the member's organisations finds it in its audit log. How many there were.
pub async fn end_sessions(context: &Context, viewer: &Viewer, id: MemberId) -> Result<usize> {
    let (now, viewer) = (context.clock.now(), viewer.clone());
    context
        .store
        .write(move |conn| {
            let membership = held(conn, &viewer, &id)?;
            let ended = store::web_session::delete_of_but(conn, &id, &viewer.session)?;
            for (organisation, _) in store::member::organisations_of(conn, &id)? {
                let (organisation, member) = (Some(&organisation.id), Some(&viewer.member.id));
                let detail = format!("{}: {ended} sessions, by {}", membership.member.name, viewer.member.name);
                let act = Act { organisation, member, act: "member.sessions_ended", object: Some(id.as_str()), detail };
                store::audit::insert(conn, &act, now)?;
            }
            Ok(ended)
        })
        .await
}

/// Why the only admin stays one.
pub fn only_admin(name: &str) -> String {
    format!(
        "{name} is the only Organisation Admin here, and somebody has to be one. Make somebody else an Organisation Admin first"
    )
}

/// The member as they stand now, while nobody else changes who is an admin; refused when the viewer is none any more.
fn held(conn: &mut Conn, viewer: &Viewer, id: &MemberId) -> Result<Membership> {
    still_admin(conn, viewer)?;
    store::member::find_in(conn, &viewer.organisation.id, id)?.ok_or(ActionError::NotFound)
}

/// Refuses when the viewer has stopped being an admin since their request was let in; from here to the end of the
/// transaction they are one.
pub(super) fn still_admin(conn: &mut Conn, viewer: &Viewer) -> Result<()> {
    if store::member::hold_admins(conn, &viewer.organisation.id)?.contains(&viewer.member.id) {
        return Ok(());
    }
    Err(ActionError::Refused("You are no longer an Organisation Admin here, so nothing was changed.".into()))
}

/// Refuses when nobody else is an admin, and ends the invitations of the one who stops being one: they have seen the links.
fn keep_an_admin(conn: &mut Conn, context: &Context, viewer: &Viewer, leaving: &Membership) -> Result<()> {
    let admins = store::member::hold_admins(conn, &viewer.organisation.id)?;
    if admins.iter().all(|admin| *admin == leaving.member.id) {
        return Err(ActionError::field("role", only_admin(&leaving.member.name)));
    }
    let now = context.clock.now();
    store::invitation::revoke_of(conn, &viewer.organisation.id, &leaving.member.id, now)?;
    Ok(())
}

fn audit(
    conn: &mut Conn,
    context: &Context,
    viewer: &Viewer,
    object: &MemberId,
    act: &str,
    detail: String,
) -> Result<(), StoreError> {
    super::audit(conn, viewer, object.as_str(), act, detail, context.clock.now())
}
