//! Whom the members of an organisation ask for help.

use super::{ActionError, Context, Result, Viewer, audit, line};
use crate::domain::support::LONGEST;
use crate::store;

/// Names whom *Need Help?* tells members to ask; nobody when nothing was typed.
pub async fn set_contact(context: &Context, viewer: &Viewer, typed: &str) -> Result<()> {
    let contact = line("contact", typed, LONGEST).map_err(|error| ActionError::Invalid(vec![error]))?;
    let (viewer, now) = (viewer.clone(), context.clock.now());
    context
        .store
        .write(move |conn| {
            let id = &viewer.organisation.id;
            store::organisation::set_support_contact(conn, id, contact.as_deref())?;
            let detail = match &contact {
                Some(contact) => format!("Members are told to ask “{contact}”"),
                None => "Members are told of no support contact".to_owned(),
            };
            audit(conn, &viewer, id.as_str(), "organisation.support_contact_set", detail, now)?;
            Ok(())
        })
        .await
}
