//! Signing in: one answer for an unknown e-mail and a wrong password, throttled so that nobody can lock a victim out.
//!
//! Three counts, each over fifteen minutes: failures of one account from one address (10), of one address over all
//! accounts (50), and of one account over all addresses (50). The last one stops only browsers that never signed in to
//! that account before: a browser that did carries a proof in a cookie ([`super::browser_proof`]), so an attacker elsewhere
//! cannot lock it out. Of IPv6 whole networks count: a /64, which is one household's or machine's, as one address; the /56
//! and the /48 around it, which one provider's customer may have, with limits that grow. So nobody closes an account with
//! one such network. Counts live in memory: a restart forgets them, and each instance counts for itself.
//!
//! A try counts from the moment it is let in, or many at once would all be let in before the first has failed; one that
//! succeeds, or that comes to no answer, is given back.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};

use super::refusals::{self, By, Refusal, What};
use super::{Context, Result, browser_proof};
use crate::client;
use crate::domain::act::Act;
use crate::domain::ids::MemberId;
use crate::domain::member::{self, Member};
use crate::domain::password::MAX_BYTES;
use crate::domain::secret::Plain;
use crate::store;

const WINDOW: TimeDelta = TimeDelta::minutes(15);
const MAX_OF_ACCOUNT_FROM_ADDRESS: u32 = 10;
const MAX_OF_ACCOUNT: u32 = 50;
/// Networks of IPv6 that count, and how many failures each may have: of one account, and over all accounts. Fewer of one
/// account than [`MAX_OF_ACCOUNT`].
const NETWORKS: [(u32, u32, u32); 3] = [(64, MAX_OF_ACCOUNT_FROM_ADDRESS, 50), (56, 20, 100), (48, 30, 200)];
/// The counts kept at once. When there is no room for another, those whose window has passed go, then the oldest tenth.
const MAX_COUNTS: usize = 100_000;
/// As much of what was typed as an e-mail address is looked up and counted: no address is longer.
const MAX_EMAIL_LEN: usize = 254;

/// What is counted.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Key {
    /// Account and browser.
    AccountFromKnownBrowser(String, String),
    AccountFromNetwork(String, IpAddr, u32),
    Network(IpAddr, u32),
    Account(String),
}

/// Which count let a try in no more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Closed {
    /// That of the account.
    Account,
    /// That of the address over all accounts.
    Address,
}

/// Counts sign-ins that failed or are under way.
#[derive(Default)]
pub struct Throttle {
    counts: Mutex<Counts>,
}

/// How many, and when they are forgotten.
type Counts = HashMap<Key, (u32, DateTime<Utc>)>;

impl Throttle {
    /// Takes one try and counts it, unless there were too many. `browser` names one that signed in to the account before.
    fn admit(&self, email: &str, from: IpAddr, browser: Option<&str>, now: DateTime<Utc>) -> Result<(), Closed> {
        let keys = keys(email, from, browser);
        let mut counts = self.counts();
        let count = |key: &Key| counts.get(key).filter(|(_, until)| *until > now).map_or(0, |(count, _)| *count);
        let full = keys.iter().find(|(key, most)| count(key) >= *most);
        if let Some((key, _)) = full {
            return Err(if matches!(key, Key::Network(..)) { Closed::Address } else { Closed::Account });
        }
        if counts.len() + keys.len() > MAX_COUNTS {
            make_room(&mut counts, now);
        }
        for (key, _) in keys {
            let entry = counts.entry(key).or_insert((0, now + WINDOW));
            if entry.1 <= now {
                *entry = (0, now + WINDOW);
            }
            entry.0 = entry.0.saturating_add(1);
        }
        Ok(())
    }

    /// The try came to no answer: it never was.
    fn give_back(&self, email: &str, from: IpAddr, browser: Option<&str>) {
        let mut counts = self.counts();
        for (key, _) in keys(email, from, browser) {
            let Some((count, _)) = counts.get_mut(&key) else { continue };
            *count = count.saturating_sub(1);
            if *count == 0 {
                counts.remove(&key);
            }
        }
    }

