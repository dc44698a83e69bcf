//! Intake: an event becomes what is owed for it.
//!
//! Routing names the hooks, the bytes are frozen once for each field set in the route, and event, bodies and deliveries
//! are written in one transaction (B1). After its commit the engine gets the very same deliveries in memory, without reading
//! them back.
//!
//! What partner systems report is written in batches: whatever has come in while the last batch was being written. Nobody is
//! answered before the commit. Keys and hooks come from memory, and count only if the head of the list of changes read in the
//! same transaction is the one they were read at. When more waits to be written than memory should hold, or for too long,
//! further reports are refused at once.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use serde_json::Value;
use tokio::sync::oneshot;

use super::crash_point::{CrashHooks, CrashPoint};
use super::dispatcher::Dispatcher;
use super::group_commit::{self, Batch, GroupCommit, lock};
use super::hook_cache::{AuthenticatedKey, HookCache};
use super::meters::Meters;
use super::queue::Source;
use super::repeats::Repeats;
use crate::clock::Clock;
use crate::domain::delivery::Delivery;
use crate::domain::event::Event;
use crate::domain::hook::{FieldSet, Hook, HookState};
use crate::domain::ids::{CandidateId, DeliveryId, InstanceId, InterviewId, OrganisationId};
use crate::domain::mode::Mode;
use crate::domain::payload;
use crate::domain::routes::Routes;
use crate::store::changes;
use crate::store::delivery::Owed;
use crate::store::event::NewEvent;
use crate::store::{self, Conn, Result, Store, StoreError};

/// How many reports share a transaction at most.
const MAX_BATCH: usize = 512;

/// Reports are refused while the bodies of those that wait to be written take more bytes.
const MAX_WAITING_BYTES: usize = 32 * 1024 * 1024;

/// A batch that follows another at once waits this long for more reports: a server has fewer commits to make.
const REST: Duration = Duration::from_millis(2);

/// No caller waits longer than this for the commit of a report.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(20);

/// Reports are refused while the first of those that wait has waited longer.
const MAX_WAIT: Duration = Duration::from_secs(2);

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
    let routes = read_routes(conn, &event.organisation_id, event.mode)?;
    let route = routes.of(&event, None);
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
    let routes = read_routes(conn, &event.organisation_id, event.mode)?;
    let route = routes.of(&event, Some(interview));
    record(conn, event, &route, data, vec![candidate], holder, now)
}

/// Records an event for one hook: an export or a test.
pub fn record_addressed(
    conn: &mut Conn,
    event: Event,
    mut hook: Hook,
    data: impl Fn(FieldSet) -> Value,
    candidates: Vec<CandidateId>,
    holder: &InstanceId,
    now: DateTime<Utc>,
) -> Result<Recorded> {
    hook.state = hook.state.within(is_suspended(conn, &event.organisation_id)?);
    record(conn, event, &[&hook], data, candidates, holder, now)
}

fn read_routes(conn: &mut Conn, organisation: &OrganisationId, mode: Mode) -> Result<Routes> {
    let mut hooks = store::hook::list(conn, organisation, mode)?.for_routing();
    let is_suspended = is_suspended(conn, organisation)?;
    hooks.iter_mut().for_each(|hook| hook.state = hook.state.within(is_suspended));
    Ok(Routes::new(hooks))
}

