//! The payload of a delivery as a file: the bytes that were signed, masked for those who may not see personal data.

use actix_web::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE};

use super::detail::Detail;
use crate::domain::ids::DeliveryId;
use crate::web::prelude::*;

/// The file.
pub async fn payload(visit: Visit, Path(id): Path<DeliveryId>) -> Answer {
    let now = visit.now;
    let detail = visit.find(move |conn, viewer| Detail::read(conn, viewer, &id, now)).await?;
    let body = detail.body.ok_or(WebError::NotFound)?;
    let ending = if detail.is_masked { "-masked.json" } else { ".json" };
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "application/json"))
        .insert_header((CONTENT_DISPOSITION, format!("attachment; filename=\"{}{ending}\"", detail.delivery.event_id)))
        .insert_header((CACHE_CONTROL, "no-store"))
        .body(body))
}
