//! Deliveries: one event owed to one hook, and the states it goes through.
//!
//! ```text
//! Pending ──try──▶ Success
//!    │  └──fails──▶ Retrying ──try──▶ Success
//!    │                 │  └──last one fails──▶ Failed
//!    ├── hook deleted ─┼── cancelled ────────▶ Failed (cancelled)
//!    └── hook disabled ┴─────────────────────▶ Failed (missed) ──sent after all──▶ Pending or Retrying
//! ```
//!
//! Someone may send a final one again ([`Delivery::again`]): that is one more try and no retries, and what has arrived stays
//! a Success even if this try fails.
//!
//! While a hook's key or secret is rotated ([`super::rotation`]), a try that is refused with 400, 401 or 403 is followed by one
//! extra try with the other: the delivery is *Retrying*, due at once, its trigger [`Trigger::Rotation`]. It is no retry: when
//! it fails, too, the policy goes on from where the refused try left it, under *Single* and for a test with giving up. The
//! refusal and what follows from it are one commit. A crash before it repeats the refused try, whose refusal leads here
//! again; a crash after it finds the extra try due, and whoever starts next makes it, with the side that was not refused,
//! whatever the hook has come to prefer meanwhile. A `Retry-After` of the refusal does not hold up the extra try; the one of
//! the extra try's answer counts for what follows.
//!
//! The next state is a pure function of state, outcome, policy, time and jitter. A crash leaves a delivery in the state of
//! its last commit: *Pending* and *Retrying* are taken up again by whoever starts next, so a try may be repeated with the
//! same `webhook-id` (at-least-once), never lost.

mod meanwhile;

use std::ops::Deref;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use super::attempt::{ErrorClass, Trigger};
use super::event::EventType;
use super::hook::FieldSet;
use super::ids::{DeliveryId, EventId, HookId, OrganisationId};
use super::mode::Mode;
use super::policy::MAX_RETRY_AFTER;
use super::words::words;

pub use meanwhile::{EndedAttempt, Meanwhile};

/// Where a delivery stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeliveryState {
    /// Not tried yet. The engine moves it on at `due`; while `due` is `None` it is held for a paused hook.
    Pending {
        /// When the first try is due.
        due: Option<DateTime<Utc>>,
    },
    /// Tried and to be tried again. The engine moves it on at `due`, or an admin resumes its hook.
    Retrying {
        /// When the next try is due.
        due: Option<DateTime<Utc>>,
    },
    /// Acknowledged with 2xx. Final, until someone resends it.
    Success {
        /// When the answer came.
        at: DateTime<Utc>,
    },
    /// Given up. Final, until someone sends it again.
    Failed {
        /// When.
        at: DateTime<Utc>,
        /// The class of the last try, or *cancelled*, or *missed*.
        class: ErrorClass,
    },
}

impl DeliveryState {
    /// When the next try is due; `None` for held and final ones.
    pub fn due(&self) -> Option<DateTime<Utc>> {
        match self {
            DeliveryState::Pending { due } | DeliveryState::Retrying { due } => *due,
            DeliveryState::Success { .. } | DeliveryState::Failed { .. } => None,
        }
    }

    /// Whether something is still owed.
    pub fn is_owed(&self) -> bool {
        matches!(self, DeliveryState::Pending { .. } | DeliveryState::Retrying { .. })
    }

    /// Whether it waits for its paused hook.
    pub fn is_held(&self) -> bool {
        self.is_owed() && self.due().is_none()
    }

    /// When it was completed, well or badly.
    pub fn completed_at(&self) -> Option<DateTime<Utc>> {
        match self {
            DeliveryState::Success { at } | DeliveryState::Failed { at, .. } => Some(*at),
            _ => None,
        }
    }

    /// Its word in the log.
    pub fn status(&self) -> Status {
        match self {
            DeliveryState::Pending { .. } => Status::Pending,
            DeliveryState::Retrying { .. } => Status::Retrying,
            DeliveryState::Success { .. } => Status::Success,
            DeliveryState::Failed { .. } => Status::Failed,
        }
    }
}

/// What a delivery had come to when someone sent it again.
///
/// From then on every try is one that someone asked for: none starts the policy's retries again, and none takes back
/// that it arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Before {
    /// It had arrived, and that stays true whatever the further try comes to.
    Success {
        /// When the answer came.
        at: DateTime<Utc>,
    },
    /// It had been given up or cancelled.
    Failed,
}

words! {
    /// The four words of the log (T7).
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
    pub enum Status {
        /// Not tried yet.
        Pending = "pending", "Pending";
        /// Tried, to be tried again.
        Retrying = "retrying", "Retrying";
        /// Acknowledged.
        Success = "success", "Success";
        /// Given up.
        Failed = "failed", "Failed";
    }
}

