//! Intake: an event becomes what is owed for it.
//!
//! Routing names the hooks, the bytes are frozen once for each field set in the route, and event, bodies and deliveries
//! are written in one transaction (B1). After its commit the engine gets the very same deliveries in memory, without reading
//! them back.
//!
//! What partner systems report is written in batches: whatever has come in while the last batch was being written. Nobody is
//! answered before the commit. Keys and hooks come from memory, and count only if the generation read in the same
//! transaction is the one they were read at.

use std::collections::BTreeSet;
use std::sync::{Arc, PoisonError};

use bytes::Bytes;
use chrono::{DateTime, Utc};
use serde_json::Value;
use tokio::sync::oneshot;

use super::directory::Vetted;
use super::engine::Engine;
use super::gathering::{self, Taken};
use super::step::Step;
use crate::domain::delivery::Delivery;
use crate::domain::event::Event;
use crate::domain::hook::{FieldSet, Hook, HookState, route};
use crate::domain::ids::{CandidateId, DeliveryId, InstanceId, InterviewId};
use crate::domain::payload;
use crate::store::delivery::Owed;
use crate::store::event::NewEvent;
use crate::store::{self, Conn, Result, StoreError};

/// So many reports share a transaction at most.
const MOST: usize = 512;

/// An event that is recorded, and what is owed for it.
#[derive(Debug, Clone)]
pub struct Recorded {
    /// What happened.
    pub event: Event,
    /// One delivery for each hook in its route.
    pub owed: Vec<Owed>,
}

/// Records an event for every hook that wants it.
pub fn record_routed(
    conn: &mut Conn,
    event: Event,
    data: impl Fn(FieldSet) -> Value,
    candidates: Vec<CandidateId>,
    holder: &InstanceId,
    now: DateTime<Utc>,
) -> Result<Recorded> {
    let hooks = store::hook::list(conn, &event.organisation_id, event.mode)?.for_routing();
    let route = route(&hooks, &event, None);
    record(conn, event, &route, data, candidates, holder, now)
}

/// Records an event of an interview about one candidate: the interview's own hook takes the default hook's place (S2).
pub fn record_of_interview(
    conn: &mut Conn,
    event: Event,
    interview: &InterviewId,
    data: impl Fn(FieldSet) -> Value,
    candidate: CandidateId,
    holder: &InstanceId,
    now: DateTime<Utc>,
) -> Result<Recorded> {
    let hooks = store::hook::list(conn, &event.organisation_id, event.mode)?.for_routing();
    let route = route(&hooks, &event, Some(interview));
    record(conn, event, &route, data, vec![candidate], holder, now)
}

/// Records an event for one hook: an export or a test.
pub fn record_addressed(
    conn: &mut Conn,
    event: Event,
    hook: Hook,
    data: impl Fn(FieldSet) -> Value,
    candidates: Vec<CandidateId>,
    holder: &InstanceId,
    now: DateTime<Utc>,
) -> Result<Recorded> {
    record(conn, event, &[&hook], data, candidates, holder, now)
}

fn record(
    conn: &mut Conn,
    event: Event,
    route: &[&Hook],
    data: impl Fn(FieldSet) -> Value,
    candidates: Vec<CandidateId>,
    holder: &InstanceId,
    now: DateTime<Utc>,
) -> Result<Recorded> {
    let bodies =
        field_sets(route).into_iter().map(|set| (set, Bytes::from(payload::body(&event, data(set))))).collect();
    let new = NewEvent { event, bodies, candidates };
    store::event::insert(conn, &new, route.len(), now)?;
    let owed = owed(&new, route, now);
    let rows: Vec<_> = owed.iter().map(|owed| (&owed.delivery, Some(holder))).collect();
    store::delivery::insert_all(conn, &rows)?;
    Ok(Recorded { event: new.event, owed })
}

/// Which forms of the body a route needs.
fn field_sets(route: &[&Hook]) -> BTreeSet<FieldSet> {
    if route.is_empty() {
        // An event without a hook is kept too, so that it can be looked at and sent later.
        return BTreeSet::from([FieldSet::Standard]);
    }
    route.iter().map(|hook| hook.field_set).collect()
}

fn owed(new: &NewEvent, route: &[&Hook], now: DateTime<Utc>) -> Vec<Owed> {
    let to = |hook: &&Hook| {
        // A test is sent whatever the hook's state: that is how one finds out whether to resume it.
        let held = hook.state == HookState::Paused && !new.event.probe;
        let id = DeliveryId::new(now);
        let missed = hook.state == HookState::Disabled && !new.event.probe;
        let delivery = Delivery::owed(id, &new.event, hook.id.clone(), hook.field_set, held, now);
        let delivery = if missed { delivery.missed(now) } else { delivery };
        let body = new.bodies.iter().find(|(set, _)| *set == hook.field_set).map(|(_, body)| body.clone());
        Owed { delivery, occurred_at: new.event.occurred_at, body: body.unwrap_or_default() }
    };
    route.iter().map(to).collect()
}

