//! Signing in: one answer for an unknown e-mail and a wrong password, throttled so that nobody can lock a victim out.
//!
//! Three counts, each over fifteen minutes: failures of one account from one address (10), of one address over all
//! accounts (50), and of one account over all addresses (50). The last one stops only browsers that never signed in to
//! that account before: a browser that did carries a proof in a cookie, so an attacker elsewhere cannot lock it out. Counts
//! live in memory: a restart forgets them, and each instance counts for itself.
//!
//! A try counts from the moment it is let in, or many at once would all be let in before the first has failed; one that
//! succeeds, or that comes to no answer, is given back.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};

use super::{ActionError, Context, Result};
use crate::domain::member::{self, Member};
use crate::domain::password::MAX_BYTES;
use crate::domain::secret::Plain;
use crate::domain::signing::hex;
use crate::store;
use crate::store::audit::Act;

const WINDOW: TimeDelta = TimeDelta::minutes(15);
const MOST_OF_ACCOUNT_FROM_ADDRESS: u32 = 10;
const MOST_FROM_ADDRESS: u32 = 50;
const MOST_OF_ACCOUNT: u32 = 50;
/// The counts kept at once. When there is no room for another, those whose window has passed go, then the oldest tenth.
const MOST_COUNTS: usize = 100_000;
/// As much of what was typed as an e-mail address is looked up and counted: no address is longer.
const LONGEST_EMAIL: usize = 254;

/// What is counted.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Key {
    AccountFromKnownBrowser(String),
    AccountFromAddress(String, IpAddr),
    Address(IpAddr),
    Account(String),
}

/// Counts sign-ins that failed or are under way.
#[derive(Default)]
pub struct Throttle {
    counts: Mutex<Counts>,
}

/// How many, and when they are forgotten.
type Counts = HashMap<Key, (u32, DateTime<Utc>)>;

impl Throttle {
    /// Takes one try and counts it; `false` when there were too many.
    fn admit(&self, email: &str, from: IpAddr, known_browser: bool, now: DateTime<Utc>) -> bool {
        let keys = keys(email, from, known_browser);
        let mut counts = self.counts();
        let count = |key: &Key| counts.get(key).filter(|(_, until)| *until > now).map_or(0, |(count, _)| *count);
        if keys.iter().any(|(key, most)| count(key) >= *most) {
            return false;
        }
        if counts.len() + keys.len() > MOST_COUNTS {
            make_room(&mut counts, now);
        }
        for (key, _) in keys {
            let entry = counts.entry(key).or_insert((0, now + WINDOW));
            if entry.1 <= now {
                *entry = (0, now + WINDOW);
            }
            entry.0 = entry.0.saturating_add(1);
        }
        true
    }

    /// The try came to no answer: it never was.
    fn give_back(&self, email: &str, from: IpAddr, known_browser: bool) {
        let mut counts = self.counts();
        for (key, _) in keys(email, from, known_browser) {
            let Some((count, _)) = counts.get_mut(&key) else { continue };
            *count = count.saturating_sub(1);
            if *count == 0 {
                counts.remove(&key);
            }
        }
    }

    /// The try succeeded: what failed before it, of this account from this address, is forgiven.
    fn succeeded(&self, email: &str, from: IpAddr, known_browser: bool) {
        self.give_back(email, from, known_browser);
        self.counts().remove(&Key::AccountFromKnownBrowser(email.to_owned()));
        self.counts().remove(&Key::AccountFromAddress(email.to_owned(), network(from)));
    }

    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a try counts for, and how many each may have. A browser that signed in to the account before has a count of its
/// own: whatever others do, from wherever, it is not locked out.
fn keys(email: &str, from: IpAddr, known_browser: bool) -> Vec<(Key, u32)> {
    if known_browser {
        return vec![(Key::AccountFromKnownBrowser(email.to_owned()), MOST_OF_ACCOUNT_FROM_ADDRESS)];
    }
    let from = network(from);
    vec![
        (Key::AccountFromAddress(email.to_owned(), from), MOST_OF_ACCOUNT_FROM_ADDRESS),
        (Key::Address(from), MOST_FROM_ADDRESS),
        (Key::Account(email.to_owned()), MOST_OF_ACCOUNT),
    ]
}

/// A tenth at a time, so that a flood does not have all of them looked through for each of its tries.
fn make_room(counts: &mut Counts, now: DateTime<Utc>) {
    counts.retain(|_, (_, until)| *until > now);
    if counts.len() < MOST_COUNTS - MOST_COUNTS / 10 {
        return;
    }
    let mut ends: Vec<_> = counts.values().map(|(_, until)| *until).collect();
    let (_, oldest, _) = ends.select_nth_unstable(MOST_COUNTS / 10);
    let oldest = *oldest;
    counts.retain(|_, (_, until)| *until > oldest);
}

/// One household or machine has a whole /64 of IPv6: it counts as one address.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6((v6.to_bits() & !u128::from(u64::MAX)).into()),
        v4 => v4,
    }
}

