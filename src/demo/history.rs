//! A day of history for test mode: events of the last 24 hours and how they went, written by the very functions that write
//! real ones, with answers such as the demo's receiver gives.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Timelike as _, Utc};
use chrono_tz::Europe::Berlin;
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use serde_json::{Value, json};

use crate::actions::Context;
use crate::delivery::intake;
use crate::delivery::sender::{Order, Sent, as_kept};
use crate::delivery::settle::{Finished, settle};
use crate::domain::attempt::{Outcome, Response, Timings};
use crate::domain::delivery::DeliveryState;
use crate::domain::event::{Cause, Event, EventType};
use crate::domain::header_lines::HeaderLines;
use crate::domain::hook::Hook;
use crate::domain::ids::{EventId, MemberId, OrganisationId};
use crate::domain::mode::Mode;
use crate::domain::secret::CredentialKind;
use crate::domain::signing::{Secrets, Signer};
use crate::store::delivery::Owed;
use crate::store::{Conn, StoreError};

const EVENTS: i64 = 144;
/// What is told of interviews comes from their sessions ([`super::interviews`]).
const KINDS: [&str; 6] = [
    "candidate.created",
    "candidate.stage_changed",
    "candidate.updated",
    "job.updated",
    "candidate.stage_changed",
    "job.status_changed",
];

/// Writes the day.
pub(super) fn write(
    conn: &mut Conn,
    context: &Context,
    organisation: &OrganisationId,
    admin: &MemberId,
    hooks: &[Hook],
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    // The same day each time: numbers from a fixed seed.
    let mut random = StdRng::seed_from_u64(20_261_120);
    let holder = context.engine.instance();
    for at in 0..EVENTS {
        let back = TimeDelta::seconds((EVENTS - at) * 86_400 / EVENTS);
        let happened = now - back + TimeDelta::milliseconds(random.random_range(0..600_000)) - TimeDelta::minutes(11);
        // People work by day: at night most things do not happen.
        if !(7..19).contains(&happened.with_timezone(&Berlin).hour()) && random.random_ratio(3, 4) {
            continue;
        }
        let Some(kind) = EventType::parse(KINDS[random.random_range(0..KINDS.len())]) else { continue };
        let event = Event {
            id: EventId::new(happened),
            organisation_id: organisation.clone(),
            mode: Mode::Test,
            kind,
            cause: Cause::Member(admin.clone()),
            occurred_at: happened,
            probe: false,
        };
        let data = data(kind, at);
        let recorded = intake::record_routed(conn, event, |_| data.clone(), Vec::new(), holder, happened)?;
        for owed in recorded.owed {
            let Some(hook) = hooks.iter().find(|hook| hook.id == owed.delivery.hook_id) else { continue };
            deliver(conn, context, hook, owed, &mut random)?;
        }
    }
    Ok(())
}

pub(super) fn deliver(
    conn: &mut Conn,
    context: &Context,
    hook: &Hook,
    mut owed: Owed,
    random: &mut StdRng,
) -> Result<(), StoreError> {
    while let Some(due) = owed.delivery.state.due() {
        let started = due + TimeDelta::milliseconds(random.random_range(1..6));
        let sent = answer(hook, &owed, started, random);
        let finished_at = started + TimeDelta::from_std(sent.timings.total).unwrap_or_default();
        let finished = Finished::new(owed.clone(), hook.policy, (started, finished_at), sent, 0.0);
        let engine = &context.engine;
        match settle(conn, &[finished], engine.instance(), engine.rule())?.deliveries.pop().flatten() {
            // The history is over before "now": what would still be owed is left for the engine.
            Some(next) if !matches!(next.state, DeliveryState::Retrying { due: Some(due) } if due > finished_at + TimeDelta::minutes(2)) =>
            {
                owed.delivery = next;
            }
            _ => break,
        }
    }
    Ok(())
}

fn answer(hook: &Hook, owed: &Owed, started: DateTime<Utc>, random: &mut StdRng) -> Sent {
    let first_try = owed.delivery.tries.all() == 0;
    let (status, body, slow) = match hook.url.url().path() {
        "/ok" => (200, json!({"received": true}), 0),
        "/flaky" if first_try => (503, json!({"error": "Try again"}), 0),
        "/flaky" => (200, json!({"received": true}), 0),
        "/slow" => (200, json!({"received": true, "afterMs": 1500}), 1_500),
        _ => (401, json!({"error": "The key or the signature is not accepted"}), 0),
    };
    let fresh = first_try || random.random_ratio(1, 4);
    let connect = fresh.then(|| Duration::from_micros(random.random_range(2_000..9_000)));
    let first_byte = Duration::from_micros(random.random_range(8_000..60_000)) + Duration::from_millis(slow);
    let total = connect.unwrap_or_default() + first_byte + Duration::from_micros(random.random_range(50..400));
    // What a signed request looks like; the random secret of this history signed nothing that anybody kept.
    let order = Order {
        event_id: owed.delivery.event_id.clone(),
        kind: owed.delivery.kind,
        occurred_at: owed.occurred_at,
        started_at: started,
        url: hook.url.clone(),
        body: owed.body.clone(),
        key: (hook.is_default || hook.interview().is_some()).then(|| CredentialKind::Key.generate()),
        secrets: Secrets { live: vec![Signer::new(&CredentialKind::Secret.generate())], preferred: 0 },
        headers: [].into(),
        known: Arc::default(),
        timeout: hook.policy.timeout(),
        reuses: true,
    };
    Sent {
        request: as_kept(order),
        response: Some(Response {
            status,
            headers: HeaderLines::from_iter([("content-type", "application/json")]),
            headers_cut: false,
            body: body.to_string().into_bytes(),
            body_cut: false,
        }),
        timings: Timings { dns: None, connect, first_byte: Some(first_byte), total },
        remote: hook.url.literal().map(|address| (address, hook.url.port()).into()),
        outcome: Outcome::answered(status),
        fault: None,
    }
}

fn data(kind: EventType, at: i64) -> Value {
    let names = ["Siobhán O’Brien", "Nguyễn Thị Ánh", "محمد العتيبي", "Łukasz Wiśniewski", "Priya Venkataraman"];
    let name = names[at as usize % names.len()];
    let candidate = json!({"externalId": format!("TEST-ATS-{}", 4100 + at % 14), "fullName": name});
    let job = json!({"title": "Senior Backend Engineer", "reference": "ENG-2026-114", "status": "open"});
    match kind.as_str() {
        "candidate.stage_changed" => json!({
            "candidate": candidate,
            "job": job,
            "fromStage": {"name": "Screening"},
            "toStage": {"name": "Technical interview"},
        }),
        "job.updated" | "job.status_changed" => job,
        _ => json!({"candidate": candidate, "job": job}),
    }
}
