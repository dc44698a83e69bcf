//! Intake: an event becomes what is owed for it.
//!
//! Routing names the hooks, the bytes are frozen once for each field set in the route, and event, bodies and deliveries
//! are written by the caller's one transaction (B1). After its commit the caller hands the very same deliveries to the
//! engine, which does not read them back.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use serde_json::Value;

use crate::domain::delivery::Delivery;
use crate::domain::event::Event;
use crate::domain::hook::{FieldSet, Hook, HookState};
use crate::domain::ids::{CandidateId, DeliveryId, InstanceId};
use crate::domain::payload;
use crate::store::delivery::Owed;
use crate::store::event::NewEvent;
use crate::store::{self, Conn, Result};

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
    let hooks = store::hook::list(conn, &event.organisation_id, event.mode)?;
    let route = hooks.into_iter().filter(|hook| hook.routes(&event)).collect();
    record(conn, event, route, data, candidates, holder, now)
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
    record(conn, event, vec![hook], data, candidates, holder, now)
}

fn record(
    conn: &mut Conn,
    event: Event,
    route: Vec<Hook>,
    data: impl Fn(FieldSet) -> Value,
    candidates: Vec<CandidateId>,
    holder: &InstanceId,
    now: DateTime<Utc>,
) -> Result<Recorded> {
    let mut field_sets: BTreeSet<FieldSet> = route.iter().map(|hook| hook.field_set).collect();
    if field_sets.is_empty() {
        // An event without a hook is kept too, so that it can be looked at and sent later.
        field_sets.insert(FieldSet::Standard);
    }
    let bodies: Vec<(FieldSet, Vec<u8>)> =
        field_sets.into_iter().map(|set| (set, payload::body(&event, data(set)))).collect();
    let new = NewEvent { event, bodies, candidates };
    store::event::insert(conn, &new, route.len(), now)?;
    let mut owed = Vec::with_capacity(route.len());
    for hook in route {
        // A test is sent whatever the hook's state: that is how one finds out whether to resume it.
        let held = hook.state == HookState::Paused && !new.event.probe;
        let delivery = Delivery::owed(DeliveryId::new(now), &new.event, hook.id, hook.field_set, held, now);
        store::delivery::insert(conn, &delivery, Some(holder))?;
        let body = new.bodies.iter().find(|(set, _)| *set == hook.field_set).map(|(_, body)| body.clone());
        owed.push(Owed { delivery, occurred_at: new.event.occurred_at, body: body.unwrap_or_default().into() });
    }
    Ok(Recorded { event: new.event, owed })
}
