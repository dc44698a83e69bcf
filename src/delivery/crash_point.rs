//! The instants between which a crash must lose nothing, for tests that stop the process at each of them.

use std::sync::OnceLock;

/// An instant in the life of a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CrashPoint {
    /// Event and deliveries are durable; the queue does not have them yet, and nobody has been answered.
    Committed,
    /// Deliveries are claimed in the database; the queue does not have them yet.
    Claimed,
    /// A try is about to be made.
    Sending,
    /// The receiver has answered; nothing of it is written down yet.
    Answered,
}

type Hook = Box<dyn Fn(CrashPoint) + Send + Sync>;

/// Who is called at each of them; usually nobody.
#[derive(Default)]
pub(super) struct CrashHooks(OnceLock<Hook>);

impl CrashHooks {
    pub fn set(&self, hook: impl Fn(CrashPoint) + Send + Sync + 'static) {
        // Whoever came first stays.
        let _ = self.0.set(Box::new(hook));
    }

    pub fn at(&self, point: CrashPoint) {
        if let Some(hook) = self.0.get() {
            hook(point);
        }
    }
}