    /// The try succeeded: what failed before it, of this account from this address, is forgiven.
    fn succeeded(&self, email: &str, from: IpAddr, browser: Option<&str>) {
        self.give_back(email, from, browser);
        let mut counts = self.counts();
        if let Some(browser) = browser {
            counts.remove(&Key::AccountFromKnownBrowser(email.to_owned(), browser.to_owned()));
        }
        if let Some((network, prefix, ..)) = networks(from).next() {
            counts.remove(&Key::AccountFromNetwork(email.to_owned(), network, prefix));
        }
    }

    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a try counts for, and how many each may have. A browser that signed in to the account before has a count of its
/// own: whatever others do, from wherever, it is not locked out.
fn keys(email: &str, from: IpAddr, browser: Option<&str>) -> Vec<(Key, u32)> {
    if let Some(browser) = browser {
        let key = Key::AccountFromKnownBrowser(email.to_owned(), browser.to_owned());
        return vec![(key, MAX_OF_ACCOUNT_FROM_ADDRESS)];
    }
    let mut keys = vec![(Key::Account(email.to_owned()), MAX_OF_ACCOUNT)];
    for (network, prefix, of_account, of_all) in networks(from) {
        keys.push((Key::AccountFromNetwork(email.to_owned(), network, prefix), of_account));
        keys.push((Key::Network(network, prefix), of_all));
    }
    keys
}

/// A tenth at a time, so that a flood does not have all of them looked through for each of its tries.
fn make_room(counts: &mut Counts, now: DateTime<Utc>) {
    counts.retain(|_, (_, until)| *until > now);
    if counts.len() < MAX_COUNTS - MAX_COUNTS / 10 {
        return;
    }
    let mut ends: Vec<_> = counts.values().map(|(_, until)| *until).collect();
    let (_, oldest, _) = ends.select_nth_unstable(MAX_COUNTS / 10);
    let oldest = *oldest;
    counts.retain(|_, (_, until)| *until > oldest);
}

/// The networks that an address counts for, the smallest first: each with its prefix, and how many failures of one account and
/// over all accounts it may have.
fn networks(address: IpAddr) -> impl Iterator<Item = (IpAddr, u32, u32, u32)> {
    let around = client::networks(address, NETWORKS.map(|(prefix, ..)| prefix));
    around
        .into_iter()
        .zip(NETWORKS)
        .map(|((network, prefix), (_, of_account, of_all))| (network, prefix, of_account, of_all))
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SignInError {
    /// No account has this address and this password.
    #[error("The e-mail address or the password is wrong")]
    WrongPassword,
    /// There were too many tries.
    #[error(
        "Too many tries. Wait fifteen minutes and try again, or have whoever runs this Hirewire give you a new password"
    )]
    Throttled,
    /// More want in at this moment than passwords can be checked.
    #[error("Too many people are logging in at this moment. Try again in a minute")]
    Busy,
}

/// Signs a member in.
pub async fn sign_in(context: &Context, request: SignIn) -> Result<Member> {
    let now = context.clock.now();
    let email = account(&request.email);
    let browser = match &request.browser_proof {
        Some(carried) => browser_proof::check(context, &email, carried).await?,
        None => None,
    };
    let browser = browser.as_deref();
    if let Err(closed) = context.throttle.admit(&email, request.from, browser, now) {
        let by = if closed == Closed::Account { By::Account(email) } else { By::Stranger };
        let refusal = Refusal { what: What::SignIn, by, object: None };
        refusals::note(context, refusal, &format!("from {}", request.from));
        return Err(SignInError::Throttled.into());
    }
    match checked(context, &request, &email).await {
        Ok(Some(member)) => {
            context.throttle.succeeded(&email, request.from, browser);
            Ok(member)
        }
        Ok(None) => Err(SignInError::WrongPassword.into()),
        Err(error) => {
            context.throttle.give_back(&email, request.from, browser);
            Err(error)
        }
    }
}

/// Writes down that a member has signed out.
pub async fn signed_out(context: &Context, member: MemberId) -> Result<()> {
    let written = context.transact_without_viewer(move |tx| {
        Ok(store::audit::record_everywhere(tx.conn, Some(&member), Act::SignOut, tx.now)?)
    });
    written.await
}

/// Stands for all browsers in which somebody is signed in already.
const SIGNED_IN: &str = "signed in";

/// Whether somebody who is signed in knows their password. Counted like signing in: a screen left open is no place to guess.
pub(super) async fn knows_password(context: &Context, member: &Member, typed: &Plain, from: IpAddr) -> Result<bool> {
    let (now, email, browser) = (context.clock.now(), member.email.as_str(), Some(SIGNED_IN));
    if context.throttle.admit(email, from, browser, now).is_err() {
        return Err(SignInError::Throttled.into());
    }
    let id = member.id.clone();
    let known = async {
        let _place = context.passwords.place().ok_or(SignInError::Busy)?;
        let hash = context.store.read(move |conn| store::member::password_hash(conn, &id)).await?;
        let usable = typed.reveal().len() <= MAX_BYTES;
        Ok(usable && context.passwords.verify(typed, hash.as_deref()).await?)
    };
    let known = known.await;
    match known {
        Ok(true) => context.throttle.succeeded(email, from, browser),
        Ok(false) => {}
        Err(_) => context.throttle.give_back(email, from, browser),
    }
    known
}

/// The member whom e-mail address and password let in.
async fn checked(context: &Context, request: &SignIn, email: &str) -> Result<Option<Member>> {
    let _place = context.passwords.place().ok_or(SignInError::Busy)?;
    let looked_up = email.to_owned();
    let found = context.store.read(move |conn| store::member::find_by_email(conn, &looked_up)).await?;
    let hash = found.as_ref().map(|(_, hash)| hash.as_str());
    let usable = request.password.reveal().len() <= MAX_BYTES;
    let fits = usable && context.passwords.verify(&request.password, hash).await?;
    let from = request.from;
    let act = if fits { Act::SignInSucceeded { from } } else { Act::SignInFailed { from } };
    let member = found.map(|(member, _)| member);
    let actor = member.as_ref().map(|member| member.id.clone());
    let written = context
        .transact_without_viewer(move |tx| Ok(store::audit::record_everywhere(tx.conn, actor.as_ref(), act, tx.now)?));
    written.await?;
    Ok(member.filter(|_| fits))
}

