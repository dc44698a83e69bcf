//! The payload of a delivery as a file: the bytes that were signed, masked for those who may not see personal data.

use actix_web::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE};
use actix_web::{HttpResponse, web};

use super::super::error::WebError;
use super::show::Detail;
use crate::actions::{Context, Viewer};
use crate::domain::ids::DeliveryId;

/// The file.
pub async fn payload(
    context: web::Data<Context>,
    viewer: Viewer,
    id: web::Path<String>,
) -> Result<HttpResponse, WebError> {
    let id: DeliveryId = id.parse().map_err(|_| WebError::NotFound)?;
    let now = context.clock.now();
    let detail = context.store.read(move |conn| Detail::read(conn, &viewer, &id, now)).await?;
    let detail = detail.ok_or(WebError::NotFound)?;
    let body = detail.body.ok_or(WebError::NotFound)?;
    let ending = if detail.is_masked { "-masked.json" } else { ".json" };
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "application/json"))
        .insert_header((CONTENT_DISPOSITION, format!("attachment; filename=\"{}{ending}\"", detail.delivery.event_id)))
        .insert_header((CACHE_CONTROL, "no-store"))
        .body(body))
}
