//! A fault that lasts is said once a minute, with how often it happened, not once for each delivery that meets it.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Duration;

use super::group_commit::lock;

/// How long one line serves.
const SAID_EVERY: Duration = Duration::from_secs(60);

/// When each kind of line was last written, on the steady clock, and how many were left out since.
#[derive(Debug, Default)]
pub(super) struct Repeats(Mutex<HashMap<&'static str, (Duration, u64)>>);

impl Repeats {
    /// Whether this kind has to be said now, and then how many were not since the last time.
    pub fn is_due(&self, kind: &'static str, now: Duration) -> Option<u64> {
        let mut said = lock(&self.0);
        match said.get_mut(kind) {
            Some((last, left_out)) if now.saturating_sub(*last) < SAID_EVERY => {
                *left_out += 1;
                None
            }
            Some(entry) => Some(std::mem::replace(entry, (now, 0)).1),
            None => {
                said.insert(kind, (now, 0));
                Some(0)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_is_said_once_a_minute_with_how_often_it_happened() {
        let repeats = Repeats::default();
        let at = Duration::from_secs;
        assert_eq!(repeats.is_due("disk", at(1)), Some(0));
        assert_eq!((repeats.is_due("disk", at(2)), repeats.is_due("disk", at(60))), (None, None));
        assert_eq!(repeats.is_due("net", at(2)), Some(0), "another one is said at once");
        assert_eq!(repeats.is_due("disk", at(61)), Some(2));
    }
}
