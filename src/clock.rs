//! The one place that reads the time.
//!
//! Everything that asks "what time is it?" or "wake me at …" asks a [`Clock`], so that tests move time by hand and prove
//! schedules of days in milliseconds. Times are whole microseconds: what comes back from a table equals what went in.
//!
//! There are two of them. The *wall* clock says when something is due; somebody may set it, forwards or back. The *steady*
//! clock only ever goes forward, at the same pace whatever is done to the other: how old something is, how long a request
//! took and when to look again are asked of it alone.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{LazyLock, Mutex};
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::future::BoxFuture;
use tokio::sync::watch;

/// Tells the time and wakes sleepers.
pub trait Clock: Send + Sync + 'static {
    /// The current time, in whole microseconds.
    fn now(&self) -> DateTime<Utc>;
    /// How long some moment before the first call is ago: never goes back, whatever happens to [`Clock::now`].
    fn steady(&self) -> Duration;
    /// Resolves once [`Clock::now`] has reached `at`; at once when it already has.
    fn sleep_until(&self, at: DateTime<Utc>) -> BoxFuture<'_, ()>;
    /// Resolves once this much time has passed on the steady clock.
    fn sleep(&self, time: Duration) -> BoxFuture<'_, ()>;

    /// Keeps to this time from now on: it was read off the clock that all instances share.
    fn follow(&self, _shared: DateTime<Utc>) {}

    /// How far the shared clock is ahead of this machine's.
    fn disagreement(&self) -> TimeDelta {
        TimeDelta::zero()
    }

    /// This moment on both clocks.
    fn moment(&self) -> Moment {
        Moment { wall: self.now(), steady: self.steady() }
    }
}

/// One moment on both clocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// What the calendar says: for what is due.
    pub wall: DateTime<Utc>,
    /// For ages and intervals.
    pub steady: Duration,
}

static START: LazyLock<Instant> = LazyLock::new(Instant::now);

/// The machine's clock.
#[derive(Debug, Default, Clone, Copy)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> DateTime<Utc> {
        #[expect(clippy::disallowed_methods, reason = "the one home of the machine's clock")]
        whole_micros(Utc::now())
    }

    fn steady(&self) -> Duration {
        START.elapsed()
    }

    fn sleep_until(&self, at: DateTime<Utc>) -> BoxFuture<'_, ()> {
        let wait = (at - self.now()).to_std().unwrap_or(Duration::ZERO);
        Box::pin(tokio::time::sleep(wait))
    }

    fn sleep(&self, time: Duration) -> BoxFuture<'_, ()> {
        Box::pin(tokio::time::sleep(time))
    }
}

/// The clock that all instances share, carried on by the steady clock of this machine between two looks at it.
///
/// What is due is judged by it: somebody may set this machine's clock, and nothing goes out early or late for that. It
/// follows the shared clock as long as both agree to a minute; when they do not, it goes on at the steady pace, and
/// [`Clock::disagreement`] says so, because one of them is wrong and nobody knows which.
#[derive(Debug)]
pub struct SharedClock {
    /// Microseconds to add to the steady clock; [`NEVER`] until the shared one was looked at.
    ahead: AtomicI64,
    /// What would have to be added to reach the shared clock as it was last seen.
    last_shared: AtomicI64,
}

const NEVER: i64 = i64::MIN;

impl Default for SharedClock {
    fn default() -> Self {
        Self { ahead: AtomicI64::new(NEVER), last_shared: AtomicI64::new(NEVER) }
    }
}

/// Beyond this two clocks do not agree.
const MAX_DRIFT: TimeDelta = TimeDelta::minutes(1);

impl SharedClock {
    /// The steady clock with this much added; `None` before the first look.
    fn carried_on(&self, ahead: &AtomicI64) -> Option<DateTime<Utc>> {
        let ahead = Some(ahead.load(Ordering::Relaxed)).filter(|ahead| *ahead != NEVER)?;
        DateTime::from_timestamp_micros(ahead.checked_add(self.steady_micros())?)
    }

    fn steady_micros(&self) -> i64 {
        i64::try_from(self.steady().as_micros()).unwrap_or(i64::MAX)
    }
}

impl Clock for SharedClock {
    fn now(&self) -> DateTime<Utc> {
        self.carried_on(&self.ahead).unwrap_or_else(|| SystemClock.now())
    }

    fn steady(&self) -> Duration {
        SystemClock.steady()
    }

