//! Settling: what has finished is written down, whole batches in one transaction.
//!
//! Usually nobody has touched the delivery since the try began, and the write itself makes sure of that. Otherwise the
//! delivery is read again under lock, because someone may have cancelled it, asked for another try, paused its hook or
//! deleted or replaced it meanwhile. Then the try is still recorded as evidence, and the decision stands.

use chrono::{DateTime, TimeDelta, Utc};

use super::health::{self, Noted};
use super::proof;
use super::sender::Sent;
use crate::domain::attempt::{Attempt, Proof, Trigger};
use crate::domain::delivery::{Delivery, DeliveryState};
use crate::domain::health::Rule;
use crate::domain::ids::{AttemptId, CredentialId, InstanceId};
use crate::domain::policy::Policy;
use crate::domain::rotation::Side;
use crate::store::delivery::{Owed, Settled};
use crate::store::{self, Conn, Result, StoreError};

/// A try that has finished and is not written down yet.
#[derive(Debug, Clone)]
pub struct Finished {
    /// What was tried, as it stood when the try began.
    pub owed: Owed,
    /// The try. One whose id is there already has been written down.
    pub attempt: Attempt,
    /// The policy of its hook.
    pub policy: Policy,
    /// From -1 to 1: how far *Patient* moves its next pause.
    pub jitter: f64,
    /// The side that could prove it otherwise, while there are two.
    pub other: Option<Side>,
    /// The keys and secrets whose use has to be noted.
    pub used: Vec<CredentialId>,
}

impl Finished {
    /// A try that began and ended at these times.
    pub fn new(
        owed: Owed,
        policy: Policy,
        (started_at, finished_at): (DateTime<Utc>, DateTime<Utc>),
        sent: Sent,
        jitter: f64,
    ) -> Self {
        let attempt = Attempt {
            id: AttemptId::new(started_at),
            delivery_id: owed.delivery.id.clone(),
            number: owed.delivery.tries.all() + 1,
            trigger: owed.delivery.trigger,
            proof: Proof::default(),
            started_at,
            finished_at,
            request: sent.request,
            response: sent.response,
            timings: sent.timings,
            remote: sent.remote,
            outcome: sent.outcome,
        };
        Self { owed, attempt, policy, jitter, other: None, used: Vec::new() }
    }

    /// The same try with what it was proven with, the side that could prove it otherwise, and what has to be noted of it.
    pub(super) fn proven(mut self, proof: Proof, other: Option<Side>, used: Vec<CredentialId>) -> Self {
        self.attempt.proof = proof;
        Self { other, used, ..self }
    }

    /// A delivery after this try.
    fn after(&self, delivery: &Delivery) -> Delivery {
        let times = (self.attempt.started_at, self.attempt.finished_at);
        delivery.after(&self.attempt.outcome, self.policy, times, self.jitter, self.other)
    }

    /// Whether a delivery is due so soon that its instance keeps it.
    fn is_soon(&self, delivery: &Delivery) -> bool {
        delivery.state.due().is_some_and(|due| due <= self.attempt.finished_at + HORIZON)
    }
}

/// A retry that is due later than this is given back: memory holds what is due soon, the database the rest.
pub const HORIZON: TimeDelta = TimeDelta::seconds(60);

/// A batch that has been written.
#[derive(Debug)]
pub struct Written {
    /// Each delivery as it stands now, in the order of the batch; `None` for one that is gone or cannot be read.
    pub deliveries: Vec<Option<Delivery>>,
    /// What came of it for the hooks.
    pub noted: Noted,
}

