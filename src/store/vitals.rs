//! Whether this process can work, judged by what really happened to it: its commits and its looks at the database.
//!
//! A question to the database would say less, and would fail when there are too many of them. While nothing is going on,
//! [`Store::prove_writable`](super::Store::prove_writable) commits one row now and then, so that there is something to judge
//! by. Times are monotonic: the wall clock has no part in it.

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::AWAY;

/// Without a commit or a look for so long, this process cannot be said to work.
pub const SILENCE_TIMEOUT: Duration = Duration::from_secs(15);

/// How often a row is committed while there is nothing else to commit.
pub const PROOF_INTERVAL: Duration = Duration::from_secs(10);

/// When what last happened, in microseconds since the start of the process; 0 is never.
#[derive(Debug)]
pub struct Vitals {
    started: Instant,
    committed: AtomicU64,
    failed: AtomicU64,
    looked: AtomicU64,
    stopping: AtomicBool,
}

/// Why this process should be sent no work now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotReady {
    /// It has been told to stop.
    Stopping,
    /// Its last commit failed, so long ago, and none has succeeded since.
    CommitFailed(Duration),
    /// Nothing was committed or looked up for so long.
    Silent(Duration),
}

impl Default for Vitals {
    fn default() -> Self {
        let new = AtomicU64::default;
        Self {
            started: Instant::now(),
            committed: new(),
            failed: new(),
            looked: new(),
            stopping: AtomicBool::new(false),
        }
    }
}

impl Vitals {
    /// A look at the database has succeeded.
    pub fn looked(&self) {
        self.happened(&self.looked);
    }

    /// This process has been told to stop: no new work from now on.
    pub fn stop(&self) {
        self.stopping.store(true, Ordering::Release);
    }

    /// How long ago something was last committed; `None` is never.
    pub fn last_commit(&self) -> Option<Duration> {
        self.since(&self.committed)
    }

    /// How long ago a look at the database last succeeded; `None` is never.
    pub fn last_look(&self) -> Option<Duration> {
        self.since(&self.looked)
    }

    /// Whether this process can work; why not, if it cannot.
    pub fn ready(&self) -> Result<(), NotReady> {
        if self.stopping.load(Ordering::Acquire) {
            return Err(NotReady::Stopping);
        }
        // In this order: a commit that ends between the two readings counts as the later one.
        let failed = self.failed.load(Ordering::Acquire);
        if failed > self.committed.load(Ordering::Acquire) {
            return Err(NotReady::CommitFailed(self.since(&self.failed).unwrap_or_default()));
        }
        let last = [self.last_commit(), self.last_look()].into_iter().flatten().min();
        let silent = last.unwrap_or_else(|| self.started.elapsed());
        if silent > SILENCE_TIMEOUT { Err(NotReady::Silent(silent)) } else { Ok(()) }
    }

    /// Something was committed.
    pub(super) fn committed(&self) {
        let now = self.now();
        let failed = self.failed.load(Ordering::Acquire);
        let before = self.committed.fetch_max(now, Ordering::AcqRel);
        if failed > before && failed <= now {
            tracing::info!(target: AWAY, "the database takes writes again");
        }
    }

    /// A commit, or what it was to hold, failed for a reason of the database's.
    pub(super) fn commit_failed(&self, why: &dyn fmt::Display) {
        let committed = self.committed.load(Ordering::Acquire);
        let before = self.failed.fetch_max(self.now(), Ordering::AcqRel);
        if before <= committed {
            tracing::error!(target: AWAY, %why, "the database takes no writes; it is tried again, and said when it does");
        }
    }

    fn now(&self) -> u64 {
        // Never 0, which is never.
        u64::try_from(self.started.elapsed().as_micros()).unwrap_or(u64::MAX).max(1)
    }

    fn happened(&self, what: &AtomicU64) {
        what.fetch_max(self.now(), Ordering::AcqRel);
    }

    fn since(&self, what: &AtomicU64) -> Option<Duration> {
        let at = what.load(Ordering::Acquire);
        (at > 0).then(|| Duration::from_micros(self.now().saturating_sub(at)))
    }
}

impl fmt::Display for NotReady {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NotReady::Stopping => f.write_str("this process is stopping"),
            NotReady::CommitFailed(since) => {
                write!(
                    f,
                    "the last write to the database failed {} s ago, and none has succeeded since",
                    since.as_secs()
                )
            }
            NotReady::Silent(since) => {
                write!(f, "the database has neither taken a write nor answered for {} s", since.as_secs())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readiness_follows_what_happened() {
        let vitals = Vitals::default();
        assert_eq!(vitals.ready(), Ok(()), "it has just begun");
        vitals.commit_failed(&"the disk is full");
        assert!(matches!(vitals.ready(), Err(NotReady::CommitFailed(_))));
        vitals.looked();
        assert!(matches!(vitals.ready(), Err(NotReady::CommitFailed(_))), "reading is not writing");
        vitals.committed();
        assert_eq!(vitals.ready(), Ok(()));
        vitals.stop();
        assert_eq!(vitals.ready(), Err(NotReady::Stopping));
    }

    #[test]
    fn a_process_that_hears_nothing_of_its_database_is_not_ready() {
        let Some(started) = Instant::now().checked_sub(SILENCE_TIMEOUT + Duration::from_secs(1)) else { return };
        let vitals = Vitals { started, ..Vitals::default() };
        assert!(matches!(vitals.ready(), Err(NotReady::Silent(_))));
        vitals.looked();
        assert_eq!(vitals.ready(), Ok(()));
    }
}
