//! Loads a webhook server's ingest API and follows the messages to the sink.
//!
//! `--body` is the API request's body with `@PAYLOAD@` (a JSON object), `@PAYLOAD_STR@` (the same
//! object as a JSON string literal), `@UUID@` and `@NOW@` (RFC 3339) filled in per message.
//! Prints one JSON line: ingest rate, delivered rate, and two latencies (API call started -> sink,
//! API answer -> sink; the second can be negative when delivery wins the race with the answer).
//! `api_ms` is of the calls that were taken; in `calls_ms` those refused or cut off count as `--timeout-ms`.
//! `in_time` counts the messages whose first receipt came within `--within-ms` of the answer. `first_ms` is the time from the
//! answer to it; a message that never came counts as if it had come at the end, a refused one as if it had come even later.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use clap::Parser;
use yardstick::{cpu_seconds, filler, now_us, payload, percentiles_ms};

#[derive(Parser)]
struct Args {
    /// The ingest URL; may be given several times, then used in turn.
    #[arg(long, required = true)]
    url: Vec<String>,
    #[arg(long, default_value = "@PAYLOAD@")]
    body: String,
    /// `Name: value`, repeatable.
    #[arg(long)]
    header: Vec<String>,
    #[arg(short, default_value_t = 5_000)]
    n: u64,
    #[arg(short, default_value_t = 32)]
    c: usize,
    #[arg(long, default_value_t = 1536)]
    body_bytes: usize,
    #[arg(long, default_value_t = 0.0)]
    rate: f64,
    #[arg(long, default_value_t = 0)]
    from: u64,
    /// The sink's control address.
    #[arg(long, default_value = "http://127.0.0.1:9080")]
    sink: String,
    /// How many deliveries a message makes (endpoints it fans out to).
    #[arg(long, default_value_t = 1)]
    fanout: u64,
    #[arg(long, default_value_t = 120)]
    wait_s: u64,
    /// Only what arrives at this path of the sink counts; everything when empty.
    #[arg(long, default_value = "")]
    path: String,
    /// How soon after the answer a message must arrive to be in time.
    #[arg(long, default_value_t = 1_000)]
    within_ms: u64,
    /// A call is given up after so long.
    #[arg(long, default_value_t = 30_000)]
    timeout_ms: u64,
    #[arg(long, default_value_t = 2)]
    threads: usize,
}

