//! Passwords: argon2id with the parameters OWASP names today (19 MiB, two passes, one lane), at most two at a time.
//!
//! Anybody may have a password checked, so those who wait for their turn have a bounded number of places.

use std::sync::Arc;

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use rand::distr::{Alphanumeric, SampleString};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::{ActionError, FieldError, Result};
use crate::domain::password::weakness;
use crate::domain::secret::Plain;
use crate::memory;
use crate::store::StoreError;

/// As many may be logging in at once: two hashings under way, the others waiting a second or two.
const PLACES: usize = 66;

/// A place among those who log in, held until it is dropped.
pub struct Place(#[expect(dead_code, reason = "held, never read")] OwnedSemaphorePermit);

/// Hashes and verifies, two at a time, away from the threads that serve pages.
pub struct Hasher {
    turns: Arc<Semaphore>,
    places: Arc<Semaphore>,
    /// What an unknown e-mail is verified against, so that it takes as long as a known one.
    nobody: String,
}

impl Hasher {
    /// Makes the hash that unknown members are verified against.
    pub fn new() -> Result<Self> {
        let nobody = hash_now(&Alphanumeric.sample_string(&mut rand::rng(), 24))?;
        Ok(Self { turns: Arc::new(Semaphore::new(2)), places: Arc::new(Semaphore::new(PLACES)), nobody })
    }

    /// A place for one more who logs in; none when all are taken.
    pub fn place(&self) -> Option<Place> {
        Arc::clone(&self.places).try_acquire_owned().ok().map(Place)
    }

    /// The hash of a new password.
    pub async fn hash(&self, password: &Plain) -> Result<String> {
        let password = password.clone();
        self.in_turn(move || hash_now(password.reveal())).await?
    }

    /// Whether the password is the one that was hashed. Without a hash the answer takes as long and is no.
    pub async fn verify(&self, password: &Plain, hash: Option<&str>) -> Result<bool> {
        let known = hash.is_some();
        let (password, hash) = (password.clone(), hash.unwrap_or(&self.nobody).to_owned());
        let fits = self.in_turn(move || verify_now(password.reveal(), &hash)).await?;
        Ok(fits && known)
    }

    async fn in_turn<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
        let turn = Arc::clone(&self.turns).acquire_owned().await.map_err(unavailable)?;
        // The turn lasts as long as the work does, even when whoever asked has gone.
        let work = move || {
            let done = work();
            drop(turn);
            done
        };
        tokio::task::spawn_blocking(work).await.map_err(unavailable)
    }
}

/// What is wrong with a password that somebody chose, if anything. `about` is what is known of them.
pub fn objection(field: &str, password: &Plain, about: &[&str]) -> Option<FieldError> {
    weakness(password.reveal(), about).map(|weakness| FieldError::new(field, weakness.advice()))
}

/// A password for someone who has none yet: 20 letters and digits.
pub fn generate() -> Plain {
    Plain::new(Alphanumeric.sample_string(&mut rand::rng(), 20))
}

fn hash_now(password: &str) -> Result<String> {
    let hash = Argon2::default().hash_password(password.as_bytes());
    // 19 MiB that nobody needs until the next one logs in.
    memory::give_back();
    hash.map(|hash| hash.to_string()).map_err(unavailable)
}

fn verify_now(password: &str, hash: &str) -> bool {
    let Ok(hash) = PasswordHash::new(hash) else { return false };
    let fits = Argon2::default().verify_password(password.as_bytes(), &hash).is_ok();
    memory::give_back();
    fits
}

fn unavailable(error: impl ToString) -> ActionError {
    ActionError::Store(StoreError::Unavailable(format!("password hashing: {}", error.to_string())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn those_who_log_in_at_once_are_so_many_and_no_more() {
        let hasher = Hasher::new().expect("a hasher");
        let mut places: Vec<Place> = std::iter::from_fn(|| hasher.place()).take(1_000).collect();
        assert_eq!(places.len(), PLACES);
        places.pop();
        assert!(hasher.place().is_some());
    }

    #[tokio::test]
    async fn a_turn_lasts_until_the_work_is_done_though_nobody_waits_for_it() {
        let hasher = Hasher::new().expect("a hasher");
        let (go, wait) = std::sync::mpsc::channel::<()>();
        let work = hasher.in_turn(move || wait.recv());
        assert!(tokio::time::timeout(std::time::Duration::from_millis(20), work).await.is_err());
        assert_eq!(hasher.turns.available_permits(), 1);
        go.send(()).expect("the work waits");
    }
}