/// Writes a batch down, and what it says of its hooks.
pub fn settle(conn: &mut Conn, batch: &[Finished], own: &InstanceId, rule: Rule) -> Result<Written> {
    let expected: Vec<Delivery> = batch.iter().map(|finished| finished.after(&finished.owed.delivery)).collect();
    let settled = batch.iter().zip(&expected).map(|(finished, after)| {
        let holder = Some(own).filter(|_| finished.is_soon(after));
        Settled { before: &finished.owed.delivery, after, holder, attempt: &finished.attempt }
    });
    let written = store::delivery::settle(conn, own, &settled.collect::<Vec<_>>())?;
    let mut all = Vec::with_capacity(batch.len());
    for (finished, after) in batch.iter().zip(expected) {
        all.push(if written.contains(after.id.as_str()) { Told::New(after) } else { look_again(conn, finished, own)? });
    }
    proof::note(conn, batch, &all)?;
    let noted = health::note(conn, batch, &all, rule)?;
    let now_missed = |delivery: Delivery| {
        let ends = delivery.state.is_owed() && !delivery.probe && noted.has_disabled(&delivery.hook_id);
        if ends { delivery.missed(delivery.updated_at) } else { delivery }
    };
    let deliveries = all.into_iter().map(|told| told.delivery().map(now_missed)).collect();
    Ok(Written { deliveries, noted })
}

/// What became of a try that is to be written down.
pub(super) enum Told {
    /// It was written down now.
    New(Delivery),
    /// It had been written down before, and the word of it was lost on the way.
    Known(Delivery),
    /// Its delivery is gone or cannot be read.
    Nothing,
}

impl Told {
    fn delivery(self) -> Option<Delivery> {
        match self {
            Told::New(delivery) | Told::Known(delivery) => Some(delivery),
            Told::Nothing => None,
        }
    }
}

fn look_again(conn: &mut Conn, finished: &Finished, own: &InstanceId) -> Result<Told> {
    match settle_one(conn, finished, own) {
        Err(error @ StoreError::Corrupt { .. }) => {
            tracing::error!(%error, "an answer cannot be written down; the others are");
            Ok(Told::Nothing)
        }
        other => other,
    }
}

fn settle_one(conn: &mut Conn, finished: &Finished, own: &InstanceId) -> Result<Told> {
    let found = store::delivery::current(conn, &finished.owed.delivery.id)?;
    let Some((current, holder)) = found else { return Ok(Told::Nothing) };
    if store::attempt::is_there(conn, &current.id, &finished.attempt.id)? {
        return Ok(Told::Known(current));
    }
    store::attempt::insert(conn, &Attempt { number: current.tries.all() + 1, ..finished.attempt.clone() })?;
    let has_moved = current.hook_id != finished.owed.delivery.hook_id;
    let next = next(finished, current);
    let holder = holder.as_ref().or(Some(own)).filter(|_| finished.is_soon(&next));
    store::delivery::update(conn, &next, holder)?;
    if has_moved && next.hook_id == finished.owed.delivery.hook_id {
        store::delivery::readdress(conn, &next.id, &next.hook_id)?;
    }
    Ok(Told::New(next))
}

fn next(finished: &Finished, current: Delivery) -> Delivery {
    let held = current.state.is_held();
    let owed = current.state.is_owed();
    let begun_as = &finished.owed.delivery;
    let asked_again = current.trigger == Trigger::Manual
        && (current.trigger, current.updated_at) != (begun_as.trigger, begun_as.updated_at);
    let missed = current.is_missed();
    let tried = finished.after(&Delivery { trigger: finished.attempt.trigger, ..current.clone() });
    let has_moved = current.hook_id != begun_as.hook_id;
    match (owed, tried.state) {
        // Its hook was replaced meanwhile: what arrived at the old address has arrived there, and what did not is owed to
        // the new one, which this try says nothing of.
        (true, DeliveryState::Success { .. }) if has_moved && tried.last_class.is_none() => {
            Delivery { hook_id: begun_as.hook_id.clone(), ..tried }
        }
        (true, _) if has_moved => Delivery {
            state: DeliveryState::Retrying { due: current.state.due() },
            trigger: current.trigger.on_its_own(),
            ..tried
        },
        // Its hook was disabled meanwhile: what has arrived all the same was not missed.
        (false, DeliveryState::Success { .. }) if missed => tried,
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
