//! Rate limits: so many requests a second and organisation (T12). Each instance counts for itself.

use std::num::NonZeroU32;

use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

use crate::domain::ids::OrganisationId;

/// Counts requests by organisation.
pub struct Limits {
    limiter: DefaultKeyedRateLimiter<OrganisationId>,
    clock: DefaultClock,
}

impl Limits {
    /// Lets each organisation make so many requests a second, and as many at once.
    pub fn new(per_second: u32) -> Self {
        let quota = Quota::per_second(NonZeroU32::new(per_second).unwrap_or(NonZeroU32::MIN));
        Self { limiter: RateLimiter::keyed(quota), clock: DefaultClock::default() }
    }

    /// Takes one request; when there were too many, after how many seconds to try again.
    pub fn admit(&self, organisation: &OrganisationId) -> Result<(), u64> {
        self.limiter
            .check_key(organisation)
            .map_err(|until| until.wait_time_from(self.clock.now()).as_secs_f64().ceil().max(1.0) as u64)
    }
}
