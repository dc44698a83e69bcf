//! Leading a browser on.

use actix_web::HttpResponse;
use actix_web::http::header::{CACHE_CONTROL, LOCATION};

/// To another page, after something was done or where there is nothing to ask.
pub fn see_other(target: impl Into<String>) -> HttpResponse {
    HttpResponse::SeeOther()
        .insert_header((LOCATION, target.into()))
        .insert_header((CACHE_CONTROL, "no-store"))
        .finish()
}
