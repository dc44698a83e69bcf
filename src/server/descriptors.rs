//! The process's descriptors, shared out: those of strangers never take those that deliveries, database and files need.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// No more connections than this, however many descriptors there are: each costs memory, too.
const MAX_CONNECTIONS: u64 = 4_096;

/// Below this many descriptors there is nothing to share out.
const FEWEST: u64 = 300;

/// Who may have how many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Share {
    /// How many the process may have.
    pub limit: u64,
    /// How many incoming connections may be open at once.
    pub connections: usize,
    /// How many deliveries may be under way at once, at most as many as were asked for.
    pub concurrency: usize,
}

impl Share {
    /// Shares out a limit for so many deliveries under way at once; `None` when it is too low for anything.
    pub fn of(limit: u64, concurrency: usize) -> Option<Self> {
        if limit < FEWEST {
            return None;
        }
        let most = (limit - 256) / 2;
        let concurrency = (concurrency as u64).min(most);
        let kept = (limit / 4).max(2 * concurrency + 128);
        let connections = (limit - kept).min(MAX_CONNECTIONS);
        Some(Self { limit, connections: connections as usize, concurrency: concurrency as usize })
    }
}

/// Raises the soft limit to the hard one, as far as the system lets it, and returns what it is then.
pub(super) fn raise() -> u64 {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    if current != maximum
        && let Err(error) = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum })
    {
        tracing::warn!(%error, "the limit of descriptors could not be raised");
    }
    getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deliveries_keep_a_quarter_and_at_least_two_each_and_128_more() {
        let share = |limit, concurrency| Share::of(limit, concurrency).expect("enough");
        assert_eq!(share(4_000, 512), Share { limit: 4_000, connections: 2_848, concurrency: 512 });
        assert_eq!(share(4_000, 100), Share { limit: 4_000, connections: 3_000, concurrency: 100 });
        assert_eq!(share(u64::MAX, 512).connections, 4_096);
    }

    #[test]
    fn with_few_descriptors_fewer_deliveries_are_under_way() {
        assert_eq!(Share::of(1_024, 512), Some(Share { limit: 1_024, connections: 128, concurrency: 384 }));
        assert_eq!(Share::of(1_280, 512).expect("enough").concurrency, 512);
        assert_eq!(Share::of(256, 512), None);
    }
}
