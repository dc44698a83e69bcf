//! What every request passes before it reaches a page.
//!
//! From the outside in: strict headers on every answer; requests for another's host are refused ([`super::host`]); requests that
//! change something are refused when another site sent
//! them ([`super::origin`]); cookies that are not ours are passed over; the session is read; the route's rule is held against
//! who is signed in. A handler only ever sees someone who may.

use actix_session::SessionExt as _;
use actix_web::body::{BoxBody, MessageBody};
use actix_web::cookie::Cookie;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::error::InternalError;
use actix_web::http::header::{
    self, CONTENT_SECURITY_POLICY, HeaderMap, HeaderName, HeaderValue, LOCATION, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage as _, HttpResponse, ResponseError as _, web};
use maud::Render as _;

use crate::actions::refusals::{self, By, Refusal, What};
use crate::config::Config;
use crate::web::done::Carrier;
use crate::web::error::WebError;
use crate::web::form::Limit;
use crate::web::kept_out::{forbidden, kept_out};
use crate::web::layout::door;
use crate::web::routes::{Rule, route_of};
use crate::web::visit::{self, Visit};
use crate::web::{host, nowhere, origin, paths, visitor};

/// No inline script or style, nothing from elsewhere, no frame around us.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; \
                      form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

const STRICT: [(HeaderName, &str); 6] = [
    (CONTENT_SECURITY_POLICY, POLICY),
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (X_FRAME_OPTIONS, "DENY"),
    (REFERRER_POLICY, "same-origin"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
];

/// Whose lines of the log are said once in a while: strangers can cause as many as they like.
const STRANGERS: &str = "strangers";

/// In how many seconds a page that could not be made because the database is away is asked for again.
const TRY_AGAIN: HeaderValue = HeaderValue::from_static("5");

/// Puts the strict headers on every answer.
pub async fn strict_headers<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, Error> {
    let https = request.app_data::<web::Data<Config>>().is_some_and(|config| config.is_https());
    let is_page = matches!(*request.method(), Method::GET);
    match next.call(request).await {
        Ok(mut response) => {
            let error = response.response().error().and_then(|error| error.as_error::<WebError>());
            if is_page && error.is_some_and(WebError::is_passing) {
                response.headers_mut().insert(header::REFRESH, TRY_AGAIN);
            }
            make_strict(response.headers_mut(), https);
            Ok(response)
        }
        // What stands between here and the pages failed by itself: a session could not be read or written.
        Err(error) => {
            let mut answer = WebError::Session(error.to_string()).error_response();
            make_strict(answer.headers_mut(), https);
            if is_page {
                answer.headers_mut().insert(header::REFRESH, TRY_AGAIN);
            }
            Err(InternalError::from_response(error, answer).into())
        }
    }
}

fn make_strict(headers: &mut HeaderMap, https: bool) {
    for (name, value) in STRICT {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if https {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000"));
    }
}

/// Refuses requests for a host that is another's.
pub async fn own_host<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let config = request.app_data::<web::Data<Config>>().cloned();
    match config.and_then(|config| host::misdirected(request.request(), &config)) {
        Some(answer) => Ok(request.into_response(answer)),
        None => Ok(next.call(request).await?.map_into_boxed_body()),
    }
}

/// Refuses requests that change something when a browser says that another site sent them.
pub async fn same_site<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let harmless = matches!(*request.method(), Method::GET | Method::HEAD);
    let public = request.app_data::<web::Data<Config>>().and_then(|config| config.public_url.clone());
    match origin::foreign(request.headers(), public.as_ref()) {
        Some(foreign) if !harmless => {
            note_foreign(&request, &foreign);
            tracing::warn!(
                target: STRANGERS,
                browser_at = foreign.origin,
                request_to = foreign.own,
                "a form was refused as another site's; if both are this Hirewire, HIREWIRE_PUBLIC_URL has to be the address in the browser"
            );
            Ok(request.into_response(door("Refused", foreign.render(), StatusCode::FORBIDDEN)))
        }
        _ => Ok(next.call(request).await?.map_into_boxed_body()),
    }
}

/// Notes for the audit log that a form of another site was refused.
fn note_foreign(request: &ServiceRequest, foreign: &origin::Foreign) {
    let Ok(app) = visit::app_of(request) else { return };
    let pattern = request.resource_map().match_pattern(request.match_info().as_str());
    let refusal = Refusal {
        what: What::CrossSite,
        by: By::Stranger,
        object: pattern.map(|pattern| format!("{} {pattern}", request.method())),
    };
    let address = request.app_data::<web::Data<Config>>().map(|config| visitor::address(request.request(), config));
    let address = address.map(|address| format!("from {address}, ")).unwrap_or_default();
    // Whoever sent it wrote it: no longer than an address is.
    let origin: String = foreign.origin.as_deref().unwrap_or("nowhere that it tells").chars().take(200).collect();
    refusals::note(&app, refusal, &format!("{address}whose browser was at {origin}"));
}

