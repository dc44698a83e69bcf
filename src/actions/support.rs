//! Whom the members of an organisation ask for help.

use super::{ActionError, Context, Result, Viewer, line};
use crate::domain::act::Act;
use crate::domain::support::MAX_LEN;
use crate::store;

/// Names whom *Need Help?* tells members to ask; nobody when nothing was typed.
pub async fn set_contact(context: &Context, viewer: &Viewer, typed: &str) -> Result<()> {
    let contact = line("contact", typed, MAX_LEN).map_err(|error| ActionError::Invalid(vec![error]))?;
    let set = context.transact(viewer, move |tx| {
        let (id, contact) = (&tx.viewer.organisation.id, contact.as_deref());
        store::organisation::set_support_contact(tx.conn, id, contact)?;
        Ok(tx.audit(Act::SupportContactSet { contact }, id.as_str())?)
    });
    set.await
}
