//! The PostgreSQL twin of `sqlitelimit`: same rows, same shapes, `-c` connections.
//! `one` and `two` send their statements one by one (prepared); the batch shapes send arrays.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Instant;

use clap::Parser;
use tokio_postgres::{Client, NoTls, Statement};
use yardstick::{cpu_seconds, filler, payload};

type Error = Box<dyn std::error::Error + Send + Sync>;

#[derive(Parser)]
struct Args {
    #[arg(long, default_value = "host=127.0.0.1 port=5544 user=bench dbname=bench")]
    dsn: String,
    #[arg(long, default_value = "one")]
    shape: String,
    #[arg(long, default_value_t = 100)]
    batch: u64,
    #[arg(short, default_value_t = 5_000)]
    n: u64,
    #[arg(short, default_value_t = 1)]
    c: usize,
    #[arg(long, default_value_t = 1536)]
    body_bytes: usize,
}

struct Statements {
    event: Statement,
    attempt: Statement,
    update: Statement,
}

async fn connect(dsn: &str) -> Result<Client, Error> {
    let (client, connection) = tokio_postgres::connect(dsn, NoTls).await?;
    tokio::spawn(async move {
        if let Err(e) = connection.await {
            eprintln!("connection: {e}");
        }
    });
    Ok(client)
}

async fn worker(args: Arc<Args>, next: Arc<AtomicU64>) -> Result<(), Error> {
    let mut client = connect(&args.dsn).await?;
    let st = Statements {
        event: client
            .prepare(
                "INSERT INTO event(id, created, status, next_at, body)
                 SELECT i, c, 0, c, b FROM unnest($1::text[], $2::bigint[], $3::text[]) t(i, c, b)",
            )
            .await?,
        attempt: client
            .prepare(
                "INSERT INTO attempt(event, at, code, took_ms, answer)
                 SELECT i, c, 200, 3, 'ok' FROM unnest($1::text[], $2::bigint[]) t(i, c)",
            )
            .await?,
        update: client.prepare("UPDATE event SET status = 1, next_at = NULL WHERE id = ANY($1::text[])").await?,
    };
    let fill = filler(args.body_bytes);
    let batch = if args.shape.ends_with("batch") { args.batch } else { 1 };
    let two = args.shape.starts_with("two");
    loop {
        let from = next.fetch_add(batch, Relaxed);
        if from >= args.n {
            return Ok(());
        }
        let seqs: Vec<i64> = (from..(from + batch).min(args.n)).map(|s| s as i64).collect();
        let ids: Vec<String> = seqs.iter().map(|s| format!("msg_{s:024}")).collect();
        let bodies: Vec<String> = seqs.iter().map(|s| payload(*s as u64, args.body_bytes, &fill)).collect();
        let mut tx = client.transaction().await?;
        tx.execute(&st.event, &[&ids, &seqs, &bodies]).await?;
        if two {
            tx.commit().await?;
            tx = client.transaction().await?;
        }
        tx.execute(&st.attempt, &[&ids, &seqs]).await?;
        tx.execute(&st.update, &[&ids]).await?;
        tx.commit().await?;
    }
}

async fn run(args: Arc<Args>) -> Result<(), Error> {
    let admin = connect(&args.dsn).await?;
    admin
        .batch_execute(
            "DROP TABLE IF EXISTS attempt; DROP TABLE IF EXISTS event;
             CREATE TABLE event(id TEXT PRIMARY KEY, created BIGINT NOT NULL,
                                status INTEGER NOT NULL, next_at BIGINT, body TEXT NOT NULL);
             CREATE INDEX event_due ON event(next_at) WHERE next_at IS NOT NULL;
             CREATE TABLE attempt(id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
                                  event TEXT NOT NULL, at BIGINT NOT NULL, code INTEGER NOT NULL,
                                  took_ms INTEGER NOT NULL, answer TEXT);
             CREATE INDEX attempt_event ON attempt(event); CHECKPOINT;",
        )
        .await?;
    let next = Arc::new(AtomicU64::new(0));
    let (start, cpu0) = (Instant::now(), cpu_seconds());
    let workers: Vec<_> = (0..args.c).map(|_| tokio::spawn(worker(args.clone(), next.clone()))).collect();
    for w in workers {
        w.await??;
    }
    let secs = start.elapsed().as_secs_f64();
    println!(
        "{}",
        serde_json::json!({
            "store": "postgres", "shape": args.shape, "c": args.c, "n": args.n,
            "batch": if args.shape.ends_with("batch") { args.batch } else { 1 },
            "secs": secs, "deliveries_per_s": args.n as f64 / secs,
            "client_cpu_s": cpu_seconds() - cpu0,
        })
    );
    Ok(())
}

fn main() -> Result<(), Error> {
    let args = Arc::new(Args::parse());
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?.block_on(run(args))
}
