//! Settling: what has finished is written down, whole batches in one transaction.
//!
//! The delivery is read again under lock, because someone may have cancelled it, asked for another try, paused its hook or
//! deleted it while the try was under way. Then the try is still recorded as evidence, and the decision stands.

use chrono::{DateTime, TimeDelta, Utc};

use super::sender::Sent;
use crate::domain::attempt::{Attempt, Trigger};
use crate::domain::delivery::{Delivery, DeliveryState};
use crate::domain::ids::{AttemptId, InstanceId};
use crate::domain::policy::Policy;
use crate::store::delivery::Owed;
use crate::store::{self, Conn, Result};

/// A try that has finished and is not written down yet.
#[derive(Debug, Clone)]
pub struct Finished {
    /// What was tried, as it stood when the try began.
    pub owed: Owed,
    /// The policy of its hook.
    pub policy: Policy,
    /// When the try began.
    pub started_at: DateTime<Utc>,
    /// When it ended.
    pub finished_at: DateTime<Utc>,
    /// How it went.
    pub sent: Sent,
    /// From -1 to 1: how far *Patient* moves its next pause.
    pub jitter: f64,
}

/// A retry that is due later than this is given back: memory holds what is due soon, the database the rest.
pub const HORIZON: TimeDelta = TimeDelta::seconds(60);

/// Writes a batch down. Returns each delivery as it stands now.
pub fn settle(conn: &mut Conn, batch: &[Finished], holder: &InstanceId) -> Result<Vec<Owed>> {
    batch.iter().filter_map(|finished| settle_one(conn, finished, holder).transpose()).collect()
}

fn settle_one(conn: &mut Conn, finished: &Finished, own: &InstanceId) -> Result<Option<Owed>> {
    let Some((current, holder)) = store::delivery::current(conn, &finished.owed.delivery.id)? else { return Ok(None) };
    let trigger = finished.owed.delivery.trigger;
    store::attempt::insert(conn, &attempt(finished, &current, trigger))?;
    let next = next(finished, current, trigger);
    let is_soon = next.state.due().is_some_and(|due| due <= finished.finished_at + HORIZON);
    store::delivery::update(conn, &next, holder.as_ref().or(Some(own)).filter(|_| is_soon))?;
    Ok(Some(Owed { delivery: next, ..finished.owed.clone() }))
}

fn next(finished: &Finished, current: Delivery, trigger: Trigger) -> Delivery {
    let held = current.state.is_held();
    let owed = current.state.is_owed();
    let begun_as = &finished.owed.delivery;
    let asked_again = current.trigger == Trigger::Manual
        && (current.trigger, current.updated_at) != (begun_as.trigger, begun_as.updated_at);
    let tried = Delivery { trigger, ..current.clone() }.after(
        &finished.sent.outcome,
        finished.policy,
        finished.started_at,
        finished.finished_at,
        finished.jitter,
    );
    match (owed, tried.state) {
        // Cancelled meanwhile: the decision stands, the evidence is kept.
        (false, _) => {
            Delivery { state: current.state, last_class: current.last_class, trigger: current.trigger, ..tried }
        }
        // A try that arrived needs no further one, whoever asked for it.
        (true, _) if asked_again && tried.last_class.is_some() => {
            Delivery { state: DeliveryState::Retrying { due: current.state.due() }, trigger: current.trigger, ..tried }
        }
        (true, DeliveryState::Retrying { .. }) if held => {
            Delivery { state: DeliveryState::Retrying { due: None }, ..tried }
        }
        (true, _) => tried,
    }
}

fn attempt(finished: &Finished, current: &Delivery, trigger: Trigger) -> Attempt {
    let sent = finished.sent.clone();
    Attempt {
        id: AttemptId::new(finished.started_at),
        delivery_id: current.id.clone(),
        number: current.tries.all() + 1,
        trigger,
        started_at: finished.started_at,
        finished_at: finished.finished_at,
        request: sent.request,
        response: sent.response,
        timings: sent.timings,
        remote: sent.remote,
        outcome: sent.outcome,
    }
}
