//! Settings > Access Management > Members: who belongs to the organisation, as what, and who is invited.

pub mod invite;
pub mod list;
pub mod remove;
pub mod reveal;
pub mod revoke;
pub mod show;

use super::error::WebError;
use super::paths;
use crate::actions::{Context, Viewer};
use crate::domain::ids::{InvitationId, MemberId};
use crate::domain::invitation::Invitation;
use crate::domain::member::Membership;
use crate::store;

/// The way to a page beneath the list.
fn crumbs() -> [(&'static str, Option<String>); 3] {
    [("Settings", None), ("Access Management", None), ("Members", Some(paths::MEMBERS.to_owned()))]
}

/// A member of the viewer's organisation.
async fn find_member(context: &Context, viewer: &Viewer, id: &str) -> Result<Membership, WebError> {
    let id: MemberId = id.parse().map_err(|_| WebError::NotFound)?;
    let organisation = viewer.organisation.id.clone();
    let found = context.store.read(move |conn| store::member::find_in(conn, &organisation, &id)).await?;
    found.ok_or(WebError::NotFound)
}

/// An invitation of the viewer's organisation, ended or not.
async fn find_invitation(context: &Context, viewer: &Viewer, id: &str) -> Result<Invitation, WebError> {
    let id: InvitationId = id.parse().map_err(|_| WebError::NotFound)?;
    let organisation = viewer.organisation.id.clone();
    let found = context.store.read(move |conn| store::invitation::find(conn, &organisation, &id)).await?;
    found.ok_or(WebError::NotFound)
}