/// Who wants in.
#[derive(Debug)]
pub struct SignIn {
    /// The typed e-mail address.
    pub email: String,
    /// The typed password.
    pub password: Plain,
    /// Where the request comes from.
    pub from: IpAddr,
    /// The proof of an earlier sign-in that the browser carries.
    pub browser_proof: Option<String>,
}

/// Why someone did not get in; the words are the same whether the account exists or not.
pub const REFUSED: &str = "The e-mail address or the password is wrong";

/// What is said after too many tries.
pub const THROTTLED: &str =
    "Too many tries. Wait fifteen minutes and try again, or have whoever runs this Hirewire give you a new password";

/// What is said when more want in at this moment than passwords can be checked.
pub const BUSY: &str = "Too many people are logging in at this moment. Try again in a minute";

/// Signs a member in.
pub async fn sign_in(context: &Context, request: SignIn) -> Result<Member> {
    let now = context.clock.now();
    let email = account(&request.email);
    let proof = browser_proof(context, &email);
    let known_browser = request.browser_proof.as_ref().is_some_and(|carried| same(carried, &proof));
    if !context.throttle.admit(&email, request.from, known_browser, now) {
        return Err(ActionError::Refused(THROTTLED.into()));
    }
    match checked(context, &request, &email, now).await {
        Ok(Some(member)) => {
            context.throttle.succeeded(&email, request.from, known_browser);
            Ok(member)
        }
        Ok(None) => Err(ActionError::Refused(REFUSED.into())),
        Err(error) => {
            context.throttle.give_back(&email, request.from, known_browser);
            Err(error)
        }
    }
}

/// Whether somebody who is signed in knows their password. Counted like signing in: a screen left open is no place to guess.
pub(super) async fn knows_password(context: &Context, member: &Member, typed: &Plain, from: IpAddr) -> Result<bool> {
    let (now, email) = (context.clock.now(), member.email.as_str());
    if !context.throttle.admit(email, from, true, now) {
        return Err(ActionError::Refused(THROTTLED.into()));
    }
    let id = member.id.clone();
    let known = async {
        let _place = context.passwords.place().ok_or_else(|| ActionError::Refused(BUSY.into()))?;
        let hash = context.store.read(move |conn| store::member::password_hash(conn, &id)).await?;
        let usable = typed.reveal().len() <= MAX_BYTES;
        Ok(usable && context.passwords.verify(typed, hash.as_deref()).await?)
    };
    let known = known.await;
    match known {
        Ok(true) => context.throttle.succeeded(email, from, true),
        Ok(false) => {}
        Err(_) => context.throttle.give_back(email, from, true),
    }
    known
}

/// The member whom e-mail address and password let in.
async fn checked(context: &Context, request: &SignIn, email: &str, now: DateTime<Utc>) -> Result<Option<Member>> {
    let _place = context.passwords.place().ok_or_else(|| ActionError::Refused(BUSY.into()))?;
    let looked_up = email.to_owned();
    let found = context.store.read(move |conn| store::member::find_by_email(conn, &looked_up)).await?;
    let hash = found.as_ref().map(|(_, hash)| hash.as_str());
    let usable = request.password.reveal().len() <= MAX_BYTES;
    let fits = usable && context.passwords.verify(&request.password, hash).await?;
    let act = if fits { "sign_in.succeeded" } else { "sign_in.failed" };
    let member = found.map(|(member, _)| member);
    let actor = member.as_ref().map(|member| member.id.clone());
    let detail = format!("from {}", request.from);
    context
        .store
        .write(move |conn| {
            let act = Act { organisation: None, member: actor.as_ref(), act, object: None, detail };
            store::audit::insert(conn, &act, now)
        })
        .await?;
    Ok(member.filter(|_| fits))
}

