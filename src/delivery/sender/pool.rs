//! The pool: the client whose connections tries share, and how many of them are open.
//!
//! To one host as many idle connections are kept as were in use there at once: many hooks may lead to one host, and each
//! connection that is closed too early costs a TLS handshake. Descriptors come back in two ways. An idle connection is closed
//! after [`IDLE_TIMEOUT`], and a pool that has more connections open than it may is replaced by an empty one: its idle
//! connections are closed at once, those in use after their answer. The same happens when descriptors have run out.
//!
//! The client does not tell when it closes an idle connection, so the count is of those that were opened and are not known to
//! be closed. It is never too low for long, and what is too high costs a few handshakes more.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use reqwest::Version;
use reqwest::header::CONNECTION;
use rustls::pki_types::CertificateDer;
use rustls::{ClientConfig, RootCertStore};

use super::connect::{GuardedNames, Traced};
use super::trust::Trust;
use super::{Fault, SenderError};
use crate::delivery::guard::Guard;

/// See the docs of the sender.
const IDLE_TIMEOUT: Duration = Duration::from_secs(4);
/// The longest deadline of any policy. It ends only connections that hyper has moved into the background; the others end
/// with their try.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(30);
/// Header lines that are read; each of the 16 KiB that are kept could be a short one.
const MAX_HEADER_LINES: usize = 1_024;
/// Twice as many as are under way by default.
const MAX_OPEN: usize = 1_024;

/// One client with its connections, and one that keeps none.
pub(super) struct Pool {
    keeping: reqwest::Client,
    fresh: reqwest::Client,
    open: Arc<AtomicUsize>,
}

/// The pool that tries take, and what it takes to make another.
pub(super) struct Pools {
    guard: Arc<Guard>,
    tls: ClientConfig,
    pub max_open: usize,
    current: RwLock<Arc<Pool>>,
}

impl Pool {
    fn new(guard: &Arc<Guard>, tls: &ClientConfig) -> Result<Self, SenderError> {
        let open = Arc::new(AtomicUsize::new(0));
        let (keeping, fresh) = (usize::MAX, 0);
        let client = |idle: usize| Self::client_keeping(idle, guard, tls, &open);
        Ok(Self { keeping: client(keeping)?, fresh: client(fresh)?, open })
    }

    /// A client that keeps so many connections to one host which nobody uses.
    fn client_keeping(
        idle: usize,
        guard: &Arc<Guard>,
        tls: &ClientConfig,
        open: &Arc<AtomicUsize>,
    ) -> Result<reqwest::Client, SenderError> {
        reqwest::Client::builder()
            .tls_backend_preconfigured(tls.clone())
            .https_only(true)
            .http1_only()
            .http1_title_case_headers()
            .http1_ignore_invalid_headers_in_responses(true)
            .http1_allow_spaces_after_header_name_in_responses(true)
            .http1_allow_obsolete_multiline_headers_in_responses(true)
            .http1_max_headers(MAX_HEADER_LINES)
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .retry(reqwest::retry::never().max_retries_per_request(0))
            .dns_resolver(GuardedNames(Arc::clone(guard)))
            .connector_layer(Traced { opened: Arc::clone(open), turns: Arc::default() })
            .connect_timeout(CONNECT_TIMEOUT)
            .pool_idle_timeout(IDLE_TIMEOUT)
            .pool_max_idle_per_host(idle)
            .build()
            .map_err(SenderError::Client)
    }

    /// The client for a try that may take a connection of an earlier one, or may not.
    pub(super) fn client(&self, reuses: bool) -> &reqwest::Client {
        if reuses { &self.keeping } else { &self.fresh }
    }

    /// One of its connections has been closed.
    pub(super) fn closed_one(&self) {
        // One that was in the background when it was opened may be counted a moment later.
        let _ = self.open.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |open| open.checked_sub(1));
    }
}

impl Pools {
    pub(super) fn new(guard: Arc<Guard>, extra_ca: &[CertificateDer<'static>]) -> Result<Self, SenderError> {
        let tls = tls(extra_ca)?;
        let current = RwLock::new(Arc::new(Pool::new(&guard, &tls)?));
        Ok(Self { guard, tls, max_open: MAX_OPEN, current })
    }

    pub(super) fn current(&self) -> Arc<Pool> {
        self.current.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Replaces the pool that a try has used if it has too many connections open, or if no descriptor is left.
    pub(super) fn relieve(&self, used: &Arc<Pool>, fault: Option<Fault>) {
        let is_full = used.open.load(Ordering::Relaxed) > self.max_open;
        if !is_full && !fault.is_some_and(Fault::is_open_files) {
            return;
        }
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        // Of several tries that find it full, one replaces it.
        if !Arc::ptr_eq(&current, used) {
            return;
        }
        match Pool::new(&self.guard, &self.tls) {
            Ok(fresh) => *current = Arc::new(fresh),
            Err(error) => tracing::error!(%error, "idle connections could not be closed; they end by themselves"),
        }
    }
}

/// Whether an answer says that its connection ends with it.
pub(super) fn is_last(answer: &reqwest::Response) -> bool {
    let lines = answer.headers().get_all(CONNECTION).into_iter().filter_map(|line| line.to_str().ok());
    let mut words = lines.flat_map(|line| line.split(','));
    answer.version() == Version::HTTP_10 || words.any(|word| word.trim().eq_ignore_ascii_case("close"))
}

/// How many of these are no certificates that anybody could be trusted by.
pub fn authorities_that_are_none(authorities: &[CertificateDer<'static>]) -> usize {
    authorities.iter().filter(|one| RootCertStore::empty().add((*one).clone()).is_err()).count()
}

fn tls(extra_ca: &[CertificateDer<'static>]) -> Result<ClientConfig, SenderError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let trust = Trust::new(extra_ca, provider.clone())?;
    let versions = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let builder = versions.map_err(SenderError::Tls)?.dangerous().with_custom_certificate_verifier(Arc::new(trust));
    let mut config = builder.with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}
