//! Holding everything back on a restored copy, and releasing it once somebody has looked.

use super::{ActionError, Context, Result, Viewer};
use crate::store::audit::Act;
use crate::store::{self, StoreError};

/// Holds everything from now on, unless it is held already: for instances that start after this.
pub async fn begin(context: &Context) -> Result<()> {
    let now = context.clock.now();
    let held = context.store.write(move |conn| {
        if store::hold::since(conn)?.is_some() {
            return Ok(());
        }
        store::hold::begin(conn, now)
    });
    Ok(held.await?)
}

/// Releases what is held, by an Organisation Admin. Where there are several organisations the operator does that: it counts
/// for all of them.
pub async fn release(context: &Context, viewer: &Viewer) -> Result<()> {
    let (now, viewer) = (context.clock.now(), viewer.clone());
    let released = context.store.write(move |conn| {
        if store::organisation::all(conn)?.len() > 1 {
            return Err(ActionError::Refused(BY_OPERATOR.into()));
        }
        if store::hold::end(conn)? {
            let detail = "What a restored copy owed is sent from now on".to_owned();
            super::audit(conn, &viewer, viewer.organisation.id.as_str(), "hold.released", detail, now)?;
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
    let now = context.clock.now();
    let released = context.store.write(move |conn| {
        let is_held = store::hold::end(conn)?;
        if is_held {
            for organisation in store::organisation::all(conn)? {
                let id = &organisation.id;
                let act = Act {
                    organisation: Some(id),
                    member: None,
                    act: "hold.released",
                    object: Some(id.as_str()),
                    detail: "by the operator".into(),
                };
                store::audit::insert(conn, &act, now)?;
            }
        }
        Ok::<_, StoreError>(is_held)
    });
    Ok(released.await?)
}
