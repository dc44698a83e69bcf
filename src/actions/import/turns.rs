//! Turns at reading files: one file at a time, and one import at a time of each member.
//!
//! A file of 10 MiB takes several times its size while it is read, so the files of many are read one after another, and
//! nobody holds up the others with many of their own. Reading is done by a thread of lower priority: on a busy machine pages and
//! deliveries go first.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use rustix::process::setpriority_process;
use tokio::sync::{Semaphore, oneshot};

use crate::actions::{ActionError, Result};
use crate::domain::ids::MemberId;
use crate::store::StoreError;

/// How much the thread that reads a file gives way to others. Linux counts it for each thread.
const READER_NICENESS: i32 = 19;

/// Who reads a file, and whose turn it is.
#[derive(Debug)]
pub struct Turns {
    files: Arc<Semaphore>,
    members: Arc<Mutex<HashSet<MemberId>>>,
}

impl Default for Turns {
    fn default() -> Self {
        Self { files: Arc::new(Semaphore::new(1)), members: Arc::default() }
    }
}

/// A member's one import, until it is dropped.
#[derive(Debug)]
pub struct Turn {
    files: Arc<Semaphore>,
    members: Arc<Mutex<HashSet<MemberId>>>,
    member: MemberId,
}

impl Turns {
    /// The member's turn, unless another import of theirs is under way.
    pub fn of(&self, member: &MemberId) -> Result<Arc<Turn>> {
        let is_first = self.members.lock().unwrap_or_else(PoisonError::into_inner).insert(member.clone());
        if !is_first {
            return Err(ActionError::field(
                "file",
                "Another import of yours is being read; wait until it is done, then press the button again",
            ));
        }
        let turn = Turn { files: self.files.clone(), members: self.members.clone(), member: member.clone() };
        Ok(Arc::new(turn))
    }
}

impl Turn {
    /// Works on a file off the runtime, once no other file is read. The turn lasts as long as the work does, even when
    /// whoever asked has gone.
    pub async fn read<T: Send + 'static>(self: &Arc<Self>, work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
        let unavailable = |error: String| ActionError::Store(StoreError::Unavailable(error));
        let file = self.files.clone().acquire_owned().await.map_err(|error| unavailable(error.to_string()))?;
        let turn = self.clone();
        let (answer, answered) = oneshot::channel();
        let work = move || {
            // Where it cannot be lowered, it is as it was.
            let _ = setpriority_process(None, READER_NICENESS);
            let done = work();
            drop((file, turn));
            // Whoever asked may have gone.
            let _ = answer.send(done);
        };
        std::thread::Builder::new()
            .name("import-reader".into())
            .spawn(work)
            .map_err(|error| unavailable(error.to_string()))?;
        answered.await.map_err(|_| unavailable("reading the file ended in a bug of ours".into()))
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.members.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.member);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use chrono::DateTime;

    use super::*;

    #[test]
    fn a_second_import_of_a_member_is_told_to_wait_until_the_first_is_done() {
        let (turns, one, other) =
            (Turns::default(), MemberId::new(DateTime::UNIX_EPOCH), MemberId::new(DateTime::UNIX_EPOCH));
        let first = turns.of(&one).expect("a turn");
        let refused = turns.of(&one).expect_err("refused").to_string();
        assert!(refused.contains("Another import of yours is being read"), "{refused}");
        assert!(turns.of(&other).is_ok());
        drop(first);
        assert!(turns.of(&one).is_ok());
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn files_of_many_members_are_read_one_after_another() {
        let (turns, under_way, most) = (Turns::default(), Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let mut readings = Vec::new();
        for _ in 0..12 {
            let turn = turns.of(&MemberId::new(DateTime::UNIX_EPOCH)).expect("a turn");
            let (under_way, most) = (under_way.clone(), most.clone());
            readings.push(tokio::spawn(async move {
                turn.read(move || {
                    most.fetch_max(under_way.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                    std::thread::yield_now();
                    under_way.fetch_sub(1, Ordering::SeqCst);
                })
                .await
            }));
        }
        for reading in readings {
            reading.await.expect("joined").expect("read");
        }
        assert_eq!(most.load(Ordering::SeqCst), 1);
    }
}
