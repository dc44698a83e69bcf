//! The partner API: `/v1/partner/…`, Bearer keys, one error shape (T11).
//!
//! Hooks are configured in the console only: there is no route for them here (T2).

pub mod content;
pub mod error;
pub mod events;
pub mod key;
pub mod limit;

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Uri;
use actix_web::http::header::X_CONTENT_TYPE_OPTIONS;
use actix_web::middleware::{DefaultHeaders, Next, from_fn};
use actix_web::web;

use key::Caller;

/// Where the API begins: every path below answers JSON.
const ROOT: &str = "v1";

/// Adds the partner API to the server.
pub fn configure(server: &mut web::ServiceConfig) {
    let events = web::resource("/events")
        .route(web::post().to(events::report))
        .default_service(web::to(|_: Caller, request| error::no_such_method(request, "POST")));
    server.service(
        web::scope("/v1")
            .wrap(from_fn(error::with_request_id))
            // JSON is nothing else, whoever looks at it.
            .wrap(DefaultHeaders::new().add((X_CONTENT_TYPE_OPTIONS, "nosniff")))
            .service(web::scope("/partner").service(events).default_service(web::to(error::no_such_route)))
            .default_service(web::to(error::no_such_route)),
    );
}

/// Brings the spellings of an address of the API together before it is routed: a doubled slash and one at the end make no
/// difference, nor do capitals in `/v1`.
pub async fn one_spelling<B: MessageBody + 'static>(
    mut request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, actix_web::Error> {
    if let Some(uri) = respelt(request.uri()) {
        request.match_info_mut().get_mut().update(&uri);
        request.head_mut().uri = uri;
    }
    next.call(request).await
}

/// The usual spelling of an address of the API; `None` when it has that already, or is no address of the API.
fn respelt(uri: &Uri) -> Option<Uri> {
    let path = uri.path();
    let mut parts = path.split('/').filter(|part| !part.is_empty());
    let first = parts.next().filter(|first| first.eq_ignore_ascii_case(ROOT))?;
    // Nearly every request comes in the usual spelling, and costs no text of its own.
    let is_usual = first == ROOT && path.starts_with('/') && !path.contains("//") && !path.ends_with('/');
    if is_usual {
        return None;
    }
    let usual =
        std::iter::once(ROOT).chain(parts).fold(String::with_capacity(path.len()), |usual, part| usual + "/" + part);
    let asked = uri.query().map_or(usual.clone(), |query| format!("{usual}?{query}"));
    let mut whole = uri.clone().into_parts();
    whole.path_and_query = Some(asked.parse().ok()?);
    Uri::from_parts(whole).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_of_the_api_are_respelt() {
        let respelt = |asked: &str| respelt(&asked.parse().expect("an address")).map(|uri| uri.to_string());
        for asked in ["/v1/partner/events/", "//v1/partner/events", "/V1//partner///events//"] {
            assert_eq!(respelt(asked).as_deref(), Some("/v1/partner/events"), "{asked}");
        }
        assert_eq!(respelt("/v1/?a=//b/").as_deref(), Some("/v1?a=//b/"));
        for asked in ["/v1/partner/events", "/v1", "//login", "/v1x//y", "/settings//webhooks/", "/"] {
            assert_eq!(respelt(asked), None, "{asked}");
        }
    }
}
