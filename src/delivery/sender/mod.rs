//! The sender: one try, from an [`Order`] to what was [`Sent`].
//!
//! guard → sign → POST → bounded read. A literal address and a name by itself are judged before anything else; what a name
//! resolves to is judged by the only resolver the client has, on its way to the connector (`connect`). The request is made
//! and kept in `request`, the answer read in `receive`, and what went wrong gets its one class in `classify`.
//!
//! # Why the client is as it is
//!
//! - **One client for all hooks**, so that connections are reused and sockets are counted in one place.
//! - **No proxy**, whatever the environment says: behind one, the guard would judge the proxy's address instead.
//! - **No redirects**: the new address has not been checked, and a POST that becomes a GET delivers nothing.
//! - **No decompression, no `Accept-Encoding`**: what is kept is what was sent, and a small bomb stays small.
//! - **HTTP/1.1 alone, Title-Case names**: receivers look headers up in the case they know them in.
//! - **No cookies, no `Referer`**: tries share nothing but the connection.
//! - **No retries inside**: a try is one request, and the engine knows of each. (hyper still moves a request to another
//!   connection when a reused one turns out to be closed *before a byte of it was written*; that is the same request.)
//! - **Idle connections live four seconds**, less than the five after which common servers hang up: a request written just
//!   as the other side closes is lost and looks like the receiver's fault.
//! - **Lenient about header lines**: the status line decides, so an odd line after it must not turn a success into a
//!   failure; such lines are left out of what is kept.
//! - **Trust is webpki's public roots** and what the operator adds, not the machine's store, so that every instance judges
//!   a certificate alike. TLS 1.2 and 1.3.
//!
//! # What is not guaranteed
//!
//! - **Not exactly once.** When a connection breaks or the deadline passes after the request went out, the receiver may
//!   have it; the engine will try again. Receivers tell a repeat by `webhook-id`.
//! - A reused connection that the receiver closes in the very moment of writing is a `connection_reset`: it cannot be known
//!   whether the request was read, so it is for the policy to say whether it goes out again.
//! - **An answer whose length contradicts itself is none.** Two lengths, one that is no number, chunks in HTTP/1.0: the
//!   client below does not hand over its status line, so it is a `protocol_error` and may be sent again.
//! - **Interim answers (1xx) are not counted.** The client below skips them and tells nobody, so a flood of them ends with
//!   the deadline (`response_timeout`) and costs CPU until then, as much as the lane's cap of connections can carry.
//! - **No revocation.** A certificate is taken until it expires.
//! - A pooled connection leads where its name led when it was made, a few seconds ago at most while idle: judged then, not
//!   again.
//! - The remote address of a pooled connection is not known when the deadline passes before an answer came.

mod classify;
mod connect;
mod receive;
mod request;
mod retry_after;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use chrono::{DateTime, Utc};
use reqwest::header::{HeaderValue, RETRY_AFTER};
use rustls::pki_types::CertificateDer;
use rustls::{ClientConfig, RootCertStore};
use tokio::time::timeout_at;

use self::connect::{GuardedNames, Trace, Traced};
use super::guard::Guard;
use crate::domain::attempt::{self, ErrorClass, Outcome, Timings};
use crate::domain::event::EventType;
use crate::domain::hook_header::HookHeader;
use crate::domain::hook_url::HookUrl;
use crate::domain::ids::EventId;
use crate::domain::secret::Plain;
use crate::domain::signing;

pub use classify::Fault;

/// See the module's docs.
const IDLE: Duration = Duration::from_secs(4);
/// More idle connections to one host than a lane sends at once would only be kept to be closed.
const IDLE_PER_HOST: usize = 16;
/// The longest deadline of any policy. It ends only connections that hyper has moved into the background; the others end
/// with their try.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(30);
/// Header lines that are read; each of the 16 KiB that are kept could be a short one.
const MOST_HEADERS: usize = 1_024;

/// One try to be made.
pub struct Order {
    /// `webhook-id`.
    pub event_id: EventId,
    /// `X-Webhook-Event`.
    pub kind: EventType,
    /// `X-Webhook-Timestamp`.
    pub occurred_at: DateTime<Utc>,
    /// When this try begins: the time that is signed.
    pub started_at: DateTime<Utc>,
    /// Where to.
    pub url: HookUrl,
    /// The frozen bytes.
    pub body: Bytes,
    /// `X-Webhook-Key`.
    pub key: Option<Plain>,
    /// What signs it.
    pub secrets: signing::Secrets,
    /// The hook's own headers.
    pub headers: Arc<[HookHeader]>,
    /// How long all of it may take.
    pub timeout: Duration,
}

/// How a try went, to be kept as an [`attempt::Attempt`].
#[derive(Debug, Clone)]
pub struct Sent {
    /// The request; `None` when the guard or a fault of ours came before it. When no connection came about, it is what
    /// would have been sent.
    pub request: Option<attempt::Request>,
    /// The answer, when one arrived.
    pub response: Option<attempt::Response>,
    /// Where the time went.
    pub timings: Timings,
    /// The address that was connected to.
    pub remote: Option<SocketAddr>,
    /// How it went.
    pub outcome: Outcome,
    /// Set when the failure is ours: do not count it against the receiver.
    pub fault: Option<Fault>,
}

/// Makes tries. Cheap to share behind an `Arc`; holds the pool of connections.
pub struct Sender {
    guard: Arc<Guard>,
    client: reqwest::Client,
}