/// Leaves of the request's cookies those of this console. Others on the same host may set cookies as odd as they like: one
/// that cannot be read would otherwise cost a visitor all the others, the session among them.
pub async fn own_cookies<B: MessageBody + 'static>(
    mut request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, Error> {
    let lines: Vec<_> = request.headers().get_all(header::COOKIE).cloned().collect();
    let pairs = lines.iter().flat_map(|line| line.as_bytes().split(|byte| *byte == b';'));
    let own: Vec<_> = pairs.filter_map(own_cookie).collect();
    if !lines.is_empty() {
        request.headers_mut().remove(header::COOKIE);
        if let Ok(line) = HeaderValue::from_str(&own.join("; ")) {
            request.headers_mut().insert(header::COOKIE, line);
        }
    }
    next.call(request).await
}

/// A cookie of this console that can be read.
fn own_cookie(pair: &[u8]) -> Option<&str> {
    let pair = std::str::from_utf8(pair).ok()?.trim();
    let is_own = ["hirewire-", "__Host-hirewire-"].iter().any(|start| pair.starts_with(start));
    (is_own && Cookie::parse_encoded(pair).is_ok()).then_some(pair)
}

/// Holds the route's rule against who is signed in.
pub async fn rules<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    // No address of ours has a NUL in it, and PostgreSQL takes none.
    if request.uri().path_and_query().is_some_and(|asked| asked.as_str().contains("%00")) {
        return Ok(request.error_response(WebError::NotFound));
    }
    // The address as routing reads it, escapes undone: judged as it was written, `/settings/webhooks/%6Eew` would be some
    // webhook's page and answered as the form of a new one.
    let pattern = request.resource_map().match_pattern(request.match_info().as_str());
    let Some(route) = pattern.as_ref().and_then(|pattern| route_of(request.method(), pattern)) else {
        // No such page, or no such way to ask for it. Nobody learns more without a rule.
        let answer = nowhere::no_page(&request).await;
        return Ok(request.into_response(answer));
    };
    request.extensions_mut().insert(Limit(route.body.largest()));
    let Rule::May(permission) = route.rule else {
        return Ok(next.call(request).await?.map_into_boxed_body());
    };
    let session = request.get_session();
    let visit = match Visit::of(&request, &session).await {
        Ok(Some(visit)) => visit,
        Ok(None) => {
            session.purge();
            let answer = to_login(&request);
            return Ok(request.into_response(answer));
        }
        Err(error) => return Ok(request.error_response(WebError::from(error))),
    };
    if let Some(answer) = kept_out(route.path, &visit) {
        return Ok(request.into_response(answer));
    }
    if !visit.may(permission) {
        note_refused(&request, route.path, &visit);
        return Ok(request.into_response(forbidden(&visit, permission).await));
    }
    if request.method() == Method::HEAD && route.path.ends_with("/reveal") {
        // What is shown once is not spent on somebody who sees nothing of it.
        return Ok(request.into_response(HttpResponse::Ok().finish()));
    }
    carried(request, visit, next).await
}

/// Lets a visit through, and carries over to the next page what this one has done.
async fn carried<B: MessageBody + 'static>(
    request: ServiceRequest,
    visit: Visit,
    next: Next<B>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let carrier = Carrier::of(&request);
    let done =
        carrier.as_ref().filter(|_| request.method() == Method::GET).and_then(|carrier| carrier.waiting(&request));
    let was_waiting = done.is_some();
    let visit = visit.saying(done);
    request.extensions_mut().insert(visit);
    let mut response = next.call(request).await?.map_into_boxed_body();
    if let Some(WebError::NotFound) = response.response().error().and_then(|error| error.as_error()) {
        let answer = nowhere::no_thing(response.request());
        response = response.into_response(answer);
    }
    if let Some(carrier) = carrier {
        carrier.pass_on(&mut response, was_waiting);
    }
    Ok(response)
}

/// Notes for the audit log that somebody asked for what their role may not have.
fn note_refused(request: &ServiceRequest, pattern: &str, visit: &Visit) {
    let viewer = &visit.viewer;
    let refusal = Refusal {
        what: What::Permission,
        by: By::Member(viewer.organisation.id.clone(), viewer.member.id.clone()),
        object: Some(format!("{} {pattern}", request.method())),
    };
    refusals::note(&visit.app, refusal, &format!("as {}", viewer.role.label()));
}

/// To the login page, and back here afterwards when it was a page that was asked for.
fn to_login(request: &ServiceRequest) -> HttpResponse {
    let asked = match *request.method() {
        Method::GET | Method::HEAD => request.uri().path_and_query().map_or("/", |path| path.as_str()).to_owned(),
        // What was posted is lost, but whoever typed it is led back to the form.
        _ => referring_page(request).unwrap_or_else(|| "/".to_owned()),
    };
    let target = if asked != "/" {
        let next: String = form_urlencoded::byte_serialize(asked.as_bytes()).collect();
        format!("{}?next={next}", paths::LOGIN)
    } else {
        paths::LOGIN.to_owned()
    };
    HttpResponse::SeeOther().insert_header((LOCATION, target)).finish()
}

/// The page of ours that a form stands on, as browsers tell.
fn referring_page(request: &ServiceRequest) -> Option<String> {
    let told = request.headers().get(header::REFERER)?.to_str().ok()?;
    let page = url::Url::parse(told).ok()?;
    Some(page[url::Position::BeforePath..url::Position::AfterQuery].to_owned())
}
