//! Attempts: a delivery that has been started is sent, or it is said why not.
//!
//! Every attempt looks at its webhook first, so that nothing starts for one that is paused, disabled or deleted, or whose
//! organisation is suspended, whatever the queue still holds for it. What goes wrong on our own side is no attempt: the delivery is put back.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::FutureExt as _;

use super::crash_point::{CrashHooks, CrashPoint};
use super::hook_cache::{HookCache, Target};
use super::meters::Meters;
use super::queue::Ending;
use super::sender::{Order, Sender, Sent};
use super::settle::Finished;
use crate::clock::Clock;
use crate::domain::attempt::{Proof, Trigger};
use crate::domain::hook::HookState;
use crate::domain::ids::CredentialId;
use crate::domain::rotation::Side;
use crate::store::delivery::Owed;
use crate::store::{Store, StoreError};

/// How long to leave alone what could not be sent for a reason of our own.
pub(super) const LOCAL_ERROR_BACKOFF: TimeDelta = TimeDelta::seconds(1);

/// How long to leave alone what cannot be read, or what made an attempt panic.
const PANIC_BACKOFF: TimeDelta = TimeDelta::minutes(1);

/// Why a delivery that was started was not sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NotSent {
    /// Its webhook takes nothing now: it is paused, disabled or deleted.
    Silent(HookState),
    /// There is no such webhook.
    Forget,
    /// Something of ours went wrong: at this time it is worth another attempt.
    RetryAt(DateTime<Utc>),
    /// Descriptors have run out: the same, and others would fare no better meanwhile.
    NoDescriptors(DateTime<Utc>),
}

/// How it went.
pub(super) enum Attempted {
    /// There was a request, or the receiver made one impossible; and to which address it went.
    Finished(Box<Finished>, Arc<str>),
    /// There was none.
    NotSent(Box<Owed>, NotSent),
}

impl Attempted {
    /// How the place is given back.
    pub fn ending(&self) -> Ending {
        match self {
            Attempted::NotSent(..) => Ending::NotSent,
            Attempted::Finished(finished, _) => match finished.attempt.outcome.class {
                Some(class) if class.is_timeout() => Ending::TimedOut,
                _ => Ending::Answered,
            },
        }
    }
}

/// Makes attempts.
pub(super) struct AttemptRunner {
    pub store: Store,
    pub clock: Arc<dyn Clock>,
    pub sender: Sender,
    pub cache: Arc<HookCache>,
    pub meters: Arc<Meters>,
    pub crash_hooks: Arc<CrashHooks>,
}

/// A request that was made, before it is told how the delivery stands.
struct RequestMade {
    target: Arc<Target>,
    times: (DateTime<Utc>, DateTime<Utc>),
    sent: Sent,
    proof: Proof,
    other: Option<Side>,
    used: Vec<CredentialId>,
}

impl AttemptRunner {
    /// Sends a delivery that has been started.
    pub async fn run(&self, owed: Owed) -> Attempted {
        // A panic, should there be one anywhere, costs no other delivery its place.
        match AssertUnwindSafe(self.look_and_send(&owed)).catch_unwind().await {
            Ok(Ok(made)) => {
                let jitter = rand::random_range(-1.0..=1.0);
                let finished = Finished::new(owed, made.target.hook.policy, made.times, made.sent, jitter);
                let finished = finished.proven(made.proof, made.other, made.used);
                Attempted::Finished(Box::new(finished), made.target.address.clone())
            }
            Ok(Err(why)) => Attempted::NotSent(Box::new(owed), why),
            Err(_) => {
                tracing::error!(delivery = %owed.delivery.id, "an attempt panicked; it is repeated in a minute");
                Attempted::NotSent(Box::new(owed), NotSent::RetryAt(self.clock.now() + PANIC_BACKOFF))
            }
        }
    }

    async fn look_and_send(&self, owed: &Owed) -> Result<RequestMade, NotSent> {
        let hook = &owed.delivery.hook_id;
        let target = match self.cache.target(hook).await {
            Ok(Some(target)) => target,
            Ok(None) => return Err(NotSent::Forget),
            Err(error) => {
                let is_corrupt = matches!(error, StoreError::Corrupt { .. });
                error.log(&format!("webhook {hook} cannot be read; what is due is sent later, the others go on"));
                let pause = if is_corrupt { PANIC_BACKOFF } else { LOCAL_ERROR_BACKOFF };
                return Err(NotSent::RetryAt(self.clock.now() + pause));
            }
        };
        match target.hook.state {
            HookState::Deleted => Err(NotSent::Silent(HookState::Deleted)),
            // A test is sent whatever the state: that is how one finds out whether to resume it.
            state @ (HookState::Paused | HookState::Disabled) if !owed.delivery.probe || target.is_suspended => {
                Err(NotSent::Silent(state))
            }
            HookState::Paused | HookState::Disabled | HookState::Active => self.send(owed, target).await,
        }
    }

    async fn send(&self, owed: &Owed, target: Arc<Target>) -> Result<RequestMade, NotSent> {
        self.crash_hooks.at(CrashPoint::Sending);
        let started_at = self.clock.now();
        let due = owed.delivery.state.due().unwrap_or(started_at);
        let side = match owed.delivery.trigger {
            Trigger::Rotation(side) => side,
            Trigger::Automatic | Trigger::Manual => target.proofs.prefers(),
        };
        let carried = target.proofs.carried(started_at, side);
        let (proof, other) = (carried.proof, carried.has_other.then(|| side.other()));
        self.meters.began((started_at - due).to_std().unwrap_or_default());
        let order = Order {
            event_id: owed.delivery.event_id.clone(),
            kind: owed.delivery.kind,
            occurred_at: owed.occurred_at,
            started_at,
            url: target.hook.url.clone(),
            body: owed.body.clone(),
            key: carried.key,
            secrets: carried.secrets,
            headers: target.headers.clone(),
            known: target.known.clone(),
            timeout: target.hook.policy.timeout(),
            reuses: !target.hook.policy.pauses().is_empty(),
        };
        let sent = self.sender.send(order).await;
        // Somebody may have set the clock back meanwhile.
        let finished_at = self.clock.now().max(started_at);
        if let Some(fault) = sent.fault {
            let again = self.clock.now() + LOCAL_ERROR_BACKOFF;
            self.meters.own_fault(fault);
            return Err(if fault.is_open_files() { NotSent::NoDescriptors(again) } else { NotSent::RetryAt(again) });
        }
        self.meters.attempted(&sent.outcome, sent.timings.total);
        self.crash_hooks.at(CrashPoint::Answered);
        let is_taken = sent.outcome.is_success();
        if is_taken && matches!(owed.delivery.trigger, Trigger::Rotation(_)) {
            target.proofs.prefer(side);
        }
        let used = if is_taken { target.proofs.used(finished_at, side) } else { Vec::new() };
        Ok(RequestMade { target, times: (started_at, finished_at), sent, proof, other, used })
    }
}
