//! Fills a hook's log: deliveries that were made and settled long ago, spread over 90 days, oldest first.
//!
//! Writes straight into Hirewire's SQLite file while nobody serves it. The file must hold one hook (its first is taken).
//! Columns it does not know stay NULL or at their default; one that may be neither stops it with its name.

use std::time::Instant;

use clap::Parser;
use rusqlite::types::Value;
use yardstick::rows::{Hook, Insert, Row, close, id, open, text};
use yardstick::{filler, now_us};

const DAY_US: u64 = 86_400_000_000;

#[derive(Parser)]
struct Args {
    #[arg(long)]
    db: std::path::PathBuf,
    /// Deliveries in all.
    #[arg(short)]
    n: u64,
    #[arg(long, default_value_t = 256)]
    body_bytes: usize,
    #[arg(long, default_value_t = 100_000)]
    batch: u64,
}

/// What became of one event: its rows in the four tables.
struct History<'a> {
    hook: &'a Hook,
    body: &'a str,
    seq: u64,
    at: u64,
    event: String,
    delivery: String,
    attempt: String,
}

impl History<'_> {
    /// Three in a hundred failed.
    fn failed(&self) -> bool {
        self.seq % 100 < 3
    }

    fn time(&self, after_us: u64) -> Value {
        Value::Integer((self.at + after_us) as i64)
    }

    fn status(&self) -> Value {
        Value::Integer(if self.failed() { 500 } else { 200 })
    }

    fn class(&self) -> Value {
        if self.failed() { text("server_error") } else { Value::Null }
    }

    fn whose(&self) -> Row {
        vec![
            ("organisation_id", text(&self.hook.organisation)),
            ("mode", text(&self.hook.mode)),
            ("kind", text("job.created")),
            ("probe", Value::Integer(0)),
        ]
    }

    fn event(&self) -> Row {
        let mut row = self.whose();
        row.extend([
            ("id", text(&self.event)),
            ("occurred_at", self.time(0)),
            ("deliveries", Value::Integer(1)),
            ("created_at", self.time(0)),
        ]);
        row
    }

    fn body(&self) -> Row {
        let body = format!(r#"{{"id":"{}","data":"{}"}}"#, self.event, self.body);
        vec![
            ("event_id", text(&self.event)),
            ("field_set", text(&self.hook.field_set)),
            ("body", Value::Blob(body.into_bytes())),
        ]
    }

    fn delivery(&self) -> Row {
        let mut row = self.whose();
        row.extend([
            ("id", text(&self.delivery)),
            ("event_id", text(&self.event)),
            ("hook_id", text(&self.hook.id)),
            ("field_set", text(&self.hook.field_set)),
            ("status", text(if self.failed() { "failed" } else { "success" })),
            ("next_trigger", text("automatic")),
            ("automatic_tries", Value::Integer(1)),
            ("manual_tries", Value::Integer(0)),
            ("sent_at", self.time(2_000)),
            ("completed_at", self.time(5_000)),
            ("response_status", self.status()),
            ("last_class", self.class()),
            ("created_at", self.time(0)),
            ("updated_at", self.time(5_000)),
        ]);
        row
    }

    fn attempt(&self) -> Row {
        let headers = "Content-Type: application/json\nUser-Agent: Hirewire/1.0\n";
        vec![
            ("id", text(&self.attempt)),
            ("delivery_id", text(&self.delivery)),
            ("number", Value::Integer(1)),
            ("trigger_kind", text("automatic")),
            ("started_at", self.time(2_000)),
            ("finished_at", self.time(5_000)),
            ("request_target", text("/hook")),
            ("request_headers", text(headers)),
            ("response_status", self.status()),
            ("response_headers", text("content-length: 2\n")),
            ("response_headers_cut", Value::Integer(0)),
            ("response_body", Value::Blob(b"ok".to_vec())),
            ("response_body_cut", Value::Integer(0)),
            ("first_byte_us", Value::Integer(2_900)),
            ("total_us", Value::Integer(3_000)),
            ("remote", text("127.0.0.1:443")),
            ("error_class", self.class()),
        ]
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let args = Args::parse();
    let start = Instant::now();
    let mut db = open(&args.db)?;
    let hook = Hook::first(&db)?;
    let body = filler(args.body_bytes);
    let (span, end) = (90 * DAY_US, now_us() - 3_600_000_000);
    let mut chance = 0x9E37_79B9_7F4A_7C15;
    let mut history = |seq: u64| {
        let at = end - span + (u128::from(span) * u128::from(seq) / u128::from(args.n.max(1))) as u64;
        let mut id = |prefix| id(prefix, at, &mut chance);
        let (event, delivery, attempt) = (id("evt"), id("dlv"), id("att"));
        History { hook: &hook, body: &body, seq, at, event, delivery, attempt }
    };
    let shape = history(0);
    let inserts = [
        Insert::new(&db, "events", &shape.event())?,
        Insert::new(&db, "event_bodies", &shape.body())?,
        Insert::new(&db, "deliveries", &shape.delivery())?,
        Insert::new(&db, "attempts", &shape.attempt())?,
    ];
    let mut seq = 0;
    while seq < args.n {
        let tx = db.transaction()?;
        for _ in 0..args.batch.min(args.n - seq) {
            let one = history(seq);
            for (insert, row) in inserts.iter().zip([one.event(), one.body(), one.delivery(), one.attempt()]) {
                insert.run(&tx, &row)?;
            }
            seq += 1;
        }
        tx.commit()?;
    }
    let bytes = close(db, &args.db)?;
    let secs = start.elapsed().as_secs_f64();
    println!("{}", serde_json::json!({ "n": args.n, "secs": secs, "per_s": args.n as f64 / secs, "bytes": bytes }));
    Ok(())
}
