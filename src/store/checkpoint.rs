//! Checkpoints: what SQLite's log has gathered is copied into the file beside the writer, so that nobody's commit waits for it.
//!
//! SQLite copies when a commit finds the log long: on the writer's thread, which then waits for the disk with everybody behind
//! it. Here another thread copies while the writer goes on, and the writer copies only what came in the meantime. With that
//! the whole log is copied, and begins anew.
//!
//! What is *not* guaranteed: that the log stays this short. While a reader goes on reading, it grows.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;
use std::time::Duration;

use diesel::connection::SimpleConnection as _;
use diesel::sql_types::Integer;
use diesel::{QueryableByName, RunQueryDsl as _, sql_query};

use super::{Conn, Result, StoreError};

/// A page that changes often is copied once for so many pages of the log: 32 MiB.
const MAX_PAGES: i32 = 8_000;

/// So often at most the thread looks how long the log is.
const INTERVAL: Duration = Duration::from_millis(100);

/// Of the writer: should the thread be too slow, a commit copies what is there.
pub(super) const WRITER_SETTINGS: &str = "PRAGMA wal_autocheckpoint = 24000;";

/// The writer's end.
pub(super) struct Checkpoints {
    written: mpsc::SyncSender<()>,
    is_nearly_done: Arc<AtomicBool>,
    running: JoinHandle<()>,
}

#[derive(QueryableByName)]
struct Log {
    #[diesel(sql_type = Integer)]
    log: i32,
    #[diesel(sql_type = Integer)]
    checkpointed: i32,
}

impl Checkpoints {
    /// Starts the thread that copies; it ends when this is dropped or ended.
    pub fn start(mut connection: Conn) -> Result<Self> {
        let (written, wakes) = mpsc::sync_channel(1);
        let is_nearly_done = Arc::<AtomicBool>::default();
        let told = is_nearly_done.clone();
        connection.batch_execute("PRAGMA cache_size = -256; PRAGMA wal_autocheckpoint = 0;")?;
        let running = std::thread::Builder::new()
            .name("sqlite-copier".into())
            .spawn(move || {
                while wakes.recv().is_ok() {
                    if is_long(&mut connection) && connection.batch_execute("PRAGMA wal_checkpoint(PASSIVE)").is_ok() {
                        told.store(true, Ordering::Release);
                    }
                    std::thread::sleep(INTERVAL);
                }
            })
            .map_err(|error| StoreError::Unavailable(error.to_string()))?;
        Ok(Self { written, is_nearly_done, running })
    }

    /// Ends the thread, and its connection with it.
    pub fn end(self) {
        drop(self.written);
        let _ = self.running.join();
    }

    /// After a commit of the writer, and before its next one.
    pub fn committed(&self, writing: &mut Conn) {
        if self.is_nearly_done.swap(false, Ordering::AcqRel) {
            // What cannot be copied now is copied the next time.
            let _ = writing.batch_execute("PRAGMA wal_checkpoint(PASSIVE)");
        }
        let _ = self.written.try_send(());
    }
}

fn is_long(connection: &mut Conn) -> bool {
    // It only looks.
    let found = sql_query("PRAGMA wal_checkpoint(NOOP)").get_result::<Log>(connection);
    found.is_ok_and(|found| found.log - found.checkpointed >= MAX_PAGES)
}