    fn sleep_until(&self, at: DateTime<Utc>) -> BoxFuture<'_, ()> {
        let wait = (at - self.now()).to_std().unwrap_or(Duration::ZERO);
        Box::pin(tokio::time::sleep(wait))
    }

    fn sleep(&self, time: Duration) -> BoxFuture<'_, ()> {
        SystemClock.sleep(time)
    }

    fn follow(&self, shared: DateTime<Utc>) {
        let ahead = shared.timestamp_micros().saturating_sub(self.steady_micros());
        let agrees = (shared - SystemClock.now()).abs() <= MAX_DRIFT;
        self.last_shared.store(ahead, Ordering::Relaxed);
        if agrees || self.ahead.load(Ordering::Relaxed) == NEVER {
            self.ahead.store(ahead, Ordering::Relaxed);
        }
    }

    fn disagreement(&self) -> TimeDelta {
        self.carried_on(&self.last_shared).map_or(TimeDelta::zero(), |shared| shared - SystemClock.now())
    }
}

/// A clock that stands still until it is moved.
#[derive(Debug)]
pub struct ManualClock {
    now: Mutex<Moment>,
    /// In microseconds.
    disagreement: AtomicI64,
    moved: watch::Sender<Moment>,
}

impl ManualClock {
    /// A clock that stands at `start`.
    pub fn new(start: DateTime<Utc>) -> Self {
        let start = Moment { wall: whole_micros(start), steady: Duration::ZERO };
        Self { now: Mutex::new(start), disagreement: AtomicI64::new(0), moved: watch::Sender::new(start) }
    }

    /// Lets time pass and wakes the sleepers whose time has come. A negative step sets the wall clock back; the steady one
    /// does not notice.
    pub fn advance(&self, by: TimeDelta) {
        self.step(by, by.to_std().unwrap_or_default());
    }

    /// Sets the wall clock, forwards or back, without any time passing.
    pub fn set_by(&self, by: TimeDelta) {
        self.step(by, Duration::ZERO);
    }

    /// From now on the shared clock is ahead of it by so much.
    pub fn disagree_by(&self, ahead: TimeDelta) {
        self.disagreement.store(ahead.num_microseconds().unwrap_or(i64::MAX), Ordering::Relaxed);
    }

    fn step(&self, wall: TimeDelta, steady: Duration) {
        let mut now = self.now.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        *now = Moment { wall: now.wall + wall, steady: now.steady + steady };
        self.moved.send_replace(*now);
    }

    fn sleep_while(&self, is_early: impl Fn(&Moment) -> bool + Send + Sync + 'static) -> BoxFuture<'_, ()> {
        let mut moved = self.moved.subscribe();
        Box::pin(async move {
            // The sender lives in `self`, which outlives this future: waiting cannot fail.
            let _ = moved.wait_for(|now| !is_early(now)).await;
        })
    }
}

impl Clock for ManualClock {
    fn now(&self) -> DateTime<Utc> {
        self.moment().wall
    }

    fn steady(&self) -> Duration {
        self.moment().steady
    }

    fn sleep_until(&self, at: DateTime<Utc>) -> BoxFuture<'_, ()> {
        self.sleep_while(move |now| now.wall < at)
    }

    fn sleep(&self, time: Duration) -> BoxFuture<'_, ()> {
        let end = self.steady() + time;
        self.sleep_while(move |now| now.steady < end)
    }

    fn disagreement(&self) -> TimeDelta {
        TimeDelta::microseconds(self.disagreement.load(Ordering::Relaxed))
    }

    fn moment(&self) -> Moment {
        *self.now.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

fn whole_micros(at: DateTime<Utc>) -> DateTime<Utc> {
    DateTime::from_timestamp_micros(at.timestamp_micros()).unwrap_or(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shared_clock_is_followed_while_both_agree_and_carried_on_when_they_do_not() {
        let clock = SharedClock::default();
        let near = |at: DateTime<Utc>| (clock.now() - at).abs() < TimeDelta::seconds(5);
        let here = SystemClock.now();
        clock.follow(here + TimeDelta::seconds(20));
        assert!(near(here + TimeDelta::seconds(20)), "the machine is a little slow");
        assert!((clock.disagreement() - TimeDelta::seconds(20)).abs() < TimeDelta::seconds(5));
        // From here on one of the two is an hour off, as when somebody has set either.
        clock.follow(here + TimeDelta::hours(1));
        assert!(near(here + TimeDelta::seconds(20)), "nothing becomes due for that");
        assert!(clock.disagreement() > TimeDelta::minutes(59));
        clock.follow(here);
        assert!(near(here) && clock.disagreement().abs() < TimeDelta::seconds(5));
    }

    #[test]
    fn a_manual_clock_that_is_set_back_does_not_age_anything() {
        let clock = ManualClock::new(DateTime::from_timestamp(1_000, 0).expect("a time"));
        clock.advance(TimeDelta::seconds(5));
        clock.set_by(-TimeDelta::hours(1));
        assert_eq!(clock.steady(), Duration::from_secs(5));
        assert_eq!(clock.now().timestamp(), 1_005 - 3_600);
    }
}
