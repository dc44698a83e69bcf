//! Enabling a disabled hook.

use actix_web::{HttpResponse, web};

use super::super::done;
use super::super::error::WebError;
use super::super::paths;
use crate::actions::{Context, Viewer, health};
use crate::domain::ids::HookId;

/// Enables it: what happens from now on is sent.
pub async fn submit(
    context: web::Data<Context>,
    viewer: Viewer,
    id: web::Path<String>,
) -> Result<HttpResponse, WebError> {
    let id: HookId = id.parse().map_err(|_| WebError::NotFound)?;
    health::enable(&context, &viewer, id.clone()).await?;
    Ok(done::see_other(paths::webhook(id), "The webhook is enabled."))
}
