//! Not yet.

use super::super::error::WebError;
use actix_web::HttpResponse;
/// Not yet.
pub async fn retry() -> Result<HttpResponse, WebError> {
    Err(WebError::NotFound)
}
/// Not yet.
pub async fn cancel() -> Result<HttpResponse, WebError> {
    Err(WebError::NotFound)
}
