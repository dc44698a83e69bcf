//! The raw limit: signed posts straight to a sink, nothing stored.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use clap::Parser;
use yardstick::{cpu_seconds, filler, now_us, payload, percentiles_ms, sign};

#[derive(Parser)]
struct Args {
    #[arg(long, default_value = "http://127.0.0.1:9080/hook")]
    url: String,
    #[arg(short, default_value_t = 20_000)]
    n: u64,
    #[arg(short, default_value_t = 32)]
    c: usize,
    #[arg(long, default_value_t = 1536)]
    body_bytes: usize,
    /// Extra root certificate (PEM), for the sink's HTTPS port.
    #[arg(long)]
    ca: Option<std::path::PathBuf>,
    /// Requests per second over all workers (0: as fast as they go).
    #[arg(long, default_value_t = 0.0)]
    rate: f64,
    /// A new connection for every request.
    #[arg(long)]
    no_keepalive: bool,
    #[arg(long, default_value_t = 2)]
    threads: usize,
    /// First sequence number (also makes the ids distinct between runs).
    #[arg(long, default_value_t = 0)]
    from: u64,
}

async fn run(args: Arc<Args>) -> Result<(), Box<dyn std::error::Error>> {
    let mut client = reqwest::Client::builder()
        .http1_only()
        .no_proxy()
        .tcp_nodelay(true)
        .timeout(Duration::from_secs(30))
        .pool_max_idle_per_host(if args.no_keepalive { 0 } else { usize::MAX });
    if let Some(ca) = &args.ca {
        let pem = std::fs::read(ca)?;
        client = client.tls_certs_only([reqwest::Certificate::from_pem(&pem)?]);
    }
    let client = client.build()?;
    let filler: Arc<str> = filler(args.body_bytes).into();
    let key: Arc<[u8]> = (0u8..32).collect::<Vec<_>>().into();
    let next = Arc::new(AtomicU64::new(0));
    let (start, cpu0) = (Instant::now(), cpu_seconds());
    let workers: Vec<_> = (0..args.c)
        .map(|_| {
            let (client, filler, key) = (client.clone(), filler.clone(), key.clone());
            let (next, args) = (next.clone(), args.clone());
            tokio::spawn(async move {
                let (mut times, mut failed) = (Vec::new(), 0u64);
                loop {
                    let i = next.fetch_add(1, Relaxed);
                    if i >= args.n {
                        return (times, failed);
                    }
                    if args.rate > 0.0 {
                        let due = start + Duration::from_secs_f64(i as f64 / args.rate);
                        tokio::time::sleep_until(due.into()).await;
                    }
                    let seq = args.from + i;
                    let body = payload(seq, args.body_bytes, &filler);
                    let (id, ts) = (format!("msg_{seq}"), now_us() / 1_000_000);
                    let sig = sign(&key, &id, ts, body.as_bytes());
                    let t = Instant::now();
                    let answer = client
                        .post(&args.url)
                        .header("content-type", "application/json")
                        .header("webhook-id", id)
                        .header("webhook-timestamp", ts)
                        .header("webhook-signature", sig)
                        .body(body)
                        .send()
                        .await;
                    let ok = match answer {
                        Ok(r) => r.status().is_success() && r.bytes().await.is_ok(),
                        Err(_) => false,
                    };
                    if ok {
                        times.push(t.elapsed().as_micros() as i64);
                    } else {
                        failed += 1;
                    }
                }
            })
        })
        .collect();
    let (mut times, mut failed) = (Vec::new(), 0);
    for w in workers {
        let (t, f) = w.await?;
        times.extend(t);
        failed += f;
    }
    let secs = start.elapsed().as_secs_f64();
    println!(
        "{}",
        serde_json::json!({
            "url": args.url, "n": args.n, "c": args.c, "failed": failed, "secs": secs,
            "rps": times.len() as f64 / secs, "rtt_ms": percentiles_ms(times),
            "cpu_s": cpu_seconds() - cpu0,
        })
    );
    Ok(())
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let args = Arc::new(Args::parse());
    tokio::runtime::Builder::new_multi_thread().worker_threads(args.threads).enable_all().build()?.block_on(run(args))
}