/// How many tries there have been.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tries {
    /// The first try and the policy's retries.
    pub automatic: u32,
    /// Those someone asked for.
    pub manual: u32,
    /// Those with the other key and secret, after a refusal.
    pub rotation: u32,
}

impl Tries {
    /// The log's *Retries*: automatic tries after the first.
    pub fn retries(&self) -> u32 {
        self.automatic.saturating_sub(1)
    }

    /// As pages count them: an attempt with the other key and secret belongs to the one before it.
    pub fn counted(&self) -> u32 {
        self.automatic + self.manual
    }

    /// All of them: the requests that were made.
    pub fn all(&self) -> u32 {
        self.automatic + self.manual + self.rotation
    }

    /// These tries and one more.
    pub fn and(self, trigger: Trigger) -> Self {
        match trigger {
            Trigger::Automatic => Self { automatic: self.automatic + 1, ..self },
            Trigger::Manual => Self { manual: self.manual + 1, ..self },
            Trigger::Rotation(_) => Self { rotation: self.rotation + 1, ..self },
        }
    }
}

/// One event owed to one hook. What it says can be read; only what may happen to a delivery changes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery(DeliveryRecord);

/// What a delivery says of itself, as it stands in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryRecord {
    /// Its id.
    pub id: DeliveryId,
    /// What is owed.
    pub event_id: EventId,
    /// To whom.
    pub hook_id: HookId,
    /// Whose.
    pub organisation_id: OrganisationId,
    /// In which world.
    pub mode: Mode,
    /// The event's type.
    pub kind: EventType,
    /// Whether it is a Send Test or a sample: one try, filtered out of the log by default, no effect on health.
    pub probe: bool,
    /// Which of the event's bodies it carries.
    pub field_set: FieldSet,
    /// Where it stands.
    pub state: DeliveryState,
    /// What it had come to when someone last sent it again; `None` while nobody did that to a final one.
    pub before: Option<Before>,
    /// What makes the next try happen.
    pub trigger: Trigger,
    /// How many tries there have been.
    pub tries: Tries,
    /// When the first try began.
    pub sent_at: Option<DateTime<Utc>>,
    /// The status of the last answer.
    pub response_status: Option<u16>,
    /// The class of the last try, `None` after a success.
    pub last_class: Option<ErrorClass>,
    /// When it was recorded.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

impl Deref for Delivery {
    type Target = DeliveryRecord;

    fn deref(&self) -> &DeliveryRecord {
        &self.0
    }
}

/// Unit tests put a delivery where they need it; nothing else writes to one.
#[cfg(test)]
impl std::ops::DerefMut for Delivery {
    fn deref_mut(&mut self) -> &mut DeliveryRecord {
        &mut self.0
    }
}

/// It is completed, so there is nothing to end or to put off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the delivery is already completed")]
pub struct AlreadyCompleted;

impl Delivery {
    /// The delivery that a record tells of.
    pub fn restored(record: DeliveryRecord) -> Self {
        Self(record)
    }

    /// What it says, for whoever makes another record of it.
    pub fn into_record(self) -> DeliveryRecord {
        self.0
    }

    /// The delivery of a new event to a hook; held when `held`.
    pub fn owed(
        id: DeliveryId,
        event: &super::event::Event,
        hook_id: HookId,
        field_set: FieldSet,
        held: bool,
        now: DateTime<Utc>,
    ) -> Self {
        Self(DeliveryRecord {
            id,
            event_id: event.id.clone(),
            hook_id,
            organisation_id: event.organisation_id.clone(),
            mode: event.mode,
            kind: event.kind,
            probe: event.probe,
            field_set,
            state: DeliveryState::Pending { due: (!held).then_some(now) },
            before: None,
            trigger: Trigger::Automatic,
            tries: Tries::default(),
            sent_at: None,
            response_status: None,
            last_class: None,
            created_at: now,
            updated_at: now,
        })
    }

