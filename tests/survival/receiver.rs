//! A receiver on HTTPS: each of its paths answers in a manner of its own, and what comes is noted with its time.
//!
//! It lives in the test's process, so it sees what a killed Hirewire sent and never wrote down.

use std::fmt;
use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, KeyUsagePurpose};
use rustls::ServerConfig;
use rustls::pki_types::PrivatePkcs8KeyDer;
use sha2::{Digest as _, Sha256};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;

/// How a path answers. Each has a hook of its own, which takes one type of event that no other takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Manner {
    /// 200 at once.
    Well,
    /// 500 at once.
    Failing,
    /// 200 after [`SLOW`].
    Slow,
    /// Never.
    Silent,
    /// 200 once the test opens the gate.
    Gated,
    /// The same, for another webhook.
    GatedToo,
}

/// How long the slow path thinks.
pub const SLOW: Duration = Duration::from_millis(700);

impl Manner {
    const ALL: [Manner; 6] =
        [Manner::Well, Manner::Failing, Manner::Slow, Manner::Silent, Manner::Gated, Manner::GatedToo];

    /// Its path.
    pub fn name(self) -> &'static str {
        match self {
            Manner::Well => "well",
            Manner::Failing => "failing",
            Manner::Slow => "slow",
            Manner::Silent => "silent",
            Manner::Gated => "gated",
            Manner::GatedToo => "gated-too",
        }
    }

    /// The event that its hook takes.
    pub fn event(self) -> &'static str {
        match self {
            Manner::Well => "candidate.created",
            Manner::Failing => "candidate.updated",
            Manner::Slow => "job.created",
            Manner::Silent => "job.updated",
            Manner::Gated => "interview.completed",
            Manner::GatedToo => "interview.abandoned",
        }
    }

    /// Whether what arrives there is acknowledged in the end.
    pub fn acknowledges(self) -> bool {
        matches!(self, Manner::Well | Manner::Slow | Manner::Gated | Manner::GatedToo)
    }

    /// Reads [`Manner::name`].
    fn named(name: &str) -> Self {
        Self::ALL.into_iter().find(|manner| manner.name() == name).unwrap_or_else(|| panic!("no manner {name}"))
    }
}

impl fmt::Display for Manner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A request, as far as accounts need it.
#[derive(Debug, Clone)]
pub struct Arrival {
    pub manner: Manner,
    /// Its `webhook-id`.
    pub id: String,
    /// The number in its data (see [`crate::load::Reported`]).
    pub number: Option<u64>,
    /// SHA-256 of its body.
    pub bytes: [u8; 32],
    /// When it was there, whole.
    pub at: Instant,
    /// When its answer was written.
    pub answered: Option<Instant>,
}

/// Listens until its runtime ends.
pub struct Receiver {
    port: u16,
    authority: String,
    desk: Arc<Desk>,
}

#[derive(Default)]
struct Desk {
    arrivals: Mutex<Vec<Arrival>>,
    gate: watch::Sender<bool>,
    /// Connections on which a request may still come in.
    hearing: AtomicUsize,
}

impl Receiver {
    pub async fn start() -> Self {
        let (authority, acceptor) = identity();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let desk = Arc::<Desk>::default();
        let serving = desk.clone();
        tokio::spawn(async move {
            while let Ok((tcp, _)) = listener.accept().await {
                let (acceptor, desk) = (acceptor.clone(), serving.clone());
                let hearing = Hearing::on(desk.clone());
                tokio::spawn(async move {
                    let _ = tcp.set_nodelay(true);
                    let Ok(mut tls) = acceptor.accept(tcp).await else { return };
                    let mut hearing = Some(hearing);
                    while let Some(number) = desk.hear(&mut tls).await {
                        hearing.take();
                        if desk.answer(number, &mut tls).await.is_none() {
                            return;
                        }
                        hearing = Some(Hearing::on(desk.clone()));
                    }
                });
            }
        });
        Self { port, authority, desk }
    }

    /// What Hirewire must trust to reach it.
    pub fn authority(&self) -> &str {
        &self.authority
    }

    /// The address of a path, as it is typed behind the form's `https://`.
    pub fn url(&self, manner: Manner) -> String {
        format!("127.0.0.1:{}/{manner}", self.port)
    }

    /// Everything that came, in order.
    pub fn arrivals(&self) -> Vec<Arrival> {
        self.desk.arrivals().clone()
    }

