//! Makes many hooks out of one, and lets each owe deliveries, straight in Hirewire's SQLite file while nobody serves it.
//!
//! The clones have the hook's address, policy and events, and no key, secret or header: make it unsigned. Without clones the
//! hook itself owes. What is owed is due now, in so many seconds, or held as for a paused hook.
//! Open deliveries are written as the file's program keeps them: in a table of their own where there is one, else in the log.

use std::time::Instant;

use clap::Parser;
use rusqlite::types::Value;
use rusqlite::{Connection, Transaction, params};
use yardstick::rows::{Hook, Insert, Outcome, Row, close, has_table, id, open, text};
use yardstick::{filler, now_us};

#[derive(Parser)]
struct Args {
    #[arg(long)]
    db: std::path::PathBuf,
    /// The hook's id.
    #[arg(long)]
    hook: String,
    /// How many clones of it are made; they owe, and not it.
    #[arg(long, default_value_t = 0)]
    clones: u64,
    /// Deliveries that each of them owes.
    #[arg(long, default_value_t = 0)]
    each: u64,
    /// Seconds until they are due.
    #[arg(long, default_value_t = 0)]
    due_in_s: u64,
    /// They are held instead.
    #[arg(long)]
    held: bool,
    #[arg(long, default_value_t = 1536)]
    body_bytes: usize,
}

/// The tables of hooks of which a clone has a row, and the column that names the hook.
const TABLES: [(&str, &str); 3] = [("hooks", "id"), ("hook_health", "hook_id"), ("preferences", "hook_id")];

/// Copies the rows of a hook for clones of these ids.
fn clone(tx: &Transaction, hook: &str, ids: &[String]) -> Outcome<()> {
    for (table, key) in TABLES {
        if !has_table(tx, table)? {
            continue;
        }
        let mut query = tx.prepare(&format!("SELECT name FROM pragma_table_info('{table}')"))?;
        let columns: Vec<String> = query.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
        let values = columns.iter().map(|column| match column.as_str() {
            column if column == key => "?1",
            // One of a mode is.
            "is_default" => "0",
            column => column,
        });
        let values = values.collect::<Vec<_>>().join(", ");
        let sql = format!("INSERT INTO {table}({}) SELECT {values} FROM {table} WHERE {key} = ?2", columns.join(", "));
        let mut insert = tx.prepare(&sql)?;
        for id in ids {
            insert.execute(params![id, hook])?;
        }
    }
    Ok(())
}

/// An event and the delivery that is owed for it.
struct Debt<'a> {
    hook: &'a Hook,
    event: String,
    delivery: String,
    body: &'a str,
    at: u64,
    due: Value,
}

impl Debt<'_> {
    fn at(&self) -> Value {
        Value::Integer(self.at as i64)
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
            ("occurred_at", self.at()),
            ("deliveries", Value::Integer(1)),
            ("created_at", self.at()),
        ]);
        row
    }

    fn body(&self) -> Row {
        let body = format!(r#"{{"id":"{}","event":"job.created","data":{{"note":"{}"}}}}"#, self.event, self.body);
        vec![
            ("event_id", text(&self.event)),
            ("field_set", text(&self.hook.field_set)),
            ("body", Value::Blob(body.into_bytes())),
        ]
    }

    /// What stands in both tables where there are two.
    fn state(&self) -> Row {
        vec![
            ("hook_id", text(&self.hook.id)),
            ("status", text("pending")),
            ("next_trigger", text("automatic")),
            ("automatic_tries", Value::Integer(0)),
            ("manual_tries", Value::Integer(0)),
            ("rotation_tries", Value::Integer(0)),
            ("updated_at", self.at()),
        ]
    }

    /// Its row of the log; it says when it is due where no other row does.
    fn delivery(&self, is_alone: bool) -> Row {
        let mut row = self.whose();
        row.extend(self.state());
        row.extend([
            ("id", text(&self.delivery)),
            ("event_id", text(&self.event)),
            ("field_set", text(&self.hook.field_set)),
            ("created_at", self.at()),
        ]);
        if is_alone {
            row.push(("due_at", self.due.clone()));
        }
        row
    }

    fn open_delivery(&self) -> Row {
        let mut row = self.whose();
        row.extend(self.state());
        row.extend([("delivery_id", text(&self.delivery)), ("due_at", self.due.clone())]);
        row
    }
}

/// Writes what is owed.
struct Writer {
    event: Insert,
    body: Insert,
    delivery: Insert,
    open_delivery: Option<Insert>,
}

impl Writer {
    fn new(db: &Connection, shape: &Debt) -> Outcome<Self> {
        let open_delivery = match has_table(db, "open_deliveries")? {
            true => Some(Insert::new(db, "open_deliveries", &shape.open_delivery())?),
            false => None,
        };
        Ok(Self {
            event: Insert::new(db, "events", &shape.event())?,
            body: Insert::new(db, "event_bodies", &shape.body())?,
            delivery: Insert::new(db, "deliveries", &shape.delivery(open_delivery.is_none()))?,
            open_delivery,
        })
    }

    fn write(&self, tx: &Transaction, debt: &Debt) -> rusqlite::Result<()> {
        self.event.run(tx, &debt.event())?;
        self.body.run(tx, &debt.body())?;
        self.delivery.run(tx, &debt.delivery(self.open_delivery.is_none()))?;
        match &self.open_delivery {
            Some(insert) => insert.run(tx, &debt.open_delivery()),
            None => Ok(()),
        }
    }
}

fn main() -> Outcome<()> {
    let args = Args::parse();
    let start = Instant::now();
    let mut db = open(&args.db)?;
    let template = Hook::find(&db, &args.hook)?;
    let mut chance = 0x9E37_79B9_7F4A_7C15;
    let prefix = template.id.split('_').next().unwrap_or_default();
    let ids: Vec<String> = (0..args.clones).map(|_| id(prefix, now_us(), &mut chance)).collect();
    let tx = db.transaction()?;
    clone(&tx, &template.id, &ids)?;
    let mut owing: Vec<Hook> = ids.into_iter().map(|id| Hook { id, ..template.clone() }).collect();
    if owing.is_empty() {
        owing.push(template);
    }
    let body = filler(args.body_bytes);
    let at = now_us();
    let due = if args.held { Value::Null } else { Value::Integer((at + args.due_in_s * 1_000_000) as i64) };
    let mut debt = |hook| {
        let (event, delivery) = (id("evt", at, &mut chance), id("dlv", at, &mut chance));
        Debt { hook, event, delivery, body: &body, at, due: due.clone() }
    };
    let writer = Writer::new(&tx, &debt(&owing[0]))?;
    for hook in &owing {
        for _ in 0..args.each {
            writer.write(&tx, &debt(hook))?;
        }
    }
    tx.commit()?;
    let bytes = close(db, &args.db)?;
    let secs = start.elapsed().as_secs_f64();
    let owed = owing.len() as u64 * args.each;
    println!("{}", serde_json::json!({ "clones": args.clones, "owed": owed, "secs": secs, "bytes": bytes }));
    Ok(())
}
