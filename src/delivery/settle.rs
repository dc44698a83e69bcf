//! Settling: what has finished is written down, whole batches in one transaction.
//!
//! Usually nobody has touched the delivery since the try began, and the write itself makes sure of that. Otherwise the
//! delivery is read again under lock, because someone may have cancelled it, asked for another try, paused its hook or
//! deleted or replaced it meanwhile. Then the try is still recorded as evidence, and what counts is decided by
//! [`Meanwhile`].

use chrono::{DateTime, TimeDelta, Utc};

use super::health::{self, Noted};
use super::proof;
use super::sender::Sent;
use crate::domain::attempt::{Attempt, Proof};
use crate::domain::delivery::{Delivery, EndedAttempt, Meanwhile};
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

    fn ended(&self) -> EndedAttempt<'_> {
        EndedAttempt {
            outcome: &self.attempt.outcome,
            trigger: self.attempt.trigger,
            policy: self.policy,
            times: (self.attempt.started_at, self.attempt.finished_at),
            jitter: self.jitter,
            other: self.other,
        }
    }

    /// Its delivery after this try, if nobody has touched it meanwhile.
    fn expected(&self) -> Delivery {
        self.owed.delivery.clone().settle(&self.ended(), Meanwhile::Nothing)
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
    let expected: Vec<Delivery> = batch.iter().map(Finished::expected).collect();
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
        let at = delivery.updated_at;
        if ends { delivery.clone().missed(at).unwrap_or(delivery) } else { delivery }
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
    let meanwhile = Meanwhile::between(&finished.owed.delivery, &current);
    let has_moved = matches!(meanwhile, Meanwhile::Readdressed { .. });
    let next = current.settle(&finished.ended(), meanwhile);
    // What waits for its hook belongs to nobody.
    let keeps = finished.is_soon(&next);
    let holder = holder.as_ref().or(Some(own)).filter(|_| keeps);
    store::delivery::update(conn, &next, holder)?;
    if has_moved && next.hook_id == finished.owed.delivery.hook_id {
        store::delivery::readdress(conn, &next.id, &next.hook_id)?;
    }
    Ok(Told::New(next))
}