    /// The record after an attempt to which nothing happened but its own end.
    fn after(self, ended: &EndedAttempt<'_>) -> DeliveryRecord {
        let (outcome, (started, finished)) = (ended.outcome, ended.times);
        let tries = self.tries.and(ended.trigger);
        let other = ended.other.filter(|_| outcome.is_refusal() && !matches!(ended.trigger, Trigger::Rotation(_)));
        let state = match outcome.class {
            None => DeliveryState::Success { at: finished },
            Some(_) if other.is_some() => DeliveryState::Retrying { due: Some(finished) },
            Some(class) => match (self.before, self.next_pause(ended, tries)) {
                (Some(Before::Success { at }), _) => DeliveryState::Success { at },
                (None, Some(pause)) => DeliveryState::Retrying { due: Some(finished + delta(pause)) },
                (Some(Before::Failed), _) | (None, None) => DeliveryState::Failed { at: finished, class },
            },
        };
        DeliveryRecord {
            state,
            trigger: other.map_or(Trigger::Automatic, Trigger::Rotation),
            tries,
            sent_at: self.sent_at.or(Some(started)),
            response_status: outcome.status,
            last_class: outcome.class,
            updated_at: finished,
            ..self.0
        }
    }

    /// The delivery due at once because someone asked for a further try.
    pub fn again(self, now: DateTime<Utc>) -> Self {
        let due = Some(now);
        let state = match self.tries.all() {
            0 => DeliveryState::Pending { due },
            _ => DeliveryState::Retrying { due },
        };
        let before = match self.state {
            DeliveryState::Success { at } => Some(Before::Success { at }),
            DeliveryState::Failed { .. } => Some(Before::Failed),
            DeliveryState::Pending { .. } | DeliveryState::Retrying { .. } => self.before,
        };
        let last_class = self.last_class.filter(|class| *class != ErrorClass::Missed);
        Self(DeliveryRecord { state, before, trigger: Trigger::Manual, last_class, updated_at: now, ..self.0 })
    }

    /// The delivery to be tried at this time instead.
    ///
    /// # Errors
    /// A completed one is not due any more.
    pub fn postponed(self, due: DateTime<Utc>) -> Result<Self, AlreadyCompleted> {
        let due = Some(due);
        let state = match self.state {
            DeliveryState::Pending { .. } => DeliveryState::Pending { due },
            DeliveryState::Retrying { .. } => DeliveryState::Retrying { due },
            DeliveryState::Success { .. } | DeliveryState::Failed { .. } => return Err(AlreadyCompleted),
        };
        Ok(Self(DeliveryRecord { state, ..self.0 }))
    }

    /// Whether a try was refused and another follows at once, with the other key and secret.
    pub fn is_between_sides(&self) -> bool {
        self.state.is_owed() && matches!(self.trigger, Trigger::Rotation(_))
    }

    /// Whether it is sent again though it arrived.
    pub fn is_resent(&self) -> bool {
        self.state.is_owed() && matches!(self.before, Some(Before::Success { .. }))
    }

    /// The delivery ended by a person, or by the deletion of its hook.
    ///
    /// # Errors
    /// A completed one cannot be cancelled.
    pub fn cancelled(self, now: DateTime<Utc>) -> Result<Self, AlreadyCompleted> {
        self.ended(ErrorClass::Cancelled, now)
    }

    /// The delivery ended because its hook is disabled.
    ///
    /// # Errors
    /// A completed one has not been missed.
    pub fn missed(self, now: DateTime<Utc>) -> Result<Self, AlreadyCompleted> {
        self.ended(ErrorClass::Missed, now)
    }

    /// Whether it ended because its hook was disabled, and has not been sent since.
    pub fn is_missed(&self) -> bool {
        matches!(self.state, DeliveryState::Failed { class: ErrorClass::Missed, .. })
    }

    fn ended(self, class: ErrorClass, now: DateTime<Utc>) -> Result<Self, AlreadyCompleted> {
        if !self.state.is_owed() {
            return Err(AlreadyCompleted);
        }
        let (state, last_class) = match self.before {
            Some(Before::Success { at }) => (DeliveryState::Success { at }, self.last_class),
            Some(Before::Failed) | None => (DeliveryState::Failed { at: now, class }, Some(class)),
        };
        Ok(Self(DeliveryRecord { state, last_class, updated_at: now, ..self.0 }))
    }

    fn next_pause(&self, ended: &EndedAttempt<'_>, tries: Tries) -> Option<Duration> {
        // A test is one try (B4); whoever says that the address is gone is believed at once (B9).
        if self.probe || ended.outcome.is_gone() {
            return None;
        }
        let pause = ended.policy.pause_after(tries.automatic, ended.jitter)?;
        Some(pause.max(ended.outcome.retry_after.unwrap_or_default().min(MAX_RETRY_AFTER)))
    }
}

/// In whole microseconds: what is due in memory must be what is due in the table.
fn delta(pause: Duration) -> TimeDelta {
    i64::try_from(pause.as_micros()).map_or(TimeDelta::MAX, TimeDelta::microseconds)
}

#[cfg(test)]
mod tests;
