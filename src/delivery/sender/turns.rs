//! Turns to connect: to one address only a few connections are being made at once.
//!
//! When hundreds of requests for one receiver start together, most of them do not need a connection of their own: the first
//! few are free again after a moment, and cost no handshake. So the others wait a moment for one of those, and connect when
//! none has become free or it is their turn. A receiver that is slow to connect to keeps nobody for longer than that.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use crate::domain::hook_url::HookUrl;

/// How many connections to one address are being made at once, before others wait.
const MAX_CONNECTING: usize = 8;

/// Nobody waits longer than this for a turn.
const MAX_WAIT: Duration = Duration::from_millis(250);

/// An address: host and port. Two that share a number share their turns, which harms neither.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Place(u64);

impl Place {
    pub fn of(url: &HookUrl) -> Self {
        let mut hasher = DefaultHasher::new();
        (url.url().host_str(), url.port()).hash(&mut hasher);
        Self(hasher.finish())
    }
}

/// The turns at every address to which connections are being made.
#[derive(Debug, Default)]
pub(super) struct Turns(Mutex<HashMap<Place, Arc<Semaphore>>>);

/// Somebody's turn; it ends when this is dropped.
pub(super) struct Turn {
    turns: Arc<Turns>,
    place: Place,
    /// `None` when it took too long.
    permit: Option<OwnedSemaphorePermit>,
}

impl Turns {
    /// Waits for a turn at this address.
    pub async fn wait(self: Arc<Self>, place: Place) -> Turn {
        let semaphore = self.places().entry(place).or_insert_with(|| Arc::new(Semaphore::new(MAX_CONNECTING))).clone();
        // Made first: it also forgets the address when the wait is given up.
        let mut turn = Turn { turns: self, place, permit: None };
        // It is never closed.
        turn.permit = timeout(MAX_WAIT, semaphore.acquire_owned()).await.ok().and_then(Result::ok);
        turn
    }

    fn places(&self) -> MutexGuard<'_, HashMap<Place, Arc<Semaphore>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.permit = None;
        let mut places = self.turns.places();
        // Who waits or has a turn holds it, too.
        if places.get(&self.place).is_some_and(|semaphore| Arc::strong_count(semaphore) == 1) {
            places.remove(&self.place);
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    fn place(address: &str) -> Place {
        Place::of(&HookUrl::parse(address).expect("an address of a hook"))
    }

    #[tokio::test]
    async fn eight_connect_at_once_and_the_ninth_when_one_is_done() {
        let (turns, here) = (Arc::<Turns>::default(), place("a.example"));
        let mut eight: Vec<Turn> = Vec::new();
        for _ in 0..MAX_CONNECTING {
            eight.push(turns.clone().wait(here).now_or_never().expect("it is its turn"));
        }
        let mut ninth = Box::pin(turns.clone().wait(here));
        assert!(ninth.as_mut().now_or_never().is_none(), "it waits");
        assert!(turns.clone().wait(place("b.example")).now_or_never().is_some(), "another address does not");
        eight.pop();
        assert!(ninth.now_or_never().is_some());
        drop(eight);
        assert!(turns.places().is_empty(), "nothing is kept of an address that nobody connects to");
    }

    #[tokio::test]
    async fn nobody_waits_for_long_for_others_that_cannot_connect() {
        let (turns, here) = (Arc::<Turns>::default(), place("a.example"));
        let mut stuck: Vec<Turn> = Vec::new();
        for _ in 0..MAX_CONNECTING {
            stuck.push(turns.clone().wait(here).await);
        }
        let began = std::time::Instant::now();
        drop(turns.clone().wait(here).await);
        assert!(began.elapsed() >= MAX_WAIT);
        drop(stuck);
        assert!(turns.places().is_empty());
    }
}
