//! Who waits for a delivery to be settled: the page of a test.

use std::collections::HashMap;
use std::sync::Mutex;

use tokio::sync::oneshot;

use super::group_commit::lock;
use crate::domain::ids::DeliveryId;

/// Those who wait, by delivery.
#[derive(Default)]
pub(super) struct Waiters(Mutex<HashMap<DeliveryId, Vec<oneshot::Sender<()>>>>);

impl Waiters {
    /// Resolves when an attempt of this delivery has been settled here, or it is known that it will not be.
    pub fn add(&self, delivery: &DeliveryId) -> oneshot::Receiver<()> {
        let (told, tell) = oneshot::channel();
        let mut waiters = lock(&self.0);
        // Whoever went away is no longer waited for.
        waiters.retain(|_, waiting| {
            waiting.retain(|waiter| !waiter.is_closed());
            !waiting.is_empty()
        });
        waiters.entry(delivery.clone()).or_default().push(told);
        tell
    }

    pub fn notify(&self, delivery: &DeliveryId) {
        for waiter in lock(&self.0).remove(delivery).unwrap_or_default() {
            // Whoever asked may have gone.
            let _ = waiter.send(());
        }
    }
}