    /// The first that came to a path after a moment.
    pub fn first_after(&self, manner: Manner, moment: Instant) -> Option<Instant> {
        let arrivals = self.desk.arrivals();
        // The newest stand last, and moments asked about are recent.
        let later = arrivals.iter().rev().take_while(|arrival| arrival.at > moment);
        later.filter(|arrival| arrival.manner == manner).map(|arrival| arrival.at).last()
    }

    /// Whether nothing more can come from those who are connected: a dead process's last requests have been noted.
    pub fn has_heard_all(&self) -> bool {
        self.desk.hearing.load(Ordering::SeqCst) == 0
    }

    /// Answers what waits behind the gate and what still comes there.
    pub fn open_the_gate(&self) {
        self.desk.gate.send_replace(true);
    }
}

/// A connection on which a request may come in.
struct Hearing(Arc<Desk>);

impl Hearing {
    fn on(desk: Arc<Desk>) -> Self {
        desk.hearing.fetch_add(1, Ordering::SeqCst);
        Self(desk)
    }
}

impl Drop for Hearing {
    fn drop(&mut self) {
        self.0.hearing.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Desk {
    fn arrivals(&self) -> MutexGuard<'_, Vec<Arrival>> {
        self.arrivals.lock().expect("no panic before")
    }

    /// Notes the next request of a connection; `None` when the other side has hung up.
    async fn hear(&self, stream: &mut (impl AsyncRead + Unpin)) -> Option<usize> {
        let (head, body) = read(stream).await?;
        let path = head.split(' ').nth(1).expect("a target").trim_start_matches('/');
        let (manner, id) = (Manner::named(path), header(&head, "webhook-id").expect("a webhook-id").to_owned());
        let (number, bytes) = (number(&body), Sha256::digest(&body).into());
        let mut arrivals = self.arrivals();
        // Under the lock, so that they stand in the order of their times.
        arrivals.push(Arrival { manner, id, number, bytes, at: Instant::now(), answered: None });
        Some(arrivals.len() - 1)
    }

    async fn answer(&self, number: usize, stream: &mut (impl AsyncRead + AsyncWrite + Unpin)) -> Option<()> {
        let manner = self.arrivals()[number].manner;
        let status = match manner {
            Manner::Well => 200,
            Manner::Failing => 500,
            Manner::Slow => {
                tokio::time::sleep(SLOW).await;
                200
            }
            Manner::Silent => {
                // Until the other side gives up.
                let _ = stream.read_u8().await;
                return None;
            }
            Manner::Gated | Manner::GatedToo => {
                self.gate.subscribe().wait_for(|open| *open).await.ok()?;
                200
            }
        };
        let answer = format!("HTTP/1.1 {status} Told\r\nContent-Length: 4\r\n\r\ntold");
        stream.write_all(answer.as_bytes()).await.ok()?;
        stream.flush().await.ok()?;
        self.arrivals()[number].answered = Some(Instant::now());
        Some(())
    }
}

/// One request: its head and its body.
async fn read(stream: &mut (impl AsyncRead + Unpin)) -> Option<(String, Vec<u8>)> {
    let mut bytes = Vec::with_capacity(4096);
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
    let length: usize = header(&head, "content-length").expect("a length").parse().expect("a number");
    while body.len() < length {
        if !matches!(stream.read_buf(&mut body).await, Ok(1..)) {
            return None;
        }
    }
    assert_eq!(body.len(), length, "bytes after the request");
    Some((head, body))
}

fn number(body: &[u8]) -> Option<u64> {
    let payload: serde_json::Value = serde_json::from_slice(body).ok()?;
    payload["data"]["number"].as_u64()
}

fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let mut lines = head.lines().skip(1).filter_map(|line| line.split_once(": "));
    lines.find(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}

/// An authority of its own and the side of a server that it vouches for.
fn identity() -> (String, TlsAcceptor) {
    let key = KeyPair::generate().expect("a key");
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    let authority = params.self_signed(&key).expect("a certificate").pem();
    let issuer = Issuer::new(params, key);
    let key = KeyPair::generate().expect("a key");
    let params = CertificateParams::new(["127.0.0.1".to_owned()]).expect("a name");
    let certificate = params.signed_by(&key, &issuer).expect("a certificate").der().clone();
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![certificate], PrivatePkcs8KeyDer::from(key.serialize_der()).into())
        .expect("a pair");
    (authority, TlsAcceptor::from(Arc::new(config)))
}
