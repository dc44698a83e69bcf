//! Rows written straight into Hirewire's SQLite file while nobody serves it.
//!
//! Columns that a program does not know stay NULL or at their default; one that may be neither stops it with its name.

use std::path::Path;

use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension as _, Transaction, params_from_iter};

/// What goes wrong here ends the program with its words.
pub type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

/// Columns and their values.
pub type Row = Vec<(&'static str, Value)>;

/// Opens a file to be filled.
pub fn open(path: &Path) -> rusqlite::Result<Connection> {
    let db = Connection::open(path)?;
    // Whoever stops this throws the file away, so nothing protects it while it is filled.
    db.execute_batch(
        "PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;
         PRAGMA cache_size = -524288; PRAGMA foreign_keys = OFF;",
    )?;
    Ok(db)
}

/// Closes it as Hirewire wants it, and returns its size in bytes.
pub fn close(db: Connection, path: &Path) -> Outcome<u64> {
    db.execute_batch("PRAGMA journal_mode = WAL; PRAGMA locking_mode = NORMAL;")?;
    drop(db);
    // What follows is measured: nothing of this is left to be written meanwhile.
    let file = std::fs::File::options().write(true).open(path)?;
    file.sync_all()?;
    Ok(file.metadata()?.len())
}

/// Whether there is such a table.
pub fn has_table(db: &Connection, table: &str) -> rusqlite::Result<bool> {
    db.query_row("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?1", [table], |_| Ok(()))
        .optional()
        .map(|found| found.is_some())
}

/// One INSERT with the columns that both the table and the rows have.
pub struct Insert {
    sql: String,
    taken: Vec<usize>,
}

impl Insert {
    /// Into a table, of rows like this one.
    pub fn new(db: &Connection, table: &str, row: &Row) -> Outcome<Self> {
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
                    return Err(format!("{table}.{name} needs a value: teach it to the yardstick").into());
                }
                None => {}
            }
        }
        let marks = vec!["?"; names.len()].join(", ");
        Ok(Self { sql: format!("INSERT INTO {table}({}) VALUES ({marks})", names.join(", ")), taken })
    }

    /// Writes a row.
    pub fn run(&self, tx: &Transaction, row: &Row) -> rusqlite::Result<()> {
        let values = self.taken.iter().map(|at| &row[*at].1);
        tx.prepare_cached(&self.sql)?.execute(params_from_iter(values))?;
        Ok(())
    }
}

/// The hook that deliveries are for.
#[derive(Clone)]
pub struct Hook {
    pub id: String,
    pub organisation: String,
    pub mode: String,
    pub field_set: String,
}

impl Hook {
    /// The file's first hook.
    pub fn first(db: &Connection) -> rusqlite::Result<Self> {
        let id: String = db.query_row("SELECT id FROM hooks ORDER BY id LIMIT 1", [], |row| row.get(0))?;
        Self::find(db, &id)
    }

    /// The hook with this id.
    pub fn find(db: &Connection, id: &str) -> rusqlite::Result<Self> {
        let query = "SELECT id, organisation_id, mode, field_set FROM hooks WHERE id = ?1";
        db.query_row(query, [id], |row| {
            Ok(Self { id: row.get(0)?, organisation: row.get(1)?, mode: row.get(2)?, field_set: row.get(3)? })
        })
    }
}

/// An id as Hirewire makes them: prefix, 48 bits of milliseconds and 80 of chance in Crockford's base 32.
pub fn id(prefix: &str, at_us: u64, chance: &mut u64) -> String {
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

/// A text in a row.
pub fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}
