//! Holding everything back on a restored copy, and releasing it once somebody has looked.

use super::{ActionError, Context, Result, Viewer};
use crate::domain::act::Act;
use crate::store;

/// Holds everything from now on, unless it is held already: for instances that start after this.
pub async fn begin(context: &Context) -> Result<()> {
    let held = context.transact_without_viewer(|tx| {
        if store::hold::since(tx.conn)?.is_some() {
            return Ok(());
        }
        Ok(store::hold::begin(tx.conn, tx.now)?)
    });
    held.await
}

/// Releases what is held, by an Organisation Admin. Where there are several organisations the operator does that: it counts
/// for all of them.
pub async fn release(context: &Context, viewer: &Viewer) -> Result<()> {
    let released = context.transact(viewer, |tx| {
        if store::organisation::all(tx.conn)?.len() > 1 {
            return Err(ActionError::Refused(BY_OPERATOR.into()));
        }
        if store::hold::end(tx.conn)? {
            tx.audit(Act::HoldReleased, tx.viewer.organisation.id.as_str())?;
        }
        Ok(())
    });
    released.await?;
    Ok(context.engine.look_at_hold().await?)
}

/// What an admin reads who may not release it.
pub const BY_OPERATOR: &str =
    "Several organisations share this Hirewire, so its operator releases it: `hirewire release`";

/// Releases what is held, by the operator; whether anything was. Instances that run find out within seconds.
pub async fn release_by_operator(context: &Context) -> Result<bool> {
    let released = context.transact_without_viewer(|tx| {
        let is_held = store::hold::end(tx.conn)?;
        if is_held {
            for organisation in store::organisation::all(tx.conn)? {
                let id = &organisation.id;
                tx.audit_operator(Some(id), Act::HoldReleasedByOperator, id.as_str())?;
            }
        }
        Ok(is_held)
    });
    released.await
}
