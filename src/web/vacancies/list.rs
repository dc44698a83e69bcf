//! Not yet.

use super::super::error::WebError;
use actix_web::HttpResponse;
/// Not yet.
pub async fn show() -> Result<HttpResponse, WebError> {
    Err(WebError::NotFound)
}
