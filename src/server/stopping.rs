//! The stop, as everything that serves hears of it.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio::time::Instant;

/// How long a stop may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shutdown {
    /// For this long requests are still taken, while `/readyz` sends new ones elsewhere.
    pub grace: Duration,
    /// The whole stop, the grace included.
    pub whole: Duration,
}

/// What the engine leaves of the time for giving back what it held.
const LAST_MOMENT: Duration = Duration::from_secs(2);

/// Whether the program has been told to stop.
#[derive(Debug, Clone, Default)]
pub struct Stopping(Arc<OnceLock<Instant>>);

impl Stopping {
    /// Whether it has.
    pub fn is_told(&self) -> bool {
        self.0.get().is_some()
    }

    /// Says that it has, once.
    pub(super) fn tell(&self) {
        self.0.get_or_init(Instant::now);
    }

    /// How much is left of a stop that may take so long in all, but for a moment to write down how it ended.
    pub(super) fn left(&self, whole: Duration) -> Duration {
        self.deadline(whole).saturating_duration_since(Instant::now()).saturating_sub(LAST_MOMENT)
    }

    /// When a stop must be over that may take so long in all; one that was not told begins now.
    pub(super) fn deadline(&self, whole: Duration) -> Instant {
        *self.0.get_or_init(Instant::now) + whole
    }
}
