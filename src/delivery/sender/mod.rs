//! The sender: one try, from an [`Order`] to what was [`Sent`].
//!
//! guard → sign → POST → bounded read. A literal address and a name by itself are judged before anything else; what a name
//! resolves to is judged by the only resolver the client has, on its way to the connector (`connect`). The request is made
//! and kept in `request`, the answer read in `receive`, what it echoes of the request's secrets masked in `echo`, and what
//! went wrong gets its one class in `classify`.
//!
//! # Why the client is as it is
//!
//! - **One client for all hooks**, so that connections are reused and counted in one place (`pool`), and
//!   hundreds of requests for one address do not open hundreds of connections at once (`turns`).
//! - **No proxy**, whatever the environment says: behind one, the guard would judge the proxy's address instead.
//! - **No redirects**: the new address has not been checked, and a POST that becomes a GET delivers nothing.
//! - **No decompression, no `Accept-Encoding`**: what is kept is what was sent, and a small bomb stays small.
//! - **HTTP/1.1 alone, Title-Case names**: receivers look headers up in the case they know them in.
//! - **No cookies, no `Referer`**: tries share nothing but the connection.
//! - **No retries inside**: a try is one request, and the engine knows of each. (hyper still moves a request to another
//!   connection when a reused one turns out to be closed *before a byte of it was written*; that is the same request.)
//! - **Whoever tries once takes a new connection** ([`Order::reuses`]): a kept one may have died without a word, and nothing
//!   would make up for that.
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
mod echo;
pub mod handshake;
mod pool;
mod receive;
mod request;
mod retry_after;
#[cfg(test)]
mod tests;
mod trust;
mod turns;
mod unescape;

use std::borrow::Cow;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use chrono::{DateTime, Utc};
use reqwest::header::{HeaderValue, RETRY_AFTER};
use rustls::pki_types::CertificateDer;
use tokio::time::timeout_at;

use self::classify::Failure;
use self::connect::{Phase, Trace};
use self::pool::Pools;
use self::request::Built;
use super::guard::Guard;
use crate::domain::attempt::{self, ErrorClass, Outcome, Timings};
use crate::domain::event::EventType;
use crate::domain::hook_header::HookHeader;
use crate::domain::hook_url::HookUrl;
use crate::domain::ids::EventId;
use crate::domain::secret::Plain;
use crate::domain::signing;

pub use classify::Fault;
pub use echo::KnownSecrets;
pub use pool::authorities_that_are_none;

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
    /// What its answer must not give away, besides the signatures.
    pub known: Arc<KnownSecrets>,
    /// How long all of it may take.
    pub timeout: Duration,
    /// Whether it may take a connection that was kept after an earlier try.
    pub reuses: bool,
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
    pools: Pools,
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
    request::build(order).ok().map(|built| built.kept)
}

impl Sender {
    /// A sender that connects where this guard lets it, and trusts these certificates besides the public ones.
    pub fn new(guard: Arc<Guard>, extra_ca: &[CertificateDer<'static>]) -> Result<Self, SenderError> {
        Ok(Self { pools: Pools::new(guard.clone(), extra_ca)?, guard })
    }

    /// The same with at most so many connections open, idle ones included; there must be room for all that is under way.
    pub fn opening_at_most(mut self, connections: usize) -> Self {
        self.pools.max_open = connections;
        self
    }

    /// Makes one try. It ends by the order's deadline, give or take a scheduler's turn.
    pub async fn send(&self, order: Order) -> Sent {
        let began = Instant::now();
        let (started_at, timeout, trace) = (order.started_at, order.timeout, Trace::new(&order.url));
        let reuses = order.reuses;
        let literal_ipv6 = order.url.literal().is_some_and(|ip| ip.is_ipv6());
        if let Err(blocked) = self.guard.judge_url(&order.url) {
            return Sent::nothing(began, Outcome::failed(ErrorClass::BlockedAddress, blocked.to_string()), None);
        }
        let Ok(Built { request, kept, secrets }) = request::build(order) else {
            let outcome = Outcome::failed(ErrorClass::ProtocolError, Fault::Request.to_string());
            return Sent::nothing(began, outcome, Some(Fault::Request));
        };
        let deadline = began + timeout;
        let pool = self.pools.current();
        let sent = match timeout_at(deadline.into(), trace.around(pool.client(reuses).execute(request))).await {
            Ok(Ok(answer)) => {
                let is_last = pool::is_last(&answer);
                let sent = answered(answer, kept, &trace, Clockwork { began, started_at, deadline }).await;
                // A body that went wrong takes its connection with it.
                if is_last || !reuses || sent.outcome.detail.is_some() {
                    pool.closed_one();
                }
                sent
            }
            failed => {
                if trace.phase() == Phase::Connected {
                    pool.closed_one();
                }
                let (failure, remote) = match failed {
                    Ok(Err(error)) => {
                        let ipv6 = literal_ipv6 || trace.led_to_ipv6();
                        (classify::failed(&error, ipv6), classify::remote(&error))
                    }
                    _ => (classify::too_late(trace.phase(), timeout), None),
                };
                unanswered(failure, kept, &trace, began, remote)
            }
        };
        self.pools.relieve(&pool, sent.fault);
        secrets.mask(sent)
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

fn unanswered(
    failure: Failure,
    request: attempt::Request,
    trace: &Trace,
    began: Instant,
    remote: Option<SocketAddr>,
) -> Sent {
    let made = trace.made();
    let sent_nothing = failure.class == ErrorClass::BlockedAddress || failure.fault == Some(Fault::Request);
    Sent {
        request: (!sent_nothing).then_some(request),
        response: None,
        timings: Timings { dns: made.dns, connect: made.connect, first_byte: None, total: began.elapsed() },
        remote: made.remote.or(remote),
        outcome: failure.outcome(),
        fault: failure.fault,
    }
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
