//! Addresses that lead nowhere: those with a slash too many lead on, the others say that nothing is there.

use actix_session::SessionExt as _;
use actix_web::dev::ServiceRequest;
use actix_web::http::header::LOCATION;
use actix_web::http::{Method, StatusCode};
use actix_web::{HttpMessage as _, HttpRequest, HttpResponse, ResponseError as _};
use maud::html;

use crate::web::error::WebError;
use crate::web::kept_out::kept_out;
use crate::web::layout::Nav;
use crate::web::paths;
use crate::web::routes::route_of;
use crate::web::visit::Visit;

/// The answer where there is no page: the page itself when only a slash at the end is too many, and for those who are signed
/// in one with the navigation around it.
pub(super) async fn no_page(request: &ServiceRequest) -> HttpResponse {
    let is_reading = matches!(*request.method(), Method::GET | Method::HEAD);
    let path = request.uri().path();
    let bare = path.trim_end_matches('/');
    let has_page = || {
        let pattern = request.resource_map().match_pattern(bare);
        pattern.is_some_and(|pattern| route_of(&Method::GET, &pattern).is_some())
    };
    if is_reading && bare != path && has_page() {
        let query = request.uri().query().map(|query| format!("?{query}")).unwrap_or_default();
        return HttpResponse::PermanentRedirect().insert_header((LOCATION, format!("{bare}{query}"))).finish();
    }
    match Visit::of(request, &request.get_session()).await {
        Ok(Some(visit)) if kept_out("", &visit).is_none() => missing(&visit),
        _ => WebError::NotFound.error_response(),
    }
}

/// The answer for a thing that is not there, to a visit that the gate let through.
pub(super) fn no_thing(request: &HttpRequest) -> HttpResponse {
    let visit = request.extensions().get::<Visit>().cloned();
    visit.map_or_else(|| WebError::NotFound.error_response(), |visit| missing(&visit.saying(None)))
}

/// The page for an address or a thing that is not there, with the navigation around it.
fn missing(visit: &Visit) -> HttpResponse {
    let (title, text) = WebError::NotFound.words();
    let body = html! {
        section.empty {
            p.soft.small { "404" }
            h1 { (title) }
            p { (text) }
            p.row { a.btn.main href=(paths::HOME) { "Go to Home" } }
        }
    };
    let title = title.trim_end_matches('.');
    visit.page(title, Nav::Nowhere, body).answer(StatusCode::NOT_FOUND)
}
