//! A receiver that answers at once and counts what it got.
//!
//! Any path but the control ones is a webhook endpoint; its query may override the answer:
//! `?status=503&delay_ms=100&body_bytes=20&fail_first=2` (`fail_first`: the first k requests
//! with one id get `status`, later ones 200).
//! Control: `GET /stats`, `POST /reset`, `GET /wait?distinct=N&timeout_ms=M`, `GET /dump`
//! (one `seq sent_us recv_us path` line per request; `?path=/only` leaves out the others).

use std::collections::HashMap;
use std::convert::Infallible;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use clap::Parser;
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use yardstick::{cpu_seconds, now_us, number_field, percentiles_ms};

#[derive(Parser)]
struct Args {
    #[arg(long, default_value = "127.0.0.1:9080")]
    http: SocketAddr,
    /// May be given several times: one receiver at several addresses.
    #[arg(long, default_value = "127.0.0.1:9443")]
    https: Vec<SocketAddr>,
    /// Where the CA certificate that signed the server's certificate is written.
    #[arg(long, default_value = "ca.pem")]
    ca_out: std::path::PathBuf,
    /// Header whose distinct values are counted.
    #[arg(long, default_value = "webhook-id")]
    id_header: String,
    #[arg(long, default_value_t = 200)]
    status: u16,
    #[arg(long, default_value_t = 0)]
    delay_ms: u64,
    #[arg(long, default_value_t = 2)]
    body_bytes: usize,
    #[arg(long, default_value_t = 2)]
    threads: usize,
}

struct Hit {
    seq: u64,
    sent_us: u64,
    recv_us: u64,
    /// Which of the paths seen so far.
    path: usize,
}

#[derive(Default)]
struct Seen {
    hits: Vec<Hit>,
    paths: Vec<String>,
    ids: HashMap<u64, u32>,
    bytes: u64,
    no_id: u64,
}

impl Seen {
    fn path(&mut self, path: &str) -> usize {
        // A handful of endpoints: looking through them is cheaper than a map.
        self.paths.iter().position(|seen| seen == path).unwrap_or_else(|| {
            self.paths.push(path.to_owned());
            self.paths.len() - 1
        })
    }
}

struct Sink {
    args: Args,
    seen: Mutex<Seen>,
    http_conns: AtomicU64,
    https_conns: AtomicU64,
    cpu_at_reset: Mutex<f64>,
}

type Reply = Result<Response<Full<Bytes>>, Infallible>;

fn query<T: std::str::FromStr>(q: Option<&str>, key: &str) -> Option<T> {
    q?.split('&').filter_map(|kv| kv.split_once('=')).find(|(k, _)| *k == key).and_then(|(_, v)| v.parse().ok())
}

fn text(status: u16, body: String) -> Reply {
    Ok(Response::builder().status(status).body(Full::new(Bytes::from(body))).expect("valid response"))
}

impl Sink {
    fn stats(&self) -> serde_json::Value {
        let seen = self.seen.lock().unwrap();
        let first = seen.hits.iter().map(|h| h.recv_us).min();
        let last = seen.hits.iter().map(|h| h.recv_us).max();
        let span = last.zip(first).map_or(0.0, |(l, f)| (l - f) as f64 / 1e6);
        let lat = seen.hits.iter().filter(|h| h.sent_us > 0);
        serde_json::json!({
            "requests": seen.hits.len(),
            "distinct": seen.ids.len(),
            "without_id": seen.no_id,
            "bytes": seen.bytes,
            "http_conns": self.http_conns.load(Relaxed),
            "https_conns": self.https_conns.load(Relaxed),
            "now_us": now_us(),
            "first_us": first, "last_us": last, "span_s": span,
            "rate": if span > 0.0 { (seen.hits.len() as f64 - 1.0) / span } else { 0.0 },
            "latency_ms": percentiles_ms(
                lat.map(|h| h.recv_us as i64 - h.sent_us as i64).collect()),
            "cpu_s": cpu_seconds() - *self.cpu_at_reset.lock().unwrap(),
        })
    }

    async fn hook(&self, req: Request<Incoming>) -> Reply {
        let recv_us = now_us();
        let (parts, body) = req.into_parts();
        let Ok(body) = body.collect().await else {
            return text(400, String::new());
        };
        let body = body.to_bytes();
        let sent_us = parts
            .headers
            .get("x-sent-us")
            .and_then(|v| v.to_str().ok()?.parse().ok())
            .or_else(|| number_field(&body, "sent_us"))
            .unwrap_or(0);
        let id = parts.headers.get(&self.args.id_header).map(|v| {
            let mut h = DefaultHasher::new();
            v.as_bytes().hash(&mut h);
            h.finish()
        });
        let nth = {
            let mut seen = self.seen.lock().unwrap();
            seen.bytes += body.len() as u64;
            let seq = number_field(&body, "seq").unwrap_or(u64::MAX);
            let path = seen.path(parts.uri.path());
            seen.hits.push(Hit { seq, sent_us, recv_us, path });
            match id {
                Some(id) => {
                    let n = seen.ids.entry(id).or_default();
                    *n += 1;
                    *n
                }
                None => {
                    seen.no_id += 1;
                    u32::MAX
                }
            }
        };
        let q = parts.uri.query();
        let mut status = query(q, "status").unwrap_or(self.args.status);
        if query::<u32>(q, "fail_first").is_some_and(|k| nth > k) {
            status = 200;
        }
        let delay = query(q, "delay_ms").unwrap_or(self.args.delay_ms);
        if delay > 0 {
            tokio::time::sleep(Duration::from_millis(delay)).await;
        }
        text(status, "k".repeat(query(q, "body_bytes").unwrap_or(self.args.body_bytes)))
    }