/// What is looked up and counted for what was typed; what is no e-mail address is nobody's, and counts all the same.
fn account(typed: &str) -> String {
    member::email(typed).unwrap_or_else(|| {
        typed.trim().chars().filter(|c| !c.is_control()).take(LONGEST_EMAIL).collect::<String>().to_lowercase()
    })
}

/// The proof that a browser signed in to this account before; it goes into a long-lived cookie and signs nobody in.
pub fn browser_proof(context: &Context, email: &str) -> String {
    hex(&context.sealing.derive(&format!("browser that signed in as {email}")))
}

fn same(a: &str, b: &str) -> bool {
    use subtle::ConstantTimeEq as _;
    a.as_bytes().ct_eq(b.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: DateTime<Utc> = DateTime::UNIX_EPOCH;

    fn ip(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    #[test]
    fn an_attacker_with_many_addresses_cannot_lock_out_a_browser_that_signed_in_before() {
        let throttle = Throttle::default();
        for host in 0..50 {
            assert!(throttle.admit("victim@a.b", ip(&format!("192.0.2.{host}")), false, AT));
        }
        assert!(!throttle.admit("victim@a.b", ip("198.51.100.1"), false, AT));
        assert!(throttle.admit("victim@a.b", ip("198.51.100.1"), true, AT));
        assert!(throttle.admit("other@a.b", ip("198.51.100.1"), false, AT));
        assert!(throttle.admit("victim@a.b", ip("198.51.100.1"), false, AT + WINDOW));
    }

    #[test]
    fn ten_tries_from_one_network_are_enough_though_none_has_failed_yet_and_a_success_forgives_them() {
        let throttle = Throttle::default();
        for _ in 0..10 {
            assert!(throttle.admit("me@a.b", ip("2001:db8::1"), false, AT));
        }
        assert!(!throttle.admit("me@a.b", ip("2001:db8::2"), false, AT));
        assert!(throttle.admit("me@a.b", ip("2001:db8::2"), true, AT), "a browser that signed in before still gets in");
        throttle.succeeded("me@a.b", ip("2001:db8::3"), false);
        assert!(throttle.admit("me@a.b", ip("2001:db8::2"), false, AT));
    }

    #[test]
    fn tries_that_succeed_or_come_to_no_answer_count_for_nothing() {
        let throttle = Throttle::default();
        for try_number in 0..200 {
            assert!(throttle.admit("me@a.b", ip("192.0.2.1"), false, AT), "{try_number}");
            match try_number % 2 {
                0 => throttle.succeeded("me@a.b", ip("192.0.2.1"), false),
                _ => throttle.give_back("me@a.b", ip("192.0.2.1"), false),
            }
        }
        assert!(throttle.counts().is_empty());
    }

    #[test]
    fn when_there_is_no_room_the_oldest_counts_go() {
        let throttle = Throttle::default();
        let at = |number: u32| AT + TimeDelta::microseconds(number.into());
        for number in 0..50_000_u32 {
            throttle.admit(
                &format!("{number}@a.b"),
                IpAddr::from((0x0a00_0000 + number).to_be_bytes()),
                false,
                at(number),
            );
        }
        let counts = throttle.counts();
        assert!(counts.len() <= MOST_COUNTS, "{}", counts.len());
        assert!(counts.contains_key(&Key::Account("49999@a.b".into())));
        assert!(!counts.contains_key(&Key::Account("0@a.b".into())));
    }

    #[test]
    fn whatever_is_typed_as_an_address_takes_little_room() {
        assert_eq!(account(" Me@A.b "), "me@a.b");
        assert_eq!(account("me\0@a.b"), "me@a.b");
        assert_eq!(account(&"x".repeat(100_000)).len(), LONGEST_EMAIL);
    }
}
