//! Proof of origin: a hook's keys and secrets ready for use, and which of them a try carries ([`crate::domain::rotation`]).
//!
//! They are opened once and kept with the hook, those to come to an end included; whether one still works is asked at every
//! try, so a credential ends on every instance at its time, without anybody telling.
//!
//! Which side is preferred is kept here as soon as an extra try has been taken, and written down with its answer. Other
//! instances need not be told: to them it says only what to try first, and their own first refusal tells them as much. So a
//! receiver that goes back and forth costs nobody else anything.
//!
//! That one was used is noted with the answer that proves it, at most once a minute each: nearly every delivery costs one
//! look at a number and no write.

use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

use chrono::{DateTime, TimeDelta, Utc};

use super::settle::{Finished, Told};
use crate::domain::attempt::{Proof, Trigger};
use crate::domain::hook::Credential;
use crate::domain::ids::{CredentialId, HookId};
use crate::domain::rotation::Side;
use crate::domain::secret::{CredentialKind, Plain};
use crate::domain::signing::{Secrets, Signer};
use crate::store::{self, Conn, Result};

/// How exactly the last use of a key or secret is known.
const PRECISION: TimeDelta = TimeDelta::seconds(60);

/// A key or secret, as a try needs it.
#[derive(Debug)]
struct Held<T> {
    id: CredentialId,
    ready: T,
    ends_in: String,
    ends_at: Option<DateTime<Utc>>,
    is_known: bool,
    /// When its use was last noted, in microseconds.
    noted: AtomicI64,
}

impl<T> Held<T> {
    fn of(credential: Credential, ready: T) -> Self {
        Self {
            id: credential.id,
            ready,
            ends_in: credential.ends_in,
            ends_at: credential.ends_at,
            is_known: credential.is_known,
            noted: AtomicI64::new(credential.last_used_at.map_or(i64::MIN, |at| at.timestamp_micros())),
        }
    }

    fn is_live(&self, now: DateTime<Utc>) -> bool {
        self.ends_at.is_none_or(|end| end > now)
    }

    /// Whether its use now has to be noted: of several at once, one notes it.
    fn is_used(&self, now: DateTime<Utc>) -> bool {
        let (now, last) = (now.timestamp_micros(), self.noted.load(Ordering::Relaxed));
        let is_old = now.saturating_sub(last) >= PRECISION.num_microseconds().unwrap_or(i64::MAX);
        is_old && self.noted.compare_exchange(last, now, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }
}

/// Everything a hook may prove its deliveries with, newest first, and which side it prefers.
#[derive(Debug, Default)]
pub struct Proofs {
    secrets: Vec<Held<Signer>>,
    keys: Vec<Held<Plain>>,
    prefers_new: AtomicBool,
}

/// What one try carries.
pub(super) struct Carried {
    /// `X-Webhook-Key`.
    pub key: Option<Plain>,
    /// What signs it.
    pub secrets: Secrets,
    /// How those end that stand where there is room for one.
    pub proof: Proof,
    /// Whether the other side would carry something else.
    pub has_other: bool,
}

impl Proofs {
    /// Those of a hook that prefers this side; none yet.
    pub fn preferring(side: Side) -> Self {
        Self { prefers_new: AtomicBool::new(side == Side::New), ..Self::default() }
    }

    /// What headers with room for one carry.
    pub fn prefers(&self) -> Side {
        if self.prefers_new.load(Ordering::Relaxed) { Side::New } else { Side::Old }
    }

    /// Adds one; they come newest first.
    pub fn add(&mut self, credential: Credential, plain: Plain) {
        match credential.kind {
            CredentialKind::Secret => keep(&mut self.secrets, Held::of(credential, Signer::new(&plain))),
            CredentialKind::Key => keep(&mut self.keys, Held::of(credential, plain)),
        }
    }

    /// What a try carries that begins now and is proven with this side.
    pub(super) fn carried(&self, now: DateTime<Utc>, side: Side) -> Carried {
        let (secret, has_other_secret) = pick(&self.secrets, now, side);
        let (key, has_other_key) = pick(&self.keys, now, side);
        let key = live(&self.keys, now).nth(key);
        let secret_ends_in = live(&self.secrets, now).nth(secret).map(|held| held.ends_in.clone());
        Carried {
            proof: Proof { secret: secret_ends_in, key: key.map(|held| held.ends_in.clone()) },
            key: key.map(|held| held.ready.clone()),
            secrets: Secrets {
                live: live(&self.secrets, now).map(|held| held.ready.clone()).collect(),
                preferred: secret,
            },
            has_other: has_other_secret || has_other_key,
        }
    }

    /// An extra try of this side was taken: it is preferred from now on.
    pub(super) fn prefer(&self, side: Side) {
        self.prefers_new.store(side == Side::New, Ordering::Relaxed);
    }

