//! Showing a key or secret once.
//!
//! Whoever makes one leaves it, sealed, for the very session that asked; the page that shows it takes it out. A reload,
//! Back or a second click finds nothing. Nothing of it stands in a URL.

use serde::{Deserialize, Serialize};

use super::transaction::Transaction;
use super::{Context, Result, Viewer};
use crate::domain::act::Act;
use crate::domain::secret::Plain;
use crate::store::{self, StoreError};

/// A value to be shown once.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Revealed {
    /// `secret`, `key` or `api_key`.
    pub kind: String,
    /// The value itself.
    pub value: String,
}

/// Leaves values for the viewer's session, under the id of what they belong to; part of the caller's transaction.
pub(super) fn leave(tx: &mut Transaction<'_>, object: &str, values: &[(&str, &Plain)]) -> Result<(), StoreError> {
    let values: Vec<Revealed> = values
        .iter()
        .map(|(kind, plain)| Revealed { kind: (*kind).to_owned(), value: plain.reveal().to_owned() })
        .collect();
    let text = Plain::new(serde_json::to_string(&values).expect("our own documents serialise"));
    let sealed = tx.context.sealing.seal(&text, &place(tx.viewer, object));
    store::reveal::leave(tx.conn, &tx.viewer.session, object, &sealed, tx.now)
}

/// Takes out what was left for the viewer's session; empty when it has been seen.
pub async fn take(context: &Context, viewer: &Viewer, object: &str) -> Result<Vec<Revealed>> {
    let id = object.to_owned();
    let taken = context.transact(viewer, move |tx| {
        let sealed = store::reveal::take(tx.conn, &tx.viewer.session, &id)?;
        if sealed.is_some() {
            tx.audit(Act::RevealOpened, &id)?;
        }
        Ok(sealed)
    });
    let sealed = taken.await?;
    let Some(sealed) = sealed else { return Ok(Vec::new()) };
    let opened = context.sealing.open(&sealed, &place(viewer, object)).ok();
    Ok(opened.and_then(|text| serde_json::from_str(text.reveal()).ok()).unwrap_or_default())
}

fn place(viewer: &Viewer, object: &str) -> String {
    format!("reveal/{}/{object}", viewer.session)
}
