//! Rate limits: so many requests a second and organisation (T12), and so many that show no key that works of one address. Each
//! instance counts for itself.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::time::Duration;

use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

use crate::client;
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
        self.limiter.check_key(organisation).map_err(|until| seconds(until.wait_time_from(self.clock.now())))
    }
}

/// So many requests without a key that works may an address make at once, and then one in a second.
const STRANGERS_AT_ONCE: NonZeroU32 = NonZeroU32::new(20).expect("more than none");
/// When so many addresses are counted, those that have been quiet are forgotten.
const MANY_ADDRESSES: usize = 10_000;
/// Of IPv6, all of a household or machine counts as one address.
const PREFIX: [u32; 1] = [64];

/// Counts requests that show no key that works, by address. Nobody whose key works is counted or held up.
pub struct Strangers {
    limiter: DefaultKeyedRateLimiter<IpAddr>,
    clock: DefaultClock,
}

impl Default for Strangers {
    fn default() -> Self {
        let quota = Quota::per_second(NonZeroU32::MIN).allow_burst(STRANGERS_AT_ONCE);
        Self { limiter: RateLimiter::keyed(quota), clock: DefaultClock::default() }
    }
}

impl Strangers {
    /// Counts one; when there were too many, after how many seconds to try again.
    pub fn admit(&self, address: IpAddr) -> Result<(), u64> {
        if self.limiter.len() >= MANY_ADDRESSES {
            self.limiter.retain_recent();
        }
        let network = client::networks(address, PREFIX).first().map_or(address, |(network, _)| *network);
        self.limiter.check_key(&network).map_err(|until| seconds(until.wait_time_from(self.clock.now())))
    }
}

fn seconds(wait: Duration) -> u64 {
    wait.as_secs_f64().ceil().max(1.0) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_a_few_tries_and_all_of_a_machines_ipv6_is_one() {
        let strangers = Strangers::default();
        let ip = |text: &str| text.parse::<IpAddr>().expect("an address");
        let let_in = |address: &str| (0..50).filter(|_| strangers.admit(ip(address)).is_ok()).count();
        assert!((20..25).contains(&let_in("192.0.2.1")) && (20..25).contains(&let_in("2001:db8::1")));
        assert!(let_in("2001:db8::2") < 5 && let_in("2001:db8:0:1::1") >= 20);
        assert!(strangers.admit(ip("192.0.2.1")).is_err_and(|seconds| seconds >= 1));
    }
}
