//! A receiver over raw sockets and real TLS: it keeps every byte of what it is sent and answers from a script.

use std::net::Ipv4Addr;
use std::sync::{Arc, LazyLock, Mutex};

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, KeyUsagePurpose};
use rustls::ServerConfig;
use rustls::pki_types::PrivatePkcs8KeyDer;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};
use tokio_rustls::TlsAcceptor;

use super::soon;

/// Vouches for every receiver of this run.
static AUTHORITY: LazyLock<(String, Issuer<'static, KeyPair>)> = LazyLock::new(|| {
    let key = KeyPair::generate().expect("a key");
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    let pem = params.self_signed(&key).expect("a certificate").pem();
    (pem, Issuer::new(params, key))
});

/// What the program must trust.
pub fn ca_pem() -> &'static str {
    &AUTHORITY.0
}

/// Answers until its test ends.
pub struct Receiver {
    port: u16,
    seen: Arc<Mutex<Vec<Received>>>,
    count: watch::Receiver<usize>,
}

/// A request as it came.
#[derive(Debug, Clone)]
pub struct Received {
    /// Request line and header lines, in the case and order of the wire.
    pub head: String,
    pub body: Vec<u8>,
}

/// How a request is answered.
#[derive(Clone)]
pub struct Answer {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: String,
    gate: Option<Gate>,
}

/// Keeps an answer back until it is opened.
#[derive(Clone)]
pub struct Gate(Arc<Semaphore>);

impl Receiver {
    /// Answers its first request with the first answer, and so on; from the last one on with the last.
    pub async fn answering<A: Into<Answer>>(script: impl IntoIterator<Item = A>) -> Self {
        let script: Vec<Answer> = script.into_iter().map(Into::into).collect();
        assert!(!script.is_empty(), "a receiver needs an answer");
        Self::judging(move |number, _| script[(number - 1).min(script.len() - 1)].clone()).await
    }

    /// Answers each request as it is judged: its number, from 1 on, and what came.
    pub async fn judging(judge: impl Fn(usize, &Received) -> Answer + Send + Sync + 'static) -> Self {
        let judge = Arc::new(judge);
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (counter, count) = watch::channel(0);
        let (kept, counter) = (seen.clone(), Arc::new(counter));
        let acceptor = acceptor(certificate());
        tokio::spawn(async move {
            while let Ok((tcp, _)) = listener.accept().await {
                let (acceptor, kept, counter, judge) = (acceptor.clone(), kept.clone(), counter.clone(), judge.clone());
                tokio::spawn(async move {
                    let Ok(mut tls) = acceptor.accept(tcp).await else { return };
                    while let Some(request) = hear(&mut tls).await {
                        let number = {
                            let mut seen = kept.lock().expect("no panic before");
                            seen.push(request.clone());
                            seen.len()
                        };
                        counter.send_replace(number);
                        let answer = judge(number, &request);
                        if let Some(Gate(closed)) = &answer.gate {
                            let _open = closed.acquire().await;
                        }
                        if tls.write_all(answer.text().as_bytes()).await.is_err() || tls.flush().await.is_err() {
                            return;
                        }
                    }
                });
            }
        });
        Self { port, seen, count }
    }

    /// Its address as somebody types it into the form of a hook.
    pub fn url(&self) -> String {
        format!("127.0.0.1:{}/in?from=hirewire", self.port)
    }

    /// Every request so far.
    pub fn requests(&self) -> Vec<Received> {
        self.seen.lock().expect("no panic before").clone()
    }

    /// The one request so far.
    pub fn the_request(&self) -> Received {
        let mut all = self.requests();
        assert_eq!(all.len(), 1, "{all:?}");
        all.remove(0)
    }

    /// How many requests so far.
    pub fn count(&self) -> usize {
        self.requests().len()
    }

    /// Resolves once so many requests have come; an answer may still be kept back.
    pub async fn has_been_asked(&self, times: usize) {
        let mut count = self.count.clone();
        soon("a request at the receiver", count.wait_for(|count| *count >= times)).await.expect("it runs");
    }
}

impl Received {
    /// Name and value of each header line, in the order of the wire.
    pub fn lines(&self) -> impl Iterator<Item = (&str, &str)> {
        self.head.lines().skip(1).filter_map(|line| line.split_once(": "))
    }

    /// The value of a header, whatever its case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.lines().find(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// The value of a header that must be there.
    #[track_caller]
    pub fn must(&self, name: &str) -> &str {
        self.header(name).unwrap_or_else(|| panic!("no {name} in {}", self.head))
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).expect("a JSON body")
    }
}

impl Answer {
    pub fn of(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: "told".into(), gate: None }
    }

    pub fn with(mut self, name: &'static str, value: impl ToString) -> Self {
        self.headers.push((name, value.to_string()));
        self
    }

    pub fn saying(mut self, body: impl Into<String>) -> Self {
        self.body = body.into();
        self
    }

    /// Keeps the answer back until the gate is opened.
    pub fn behind_a_gate(mut self) -> (Self, Gate) {
        let gate = Gate(Arc::new(Semaphore::new(0)));
        self.gate = Some(gate.clone());
        (self, gate)
    }

    fn text(&self) -> String {
        let lines: String = self.headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        format!("HTTP/1.1 {} Told\r\n{lines}Content-Length: {}\r\n\r\n{}", self.status, self.body.len(), self.body)
    }
}

impl From<u16> for Answer {
    fn from(status: u16) -> Self {
        Self::of(status)
    }
}

impl Gate {
    pub fn open(&self) {
        self.0.add_permits(1_000);
    }
}

/// Reads one request; `None` when the client has hung up.
pub(super) async fn hear(stream: &mut (impl AsyncRead + Unpin)) -> Option<Received> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(at) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break at + 4;
        }
        if !matches!(stream.read_buf(&mut bytes).await, Ok(1..)) {
            return None;
        }
    };
    let mut body = bytes.split_off(end);
    let head = String::from_utf8(bytes).expect("a head in ASCII");
    let length = head.lines().find_map(|line| line.strip_prefix("Content-Length: ")).expect("a length");
    let length: usize = length.parse().expect("a number");
    while body.len() < length {
        if !matches!(stream.read_buf(&mut body).await, Ok(1..)) {
            return None;
        }
    }
    assert_eq!(body.len(), length, "bytes after the request");
    Some(Received { head, body })
}

/// Names this machine, and is valid for long.
pub fn certificate() -> CertificateParams {
    CertificateParams::new(["127.0.0.1".to_owned()]).expect("a name")
}

pub(super) fn acceptor(params: CertificateParams) -> TlsAcceptor {
    let key = KeyPair::generate().expect("a key");
    let certificate = params.signed_by(&key, &AUTHORITY.1).expect("a certificate").der().clone();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![certificate], PrivatePkcs8KeyDer::from(key.serialize_der()).into())
        .expect("a pair");
    TlsAcceptor::from(Arc::new(config))
}
