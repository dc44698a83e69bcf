//! The request of one try, as it goes out and as it is kept.

use chrono::SecondsFormat;
use reqwest::header::{
    ACCEPT, CONTENT_LENGTH, CONTENT_TYPE, HOST, HeaderMap, HeaderName, HeaderValue, InvalidHeaderValue, USER_AGENT,
};
use reqwest::{Body, Method};

use super::echo::CarriedSecrets;
use super::{Order, text};
use crate::domain::attempt;
use crate::domain::header_lines::HeaderLines;
use crate::domain::hook_header::HookHeader;
use crate::domain::secret::DOTS;
use crate::domain::signing::{self, Signed};

const AGENT: &str = concat!("Hirewire/", env!("CARGO_PKG_VERSION"));

const EVENT: HeaderName = HeaderName::from_static("x-webhook-event");
const TIMESTAMP: HeaderName = HeaderName::from_static("x-webhook-timestamp");
const KEY: HeaderName = HeaderName::from_static("x-webhook-key");
const ID: HeaderName = HeaderName::from_static("webhook-id");
const SIGNED_AT: HeaderName = HeaderName::from_static("webhook-timestamp");

/// What our own lines take, in bytes.
const KEPT: usize = 640;

/// A request to be made.
pub(super) struct Built {
    pub request: reqwest::Request,
    /// What is kept of it.
    pub kept: attempt::Request,
    /// What must not be kept of it, and not of its answer either.
    pub secrets: CarriedSecrets,
}

/// The request, and what is kept of it.
///
/// Every header that goes out stands in the map before it is handed over, `Host`, `Accept` (the client would add its own)
/// and `Content-Length` included, so that what is kept has the very order of the wire.
pub(super) fn build(order: Order) -> Result<Built, InvalidHeaderValue> {
    let headers = headers(&order)?;
    let kept = attempt::Request { target: order.url.target(), headers: kept(&headers, &order.headers) };
    let signatures = signing::HEADERS.iter().filter_map(|name| headers.get(*name).cloned()).collect();
    let secrets = CarriedSecrets::new(order.known, signatures);
    let mut request = reqwest::Request::new(Method::POST, order.url.into_url());
    *request.headers_mut() = headers;
    *request.body_mut() = Some(Body::from(order.body));
    Ok(Built { request, kept, secrets })
}

fn headers(order: &Order) -> Result<HeaderMap, InvalidHeaderValue> {
    let mut headers = HeaderMap::with_capacity(16);
    headers.insert(HOST, HeaderValue::from_str(&order.url.host())?);
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(CONTENT_LENGTH, HeaderValue::from(order.body.len()));
    headers.insert(USER_AGENT, HeaderValue::from_static(AGENT));
    headers.insert(ACCEPT, HeaderValue::from_static("*/*"));
    headers.insert(EVENT, HeaderValue::from_static(order.kind.as_str()));
    // When the event happened, in the form that receivers of this family already parse.
    let occurred = order.occurred_at.to_rfc3339_opts(SecondsFormat::Secs, true);
    headers.insert(TIMESTAMP, HeaderValue::try_from(occurred)?);
    if let Some(key) = &order.key {
        headers.insert(KEY, secret(HeaderValue::from_str(key.reveal())?));
    }
    headers.insert(ID, HeaderValue::from_str(order.event_id.as_str())?);
    headers.insert(SIGNED_AT, HeaderValue::from(order.started_at.timestamp()));
    let signed = Signed { id: order.event_id.as_str(), at: order.started_at, body: &order.body };
    for (name, value) in signing::headers(signed, &order.secrets) {
        headers.insert(HeaderName::from_static(name), secret(HeaderValue::try_from(value)?));
    }
    for own in order.headers.iter() {
        // Names were checked when they were typed; ours are refused there, and would win here.
        let Ok(name) = HeaderName::from_bytes(own.name.as_str().as_bytes()) else { continue };
        headers.entry(name).or_insert(secret(HeaderValue::from_str(own.value.reveal())?));
    }
    Ok(headers)
}

/// A value that no log of the client's may show.
fn secret(mut value: HeaderValue) -> HeaderValue {
    value.set_sensitive(true);
    value
}

/// What is kept of the headers: of a sensitive value, its shape at most.
fn kept(headers: &HeaderMap, own: &[HookHeader]) -> HeaderLines {
    let mut lines = HeaderLines::with_capacity(KEPT);
    for (name, value) in headers {
        let is_own = || own.iter().any(|own| name.as_str().eq_ignore_ascii_case(own.name.as_str()));
        let shown = text(value);
        let shown: &str = match value.is_sensitive() {
            false => &shown,
            true if is_own() => DOTS,
            true => &signing::masked(name.as_str(), &shown),
        };
        lines.push_titled(name.as_str(), shown);
    }
    lines
}