    async fn serve(self: Arc<Self>, req: Request<Incoming>) -> Reply {
        let q = req.uri().query();
        match req.uri().path() {
            "/stats" => text(200, self.stats().to_string()),
            "/reset" => {
                *self.seen.lock().unwrap() = Seen::default();
                *self.cpu_at_reset.lock().unwrap() = cpu_seconds();
                text(200, String::new())
            }
            "/wait" => {
                let want: usize = query(q, "distinct").unwrap_or(0);
                let end = Instant::now() + Duration::from_millis(query(q, "timeout_ms").unwrap_or(10_000));
                while self.seen.lock().unwrap().ids.len() < want && Instant::now() < end {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
                text(200, self.stats().to_string())
            }
            "/dump" => {
                use std::fmt::Write as _;
                let mut out = String::new();
                let only: Option<String> = query(q, "path");
                let seen = self.seen.lock().unwrap();
                let wanted = |h: &&Hit| only.as_ref().is_none_or(|only| *only == seen.paths[h.path]);
                for h in seen.hits.iter().filter(wanted) {
                    let _ = writeln!(out, "{} {} {} {}", h.seq, h.sent_us, h.recv_us, seen.paths[h.path]);
                }
                drop(seen);
                text(200, out)
            }
            _ => self.hook(req).await,
        }
    }
}

/// A throw-away CA (written to `ca_out`) and a certificate for localhost and 127.0.0.1 under it.
fn tls(ca_out: &std::path::Path) -> Result<TlsAcceptor, Box<dyn std::error::Error>> {
    let ca_key = rcgen::KeyPair::generate()?;
    let mut ca = rcgen::CertificateParams::new(vec![])?;
    ca.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    ca.distinguished_name.push(rcgen::DnType::CommonName, "yardstick throw-away CA");
    std::fs::write(ca_out, ca.self_signed(&ca_key)?.pem())?;
    let issuer = rcgen::Issuer::new(ca, ca_key);
    let key = rcgen::KeyPair::generate()?;
    let mut leaf = rcgen::CertificateParams::new(vec!["localhost".into(), "127.0.0.1".into()])?;
    leaf.extended_key_usages = vec![rcgen::ExtendedKeyUsagePurpose::ServerAuth];
    let cert: CertificateDer<'static> = leaf.signed_by(&key, &issuer)?.der().clone();
    let key = PrivateKeyDer::try_from(key.serialize_der())?;
    let mut config = ServerConfig::builder().with_no_client_auth().with_single_cert(vec![cert], key)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}

async fn accept(sink: Arc<Sink>, listener: TcpListener, tls: Option<TlsAcceptor>) {
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            continue;
        };
        let _ = stream.set_nodelay(true);
        let (sink, tls) = (sink.clone(), tls.clone());
        if tls.is_some() {
            sink.https_conns.fetch_add(1, Relaxed);
        } else {
            sink.http_conns.fetch_add(1, Relaxed);
        }
        tokio::spawn(async move {
            let svc = service_fn(move |req| sink.clone().serve(req));
            let server = hyper_util::server::conn::auto::Builder::new(TokioExecutor::new());
            // Errors here are peers going away; the sender reports those.
            let _ = match tls {
                None => server.serve_connection(TokioIo::new(stream), svc).await,
                Some(tls) => match tls.accept(stream).await {
                    Ok(s) => server.serve_connection(TokioIo::new(s), svc).await,
                    Err(_) => return,
                },
            };
        });
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let args = Args::parse();
    let rt = tokio::runtime::Builder::new_multi_thread().worker_threads(args.threads).enable_all().build()?;
    rt.block_on(async {
        let tls = tls(&args.ca_out)?;
        let http = TcpListener::bind(args.http).await?;
        let mut https = Vec::new();
        for address in &args.https {
            https.push(TcpListener::bind(address).await?);
        }
        let addresses: Vec<String> = args.https.iter().map(SocketAddr::to_string).collect();
        println!("sink http={} https={} ca={}", args.http, addresses.join(","), args.ca_out.display());
        let sink = Arc::new(Sink {
            args,
            seen: Mutex::default(),
            http_conns: AtomicU64::new(0),
            https_conns: AtomicU64::new(0),
            cpu_at_reset: Mutex::new(0.0),
        });
        tokio::spawn(accept(sink.clone(), http, None));
        for listener in https {
            tokio::spawn(accept(sink.clone(), listener, Some(tls.clone())));
        }
        tokio::signal::ctrl_c().await?;
        println!("{}", sink.stats());
        Ok(())
    })
}