/// 2026-01-02T03:04:05Z of a Unix time (proleptic Gregorian, civil-from-days).
fn rfc3339(secs: u64) -> String {
    let (days, rem) = (secs / 86_400, secs % 86_400);
    let z = days + 719_468;
    let (era, doe) = (z / 146_097, z % 146_097);
    let yoe = (doe - doe / 1_460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let (d, m) = (doy - (153 * mp + 2) / 5 + 1, if mp < 10 { mp + 3 } else { mp - 9 });
    let y = yoe + era * 400 + u64::from(m <= 2);
    format!("{y:04}-{m:02}-{d:02}T{:02}:{:02}:{:02}Z", rem / 3600, rem / 60 % 60, rem % 60)
}

/// A version-4-shaped UUID that differs for every call (time, counter, mixed).
fn uuid(seq: u64) -> String {
    let mix = |mut x: u64| {
        x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        x ^ (x >> 31)
    };
    let (a, b) = (mix(now_us() ^ (seq << 40)), mix(seq.wrapping_add(now_us() << 20)));
    format!(
        "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
        a >> 32,
        a >> 16 & 0xFFFF,
        a & 0xFFF,
        0x8000 | (b >> 48 & 0x3FFF),
        b & 0xFFFF_FFFF_FFFF
    )
}

async fn run(args: Arc<Args>) -> Result<(), Box<dyn std::error::Error>> {
    let client = reqwest::Client::builder()
        .http1_only()
        .no_proxy()
        .tcp_nodelay(true)
        .timeout(Duration::from_millis(args.timeout_ms))
        .build()?;
    client.post(format!("{}/reset", args.sink)).send().await?;
    let headers: Vec<(String, String)> =
        args.header.iter().filter_map(|h| h.split_once(':')).map(|(k, v)| (k.trim().into(), v.trim().into())).collect();
    let (headers, filler) = (Arc::new(headers), Arc::<str>::from(filler(args.body_bytes)));
    let next = Arc::new(AtomicU64::new(0));
    let (start, start_us, cpu0) = (Instant::now(), now_us(), cpu_seconds());
    let workers: Vec<_> = (0..args.c)
        .map(|_| {
            let (client, filler, headers) = (client.clone(), filler.clone(), headers.clone());
            let (next, args) = (next.clone(), args.clone());
            tokio::spawn(async move {
                let (mut done, mut calls, mut failed, mut first_error) = (Vec::new(), Vec::new(), 0u64, None);
                loop {
                    let i = next.fetch_add(1, Relaxed);
                    if i >= args.n {
                        return (done, calls, failed, first_error);
                    }
                    if args.rate > 0.0 {
                        let due = start + Duration::from_secs_f64(i as f64 / args.rate);
                        tokio::time::sleep_until(due.into()).await;
                    }
                    let seq = args.from + i;
                    let p = payload(seq, args.body_bytes, &filler);
                    let mut body = args.body.replace("@PAYLOAD@", &p);
                    if body.contains("@PAYLOAD_STR@") {
                        body = body.replace("@PAYLOAD_STR@", &serde_json::json!(p).to_string());
                    }
                    if body.contains("@UUID@") {
                        body = body.replace("@UUID@", &uuid(seq));
                    }
                    if body.contains("@NOW@") {
                        body = body.replace("@NOW@", &rfc3339(now_us() / 1_000_000));
                    }
                    let t = Instant::now();
                    let mut req = client.post(&args.url[i as usize % args.url.len()]);
                    for (k, v) in headers.iter() {
                        req = req.header(k, v);
                    }
                    let answer = req.header("content-type", "application/json").body(body).send();
                    let error = match answer.await {
                        Ok(r) => {
                            let status = r.status();
                            match r.text().await {
                                Ok(_) if status.is_success() => None,
                                Ok(text) => Some(format!("{status}: {text}")),
                                Err(e) => Some(e.to_string()),
                            }
                        }
                        Err(e) => Some(e.to_string()),
                    };
                    let took = t.elapsed().as_micros() as i64;
                    calls.push(if error.is_none() { took } else { took.max(args.timeout_ms as i64 * 1_000) });
                    match error {
                        None => done.push((seq, now_us(), took)),
                        Some(e) => {
                            failed += 1;
                            first_error.get_or_insert(e);
                        }
                    }
                }
            })
        })
        .collect();
    let (mut done, mut calls, mut failed, mut first_error) = (Vec::new(), Vec::new(), 0, None);
    for w in workers {
        let (d, c, f, e) = w.await?;
        done.extend(d);
        calls.extend(c);
        failed += f;
        first_error = first_error.or(e);
    }
    let ingest_secs = start.elapsed().as_secs_f64();
    let cpu = cpu_seconds() - cpu0;

    // Wait until every accepted message reached the sink, or the time is up.
    let want = done.len() as u64 * args.fanout;
    let end = Instant::now() + Duration::from_secs(args.wait_s);
    let dump_at = if args.path.is_empty() {
        format!("{}/dump", args.sink)
    } else {
        format!("{}/dump?path={}", args.sink, args.path)
    };
    let (stats, dump) = loop {
        let text = client.get(format!("{}/stats", args.sink)).send().await?.text().await?;
        let stats: serde_json::Value = serde_json::from_str(&text)?;
        let received = stats["requests"].as_u64().unwrap_or(0);
        // What arrives at other paths is not waited for.
        let dump = match args.path.is_empty() {
            true => None,
            false => Some(client.get(&dump_at).send().await?.text().await?),
        };
        if dump.as_ref().map_or(received, |dump| dump.lines().count() as u64) >= want || Instant::now() > end {
            break match dump {
                Some(dump) => (stats, dump),
                None => (stats, client.get(&dump_at).send().await?.text().await?),
            };
        }
        tokio::time::sleep(Duration::from_millis(250)).await;
    };
    let accepted: std::collections::HashMap<u64, u64> = done.iter().map(|&(seq, at, _)| (seq, at)).collect();
    let (mut from_start, mut from_accept, mut last) = (Vec::new(), Vec::new(), start_us);
    let mut reached = std::collections::HashMap::<u64, i64>::new();
    for line in dump.lines() {
        let f: Vec<u64> = line.split(' ').filter_map(|x| x.parse().ok()).collect();
        if let [seq, sent, recv] = f[..]
            && let Some(&at) = accepted.get(&seq)
        {
            from_start.push(recv as i64 - sent as i64);
            from_accept.push(recv as i64 - at as i64);
            last = last.max(recv);
            let first = reached.entry(seq).or_insert(i64::MAX);
            *first = (*first).min(recv as i64 - at as i64);
        }
    }
    let (end_us, longest) = (now_us(), start.elapsed().as_micros() as i64);
    let mut firsts: Vec<i64> =
        accepted.iter().map(|(seq, at)| reached.get(seq).copied().unwrap_or(end_us as i64 - *at as i64)).collect();
    firsts.extend((0..failed).map(|_| longest));
    let in_time = reached.values().filter(|after| **after <= args.within_ms as i64 * 1_000).count();
    let total_secs = (last - start_us) as f64 / 1e6;
    println!(
        "{}",
        serde_json::json!({
            "n": args.n, "c": args.c, "accepted": done.len(), "failed": failed,
            "first_error": first_error,
            "ingest_s": ingest_secs, "ingest_per_s": done.len() as f64 / ingest_secs,
            "api_ms": percentiles_ms(done.iter().map(|d| d.2).collect()), "calls_ms": percentiles_ms(calls),
            "received": stats["requests"], "reached": reached.len(),
            "lost": done.len() - reached.len(), "in_time": in_time,
            "deliver_s": total_secs, "deliver_per_s": from_start.len() as f64 / total_secs,
            "start_to_sink_ms": percentiles_ms(from_start),
            "accept_to_sink_ms": percentiles_ms(from_accept),
            "first_ms": percentiles_ms(firsts),
            "loader_cpu_s": cpu, "sink_cpu_s": stats["cpu_s"],
            "sink_conns": [stats["http_conns"], stats["https_conns"]],
        })
    );
    Ok(())
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let args = Arc::new(Args::parse());
    tokio::runtime::Builder::new_multi_thread().worker_threads(args.threads).enable_all().build()?.block_on(run(args))
}