/// Why no sender could be made; stops the start.
#[derive(Debug, thiserror::Error)]
pub enum SenderError {
    /// One of the operator's certificates is none.
    #[error("an additional CA certificate cannot be used: {0}")]
    ExtraCa(#[source] rustls::Error),
    /// The TLS library refuses its own settings.
    #[error("TLS cannot be set up: {0}")]
    Tls(#[source] rustls::Error),
    /// The HTTP client refuses its settings.
    #[error("the HTTP client cannot be set up: {0}")]
    Client(#[source] reqwest::Error),
}

/// The request of a try as it is kept, without sending it: for the demo's day of history.
pub fn as_kept(order: Order) -> Option<attempt::Request> {
    request::build(order).ok().map(|(_, kept)| kept)
}

impl Sender {
    /// A sender that connects where this guard lets it, and trusts these certificates besides the public ones.
    pub fn new(guard: Arc<Guard>, extra_ca: &[CertificateDer<'static>]) -> Result<Self, SenderError> {
        let client = reqwest::Client::builder()
            .tls_backend_preconfigured(tls(extra_ca)?)
            .https_only(true)
            .http1_only()
            .http1_title_case_headers()
            .http1_ignore_invalid_headers_in_responses(true)
            .http1_allow_spaces_after_header_name_in_responses(true)
            .http1_allow_obsolete_multiline_headers_in_responses(true)
            .http1_max_headers(MOST_HEADERS)
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .retry(reqwest::retry::never().max_retries_per_request(0))
            .dns_resolver(GuardedNames(Arc::clone(&guard)))
            .connector_layer(Traced)
            .connect_timeout(CONNECT_TIMEOUT)
            .pool_idle_timeout(IDLE)
            .pool_max_idle_per_host(IDLE_PER_HOST)
            .build()
            .map_err(SenderError::Client)?;
        Ok(Self { guard, client })
    }

    /// Makes one try. It ends by the order's deadline, give or take a scheduler's turn.
    pub async fn send(&self, order: Order) -> Sent {
        let began = Instant::now();
        let (started_at, timeout, port) = (order.started_at, order.timeout, order.url.port());
        let literal_ipv6 = order.url.literal().is_some_and(|ip| ip.is_ipv6());
        if let Err(blocked) = self.guard.judge_url(&order.url) {
            return Sent::nothing(began, Outcome::failed(ErrorClass::BlockedAddress, blocked.to_string()), None);
        }
        let Ok((request, kept)) = request::build(order) else {
            let outcome = Outcome::failed(ErrorClass::ProtocolError, Fault::Request.to_string());
            return Sent::nothing(began, outcome, Some(Fault::Request));
        };
        let deadline = began + timeout;
        let trace = Trace::new(port);
        let (failure, remote) = match timeout_at(deadline.into(), trace.around(self.client.execute(request))).await {
            Ok(Ok(answer)) => return answered(answer, kept, &trace, Clockwork { began, started_at, deadline }).await,
            Ok(Err(error)) => (classify::failed(&error, literal_ipv6 || trace.led_to_ipv6()), classify::remote(&error)),
            Err(_) => (classify::too_late(trace.phase(), timeout), None),
        };
        let made = trace.made();
        let sent_nothing = failure.class == ErrorClass::BlockedAddress || failure.fault == Some(Fault::Request);
        Sent {
            request: (!sent_nothing).then_some(kept),
            response: None,
            timings: Timings { dns: made.dns, connect: made.connect, first_byte: None, total: began.elapsed() },
            remote: made.remote.or(remote),
            outcome: failure.outcome(),
            fault: failure.fault,
        }
    }
}

impl Sent {
    /// A try that ended before there was a request.
    fn nothing(began: Instant, outcome: Outcome, fault: Option<Fault>) -> Self {
        let timings = Timings { total: began.elapsed(), ..Timings::default() };
        Self { request: None, response: None, timings, remote: None, outcome, fault }
    }
}

/// The times of one try: two readings of its start, and its end at the latest.
#[derive(Clone, Copy)]
struct Clockwork {
    began: Instant,
    started_at: DateTime<Utc>,
    deadline: Instant,
}

async fn answered(answer: reqwest::Response, request: attempt::Request, trace: &Trace, clock: Clockwork) -> Sent {
    let made = trace.made();
    let first_byte = made.ready.unwrap_or(clock.began).elapsed();
    let remote = answer.remote_addr().or(made.remote);
    let wish = answer.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let mut outcome = Outcome::answered(answer.status().as_u16());
    let (response, trouble) = receive::receive(answer, clock.deadline).await;
    let total = clock.began.elapsed();
    outcome.detail = trouble.map(str::to_owned);
    if !outcome.is_success() {
        outcome.retry_after = wish.and_then(|wish| retry_after::pause(&wish, clock.started_at + total));
    }
    Sent {
        request: Some(request),
        response: Some(response),
        timings: Timings { dns: made.dns, connect: made.connect, first_byte: Some(first_byte), total },
        remote,
        outcome,
        fault: None,
    }
}

/// A header's value as it is kept.
fn text(value: &HeaderValue) -> Cow<'_, str> {
    // Nearly all are ASCII, and that is seen faster.
    value.to_str().map_or_else(|_| String::from_utf8_lossy(value.as_bytes()), Cow::Borrowed)
}

fn tls(extra_ca: &[CertificateDer<'static>]) -> Result<ClientConfig, SenderError> {
    let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    for certificate in extra_ca {
        roots.add(certificate.clone()).map_err(SenderError::ExtraCa)?;
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let versions = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let mut config = versions.map_err(SenderError::Tls)?.with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}
