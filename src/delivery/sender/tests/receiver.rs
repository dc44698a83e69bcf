//! A receiver on the loopback interface that misbehaves as told: real TCP and TLS, and every byte of the answer the test's.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rcgen::{CertificateParams, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// The name that its certificate holds besides its address.
pub const NAME: &str = "receiver.acme.com";

/// Whoever takes this much takes everything.
pub const MAX_POURED_BYTES: usize = 64 * 1024 * 1024;

/// A receiver that runs until its test ends.
pub struct Receiver {
    pub address: SocketAddr,
    certificate: CertificateDer<'static>,
    accepted: Arc<AtomicUsize>,
    requests: mpsc::UnboundedReceiver<Request>,
}

/// A request as it came.
pub struct Request {
    pub head: String,
    pub body: Vec<u8>,
}

/// One connection, after the handshake.
pub struct Talk {
    tls: TlsStream<TcpStream>,
    seen: mpsc::UnboundedSender<Request>,
}

impl Receiver {
    /// Hands each connection to `behave`.
    pub async fn that<F, Fut>(behave: F) -> Self
    where
        F: Fn(Talk) -> Fut + Send + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
        Self::certified(certificate(), behave).await
    }

    /// The same with a certificate of the test's choice.
    pub async fn certified<F, Fut>(params: CertificateParams, behave: F) -> Self
    where
        F: Fn(Talk) -> Fut + Send + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
        let key = KeyPair::generate().expect("a key");
        let certificate = params.self_signed(&key).expect("a certificate").der().clone();
        Self::that_shows(certificate, &key, behave).await
    }

    /// Shows a certificate that somebody else has signed, and answers nothing.
    pub async fn with_certificate(certificate: CertificateDer<'static>, key: &KeyPair) -> Self {
        Self::that_shows(certificate, key, |_| async {}).await
    }

    async fn that_shows<F, Fut>(certificate: CertificateDer<'static>, key: &KeyPair, behave: F) -> Self
    where
        F: Fn(Talk) -> Fut + Send + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
        let acceptor = acceptor(certificate.clone(), PrivatePkcs8KeyDer::from(key.serialize_der()));
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let accepted = Arc::new(AtomicUsize::new(0));
        let (seen, requests) = mpsc::unbounded_channel();
        let counter = Arc::clone(&accepted);
        tokio::spawn(async move {
            while let Ok((tcp, _)) = listener.accept().await {
                counter.fetch_add(1, Ordering::SeqCst);
                // What is said goes out at once, and not into a buffer that a reset empties.
                tcp.set_nodelay(true).expect("a socket");
                // A client that does not trust us ends the handshake: nothing to talk about then.
                if let Ok(tls) = acceptor.accept(tcp).await {
                    tokio::spawn(behave(Talk { tls, seen: seen.clone() }));
                }
            }
        });
        Self { address, certificate, accepted, requests }
    }

    /// Answers every request with these bytes, and keeps the connection.
    pub async fn answering(answer: impl Into<Vec<u8>>) -> Self {
        let answer: Arc<[u8]> = answer.into().into();
        Self::that(move |mut talk| {
            let answer = Arc::clone(&answer);
            async move { while talk.hear().await && talk.say(&answer).await {} }
        })
        .await
    }

    /// The next request that came.
    pub async fn request(&mut self) -> Request {
        self.requests.recv().await.expect("the receiver runs")
    }

    /// What a sender must trust to talk to it.
    pub fn trust(&self) -> &[CertificateDer<'static>] {
        std::slice::from_ref(&self.certificate)
    }

    /// Whether no request has come.
    pub fn is_without_request(&mut self) -> bool {
        self.requests.try_recv().is_err()
    }

    /// How many connections were taken.
    pub fn accepted(&self) -> usize {
        self.accepted.load(Ordering::SeqCst)
    }

    /// Its address as that of a hook, with a query that no detail may show.
    pub fn url(&self) -> String {
        format!("{}/in?token=hush", self.address)
    }
}

impl Request {
    /// Name and value of each header line, in the order and case of the wire.
    pub fn lines(&self) -> Vec<(&str, &str)> {
        self.head.lines().skip(1).filter_map(|line| line.split_once(": ")).collect()
    }
}

impl Talk {
    /// Reads one request; false when the client has hung up.
    pub async fn hear(&mut self) -> bool {
        let mut bytes = Vec::new();
        let end = loop {
            if let Some(at) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
                break at + 4;
            }
            if !matches!(self.tls.read_buf(&mut bytes).await, Ok(1..)) {
                return false;
            }
        };
        let mut body = bytes.split_off(end);
        let head = String::from_utf8(bytes).expect("a head in ASCII");
        let length = head.lines().find_map(|line| line.strip_prefix("Content-Length: ")).expect("a length");
        let length: usize = length.parse().expect("a number");
        while body.len() < length {
            if !matches!(self.tls.read_buf(&mut body).await, Ok(1..)) {
                return false;
            }
        }
        // The test may have seen enough.
        let _ = self.seen.send(Request { head, body });
        true
    }

    /// Writes bytes; false when the client has hung up.
    pub async fn say(&mut self, bytes: &[u8]) -> bool {
        self.tls.write_all(bytes).await.is_ok() && self.tls.flush().await.is_ok()
    }

    /// Writes one more byte of an endless answer every few milliseconds until the client hangs up.
    pub async fn drip(&mut self, byte: u8) {
        let mut pace = tokio::time::interval(std::time::Duration::from_millis(5));
        while self.say(&[byte]).await {
            pace.tick().await;
        }
    }

    /// Writes the same bytes again and again until the client hangs up, and returns how many it took; or gives up after
    /// [`MAX_POURED_BYTES`].
    pub async fn pour(&mut self, bytes: &[u8]) -> usize {
        let mut poured = 0;
        while poured < MAX_POURED_BYTES && self.say(bytes).await {
            poured += bytes.len();
        }
        poured
    }

    /// Says nothing more until the client hangs up.
    pub async fn fall_silent(&mut self) {
        let mut rest = Vec::new();
        while matches!(self.tls.read_buf(&mut rest).await, Ok(1..)) {}
    }

    /// Ends the connection as TLS wants it.
    pub async fn close(&mut self) {
        let _ = self.tls.shutdown().await;
    }

    /// Ends the connection as a crash would.
    pub fn reset(self) {
        let (tcp, _) = self.tls.into_inner();
        tcp.set_zero_linger().expect("a socket");
    }
}

/// Names the receiver, and is valid for long.
pub fn certificate() -> CertificateParams {
    CertificateParams::new(["127.0.0.1".to_owned(), NAME.to_owned()]).expect("names")
}

fn acceptor(certificate: CertificateDer<'static>, key: PrivatePkcs8KeyDer<'static>) -> TlsAcceptor {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key.into())
        .expect("a pair");
    TlsAcceptor::from(Arc::new(config))
}