/// Why a report was not recorded.
#[derive(Debug, thiserror::Error)]
pub enum NotRecorded {
    /// Its key has been revoked since it was looked up.
    #[error("the API key has been revoked")]
    Revoked,
    /// Its organisation has been suspended since.
    #[error("the organisation is suspended")]
    Suspended,
    /// The database did not do it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What a partner system reports, with its frozen bytes.
#[derive(Debug)]
pub(super) struct Report {
    event: Event,
    /// Of which interview it says it is.
    interview: Option<InterviewId>,
    body: Bytes,
    caller: Vetted,
    answer: oneshot::Sender<Result<Event, NotRecorded>>,
}

/// A batch of reports that has been written.
struct Written {
    generation: i64,
    refused: Vec<(usize, NotRecorded)>,
    held: Vec<Owed>,
    /// Some were left to be claimed later, because their lanes are full.
    left: bool,
}

impl Engine {
    /// Records what a partner system reports for every hook that wants it; durable when this returns. An `interview` that is
    /// none of the organisation's in that mode has no hook there, so it changes nothing.
    pub async fn report(
        self: &Arc<Self>,
        event: Event,
        interview: Option<InterviewId>,
        body: Bytes,
        caller: Vetted,
    ) -> Result<Event, NotRecorded> {
        let (answer, answered) = oneshot::channel();
        if self.reports.add(Report { event, interview, body, caller, answer }) {
            self.write_reports();
        }
        answered.await.unwrap_or_else(|_| Err(StoreError::Unavailable("the engine has stopped".into()).into()))
    }

    fn write_reports(self: &Arc<Self>) {
        let taken: Taken<Report> = Taken::default();
        let (engine, batch, then) = (self.clone(), taken.clone(), self.clone());
        self.store.submit_repeatable(
            move |conn| {
                engine.reports.take_into(&batch, MOST);
                let reports = batch.lock().unwrap_or_else(PoisonError::into_inner);
                engine.record_reports(conn, &reports)
            },
            move |written| then.reports_written(gathering::all(&taken), written),
        );
    }

    fn record_reports(&self, conn: &mut Conn, reports: &[Report]) -> Result<Written> {
        let generation = store::changes::head(conn)?;
        let now = self.clock.now();
        let mut refused = Vec::new();
        let mut new = Vec::with_capacity(reports.len());
        let mut all_owed = Vec::with_capacity(reports.len());
        for (at, report) in reports.iter().enumerate() {
            let hooks = vet(conn, generation, &report.caller).and_then(|()| {
                let event = &report.event;
                Ok(self.directory.hooks(conn, generation, &event.organisation_id, event.mode)?)
            });
            match hooks {
                Ok(hooks) => {
                    let route = route(&hooks, &report.event, report.interview.as_ref());
                    let bodies = field_sets(&route).into_iter().map(|set| (set, report.body.clone())).collect();
                    let event = NewEvent { event: report.event.clone(), bodies, candidates: Vec::new() };
                    all_owed.extend(owed(&event, &route, now));
                    new.push((event, route.len()));
                }
                Err(error @ NotRecorded::Store(StoreError::Corrupt { .. })) => refused.push((at, error)),
                Err(NotRecorded::Store(error)) => return Err(error),
                Err(error) => refused.push((at, error)),
            }
        }
        let new: Vec<_> = new.iter().map(|(event, route)| (event, *route)).collect();
        store::event::insert_all(conn, &new, now)?;
        let (held, left) = self.queue().fitting(all_owed);
        let rows = held.iter().map(|owed| (&owed.delivery, Some(&self.instance)));
        let rows: Vec<_> = rows.chain(left.iter().map(|owed| (&owed.delivery, None))).collect();
        store::delivery::insert_all(conn, &rows)?;
        Ok(Written { generation, refused, held, left: !left.is_empty() })
    }

    fn reports_written(self: &Arc<Self>, reports: Vec<Report>, written: Result<Written>) {
        match written {
            Ok(written) => {
                self.store.seen(written.generation);
                self.steps.at(Step::Committed);
                self.meters.accepted(reports.len() - written.refused.len());
                self.enqueue(written.held, written.generation);
                if written.left {
                    self.more_is_owed();
                }
                let mut refused = written.refused.into_iter().peekable();
                for (at, report) in reports.into_iter().enumerate() {
                    let answer = match refused.next_if(|(refused, _)| *refused == at) {
                        Some((_, why)) => Err(why),
                        None => Ok(report.event),
                    };
                    // Whoever asked may have gone.
                    let _ = report.answer.send(answer);
                }
            }
            Err(error) => {
                let mut reports = reports;
                if reports.is_empty() {
                    // It did not even come to taking them.
                    let taken = Taken::default();
                    self.reports.take_into(&taken, usize::MAX);
                    reports = gathering::all(&taken);
                }
                tracing::error!(%error, events = reports.len(), "events could not be recorded; whoever reported them was told");
                for report in reports {
                    let _ = report.answer.send(Err(NotRecorded::Store(error.again())));
                }
            }
        }
        if self.reports.ended() {
            self.write_reports();
        }
    }
}

/// Whether the key still works: known if nothing has changed since it was looked up, read again otherwise.
fn vet(conn: &mut Conn, generation: i64, caller: &Vetted) -> Result<(), NotRecorded> {
    if caller.generation == generation {
        return Ok(());
    }
    let key = store::api_key::find(conn, &caller.key.organisation_id, &caller.key.id)?;
    if key.is_none_or(|key| key.revoked_at.is_some()) {
        return Err(NotRecorded::Revoked);
    }
    let organisation = store::organisation::find(conn, &caller.key.organisation_id)?;
    if organisation.is_none_or(|organisation| organisation.suspended_at.is_some()) {
        return Err(NotRecorded::Suspended);
    }
    Ok(())
}
