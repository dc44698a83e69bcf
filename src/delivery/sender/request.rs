//! The request of one try, as it goes out and as it is kept.

use chrono::SecondsFormat;
use reqwest::header::{
    ACCEPT, CONTENT_LENGTH, CONTENT_TYPE, HOST, HeaderMap, HeaderName, HeaderValue, InvalidHeaderValue, USER_AGENT,
};
use reqwest::{Body, Method};

use super::Order;
use crate::domain::attempt;
use crate::domain::hook_header::HookHeader;
use crate::domain::secret::DOTS;
use crate::domain::signing::{self, Signed};

const AGENT: &str = concat!("Hirewire/", env!("CARGO_PKG_VERSION"));

/// The request, and what is kept of it.
///
/// Every header that goes out stands in the map before it is handed over, `Host`, `Accept` (the client would add its own)
/// and `Content-Length` included, so that what is kept has the very order of the wire.
pub(super) fn build(order: Order) -> Result<(reqwest::Request, attempt::Request), InvalidHeaderValue> {
    let headers = headers(&order)?;
    let kept = attempt::Request { target: order.url.target(), headers: kept(&headers, &order.headers) };
    let mut request = reqwest::Request::new(Method::POST, order.url.url().clone());
    *request.headers_mut() = headers;
    *request.body_mut() = Some(Body::from(order.body));
    Ok((request, kept))
}

fn headers(order: &Order) -> Result<HeaderMap, InvalidHeaderValue> {
    let mut headers = HeaderMap::with_capacity(16);
    headers.insert(HOST, HeaderValue::from_str(&order.url.host())?);
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(CONTENT_LENGTH, HeaderValue::from(order.body.len()));
    headers.insert(USER_AGENT, HeaderValue::from_static(AGENT));
    headers.insert(ACCEPT, HeaderValue::from_static("*/*"));
    headers.insert(named("X-Webhook-Event"), HeaderValue::from_static(order.kind.as_str()));
    // When the event happened, in the form that receivers of this family already parse.
    let occurred = order.occurred_at.to_rfc3339_opts(SecondsFormat::Secs, true);
    headers.insert(named("X-Webhook-Timestamp"), HeaderValue::from_str(&occurred)?);
    if let Some(key) = &order.key {
        headers.insert(named("X-Webhook-Key"), secret(key.reveal())?);
    }
    headers.insert(named("webhook-id"), HeaderValue::from_str(order.event_id.as_str())?);
    headers.insert(named("webhook-timestamp"), HeaderValue::from(order.started_at.timestamp()));
    let signed = Signed { id: order.event_id.as_str(), at: order.started_at, body: &order.body };
    for (name, value) in signing::headers(signed, &order.secrets) {
        headers.insert(named(name), secret(&value)?);
    }
    for own in order.headers.iter() {
        // Names were checked when they were typed; ours are refused there, and would win here.
        let Ok(name) = HeaderName::from_bytes(own.name.as_str().as_bytes()) else { continue };
        headers.entry(name).or_insert(secret(own.value.reveal())?);
    }
    Ok(headers)
}

/// A header's name, from one of ours.
fn named(name: &'static str) -> HeaderName {
    HeaderName::from_bytes(name.as_bytes()).expect("the contract's names are header names")
}

/// A value that no log of the client's may show.
fn secret(value: &str) -> Result<HeaderValue, InvalidHeaderValue> {
    let mut value = HeaderValue::from_str(value)?;
    value.set_sensitive(true);
    Ok(value)
}

/// What is kept of the headers: of a sensitive value, its shape at most.
fn kept(headers: &HeaderMap, own: &[HookHeader]) -> Vec<(String, String)> {
    let line = |(name, value): (&HeaderName, &HeaderValue)| {
        let is_own = || own.iter().any(|own| name.as_str().eq_ignore_ascii_case(own.name.as_str()));
        let shown = String::from_utf8_lossy(value.as_bytes());
        let value = match value.is_sensitive() {
            false => shown.into_owned(),
            true if is_own() => DOTS.to_owned(),
            true => signing::masked(name.as_str(), &shown),
        };
        (title_case(name.as_str()), value)
    };
    headers.iter().map(line).collect()
}

/// A name as the client writes it on the wire.
fn title_case(name: &str) -> String {
    let mut cased = String::with_capacity(name.len());
    for part in name.split_inclusive('-') {
        let mut letters = part.chars();
        cased.extend(letters.next().map(|first| first.to_ascii_uppercase()));
        cased.push_str(letters.as_str());
    }
    cased
}
