//! Passwords: argon2id with the parameters OWASP names today (19 MiB, two passes, one lane), at most two at a time.

use std::sync::Arc;

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use rand::distr::{Alphanumeric, SampleString};
use tokio::sync::Semaphore;

use super::{ActionError, Result};
use crate::domain::secret::Plain;
use crate::store::StoreError;

/// A password has at least this many characters.
pub const SHORTEST: usize = 12;

/// A password has at most this many bytes: hashing more would be a way to keep the machine busy.
pub const LONGEST: usize = 1_024;

/// Hashes and verifies, two at a time, away from the threads that serve pages.
pub struct Hasher {
    turns: Arc<Semaphore>,
    /// What an unknown e-mail is verified against, so that it takes as long as a known one.
    nobody: String,
}

impl Hasher {
    /// Makes the hash that unknown members are verified against.
    pub fn new() -> Result<Self> {
        let nobody = hash_now(&Alphanumeric.sample_string(&mut rand::rng(), 24))?;
        Ok(Self { turns: Arc::new(Semaphore::new(2)), nobody })
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
        let _turn = self.turns.acquire().await.map_err(unavailable)?;
        tokio::task::spawn_blocking(work).await.map_err(unavailable)
    }
}

/// A password for someone who has none yet: 20 letters and digits.
pub fn generate() -> Plain {
    Plain::new(Alphanumeric.sample_string(&mut rand::rng(), 20))
}

fn hash_now(password: &str) -> Result<String> {
    Argon2::default().hash_password(password.as_bytes()).map(|hash| hash.to_string()).map_err(unavailable)
}

fn verify_now(password: &str, hash: &str) -> bool {
    let Ok(hash) = PasswordHash::new(hash) else { return false };
    Argon2::default().verify_password(password.as_bytes(), &hash).is_ok()
}

fn unavailable(error: impl ToString) -> ActionError {
    ActionError::Store(StoreError::Unavailable(format!("password hashing: {}", error.to_string())))
}
