//! Settings > Access Management > Members: who belongs to the organisation, as what, and who is invited.

pub mod invite;
pub mod list;
pub mod remove;
pub mod reveal;
pub mod revoke;
pub mod show;

use crate::domain::ids::{InvitationId, MemberId};
use crate::domain::invitation::Invitation;
use crate::domain::member::Membership;
use crate::web::prelude::*;

/// A member of the viewer's organisation.
async fn find_member(visit: &Visit, id: MemberId) -> Result<Membership, WebError> {
    visit.find(move |conn, viewer| store::member::find_in(conn, &viewer.organisation.id, &id)).await
}

/// An invitation of the viewer's organisation, ended or not.
async fn find_invitation(visit: &Visit, id: InvitationId) -> Result<Invitation, WebError> {
    visit.find(move |conn, viewer| store::invitation::find(conn, &viewer.organisation.id, &id)).await
}
