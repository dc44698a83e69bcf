//! Enabling a disabled hook.

use crate::actions::health;
use crate::domain::ids::HookId;
use crate::web::prelude::*;

/// Enables it: what happens from now on is sent.
pub async fn submit(visit: Visit, Path(id): Path<HookId>) -> Answer {
    health::enable(&visit.app, &visit.viewer, id.clone()).await?;
    Ok(done::see_other(paths::webhook(id), "The webhook is enabled."))
}
