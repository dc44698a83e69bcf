//! Fills a hook's log: deliveries that were made and settled long ago, spread over 90 days, oldest first.
//!
//! Writes straight into Hirewire's SQLite file while nobody serves it. The file must hold one hook (its first is taken).
//! Columns it does not know stay NULL or at their default; one that may be neither stops it with its name.

use std::time::Instant;

use clap::Parser;
use rusqlite::types::Value;
use rusqlite::{Connection, Transaction, params_from_iter};
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

type Row = Vec<(&'static str, Value)>;

/// One INSERT with the columns that both the table and the rows have.
struct Insert {
    sql: String,
    taken: Vec<usize>,
}

impl Insert {
    fn new(db: &Connection, table: &str, row: &Row) -> Result<Self, Box<dyn std::error::Error>> {
        let mut query = db.prepare(&format!("PRAGMA table_info({table})"))?;
        let columns = query.query_map([], |column| {
            Ok((column.get::<_, String>(1)?, column.get::<_, bool>(3)?, column.get::<_, Option<String>>(4)?))
        })?;
        let columns = columns.collect::<Result<Vec<_>, _>>()?;
        if columns.is_empty() {
            return Err(format!("there is no table {table}").into());
        }
        let (mut names, mut taken) = (Vec::new(), Vec::new());
        for (name, not_null, default) in columns {
            match row.iter().position(|(own, _)| *own == name) {
                Some(at) => {
                    taken.push(at);
                    names.push(name);
                }
                None if not_null && default.is_none() => {
                    return Err(format!("{table}.{name} needs a value: teach it to fill.rs").into());
                }
                None => {}
            }
        }
        let marks = vec!["?"; names.len()].join(", ");
        Ok(Self { sql: format!("INSERT INTO {table}({}) VALUES ({marks})", names.join(", ")), taken })
    }

    fn run(&self, tx: &Transaction, row: &Row) -> rusqlite::Result<()> {
        let values = self.taken.iter().map(|at| &row[*at].1);
        tx.prepare_cached(&self.sql)?.execute(params_from_iter(values))?;
        Ok(())
    }
}

/// The hook whose log is filled.
struct Hook {
    id: String,
    organisation: String,
    mode: String,
    field_set: String,
}

impl Hook {
    fn first(db: &Connection) -> rusqlite::Result<Self> {
        let query = "SELECT id, organisation_id, mode, field_set FROM hooks ORDER BY id LIMIT 1";
        db.query_row(query, [], |row| {
            Ok(Self { id: row.get(0)?, organisation: row.get(1)?, mode: row.get(2)?, field_set: row.get(3)? })
        })
    }
}

/// An id as Hirewire makes them: prefix, 48 bits of milliseconds and 80 of chance in Crockford's base 32.
fn id(prefix: &str, at_us: u64, chance: &mut u64) -> String {
    const DIGITS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    let mut bits = || {
        *chance ^= *chance << 13;
        *chance ^= *chance >> 7;
        *chance ^= *chance << 17;
        u128::from(*chance)
    };
    let value = u128::from(at_us / 1_000) << 80 | (bits() << 64 | bits()) & ((1 << 80) - 1);
    let digits = (0..26).rev().map(|at| DIGITS[(value >> (5 * at)) as usize & 31] as char);
    format!("{prefix}_{}", digits.collect::<String>())
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

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let args = Args::parse();
    let start = Instant::now();
    let mut db = Connection::open(&args.db)?;
    // Whoever stops this throws the file away, so nothing protects it while it is filled.
    db.execute_batch(
        "PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;
         PRAGMA cache_size = -524288; PRAGMA foreign_keys = OFF;",
    )?;
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
    db.execute_batch("PRAGMA journal_mode = WAL; PRAGMA locking_mode = NORMAL;")?;
    drop(db);
    // What follows is measured: nothing of this is left to be written meanwhile.
    let file = std::fs::File::options().write(true).open(&args.db)?;
    file.sync_all()?;
    let (secs, bytes) = (start.elapsed().as_secs_f64(), file.metadata()?.len());
    println!("{}", serde_json::json!({ "n": args.n, "secs": secs, "per_s": args.n as f64 / secs, "bytes": bytes }));
    Ok(())
}
