//! Pausing a hook and ending the pause.

use actix_web::{HttpResponse, web};

use super::super::done;
use super::super::error::WebError;
use super::super::paths;
use crate::actions::{Context, Viewer, hook};
use crate::domain::ids::HookId;

/// Begins a pause: what is owed is held.
pub async fn begin(
    context: web::Data<Context>,
    viewer: Viewer,
    id: web::Path<String>,
) -> Result<HttpResponse, WebError> {
    let id: HookId = id.parse().map_err(|_| WebError::NotFound)?;
    hook::pause(&context, &viewer, id.clone()).await?;
    Ok(done::see_other(paths::webhook(id), "The webhook is paused. Deliveries are held until you resume it."))
}

/// Ends the pause: what was held is sent.
pub async fn end(context: web::Data<Context>, viewer: Viewer, id: web::Path<String>) -> Result<HttpResponse, WebError> {
    let id: HookId = id.parse().map_err(|_| WebError::NotFound)?;
    hook::resume(&context, &viewer, id.clone()).await?;
    Ok(done::see_other(paths::webhook(id), "The webhook is active again. What was held is being sent."))
}