fn is_suspended(conn: &mut Conn, organisation: &OrganisationId) -> Result<bool> {
    let found = store::organisation::find(conn, organisation)?;
    Ok(found.is_none_or(|organisation| organisation.suspended_at.is_some()))
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
        let delivery = if missed { delivery.clone().missed(now).unwrap_or(delivery) } else { delivery };
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
struct Reported {
    event: Event,
    /// Of which interview it says it is.
    interview: Option<InterviewId>,
    body: Bytes,
    caller: AuthenticatedKey,
    answer: oneshot::Sender<Result<Event, NotRecorded>>,
}

/// A batch of reports that has been written.
struct Written {
    head: i64,
    refused: Vec<(usize, NotRecorded)>,
    held: Vec<Owed>,
    /// Left to be claimed later: their lanes are full.
    left: Vec<Owed>,
    /// What was read for it, to be kept once it is committed.
    routes: HashMap<(OrganisationId, Mode), Arc<Routes>>,
}

/// Takes what partner systems report.
pub(super) struct Intake {
    reports: GroupCommit<Reported>,
    repeats: Repeats,
    store: Store,
    clock: Arc<dyn Clock>,
    instance: InstanceId,
    cache: Arc<HookCache>,
    dispatcher: Arc<Dispatcher>,
    meters: Arc<Meters>,
    crash_hooks: Arc<CrashHooks>,
}

impl Intake {
    pub fn new(
        store: Store,
        clock: Arc<dyn Clock>,
        instance: InstanceId,
        cache: Arc<HookCache>,
        dispatcher: Arc<Dispatcher>,
        meters: Arc<Meters>,
        crash_hooks: Arc<CrashHooks>,
    ) -> Self {
        let (reports, repeats) = (GroupCommit::default(), Repeats::default());
        Self { reports, repeats, store, clock, instance, cache, dispatcher, meters, crash_hooks }
    }

    /// Records what a partner system reports for every hook that wants it; durable when this returns. An `interview` that is
    /// none of the organisation's in that mode has no hook there, so it changes nothing.
    pub async fn report(
        self: &Arc<Self>,
        event: Event,
        interview: Option<InterviewId>,
        body: Bytes,
        caller: AuthenticatedKey,
    ) -> Result<Event, NotRecorded> {
        let now = self.clock.steady();
        let (bytes, wait) = self.reports.backlog(now);
        if bytes > MAX_WAITING_BYTES || wait > MAX_WAIT {
            return Err(
                StoreError::Unavailable("more events wait to be recorded than the database takes".into()).into()
            );
        }
        let (answer, answered) = oneshot::channel();
        let size = body.len();
        if self.reports.add_sized(Reported { event, interview, body, caller, answer }, size, now) {
            self.write(Duration::ZERO);
        }
        match tokio::time::timeout(ANSWER_TIMEOUT, answered).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_)) => Err(StoreError::Unavailable("the engine has stopped".into()).into()),
            // It may still be recorded: nobody can take it back.
            Err(_) => Err(StoreError::Unclear("the database did not answer in time".into()).into()),
        }
    }

    /// Writes a batch after this rest.
    fn write(self: &Arc<Self>, rest: Duration) {
        let taken: Batch<Reported> = Batch::default();
        // Whatever becomes of the commit, these are the ones that it may have written.
        let ids: Arc<Mutex<Vec<DeliveryId>>> = Arc::default();
        let (intake, batch, written_ids, then) = (self.clone(), taken.clone(), ids.clone(), self.clone());
        self.store.submit_next(
            rest,
            move |conn| {
                intake.reports.take_into(&batch, MAX_BATCH);
                let written = intake.record(conn, &lock(&batch))?;
                *lock(&written_ids) = written.held.iter().map(|owed| owed.delivery.id.clone()).collect();
                Ok(written)
            },
            move |written| then.written(group_commit::all(&taken), written, &lock(&ids)),
        );
    }

    fn record(&self, conn: &mut Conn, reports: &[Reported]) -> Result<Written> {
        let head = changes::head(conn)?;
        let now = self.clock.now();
        let mut refused = Vec::new();
        let mut read = HashMap::new();
        let mut new = Vec::with_capacity(reports.len());
        let mut all_owed = Vec::with_capacity(reports.len());
        for (at, report) in reports.iter().enumerate() {
            let event = &report.event;
            let routes = check_caller(conn, head, &report.caller)
                .and_then(|()| Ok(self.routes(conn, head, &event.organisation_id, event.mode, &mut read)?));
            match routes {
                Ok(routes) => {
                    let route = routes.of(event, report.interview.as_ref());
                    let bodies = field_sets(&route).into_iter().map(|set| (set, report.body.clone())).collect();
                    let event = NewEvent { event: event.clone(), bodies, candidates: Vec::new() };
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
        let (held, left) = self.dispatcher.queue().fitting(all_owed);
        let rows = held.iter().map(|owed| (&owed.delivery, Some(&self.instance)));
        let rows: Vec<_> = rows.chain(left.iter().map(|owed| (&owed.delivery, None))).collect();
        store::delivery::insert_all(conn, &rows)?;
        Ok(Written { head, refused, held, left, routes: read })
    }

    /// The routes of an organisation and mode: those in memory, or what this transaction reads. What it reads is kept after its
    /// commit alone: it may see what is never committed.
    fn routes(
        &self,
        conn: &mut Conn,
        head: i64,
        organisation: &OrganisationId,
        mode: Mode,
        read: &mut HashMap<(OrganisationId, Mode), Arc<Routes>>,
    ) -> Result<Arc<Routes>> {
        if let Some(routes) = self.cache.routes(head, organisation, mode) {
            return Ok(routes);
        }
        let whose = (organisation.clone(), mode);
        if let Some(routes) = read.get(&whose) {
            return Ok(routes.clone());
        }
        let routes = Arc::new(read_routes(conn, organisation, mode)?);
        read.insert(whose, routes.clone());
        Ok(routes)
    }

    fn written(self: &Arc<Self>, mut reports: Vec<Reported>, written: Result<Written>, ids: &[DeliveryId]) {
        match written {
            Ok(written) => self.recorded(reports, written),
            Err(error) => {
                if reports.is_empty() {
                    // It did not even come to taking them.
                    let taken = Batch::default();
                    self.reports.take_into(&taken, usize::MAX);
                    reports = group_commit::all(&taken);
                }
                if matches!(error, StoreError::Unclear(_)) {
                    // If the commit was made and only its answer is lost, they are there, and nobody has them in memory.
                    self.dispatcher.release_unknown(ids);
                }
                if let Some(left_out) = self.repeats.is_due("record", self.clock.steady()) {
                    let events = reports.len();
                    error.log(&format!(
                        "{events} events could not be recorded; the callers were told ({left_out} more of these were left out)"
                    ));
                }
                for report in reports {
                    let _ = report.answer.send(Err(NotRecorded::Store(error.again())));
                }
            }
        }
        if self.reports.ended() {
            self.write(REST);
        }
    }

    fn recorded(&self, reports: Vec<Reported>, written: Written) {
        self.store.seen(written.head);
        for ((organisation, mode), routes) in written.routes {
            self.cache.keep_routes(written.head, organisation, mode, routes);
        }
        self.crash_hooks.at(CrashPoint::Committed);
        self.meters.accepted(reports.len() - written.refused.len());
        self.dispatcher.enqueue(written.held, Source::Recorded, Some(written.head));
        if !written.left.is_empty() {
            self.dispatcher.left_in_database(&written.left);
        }
        let mut refused = written.refused.into_iter().peekable();
        for (at, report) in reports.into_iter().enumerate() {
            let answer = match refused.next_if(|(refused, _)| *refused == at) {
                Some((_, why)) => Err(why),
                None => Ok(report.event),
            };
            // The caller may have gone.
            let _ = report.answer.send(answer);
        }
    }
}

/// Whether the key still works: known if nothing has changed since it was looked up, read again otherwise.
fn check_caller(conn: &mut Conn, head: i64, caller: &AuthenticatedKey) -> Result<(), NotRecorded> {
    if caller.head == head {
        return Ok(());
    }
    let key = store::api_key::find(conn, &caller.key.organisation_id, &caller.key.id)?;
    if key.is_none_or(|key| key.revoked_at.is_some()) {
        return Err(NotRecorded::Revoked);
    }
    if is_suspended(conn, &caller.key.organisation_id)? {
        return Err(NotRecorded::Suspended);
    }
    Ok(())
}
