//! The durable limit: the least program that does what a webhook server must do.
//!
//! `POST` a payload: it is committed to SQLite (WAL, synchronous=FULL by default) before the 202;
//! then it is signed, sent to the one target, and its attempt and new status are committed too.
//! One writer thread commits whatever has queued up (group commit), so load makes batches larger.
//! No tenants, no authentication, no retries, no API besides: a floor to measure servers against.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use clap::Parser;
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use rusqlite::{Connection, params};
use tokio::sync::{Semaphore, mpsc, oneshot};
use yardstick::{now_us, sign};

#[derive(Parser)]
struct Args {
    #[arg(long, default_value = "127.0.0.1:9070")]
    listen: SocketAddr,
    #[arg(long, default_value = "http://127.0.0.1:9080/floor")]
    target: String,
    #[arg(long)]
    ca: Option<std::path::PathBuf>,
    #[arg(long, default_value = "floor.db")]
    db: std::path::PathBuf,
    #[arg(long, default_value = "FULL")]
    synchronous: String,
    /// Deliveries under way at once.
    #[arg(long, default_value_t = 64)]
    concurrent: usize,
    #[arg(long, default_value_t = 256)]
    max_batch: usize,
    #[arg(long, default_value_t = 2)]
    threads: usize,
}

enum Write {
    Event { body: Bytes, done: oneshot::Sender<u64> },
    Attempt { id: u64, code: u16, took_ms: u64 },
}

struct Event {
    id: u64,
    body: Bytes,
}

fn open(args: &Args) -> rusqlite::Result<Connection> {
    for suffix in ["", "-wal", "-shm"] {
        let _ = std::fs::remove_file(format!("{}{suffix}", args.db.display()));
    }
    let db = Connection::open(&args.db)?;
    db.pragma_update(None, "journal_mode", "WAL")?;
    db.pragma_update(None, "synchronous", &args.synchronous)?;
    db.execute_batch(
        "CREATE TABLE event(id INTEGER PRIMARY KEY, created INTEGER NOT NULL, status INTEGER NOT NULL,
                            next_at INTEGER, body BLOB NOT NULL);
         CREATE INDEX event_due ON event(next_at) WHERE next_at IS NOT NULL;
         CREATE TABLE attempt(id INTEGER PRIMARY KEY, event INTEGER NOT NULL, at INTEGER NOT NULL,
                              code INTEGER NOT NULL, took_ms INTEGER NOT NULL);
         CREATE INDEX attempt_event ON attempt(event);",
    )?;
    Ok(db)
}

/// Commits what is queued, then answers the callers and hands the events on.
fn writer(
    mut db: Connection,
    mut queue: mpsc::UnboundedReceiver<Write>,
    ready: mpsc::UnboundedSender<Event>,
    max_batch: usize,
    commits: Arc<AtomicU64>,
) -> rusqlite::Result<()> {
    let mut batch = Vec::with_capacity(max_batch);
    while queue.blocking_recv_many(&mut batch, max_batch) > 0 {
        let mut stored = Vec::with_capacity(batch.len());
        let tx = db.transaction()?;
        for write in batch.drain(..) {
            match write {
                Write::Event { body, done } => {
                    let now = now_us();
                    let mut st =
                        tx.prepare_cached("INSERT INTO event(created, status, next_at, body) VALUES (?1, 0, ?1, ?2)")?;
                    let id = st.insert(params![now, &body[..]])? as u64;
                    stored.push((done, Event { id, body }));
                }
                Write::Attempt { id, code, took_ms } => {
                    tx.prepare_cached("INSERT INTO attempt(event, at, code, took_ms) VALUES (?1, ?2, ?3, ?4)")?
                        .execute(params![id, now_us(), code, took_ms])?;
                    tx.prepare_cached("UPDATE event SET status = ?2, next_at = NULL WHERE id = ?1")?
                        .execute(params![id, if code == 200 { 1 } else { 2 }])?;
                }
            }
        }
        tx.commit()?;
        commits.fetch_add(1, Relaxed);
        for (done, event) in stored {
            let _ = done.send(event.id);
            let _ = ready.send(event);
        }
    }
    Ok(())
}

