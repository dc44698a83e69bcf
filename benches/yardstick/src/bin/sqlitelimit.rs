//! What durable writes of one delivery cost in SQLite: an event row (with its payload), an attempt
//! row and a status update.
//!
//! Shapes: `one` does the three in one transaction; `two` commits the event first (what the API
//! answers 202 on) and attempt + status afterwards; `batch` does `--batch` deliveries per
//! transaction; `twobatch` batches both halves of `two`.

use std::time::Instant;

use clap::Parser;
use rusqlite::{Connection, Transaction, params};
use yardstick::{cpu_seconds, filler, payload};

#[derive(Parser)]
struct Args {
    #[arg(long, default_value = "limit.db")]
    db: std::path::PathBuf,
    #[arg(long, default_value = "FULL")]
    synchronous: String,
    #[arg(long, default_value = "one")]
    shape: String,
    #[arg(long, default_value_t = 100)]
    batch: u64,
    #[arg(short, default_value_t = 5_000)]
    n: u64,
    #[arg(long, default_value_t = 1536)]
    body_bytes: usize,
}

fn ingest(tx: &Transaction, seq: u64, args: &Args, fill: &str) -> rusqlite::Result<()> {
    let body = payload(seq, args.body_bytes, fill);
    tx.prepare_cached("INSERT INTO event(id, created, status, next_at, body) VALUES (?1, ?2, 0, ?2, ?3)")?
        .execute(params![format!("msg_{seq:024}"), seq, body])?;
    Ok(())
}

fn settle(tx: &Transaction, seq: u64) -> rusqlite::Result<()> {
    let id = format!("msg_{seq:024}");
    tx.prepare_cached("INSERT INTO attempt(event, at, code, took_ms, answer) VALUES (?1, ?2, 200, 3, 'ok')")?
        .execute(params![id, seq])?;
    tx.prepare_cached("UPDATE event SET status = 1, next_at = NULL WHERE id = ?1")?.execute(params![id])?;
    Ok(())
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let args = Args::parse();
    for suffix in ["", "-wal", "-shm"] {
        let _ = std::fs::remove_file(format!("{}{suffix}", args.db.display()));
    }
    let mut db = Connection::open(&args.db)?;
    db.pragma_update(None, "journal_mode", "WAL")?;
    db.pragma_update(None, "synchronous", &args.synchronous)?;
    db.execute_batch(
        "CREATE TABLE event(id TEXT PRIMARY KEY, created INTEGER NOT NULL, status INTEGER NOT NULL,
                            next_at INTEGER, body TEXT NOT NULL);
         CREATE INDEX event_due ON event(next_at) WHERE next_at IS NOT NULL;
         CREATE TABLE attempt(id INTEGER PRIMARY KEY, event TEXT NOT NULL, at INTEGER NOT NULL,
                              code INTEGER NOT NULL, took_ms INTEGER NOT NULL, answer TEXT);
         CREATE INDEX attempt_event ON attempt(event);",
    )?;
    let fill = filler(args.body_bytes);
    let batch = if args.shape.ends_with("batch") { args.batch } else { 1 };
    let two = args.shape.starts_with("two");
    let (start, cpu0) = (Instant::now(), cpu_seconds());
    let mut seq = 0;
    while seq < args.n {
        let upto = (seq + batch).min(args.n);
        let tx = db.transaction()?;
        for s in seq..upto {
            ingest(&tx, s, &args, &fill)?;
            if !two {
                settle(&tx, s)?;
            }
        }
        tx.commit()?;
        if two {
            let tx = db.transaction()?;
            for s in seq..upto {
                settle(&tx, s)?;
            }
            tx.commit()?;
        }
        seq = upto;
    }
    let secs = start.elapsed().as_secs_f64();
    println!(
        "{}",
        serde_json::json!({
            "store": "sqlite", "synchronous": args.synchronous, "shape": args.shape,
            "batch": batch, "n": args.n, "secs": secs, "deliveries_per_s": args.n as f64 / secs,
            "cpu_s": cpu_seconds() - cpu0, "sqlite": rusqlite::version(),
        })
    );
    Ok(())
}