/// What is looked up and counted for what was typed; what is no e-mail address is nobody's, and counts all the same.
fn account(typed: &str) -> String {
    member::email(typed).unwrap_or_else(|| {
        typed.trim().chars().filter(|c| !c.is_control()).take(MAX_EMAIL_LEN).collect::<String>().to_lowercase()
    })
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
            assert!(throttle.admit("victim@a.b", ip(&format!("192.0.2.{host}")), None, AT).is_ok());
        }
        assert!(throttle.admit("victim@a.b", ip("198.51.100.1"), None, AT).is_err());
        assert!(throttle.admit("victim@a.b", ip("198.51.100.1"), Some("mine"), AT).is_ok());
        assert!(throttle.admit("other@a.b", ip("198.51.100.1"), None, AT).is_ok());
        assert!(throttle.admit("victim@a.b", ip("198.51.100.1"), None, AT + WINDOW).is_ok());
    }

    #[test]
    fn ten_tries_from_one_network_are_enough_though_none_has_failed_yet_and_a_success_forgives_them() {
        let throttle = Throttle::default();
        for _ in 0..10 {
            assert!(throttle.admit("me@a.b", ip("2001:db8::1"), None, AT).is_ok());
        }
        assert!(throttle.admit("me@a.b", ip("2001:db8::2"), None, AT).is_err());
        assert!(throttle.admit("me@a.b", ip("2001:db8::2"), Some("mine"), AT).is_ok(), "a known browser still gets in");
        throttle.succeeded("me@a.b", ip("2001:db8::3"), None);
        assert!(throttle.admit("me@a.b", ip("2001:db8::2"), None, AT).is_ok());
    }

    #[test]
    fn one_network_of_ipv6_closes_no_account_for_others_and_counts_with_growing_limits() {
        let throttle = Throttle::default();
        let tried = |host: u32| throttle.admit("me@a.b", ip(&format!("2001:db8:0:{host:x}::1")), None, AT).is_ok();
        // A /56 has 256 networks of one machine each, a /48 has 256 of those.
        let let_in: Vec<usize> = (0..10).map(|of| (0..40).filter(|one| tried(of * 256 + one)).count()).collect();
        assert_eq!(let_in, [20, 10, 0, 0, 0, 0, 0, 0, 0, 0]);
        assert!(throttle.admit("me@a.b", ip("2001:db8:1::1"), None, AT).is_ok(), "the account is open for others");
        let elsewhere = |number: u32| throttle.admit(&format!("{number}@a.b"), ip("2001:db8:2::1"), None, AT).is_ok();
        assert_eq!((0..60).filter(|number| elsewhere(*number)).count(), 50);
    }

    #[test]
    fn a_proof_that_was_stolen_locks_no_other_browser_out() {
        let throttle = Throttle::default();
        for _ in 0..10 {
            assert!(throttle.admit("me@a.b", ip("192.0.2.1"), Some("stolen"), AT).is_ok());
        }
        assert_eq!(throttle.admit("me@a.b", ip("192.0.2.1"), Some("stolen"), AT), Err(Closed::Account));
        assert!(throttle.admit("me@a.b", ip("192.0.2.1"), Some("mine"), AT).is_ok());
    }

    #[test]
    fn tries_that_succeed_or_come_to_no_answer_count_for_nothing() {
        let throttle = Throttle::default();
        for try_number in 0..200 {
            assert!(throttle.admit("me@a.b", ip("192.0.2.1"), None, AT).is_ok(), "{try_number}");
            match try_number % 2 {
                0 => throttle.succeeded("me@a.b", ip("192.0.2.1"), None),
                _ => throttle.give_back("me@a.b", ip("192.0.2.1"), None),
            }
        }
        assert!(throttle.counts().is_empty());
    }

    #[test]
    fn when_there_is_no_room_the_oldest_counts_go() {
        let throttle = Throttle::default();
        let at = |number: u32| AT + TimeDelta::microseconds(number.into());
        for number in 0..50_000_u32 {
            let from = IpAddr::from((0x0a00_0000 + number).to_be_bytes());
            assert!(throttle.admit(&format!("{number}@a.b"), from, None, at(number)).is_ok());
        }
        let counts = throttle.counts();
        assert!(counts.len() <= MAX_COUNTS, "{}", counts.len());
        assert!(counts.contains_key(&Key::Account("49999@a.b".into())));
        assert!(!counts.contains_key(&Key::Account("0@a.b".into())));
    }

    #[test]
    fn whatever_is_typed_as_an_address_takes_little_room() {
        assert_eq!(account(" Me@A.b "), "me@a.b");
        assert_eq!(account("me\0@a.b"), "me@a.b");
        assert_eq!(account(&"x".repeat(100_000)).len(), MAX_EMAIL_LEN);
    }
}