async fn dispatcher(
    args: Arc<Args>,
    client: reqwest::Client,
    mut ready: mpsc::UnboundedReceiver<Event>,
    writes: mpsc::UnboundedSender<Write>,
) {
    let slots = Arc::new(Semaphore::new(args.concurrent));
    let key: Arc<[u8]> = (0u8..32).collect::<Vec<_>>().into();
    while let Some(event) = ready.recv().await {
        let Ok(slot) = slots.clone().acquire_owned().await else {
            return;
        };
        let (args, client) = (args.clone(), client.clone());
        let (writes, key) = (writes.clone(), key.clone());
        tokio::spawn(async move {
            let started = Instant::now();
            let (id, ts) = (format!("msg_{}", event.id), now_us() / 1_000_000);
            let sig = sign(&key, &id, ts, &event.body);
            let answer = client
                .post(&args.target)
                .header("content-type", "application/json")
                .header("webhook-id", id)
                .header("webhook-timestamp", ts)
                .header("webhook-signature", sig)
                .body(event.body)
                .send()
                .await;
            let code = match answer {
                Ok(r) => {
                    let code = r.status().as_u16();
                    r.bytes().await.map_or(0, |_| code)
                }
                Err(_) => 0,
            };
            drop(slot);
            let took_ms = started.elapsed().as_millis() as u64;
            let _ = writes.send(Write::Attempt { id: event.id, code, took_ms });
        });
    }
}

async fn ingest(
    req: Request<Incoming>,
    writes: mpsc::UnboundedSender<Write>,
    commits: Arc<AtomicU64>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let answer = |status: u16, text: String| {
        Ok(Response::builder().status(status).body(Full::new(Bytes::from(text))).expect("valid response"))
    };
    if req.uri().path() == "/stats" {
        return answer(200, format!(r#"{{"commits":{}}}"#, commits.load(Relaxed)));
    }
    let Ok(body) = req.into_body().collect().await else {
        return answer(400, String::new());
    };
    let (done, stored) = oneshot::channel();
    let _ = writes.send(Write::Event { body: body.to_bytes(), done });
    match stored.await {
        Ok(id) => answer(202, format!(r#"{{"id":"msg_{id}"}}"#)),
        Err(_) => answer(500, String::new()),
    }
}

async fn run(args: Arc<Args>) -> Result<(), Box<dyn std::error::Error>> {
    let mut client =
        reqwest::Client::builder().http1_only().no_proxy().tcp_nodelay(true).timeout(Duration::from_secs(30));
    if let Some(ca) = &args.ca {
        let pem = std::fs::read(ca)?;
        client = client.tls_certs_only([reqwest::Certificate::from_pem(&pem)?]);
    }
    let (writes, queue) = mpsc::unbounded_channel();
    let (ready_tx, ready) = mpsc::unbounded_channel();
    let commits = Arc::new(AtomicU64::new(0));
    let (db, max_batch, counter) = (open(&args)?, args.max_batch, commits.clone());
    std::thread::spawn(move || {
        if let Err(e) = writer(db, queue, ready_tx, max_batch, counter) {
            eprintln!("writer: {e}");
            std::process::exit(1);
        }
    });
    tokio::spawn(dispatcher(args.clone(), client.build()?, ready, writes.clone()));
    let listener = tokio::net::TcpListener::bind(args.listen).await?;
    println!("floor on {} -> {}", args.listen, args.target);
    loop {
        let (stream, _) = listener.accept().await?;
        let _ = stream.set_nodelay(true);
        let (writes, commits) = (writes.clone(), commits.clone());
        tokio::spawn(async move {
            let svc = service_fn(move |req| ingest(req, writes.clone(), commits.clone()));
            let _ = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), svc).await;
        });
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let args = Arc::new(Args::parse());
    tokio::runtime::Builder::new_multi_thread().worker_threads(args.threads).enable_all().build()?.block_on(run(args))
}
