//! Signing in: one answer for an unknown e-mail and a wrong password, throttled so that nobody can lock a victim out.
//!
//! Three counts, each over fifteen minutes: failures of one account from one address (10), of one address over all
//! accounts (50), and of one account over all addresses (50). The last one stops only browsers that never signed in to
//! that account before: a browser that did carries a proof in a cookie, so an attacker elsewhere cannot lock it out. Counts
//! live in memory: a restart forgets them, and each instance counts for itself.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Mutex;

use chrono::{DateTime, TimeDelta, Utc};

use super::{ActionError, Context, Result};
use crate::domain::member::{self, Member};
use crate::domain::secret::Plain;
use crate::domain::signing::hex;
use crate::store;
use crate::store::audit::Act;

const WINDOW: TimeDelta = TimeDelta::minutes(15);
const MOST_OF_ACCOUNT_FROM_ADDRESS: u32 = 10;
const MOST_FROM_ADDRESS: u32 = 50;
const MOST_OF_ACCOUNT: u32 = 50;
/// The counts kept at once; above it the oldest windows are forgotten.
const MOST_COUNTS: usize = 100_000;

/// What is counted.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Key {
    AccountFromAddress(String, IpAddr),
    Address(IpAddr),
    Account(String),
}

/// Counts failed sign-ins.
#[derive(Default)]
pub struct Throttle {
    counts: Mutex<HashMap<Key, (u32, DateTime<Utc>)>>,
}

impl Throttle {
    /// Takes one try; `false` when there were too many.
    fn admit(&self, email: &str, from: IpAddr, known_browser: bool, now: DateTime<Utc>) -> bool {
        let from = network(from);
        let counts = self.counts.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let count = |key: &Key| counts.get(key).filter(|(_, until)| *until > now).map_or(0, |(count, _)| *count);
        count(&Key::AccountFromAddress(email.to_owned(), from)) < MOST_OF_ACCOUNT_FROM_ADDRESS
            && count(&Key::Address(from)) < MOST_FROM_ADDRESS
            && (known_browser || count(&Key::Account(email.to_owned())) < MOST_OF_ACCOUNT)
    }

    fn failed(&self, email: &str, from: IpAddr, now: DateTime<Utc>) {
        let from = network(from);
        let mut counts = self.counts.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        if counts.len() >= MOST_COUNTS {
            counts.retain(|_, (_, until)| *until > now);
        }
        let keys =
            [Key::AccountFromAddress(email.to_owned(), from), Key::Address(from), Key::Account(email.to_owned())];
        for key in keys {
            let entry = counts.entry(key).or_insert((0, now + WINDOW));
            if entry.1 <= now {
                *entry = (0, now + WINDOW);
            }
            entry.0 = entry.0.saturating_add(1);
        }
    }

    fn succeeded(&self, email: &str, from: IpAddr) {
        let mut counts = self.counts.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        counts.remove(&Key::AccountFromAddress(email.to_owned(), network(from)));
    }
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
pub const REFUSED: &str = "This e-mail address and password do not belong together";

/// What is said after too many tries.
pub const THROTTLED: &str =
    "Too many tries. Wait fifteen minutes and try again, or have an Organisation Admin give you a new password";

/// Signs a member in.
pub async fn sign_in(context: &Context, request: SignIn) -> Result<Member> {
    let now = context.clock.now();
    let email = member::email(&request.email).unwrap_or_else(|| request.email.trim().to_lowercase());
    let proof = browser_proof(context, &email);
    let known_browser = request.browser_proof.is_some_and(|carried| same(&carried, &proof));
    if !context.throttle.admit(&email, request.from, known_browser, now) {
        return Err(ActionError::Refused(THROTTLED.into()));
    }
    let looked_up = email.clone();
    let found = context.store.read(move |conn| store::member::find_by_email(conn, &looked_up)).await?;
    let hash = found.as_ref().map(|(_, hash)| hash.as_str());
    let usable = request.password.reveal().len() <= super::password::LONGEST;
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
    match member {
        Some(member) if fits => {
            context.throttle.succeeded(&email, request.from);
            Ok(member)
        }
        _ => {
            context.throttle.failed(&email, request.from, now);
            Err(ActionError::Refused(REFUSED.into()))
        }
    }
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
        for host in 0..60 {
            throttle.failed("victim@a.b", ip(&format!("192.0.2.{host}")), AT);
        }
        assert!(!throttle.admit("victim@a.b", ip("198.51.100.1"), false, AT));
        assert!(throttle.admit("victim@a.b", ip("198.51.100.1"), true, AT));
        assert!(throttle.admit("other@a.b", ip("198.51.100.1"), false, AT));
        assert!(throttle.admit("victim@a.b", ip("198.51.100.1"), false, AT + WINDOW));
    }

    #[test]
    fn ten_failures_from_one_network_are_enough_and_a_success_forgives_them() {
        let throttle = Throttle::default();
        for _ in 0..10 {
            throttle.failed("me@a.b", ip("2001:db8::1"), AT);
        }
        assert!(!throttle.admit("me@a.b", ip("2001:db8::2"), true, AT));
        throttle.succeeded("me@a.b", ip("2001:db8::3"));
        assert!(throttle.admit("me@a.b", ip("2001:db8::2"), true, AT));
    }
}
