//! Not yet.

use super::error::WebError;
use actix_web::HttpResponse;
/// Not yet.
pub async fn show() -> Result<HttpResponse, WebError> {
    Err(WebError::NotFound)
}
/// Not yet.
pub async fn submit() -> Result<HttpResponse, WebError> {
    Err(WebError::NotFound)
}
/// Not yet.
pub async fn reveal() -> Result<HttpResponse, WebError> {
    Err(WebError::NotFound)
}
/// Not yet.
pub async fn show_revocation() -> Result<HttpResponse, WebError> {
    Err(WebError::NotFound)
}
/// Not yet.
pub async fn revoke() -> Result<HttpResponse, WebError> {
    Err(WebError::NotFound)
}
