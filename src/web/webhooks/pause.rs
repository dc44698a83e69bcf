//! Pausing a hook and ending the pause.

use crate::actions::hook;
use crate::domain::ids::HookId;
use crate::web::prelude::*;

/// Begins a pause: what is owed is held.
pub async fn begin(visit: Visit, Path(id): Path<HookId>) -> Answer {
    hook::pause(&visit.app, &visit.viewer, id.clone()).await?;
    Ok(done::see_other(paths::webhook(id), "The webhook is paused. Deliveries are held until you resume it."))
}

/// Ends the pause: what was held is sent.
pub async fn end(visit: Visit, Path(id): Path<HookId>) -> Answer {
    hook::resume(&visit.app, &visit.viewer, id.clone()).await?;
    Ok(done::see_other(paths::webhook(id), "The webhook is active again. What was held is being sent."))
}
