//! Addresses that lead nowhere: those with a slash too many lead on, the others say that nothing is there.

use actix_session::SessionExt as _;
use actix_web::dev::ServiceRequest;
use actix_web::http::Method;
use actix_web::http::header::LOCATION;
use actix_web::{HttpMessage as _, HttpRequest, HttpResponse, ResponseError as _};

use super::error::{WebError, missing};
use super::gate::{Organisations, kept_out, viewer};
use super::layout::Around;
use super::routes::rule_of;
use crate::actions::Viewer;

/// The answer where there is no page: the page itself when only a slash at the end is too many, and for those who are signed
/// in one with the navigation around it.
pub(super) async fn no_page(request: &ServiceRequest) -> HttpResponse {
    let is_reading = matches!(*request.method(), Method::GET | Method::HEAD);
    let path = request.uri().path();
    let bare = path.trim_end_matches('/');
    let has_page = || {
        let pattern = request.resource_map().match_pattern(bare);
        pattern.is_some_and(|pattern| rule_of(&Method::GET, &pattern).is_some())
    };
    if is_reading && bare != path && has_page() {
        let query = request.uri().query().map(|query| format!("?{query}")).unwrap_or_default();
        return HttpResponse::PermanentRedirect().insert_header((LOCATION, format!("{bare}{query}"))).finish();
    }
    match viewer(request, &request.get_session()).await {
        Ok(Some((viewer, organisations))) if kept_out("", &viewer, &organisations).is_none() => {
            missing(&viewer, Around { organisations, done: None })
        }
        _ => WebError::NotFound.error_response(),
    }
}

/// The answer for a thing that is not there, to the viewer whom the gate let through.
pub(super) fn no_thing(request: &HttpRequest) -> HttpResponse {
    let extensions = request.extensions();
    let around = extensions.get::<Organisations>().cloned().unwrap_or_default().0;
    match extensions.get::<Viewer>() {
        Some(viewer) => missing(viewer, Around { done: None, ..around }),
        None => WebError::NotFound.error_response(),
    }
}
