//! The demo's receiver: HTTPS on this machine that answers well, slowly, badly or not at all, as its paths say.
//!
//! - [`certificate`] keeps a certificate authority in the demo's folder, so that a console started again on the same
//!   folder still trusts the receiver. It can vouch for this machine only.
//! - [`routes`] reads from path and query how a request wants to be answered.
//! - [`journal`] remembers the last requests as they came, for a person or a test to look at.
//! - [`head`] recovers the header names as they were written, which hyper turns to lower case.
//!
//! It runs on a thread and a runtime of its own: a receiver that hangs must not take the console with it. Waiting goes
//! by the [`Clock`], so a test that stops time decides when a slow answer comes. Only the limit on the TLS handshake and
//! on idle connections is real time.

mod certificate;
mod head;
mod journal;
mod routes;
mod service;

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use rustls::pki_types::CertificateDer;
use tokio::net::TcpStream;
use tokio::sync::{Semaphore, oneshot};
use tokio_rustls::TlsAcceptor;

use crate::clock::Clock;

use head::{HeadTap, SharedHead};
use journal::Journal;
pub use journal::{Answer, Received};
use service::Service;

/// Where the port of the last start is kept, so that the hooks made then still point here.
const PORT_FILE: &str = "receiver.port";
/// Connections served at once; with a bounded body each, this bounds the receiver's memory.
const CONNECTIONS: usize = 256;
const HANDSHAKE_LIMIT: Duration = Duration::from_secs(10);
/// Longer than any sender keeps an unused connection, so that the sender is the one to close it.
const IDLE_LIMIT: Duration = Duration::from_secs(300);

/// A running receiver; stops when it is dropped.
pub struct Receiver {
    address: SocketAddr,
    ca_path: PathBuf,
    ca: CertificateDer<'static>,
    journal: Arc<Journal>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Receiver {
    /// Starts a receiver that keeps its files in `dir`.
    ///
    /// Port 0 means the port of the last start in this folder, or a free one when there was none or someone else has it
    /// now. Any other port is taken as it is. Only loopback addresses can be reached by a client that checks certificates.
    pub fn start(dir: &Path, listen: SocketAddr, clock: Arc<dyn Clock>) -> io::Result<Self> {
        std::fs::create_dir_all(dir)?;
        let identity = certificate::open(dir)?;
        let listener = bind(dir, listen)?;
        let address = listener.local_addr()?;
        listener.set_nonblocking(true)?;
        let journal = Arc::new(Journal::default());
        let service = Arc::new(Service::new(clock, Arc::clone(&journal)));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let listener = {
            let _inside = runtime.enter();
            tokio::net::TcpListener::from_std(listener)?
        };
        let (stop, stopped) = oneshot::channel::<()>();
        let tls = TlsAcceptor::from(identity.server);
        let thread = std::thread::Builder::new().name("demo-receiver".into()).spawn(move || {
            runtime.block_on(async {
                tokio::select! {
                    () = accept(listener, tls, service) => {}
                    _ = stopped => {}
                }
            });
        })?;
        Ok(Self {
            address,
            ca_path: identity.ca_path,
            ca: identity.ca,
            journal,
            stop: Some(stop),
            thread: Some(thread),
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// `https://127.0.0.1:PORT`, without a slash at the end.
    pub fn base_url(&self) -> String {
        let ip = if self.address.ip().is_unspecified() { IpAddr::V4(Ipv4Addr::LOCALHOST) } else { self.address.ip() };
        format!("https://{}", SocketAddr::new(ip, self.address.port()))
    }

    /// The PEM file of the authority that a client must trust.
    pub fn ca_path(&self) -> &Path {
        &self.ca_path
    }

    /// The authority's certificate itself.
    pub fn ca_der(&self) -> &CertificateDer<'static> {
        &self.ca
    }

    /// The last requests, newest first; what `GET /requests` shows.
    pub fn requests(&self) -> Vec<Received> {
        self.journal.newest_first()
    }

    /// Stops listening and drops every open connection.
    pub fn stop(self) {
        drop(self);
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A receiver that panicked has nothing left to stop.
            let _ = thread.join();
        }
    }
}

fn bind(dir: &Path, listen: SocketAddr) -> io::Result<TcpListener> {
    let file = dir.join(PORT_FILE);
    let last = std::fs::read_to_string(&file).ok().and_then(|text| text.trim().parse::<u16>().ok());
    let again = last.filter(|_| listen.port() == 0).map(|port| SocketAddr::new(listen.ip(), port));
    let listener = match again.map(TcpListener::bind) {
        Some(Ok(listener)) => listener,
        _ => TcpListener::bind(listen)?,
    };
    std::fs::write(&file, format!("{}\n", listener.local_addr()?.port()))?;
    Ok(listener)
}

async fn accept(listener: tokio::net::TcpListener, tls: TlsAcceptor, service: Arc<Service>) {
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    loop {
        let place = Arc::clone(&places).acquire_owned().await;
        let Ok((stream, _)) = listener.accept().await else {
            // Out of file descriptors, most likely: some connection has to end first.
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        let (tls, service) = (tls.clone(), Arc::clone(&service));
        tokio::spawn(async move {
            serve(stream, tls, service).await;
            drop(place);
        });
    }
}

async fn serve(stream: TcpStream, tls: TlsAcceptor, service: Arc<Service>) {
    let Ok(Ok(stream)) = tokio::time::timeout(HANDSHAKE_LIMIT, tls.accept(stream)).await else { return };
    let head = SharedHead::default();
    let io = TokioIo::new(HeadTap::new(stream, head.clone()));
    let mut connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(IDLE_LIMIT)
        .max_buf_size(64 * 1024)
        .serve_connection(io, service_fn(move |request| Arc::clone(&service).answer(request, head.clone())));
    if (&mut connection).await.is_err_and(|error| error.is_user()) {
        // The service refused to answer: the client sees a reset, not a polite close.
        let tls = connection.into_parts().io.into_inner().into_inner();
        let _ = tls.get_ref().0.set_zero_linger();
    }
}

#[cfg(test)]
mod tests;
