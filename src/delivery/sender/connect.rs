//! What happens below the request: resolving, connecting, and the trace both leave.
//!
//! hyper decides by itself whether a request takes a pooled connection or a new one, and says little about it afterwards.
//! So each try carries a [`Trace`] in a task-local; the resolver and the connector find it, because hyper polls them in the
//! task of the request they are for. A connection that hyper moves into the background (a pooled one became free first) is
//! polled elsewhere: the trace then counts as if nothing had been connected. One that was still waiting for its turn is given
//! up: nobody needs it.

use std::future::{Future, poll_fn};
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use futures_util::future::BoxFuture;
use hyper::http::Extensions;
use hyper_util::client::legacy::connect::{Connected, Connection, HttpInfo};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use tower::{BoxError, Layer, Service};

use super::turns::{Place, Turns};
use crate::delivery::guard::Guard;
use crate::domain::hook_url::HookUrl;

tokio::task_local! {
    static TRACE: Arc<Trace>;
}

/// What one try has done so far about its connection.
pub(super) struct Trace {
    port: u16,
    place: Place,
    marks: Mutex<Marks>,
}

#[derive(Default)]
struct Marks {
    started: Option<Instant>,
    resolving: Option<Instant>,
    dns: Option<Duration>,
    connected: Option<Instant>,
    remote: Option<SocketAddr>,
    ipv6: bool,
}

/// How far a try has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// Its name is being looked up.
    Resolving,
    /// TCP or TLS.
    Connecting,
    /// It has a connection of its own, or one from the pool.
    Connected,
}

/// A connection made for this very try.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Made {
    /// Looking up the name, when there was one.
    pub dns: Option<Duration>,
    /// TCP and TLS.
    pub connect: Option<Duration>,
    /// When it was ready.
    pub ready: Option<Instant>,
    /// Where it leads.
    pub remote: Option<SocketAddr>,
}

impl Trace {
    pub(super) fn new(url: &HookUrl) -> Arc<Self> {
        Arc::new(Self { port: url.port(), place: Place::of(url), marks: Mutex::default() })
    }

    /// Runs a request so that its connection is traced here.
    pub(super) async fn around<F: Future>(self: &Arc<Self>, request: F) -> F::Output {
        TRACE.scope(Arc::clone(self), request).await
    }

    pub(super) fn phase(&self) -> Phase {
        let marks = self.marks();
        match (marks.started, marks.resolving, marks.dns, marks.connected) {
            (None, ..) | (.., Some(_)) => Phase::Connected,
            (_, Some(_), None, _) => Phase::Resolving,
            _ => Phase::Connecting,
        }
    }

    /// The connection that was made; all empty when the try took one from the pool. DNS alone when it came no further.
    pub(super) fn made(&self) -> Made {
        let marks = self.marks();
        let dns = marks.started.and(marks.dns);
        let connect = marks
            .started
            .zip(marks.connected)
            .map(|(start, end)| (end - start).saturating_sub(dns.unwrap_or_default()));
        Made { dns, connect, ready: marks.connected, remote: marks.remote }
    }

    /// Whether the name of this try led to an IPv6 address, too.
    pub(super) fn led_to_ipv6(&self) -> bool {
        self.marks().ipv6
    }

    fn current() -> Option<Arc<Self>> {
        TRACE.try_with(Arc::clone).ok()
    }

    fn is_current(self: &Arc<Self>) -> bool {
        TRACE.try_with(|current| Arc::ptr_eq(current, self)).unwrap_or(false)
    }

    fn marks(&self) -> MutexGuard<'_, Marks> {
        self.marks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The one resolver of the client: the guard's, timed.
pub(super) struct GuardedNames(pub(super) Arc<Guard>);

impl Resolve for GuardedNames {
    fn resolve(&self, name: Name) -> Resolving {
        let guard = Arc::clone(&self.0);
        let trace = Trace::current();
        Box::pin(async move {
            if let Some(trace) = &trace {
                trace.marks().resolving = Some(Instant::now());
            }
            // A connection that nobody traces has no known port; port 0 fits only exceptions that hold for every port.
            let port = trace.as_ref().map_or(0, |trace| trace.port);
            let resolved = guard.resolve(name.as_str(), port).await;
            if let Some(trace) = &trace {
                let mut marks = trace.marks();
                marks.dns = marks.resolving.map(|start| start.elapsed());
                marks.ipv6 = resolved.as_ref().is_ok_and(|found| found.iter().any(SocketAddr::is_ipv6));
            }
            Ok(Box::new(resolved?.into_iter()) as Addrs)
        })
    }
}

/// Wraps the client's connector, to let it connect in turn, to trace it and to count what it opens.
#[derive(Clone)]
pub(super) struct Traced {
    pub opened: Arc<AtomicUsize>,
    pub turns: Arc<Turns>,
}

impl<S> Layer<S> for Traced {
    type Service = TracedConnector<S>;

    fn layer(&self, inner: S) -> Self::Service {
        TracedConnector { inner, traced: self.clone() }
    }
}

/// A connector that leaves its marks in the trace of the try it connects for.
#[derive(Clone)]
pub(super) struct TracedConnector<S> {
    inner: S,
    traced: Traced,
}

/// A pooled connection became free before this one was begun.
#[derive(Debug, thiserror::Error)]
#[error("no longer needed")]
struct NotNeeded;

impl<S, R> Service<R> for TracedConnector<S>
where
    S: Service<R>,
    S::Future: Send + 'static,
    S::Response: Connection + Send,
    S::Error: Into<BoxError> + Send,
{
    type Response = S::Response;
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<S::Response, BoxError>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(cx).map_err(Into::into)
    }

    fn call(&mut self, target: R) -> Self::Future {
        // It does nothing before it is polled.
        let (connecting, Traced { opened, turns }) = (self.inner.call(target), self.traced.clone());
        let counted = async move {
            let connection = connecting.await.map_err(Into::into)?;
            opened.fetch_add(1, Ordering::Relaxed);
            Ok(connection)
        };
        let Some(trace) = Trace::current() else { return Box::pin(counted) };
        Box::pin(async move {
            let mut waiting = pin!(turns.wait(trace.place));
            let _turn = poll_fn(|cx| match trace.is_current() {
                true => waiting.as_mut().poll(cx).map(Ok),
                false => Poll::Ready(Err(NotNeeded)),
            })
            .await?;
            *trace.marks() = Marks { started: Some(Instant::now()), ..Marks::default() };
            let mut connecting = pin!(counted);
            let mut ours = true;
            let connection = poll_fn(|cx| {
                if ours && !trace.is_current() {
                    ours = false;
                    *trace.marks() = Marks::default();
                }
                connecting.as_mut().poll(cx)
            })
            .await?;
            if ours {
                let mut marks = trace.marks();
                marks.connected = Some(Instant::now());
                marks.remote = remote(&connection.connected());
            }
            Ok(connection)
        })
    }
}

/// Where a connection leads.
pub(super) fn remote(connected: &Connected) -> Option<SocketAddr> {
    let mut extras = Extensions::new();
    connected.get_extras(&mut extras);
    extras.get::<HttpInfo>().map(HttpInfo::remote_addr)
}
