//! Not yet.

use super::super::error::WebError;
use actix_web::HttpResponse;
/// Not yet.
pub async fn begin() -> Result<HttpResponse, WebError> {
    Err(WebError::NotFound)
}
/// Not yet.
pub async fn end() -> Result<HttpResponse, WebError> {
    Err(WebError::NotFound)
}