    /// What a try of this side that arrived now has used, as far as that has to be noted.
    pub(super) fn used(&self, now: DateTime<Utc>, side: Side) -> Vec<CredentialId> {
        used(&self.secrets, now, side).into_iter().chain(used(&self.keys, now, side)).collect()
    }
}

fn keep<T>(all: &mut Vec<Held<T>>, held: Held<T>) {
    all.push(held);
    // The new one goes on and the old one ends, also when both were made in the same instant.
    all.sort_by_key(|held| held.ends_at.is_some());
}

fn used<T>(held: &[Held<T>], now: DateTime<Utc>, side: Side) -> Option<CredentialId> {
    let carried = live(held, now).nth(pick(held, now, side).0);
    carried.filter(|held| held.is_used(now)).map(|held| held.id.clone())
}

fn live<T>(held: &[Held<T>], now: DateTime<Utc>) -> impl Iterator<Item = &Held<T>> {
    held.iter().filter(move |held| held.is_live(now))
}

/// Which of those that are live this side carries, and whether the other side carries another.
fn pick<T>(held: &[Held<T>], now: DateTime<Utc>, side: Side) -> (usize, bool) {
    let at = |side: Side| side.pick(live(held, now).map(|held| held.is_known));
    let own = at(side);
    (own, own != at(side.other()))
}

/// Notes what a batch of answers says of keys and secrets: which were used, and which side their hooks prefer.
pub(super) fn note(conn: &mut Conn, batch: &[Finished], told: &[Told]) -> Result<()> {
    let mut used: Vec<_> = batch.iter().flat_map(|finished| &finished.used).collect();
    if let Some(last) = batch.iter().map(|finished| finished.attempt.finished_at).max().filter(|_| !used.is_empty()) {
        used.sort_unstable();
        store::credential::used(conn, &used, last)?;
    }
    let mut taken: Vec<(&HookId, DateTime<Utc>, Side)> = Vec::new();
    for (finished, _) in batch.iter().zip(told).filter(|(_, told)| matches!(told, Told::New(_))) {
        if let (Trigger::Rotation(side), true) = (finished.attempt.trigger, finished.attempt.outcome.is_success()) {
            taken.push((&finished.owed.delivery.hook_id, finished.attempt.finished_at, side));
        }
    }
    // Of one hook the last answer counts; hooks in the order of their ids, so that two instances never wait for each other.
    taken.sort_by_key(|(hook, at, _)| (*hook, *at));
    for (at, (hook, when, side)) in taken.iter().enumerate() {
        if taken.get(at + 1).is_none_or(|(next, ..)| next != hook) {
            store::rotation::prefer(conn, hook, *side, *when)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::signing::{Signed, headers};

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_763_631_000 + seconds, 0).expect("a time")
    }

    fn credential(kind: CredentialKind, ends_in: &str, ends_at: Option<i64>, is_known: bool) -> Credential {
        Credential {
            id: CredentialId::new(at(0)),
            hook_id: HookId::new(at(0)),
            kind,
            ends_in: ends_in.into(),
            created_by: None,
            created_at: at(0),
            ends_at: ends_at.map(at),
            is_known,
            last_used_at: None,
        }
    }

    fn proofs(credentials: &[Credential]) -> Proofs {
        let mut proofs = Proofs::default();
        for credential in credentials {
            proofs.add(credential.clone(), plain(&credential.ends_in));
        }
        proofs
    }

    fn plain(ends_in: &str) -> Plain {
        Plain::new(format!("the one that ends in {ends_in}"))
    }

    #[test]
    fn both_sign_and_where_there_is_room_for_one_the_side_counts_until_the_old_one_ends() {
        let secret = |end, ends_at, known| credential(CredentialKind::Secret, end, ends_at, known);
        let both = proofs(&[secret("old1", Some(60), true), secret("new1", None, false)]);
        let signed = Signed { id: "evt_1", at: at(59), body: b"{}" };
        for (side, preferred, end) in [(Side::Old, 1, "old1"), (Side::New, 0, "new1")] {
            let carried = both.carried(at(59), side);
            let live = ["new1", "old1"].map(|end| Signer::new(&plain(end))).to_vec();
            assert_eq!(headers(signed, &carried.secrets), headers(signed, &Secrets { live, preferred }));
            assert_eq!((carried.proof.secret.as_deref(), carried.proof.key), (Some(end), None));
            assert!(carried.has_other);
            let carried = both.carried(at(60), side);
            assert_eq!((carried.secrets.live.len(), carried.secrets.preferred, carried.has_other), (1, 0, false));
            assert_eq!(carried.proof.secret.as_deref(), Some("new1"));
        }
    }

    #[test]
    fn a_key_that_was_switched_to_stays_while_the_secret_is_rotated() {
        let both = proofs(&[
            credential(CredentialKind::Key, "key1", None, true),
            credential(CredentialKind::Key, "key0", Some(60), true),
            credential(CredentialKind::Secret, "sec1", None, false),
            credential(CredentialKind::Secret, "sec0", Some(90), true),
        ]);
        let proof = |side| both.carried(at(1), side).proof;
        assert_eq!(proof(Side::Old), Proof { secret: Some("sec0".into()), key: Some("key1".into()) });
        assert_eq!(proof(Side::New), Proof { secret: Some("sec1".into()), key: Some("key1".into()) });
        assert!(!proofs(&[credential(CredentialKind::Key, "key1", None, true)]).carried(at(1), Side::Old).has_other);
    }

    #[test]
    fn a_use_is_noted_once_a_minute() {
        let one = proofs(&[credential(CredentialKind::Secret, "sec1", None, true)]);
        assert_eq!(one.used(at(0), Side::Old).len(), 1);
        assert_eq!(one.used(at(59), Side::Old).len(), 0);
        assert_eq!(one.used(at(60), Side::Old).len(), 1);
        assert_eq!(proofs(&[]).used(at(0), Side::Old).len(), 0);
    }
}
