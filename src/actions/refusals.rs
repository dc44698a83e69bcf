//! What is refused again and again, written into the audit log without letting anybody fill it: the first at once, those that
//! follow once a window, with their number.
//!
//! Numbers live in memory: what a process had not written down yet when it died is missing, and each instance counts for
//! itself.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};

use super::Context;
use crate::domain::act::Act;
use crate::domain::ids::{MemberId, OrganisationId};
use crate::store::audit::Entry;
use crate::store::{self, Conn, StoreError};

/// So long are refusals of a kind counted before their number is written down.
const WINDOW: TimeDelta = TimeDelta::minutes(15);
/// So many kinds are counted at once; those that do not fit are counted together.
const MAX_KINDS: usize = 10_000;

/// One kind of refusal: what, of whom, at what.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Refusal {
    /// What was refused.
    pub what: What,
    /// Whose it was.
    pub by: By,
    /// At what: a route.
    pub object: Option<String>,
}

/// What was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum What {
    /// A webhook's address.
    Address,
    /// A form that another site sent.
    CrossSite,
    /// Something that a role may not have.
    Permission,
    /// A try to sign in, after too many.
    SignIn,
}

impl What {
    /// The act that tells it.
    fn act(self, detail: &str) -> Act<'_> {
        match self {
            What::Address => Act::AddressRefused { detail },
            What::CrossSite => Act::CrossSiteRefused { detail },
            What::Permission => Act::PermissionRefused { detail },
            What::SignIn => Act::SignInThrottled { detail },
        }
    }
}

/// Whose a refusal was.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum By {
    /// Nobody's that is known.
    Stranger,
    /// Somebody's who wanted into the account with this address; there may be none.
    Account(String),
    /// A member's, in an organisation.
    Member(OrganisationId, MemberId),
}

/// Counts refusals.
#[derive(Default)]
pub struct Refusals(Mutex<HashMap<Refusal, Counted>>);

struct Counted {
    /// How many since the one that was written down.
    more: u32,
    /// What was special about the last one.
    last: String,
    until: DateTime<Utc>,
}

impl Refusals {
    fn counts(&self) -> MutexGuard<'_, HashMap<Refusal, Counted>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts one; what is to be written down of it now, and of those before it whose window is over.
    fn count(&self, refusal: Refusal, detail: &str, now: DateTime<Utc>) -> Vec<(Refusal, String)> {
        let mut counts = self.counts();
        let refusal = if counts.len() >= MAX_KINDS && !counts.contains_key(&refusal) {
            Refusal { by: By::Stranger, object: None, ..refusal }
        } else {
            refusal
        };
        if let Some(counted) = counts.get_mut(&refusal).filter(|counted| counted.until > now) {
            counted.more = counted.more.saturating_add(1);
            counted.last = detail.to_owned();
            return Vec::new();
        }
        let fresh = Counted { more: 0, last: detail.to_owned(), until: now + WINDOW };
        let before = counts.insert(refusal.clone(), fresh).and_then(|before| before.told());
        let before = before.map(|told| (refusal.clone(), told));
        before.into_iter().chain([(refusal, detail.to_owned())]).collect()
    }

    /// Takes out what windows that are over have counted.
    fn over(&self, now: DateTime<Utc>) -> Vec<(Refusal, String)> {
        let mut counts = self.counts();
        let over = counts.extract_if(|_, counted| counted.until <= now);
        over.filter_map(|(refusal, counted)| Some((refusal, counted.told()?))).collect()
    }
}

impl Counted {
    fn told(&self) -> Option<String> {
        let words = |more| format!("{more} more within {} minutes, the last {}", WINDOW.num_minutes(), self.last);
        (self.more > 0).then(|| words(self.more))
    }
}

/// Notes a refusal. `detail` says what is special about this one, in words that go on a sentence: `from 192.0.2.1`.
pub fn note(context: &Context, refusal: Refusal, detail: &str) {
    let now = context.clock.now();
    let told = context.refusals.count(refusal, detail, now);
    if told.is_empty() {
        return;
    }
    context.store.submit(
        move |conn| write(conn, &told, now),
        |written: Result<(), StoreError>| {
            if let Err(error) = written {
                tracing::warn!(%error, "what was refused could not be written into the audit log");
            }
        },
    );
}

/// Writes down how many there were in each window that is over.
pub async fn write_down(context: &Context) -> Result<(), StoreError> {
    let now = context.clock.now();
    let told = context.refusals.over(now);
    if told.is_empty() {
        return Ok(());
    }
    context.store.write(move |conn| write(conn, &told, now)).await
}

fn write(conn: &mut Conn, told: &[(Refusal, String)], now: DateTime<Utc>) -> Result<(), StoreError> {
    for (Refusal { what, by, object }, detail) in told {
        let (act, object) = (what.act(detail), object.as_deref());
        match by {
            By::Stranger => {
                store::audit::record(conn, &Entry { organisation: None, member: None, act, object }, now)?;
            }
            By::Account(email) => {
                let found = store::member::find_by_email(conn, email)?.map(|(member, _)| member.id);
                store::audit::record_everywhere(conn, found.as_ref(), act, now)?;
            }
            By::Member(organisation, member) => {
                let (organisation, member) = (Some(organisation), Some(member));
                store::audit::record(conn, &Entry { organisation, member, act, object }, now)?;
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(object: &str) -> Refusal {
        Refusal { what: What::Permission, by: By::Stranger, object: Some(object.to_owned()) }
    }

    #[test]
    fn the_first_is_told_at_once_and_those_that_follow_once_a_window_with_their_number() {
        let (refusals, start) = (Refusals::default(), DateTime::UNIX_EPOCH);
        assert_eq!(refusals.count(of("a"), "from 192.0.2.1", start), [(of("a"), "from 192.0.2.1".to_owned())]);
        for _ in 0..36 {
            assert!(refusals.count(of("a"), "from 192.0.2.2", start).is_empty());
        }
        assert_eq!(refusals.count(of("b"), "x", start).len(), 1);
        assert!(refusals.over(start).is_empty());
        let told = "36 more within 15 minutes, the last from 192.0.2.2".to_owned();
        assert_eq!(refusals.over(start + WINDOW), [(of("a"), told)], "one alone has been told already");
        assert!(refusals.counts().is_empty());
    }

    #[test]
    fn a_new_window_tells_what_the_one_before_it_has_counted() {
        let (refusals, start) = (Refusals::default(), DateTime::UNIX_EPOCH);
        refusals.count(of("a"), "1", start);
        refusals.count(of("a"), "2", start);
        let told: Vec<_> = refusals.count(of("a"), "3", start + WINDOW).into_iter().map(|(_, told)| told).collect();
        assert_eq!(told, ["1 more within 15 minutes, the last 2", "3"]);
    }

    #[test]
    fn more_kinds_than_there_is_room_for_are_counted_together() {
        let (refusals, now) = (Refusals::default(), DateTime::UNIX_EPOCH);
        let told: usize = (0..MAX_KINDS + 50).map(|at| refusals.count(of(&at.to_string()), "x", now).len()).sum();
        assert_eq!((told, refusals.counts().len()), (MAX_KINDS + 1, MAX_KINDS + 1));
    }
}
