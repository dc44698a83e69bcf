//! The queue by itself, with a clock of its own: who starts when, what stays in memory, what is asked about.

mod asking;
mod claiming;
mod fairness;
mod lanes;
mod memory;
mod room;
mod starting;
mod turns;

use chrono::TimeDelta;

use super::*;
use crate::domain::delivery::{Delivery, DeliveryState};
use crate::domain::event::{Cause, Event, EventType};
use crate::domain::hook::FieldSet;
use crate::domain::ids::EventId;
use crate::domain::mode::Mode;
use crate::domain::rate::Per;

impl Queue {
    /// Starts everything that may start.
    fn start_due(&mut self, now: Moment) -> Vec<Owed> {
        self.start_some(usize::MAX, now)
    }
}

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(seconds, 0).expect("a time")
}

/// So long after noon, on both clocks.
fn after_ms(millis: u64) -> Moment {
    let wall = at(43_200) + TimeDelta::milliseconds(i64::try_from(millis).expect("a time"));
    Moment { wall, steady: Duration::from_millis(millis) }
}

fn noon() -> Moment {
    after_ms(0)
}

fn hook() -> HookId {
    HookId::new(at(1))
}

fn organisation() -> OrganisationId {
    OrganisationId::new(at(1))
}

/// A delivery to a webhook of an organisation, due at this time.
fn owed_by(organisation: &OrganisationId, hook: &HookId, due: DateTime<Utc>) -> Owed {
    let event = Event {
        id: EventId::new(at(0)),
        organisation_id: organisation.clone(),
        mode: Mode::Live,
        kind: EventType::WEBHOOK_TEST,
        cause: Cause::Clock,
        occurred_at: at(0),
        probe: false,
    };
    let delivery = Delivery::owed(DeliveryId::new(at(0)), &event, hook.clone(), FieldSet::Standard, false, due);
    Owed { delivery, occurred_at: at(0), body: Bytes::new() }
}

fn owed(hook: &HookId, due: DateTime<Utc>) -> Owed {
    owed_by(&OrganisationId::new(at(2)), hook, due)
}

fn caps(per_hook: usize, in_all: usize, waiting: usize) -> Caps {
    Caps { per_hook, in_all, waiting, ..Caps::default() }
}

fn all_in(refused: Vec<Owed>) {
    assert!(refused.is_empty(), "there is room for all");
}
