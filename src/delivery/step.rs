//! The instants between which a crash must lose nothing, for tests that stop the process at each of them.

use std::sync::OnceLock;

/// An instant in the life of a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Event and deliveries are durable; the queue does not have them yet, and nobody has been answered.
    Committed,
    /// Deliveries are claimed in the database; the queue does not have them yet.
    Claimed,
    /// A try is about to be made.
    Sending,
    /// The receiver has answered; nothing of it is written down yet.
    Answered,
}

type Told = Box<dyn Fn(Step) + Send + Sync>;

/// Who is told of each step; usually nobody.
#[derive(Default)]
pub(super) struct Steps(OnceLock<Told>);

impl Steps {
    pub fn tell(&self, told: impl Fn(Step) + Send + Sync + 'static) {
        // Whoever came first stays.
        let _ = self.0.set(Box::new(told));
    }

    pub fn at(&self, step: Step) {
        if let Some(told) = self.0.get() {
            told(step);
        }
    }
}
