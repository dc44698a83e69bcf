//! What the engine has done, counted for the operator.

use std::sync::atomic::{AtomicU64, Ordering};

/// Counts since the start of the process.
#[derive(Debug, Default)]
pub struct Meters {
    accepted: AtomicU64,
}

impl Meters {
    /// Events that partner systems reported and that are durable.
    pub(super) fn accepted(&self, events: usize) {
        self.accepted.fetch_add(events as u64, Ordering::Relaxed);
    }
}
