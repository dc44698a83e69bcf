//! Health: how long a hook may fail before nothing is sent to it any more (B9, T10).
//!
//! Two things disable a hook. Its receiver answers 410: then the address is gone, and that is believed at once. Or so many
//! deliveries in a row were given up *and* nothing has arrived for so long; of that it is warned of as the time passes.
//!
//! What counts is what the receiver did to a delivery as a whole: not each try, not tests, not what someone cancelled or
//! tried again by hand, and nothing that went wrong on our own side. The time begins with the first failure of the row, so
//! that a hook that was idle over the weekend has a whole day to come back, too.

use chrono::{DateTime, TimeDelta, Utc};

use super::words::words;

/// So much of its time is over when a hook is warned of.
pub const WARNINGS: [u8; 3] = [50, 70, 90];

/// While all goes well, it is noted this often when something arrived.
pub const PRECISION: TimeDelta = TimeDelta::seconds(60);

/// When a hook that fails is disabled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// So many deliveries in a row.
    pub failures: u32,
    /// And nothing has arrived for so long; `None` disables no hook for failing.
    pub time: Option<TimeDelta>,
}

impl Default for Rule {
    fn default() -> Self {
        Self { failures: 20, time: Some(TimeDelta::hours(24)) }
    }
}

words! {
    /// Why a hook is disabled.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
    pub enum Why {
        /// Its receiver answered 410.
        Gone = "gone";
        /// It failed for too long.
        Failing = "failing";
    }
}

/// How a hook does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Health {
    /// Deliveries that were given up since the last one that arrived.
    pub failed_in_row: u32,
    /// Since when it fails; while it does not: its creation, its last enabling, or up to [`PRECISION`] before its last
    /// success.
    pub since: DateTime<Utc>,
    /// The percentage of its time at which it was last warned of; 0 when it was not.
    pub warned: u8,
    /// Why it is disabled, and since when.
    pub disabled: Option<(Why, DateTime<Utc>)>,
}

/// What follows from how a hook does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing.
    GoesOn,
    /// It is warned of: so many percent of its time are over.
    Warn(u8),
    /// Nothing is sent to it any more.
    Disable,
}

impl Health {
    /// Of a hook that starts, or starts again.
    pub fn starting(now: DateTime<Utc>) -> Self {
        Self { failed_in_row: 0, since: now, warned: 0, disabled: None }
    }

    /// After a delivery arrived.
    pub fn succeeded(self, at: DateTime<Utc>) -> Self {
        Self { failed_in_row: 0, since: self.since.max(at), warned: 0, ..self }
    }

    /// After so many deliveries in a row were given up, the first of them at `first`.
    pub fn failed(self, count: u32, first: DateTime<Utc>) -> Self {
        // A hook that nothing was sent to for days has its whole time, like any other.
        let since = if self.failed_in_row == 0 { self.since.max(first) } else { self.since };
        Self { failed_in_row: self.failed_in_row.saturating_add(count), since, ..self }
    }
}

impl Rule {
    /// When a hook will be disabled if nothing arrives; `None` while it does not fail for that.
    pub fn end_of(&self, health: &Health) -> Option<DateTime<Utc>> {
        let fails = health.failed_in_row >= self.failures && health.disabled.is_none();
        health.since.checked_add_signed(self.time.filter(|_| fails)?)
    }

    /// What follows now.
    pub fn verdict(&self, health: &Health, now: DateTime<Utc>) -> Verdict {
        let (Some(time), Some(end)) = (self.time, self.end_of(health)) else { return Verdict::GoesOn };
        if now >= end {
            return Verdict::Disable;
        }
        let over = |percent: u8| now - health.since >= time / 100 * i32::from(percent);
        match WARNINGS.into_iter().rev().find(|percent| over(*percent)) {
            Some(percent) if percent > health.warned => Verdict::Warn(percent),
            _ => Verdict::GoesOn,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minutes: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_763_631_000 + minutes * 60, 0).expect("a time")
    }

    #[test]
    fn it_takes_both_the_failures_and_the_time() {
        let rule = Rule::default();
        let verdict = |failed_in_row, minutes| {
            rule.verdict(&Health { failed_in_row, warned: 90, ..Health::starting(at(0)) }, at(minutes))
        };
        assert_eq!(verdict(19, 24 * 60), Verdict::GoesOn);
        assert_eq!(verdict(20, 24 * 60 - 1), Verdict::GoesOn);
        assert_eq!(verdict(20, 24 * 60), Verdict::Disable);
        let off = Rule { time: None, ..rule };
        assert_eq!(off.verdict(&Health::starting(at(0)).failed(1_000, at(1)), at(99_999)), Verdict::GoesOn);
    }

    #[test]
    fn each_warning_is_given_once() {
        let rule = Rule::default();
        let mut health = Health::starting(at(0)).failed(20, at(0));
        let mut told = Vec::new();
        for minute in 0..24 * 60 {
            if let Verdict::Warn(percent) = rule.verdict(&health, at(minute)) {
                health.warned = percent;
                told.push((percent, minute));
            }
        }
        assert_eq!(told, [(50, 720), (70, 1008), (90, 1296)]);
    }

    #[test]
    fn a_success_starts_the_count_again_and_the_time_starts_with_the_first_failure() {
        let health = Health::starting(at(0)).failed(19, at(5)).succeeded(at(9));
        assert_eq!(health, Health::starting(at(9)));
        assert_eq!(health.failed(1, at(30)).since, at(30));
        assert_eq!(health.failed(1, at(9)).since, at(9));
        assert_eq!(health.failed(1, at(9)).failed(1, at(30)).since, at(9));
    }
}
