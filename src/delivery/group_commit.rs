//! Group commit: what comes in while one batch is being written makes up the next.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Things that wait to be written together. One batch is being written at a time.
#[derive(Debug)]
pub(super) struct GroupCommit<T> {
    inner: Mutex<Inner<T>>,
}

#[derive(Debug)]
struct Inner<T> {
    waiting: Vec<T>,
    /// Of these, as the callers count it.
    bytes: usize,
    /// When the first of these came, on the steady clock.
    since: Duration,
    is_writing: bool,
}

/// What a batch has taken, for the one who writes it and the one who learns how that went.
pub(super) type Batch<T> = Arc<Mutex<Vec<T>>>;

impl<T> Default for GroupCommit<T> {
    fn default() -> Self {
        let inner = Inner { waiting: Vec::new(), bytes: 0, since: Duration::ZERO, is_writing: false };
        Self { inner: Mutex::new(inner) }
    }
}

impl<T> GroupCommit<T> {
    /// Adds one thing; whether the caller has to start a batch.
    #[must_use = "if nobody starts a batch, nothing is ever written"]
    pub fn add(&self, thing: T) -> bool {
        self.add_sized(thing, 0, Duration::ZERO)
    }

    /// The same for something of so many bytes that comes at this time of the steady clock.
    #[must_use = "if nobody starts a batch, nothing is ever written"]
    pub fn add_sized(&self, thing: T, bytes: usize, now: Duration) -> bool {
        let mut inner = self.lock();
        if inner.waiting.is_empty() {
            inner.since = now;
        }
        inner.bytes += bytes;
        inner.waiting.push(thing);
        !std::mem::replace(&mut inner.is_writing, true)
    }

    /// How many bytes wait to be taken into a batch, and for how long the first has.
    pub fn backlog(&self, now: Duration) -> (usize, Duration) {
        let inner = self.lock();
        let age = if inner.waiting.is_empty() { Duration::ZERO } else { now.saturating_sub(inner.since) };
        (inner.bytes, age)
    }

    /// Moves up to `max` things into a batch that has begun. One that has taken something already takes no more: it is
    /// written again as it was.
    pub fn take_into(&self, batch: &Batch<T>, max: usize) {
        let mut batch = lock(batch);
        if !batch.is_empty() {
            return;
        }
        let mut inner = self.lock();
        let count = inner.waiting.len().min(max);
        let rest = inner.waiting.split_off(count);
        // Of what is left it is not known how much that is; the next batch is about to take it.
        inner.bytes = if rest.is_empty() { 0 } else { inner.bytes * rest.len() / (rest.len() + count) };
        *batch = std::mem::replace(&mut inner.waiting, rest);
    }

    /// Puts back what could not be written, before what came in since.
    pub fn put_back(&self, mut things: Vec<T>) {
        let mut inner = self.lock();
        things.append(&mut inner.waiting);
        inner.waiting = things;
    }

    /// A batch has ended; whether the caller has to start another.
    #[must_use = "if nobody starts a batch, nothing is ever written"]
    pub fn ended(&self) -> bool {
        let mut inner = self.lock();
        inner.is_writing = !inner.waiting.is_empty();
        inner.is_writing
    }

    fn lock(&self) -> MutexGuard<'_, Inner<T>> {
        lock(&self.inner)
    }
}

/// Everything a batch had taken.
pub(super) fn all<T>(batch: &Batch<T>) -> Vec<T> {
    std::mem::take(&mut *lock(batch))
}

/// A panic elsewhere leaves nothing half done here.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_in_while_a_batch_is_written_makes_up_the_next() {
        let commit = GroupCommit::default();
        assert!(commit.add(1));
        assert!(!commit.add(2), "a batch is about to take it");
        let batch = Batch::default();
        commit.take_into(&batch, 10);
        assert!(!commit.add(3));
        commit.take_into(&batch, 10);
        assert_eq!(all(&batch), [1, 2], "written again, it is the same batch");
        commit.put_back(vec![1, 2]);
        assert!(commit.ended(), "three things wait");
        commit.take_into(&batch, 2);
        assert_eq!(all(&batch), [1, 2]);
        assert!(commit.ended());
        commit.take_into(&batch, 2);
        assert_eq!(all(&batch), [3]);
        assert!(!commit.ended());
        assert!(commit.add(4));
    }
}
