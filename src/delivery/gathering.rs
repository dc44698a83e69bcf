//! Group commit: what comes in while one batch is being written makes up the next.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Things that wait to be written together. One batch is under way at a time.
#[derive(Debug)]
pub(super) struct Gathering<T> {
    inner: Mutex<Inner<T>>,
}

#[derive(Debug)]
struct Inner<T> {
    waiting: Vec<T>,
    under_way: bool,
}

/// What a batch has taken, for the one who writes it and the one who learns how that went.
pub(super) type Taken<T> = Arc<Mutex<Vec<T>>>;

impl<T> Default for Gathering<T> {
    fn default() -> Self {
        Self { inner: Mutex::new(Inner { waiting: Vec::new(), under_way: false }) }
    }
}

impl<T> Gathering<T> {
    /// Adds one thing; whether the caller has to start a batch.
    #[must_use = "if nobody starts a batch, nothing is ever written"]
    pub fn add(&self, thing: T) -> bool {
        let mut inner = self.lock();
        inner.waiting.push(thing);
        !std::mem::replace(&mut inner.under_way, true)
    }

    /// Moves up to `most` things into a batch that has begun. One that has taken something already takes no more: it is
    /// written again as it was.
    pub fn take_into(&self, taken: &Taken<T>, most: usize) {
        let mut taken = taken.lock().unwrap_or_else(PoisonError::into_inner);
        if !taken.is_empty() {
            return;
        }
        let mut inner = self.lock();
        let count = inner.waiting.len().min(most);
        let rest = inner.waiting.split_off(count);
        let batch = std::mem::replace(&mut inner.waiting, rest);
        drop(inner);
        *taken = batch;
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
        inner.under_way = !inner.waiting.is_empty();
        inner.under_way
    }

    fn lock(&self) -> MutexGuard<'_, Inner<T>> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Everything a batch had taken.
pub(super) fn all<T>(taken: &Taken<T>) -> Vec<T> {
    std::mem::take(&mut *taken.lock().unwrap_or_else(PoisonError::into_inner))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_in_while_a_batch_is_written_makes_up_the_next() {
        let gathering = Gathering::default();
        assert!(gathering.add(1));
        assert!(!gathering.add(2), "a batch is about to take it");
        let taken = Taken::default();
        gathering.take_into(&taken, 10);
        assert!(!gathering.add(3));
        gathering.take_into(&taken, 10);
        assert_eq!(all(&taken), [1, 2], "written again, it is the same batch");
        gathering.put_back(vec![1, 2]);
        assert!(gathering.ended(), "three things wait");
        gathering.take_into(&taken, 2);
        assert_eq!(all(&taken), [1, 2]);
        assert!(gathering.ended());
        gathering.take_into(&taken, 2);
        assert_eq!(all(&taken), [3]);
        assert!(!gathering.ended());
        assert!(gathering.add(4));
    }
}
