//! How old what is known of other instances' changes may be when an attempt starts.

use std::sync::Mutex;
use std::time::Duration;

use super::group_commit::lock;

/// With other instances on the same database, it is asked for their changes this often while something is being sent.
pub(super) const LOOK_INTERVAL: Duration = Duration::from_millis(25);

/// Nothing starts when the last look that succeeded is older.
pub(super) const MAX_LOOK_AGE: Duration = Duration::from_millis(250);

/// When the last look succeeded, on the steady clock: a look that hangs makes what is known old, and so does one that fails.
#[derive(Debug, Default)]
pub(super) struct Freshness(Mutex<Option<Duration>>);

impl Freshness {
    /// A look that began at this time has succeeded.
    pub fn looked(&self, began: Duration) {
        let mut last = lock(&self.0);
        *last = (*last).max(Some(began));
    }

    /// The next look has to be made at once.
    pub fn forget(&self) {
        *lock(&self.0) = None;
    }

    /// Whether another look is due.
    pub fn is_due(&self, now: Duration) -> bool {
        self.age(now).is_none_or(|age| age >= LOOK_INTERVAL)
    }

    /// Whether an attempt may start.
    pub fn is_fresh(&self, now: Duration) -> bool {
        self.age(now).is_some_and(|age| age <= MAX_LOOK_AGE)
    }

    fn age(&self, now: Duration) -> Option<Duration> {
        lock(&self.0).map(|last| now.saturating_sub(last))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_never_looked_at_or_long_ago_is_not_fresh() {
        let freshness = Freshness::default();
        let at = Duration::from_millis;
        assert!(!freshness.is_fresh(at(0)) && freshness.is_due(at(0)));
        freshness.looked(at(1_000));
        assert!(freshness.is_fresh(at(1_250)) && !freshness.is_fresh(at(1_251)));
        assert!(!freshness.is_due(at(1_024)) && freshness.is_due(at(1_025)));
        freshness.looked(at(900));
        assert!(freshness.is_fresh(at(1_250)), "a slower look says nothing older");
        freshness.forget();
        assert!(!freshness.is_fresh(at(1_000)));
    }
}
