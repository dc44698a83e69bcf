//! How many requests a hook takes at the most: so many in a second or a minute.

use std::fmt;
use std::time::Duration;

use super::words::words;

words! {
    /// A span in which requests are counted.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
    pub enum Per {
        /// One second.
        Second = "second";
        /// One minute.
        Minute = "minute";
    }
}

impl Per {
    fn span(self) -> Duration {
        match self {
            Per::Second => Duration::from_secs(1),
            Per::Minute => Duration::from_secs(60),
        }
    }
}

/// At most so many requests in any one second or minute, tries of every kind counted alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct RateLimit {
    requests: u32,
    per: Per,
}

impl RateLimit {
    /// A limit above this is none: no lane comes near it.
    pub const MAX: u32 = 1_000;

    /// A limit of 1 to [`RateLimit::MAX`] requests.
    pub fn new(requests: u32, per: Per) -> Option<Self> {
        (1..=Self::MAX).contains(&requests).then_some(Self { requests, per })
    }

    /// How many requests.
    pub fn requests(self) -> u32 {
        self.requests
    }

    /// In which span.
    pub fn per(self) -> Per {
        self.per
    }

    /// The part of it that one of so many instances keeps to: requests in a span. Rounded down, so that together they stay
    /// below the limit; where there are more instances than requests, each takes one in a longer span.
    pub fn share(self, instances: u32) -> (u32, Duration) {
        let instances = instances.max(1);
        match self.requests / instances {
            0 => (1, self.per.span() * instances.div_ceil(self.requests)),
            requests => (requests, self.per.span()),
        }
    }

    /// Reads what [`fmt::Display`] wrote: `20/second`.
    pub fn parse(text: &str) -> Option<Self> {
        let (requests, per) = text.split_once('/')?;
        Self::new(requests.parse().ok()?, Per::parse(per)?)
    }

    /// As sentences say it: `20 requests a second`.
    pub fn spoken(self) -> String {
        let noun = if self.requests == 1 { "request" } else { "requests" };
        format!("{} {noun} a {}", self.requests, self.per.as_str())
    }
}

impl fmt::Display for RateLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.requests, self.per.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_reads_back_and_one_without_a_number_is_none() {
        let limit = RateLimit::new(20, Per::Minute).expect("a limit");
        assert_eq!(RateLimit::parse(&limit.to_string()), Some(limit));
        assert_eq!(limit.spoken(), "20 requests a minute");
        assert_eq!(RateLimit::new(1, Per::Second).map(RateLimit::spoken).as_deref(), Some("1 request a second"));
        assert!(
            ["", "0/second", "1001/second", "5/hour", "five/second"]
                .iter()
                .all(|text| RateLimit::parse(text).is_none())
        );
    }

    #[test]
    fn instances_together_stay_below_the_limit() {
        let limit = RateLimit::new(5, Per::Second).expect("a limit");
        assert_eq!(limit.share(1), (5, Duration::from_secs(1)));
        assert_eq!(limit.share(2), (2, Duration::from_secs(1)));
        assert_eq!(limit.share(12), (1, Duration::from_secs(3)));
    }
}
