//! A delivery that was refused four times, for the tests of the pages around it.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;

use super::detail::Detail;
use crate::actions::Viewer;
use crate::domain::attempt::{Attempt, ErrorClass, Outcome, Proof, Request, Response, Timings, Trigger};
use crate::domain::delivery::{Delivery, DeliveryRecord, DeliveryState, Tries};
use crate::domain::event::{Cause, Event, EventType};
use crate::domain::header_lines::HeaderLines;
use crate::domain::hook::{FieldSet, Hook, HookKind, HookState, Subscription};
use crate::domain::hook_url::HookUrl;
use crate::domain::ids::{AttemptId, DeliveryId, EventId, HookId, MemberId, OrganisationId};
use crate::domain::member::{Member, PasswordMark};
use crate::domain::mode::Mode;
use crate::domain::organisation::Organisation;
use crate::domain::policy::Policy;
use crate::domain::role::Role;
use crate::domain::secret::{CredentialKind, DOTS};
use crate::web::time::LocalTime;

pub const ZONE: Tz = chrono_tz::Europe::Berlin;

/// Two minutes after the first try.
pub fn now() -> DateTime<Utc> {
    sent() + TimeDelta::milliseconds(120_000 - 402)
}

/// That time, as pages of a Berlin organisation tell it.
pub fn time() -> LocalTime {
    LocalTime { zone: ZONE, now: now() }
}

fn sent() -> DateTime<Utc> {
    "2026-11-20T13:42:11.402Z".parse().expect("a time")
}

fn id<T: std::str::FromStr<Err: std::fmt::Debug>>(prefix: &str) -> T {
    format!("{prefix}_01KAGZ7Q1FM8XW4T0R9B5YHC3N").parse().expect("an id")
}

pub fn hook() -> Hook {
    Hook {
        id: id::<HookId>("hk"),
        organisation_id: id::<OrganisationId>("org"),
        mode: Mode::Live,
        name: "HRIS Sync".into(),
        url: HookUrl::parse("https://hris.example/hooks?tenant=acme").expect("an address"),
        policy: Policy::Quick,
        field_set: FieldSet::Standard,
        subscription: Subscription::All,
        rate: None,
        note: None,
        is_default: true,
        kind: HookKind::General,
        state: HookState::Active,
        created_by: None,
        created_at: sent(),
        updated_at: sent(),
        replaced_by: None,
    }
}

pub fn delivery() -> Delivery {
    let at = sent() + TimeDelta::milliseconds(2_095);
    Delivery::restored(DeliveryRecord {
        id: id::<DeliveryId>("dlv"),
        event_id: id::<EventId>("evt"),
        hook_id: id::<HookId>("hk"),
        organisation_id: id::<OrganisationId>("org"),
        mode: Mode::Live,
        kind: EventType::parse("candidate.stage_changed").expect("a type"),
        probe: false,
        field_set: FieldSet::Standard,
        state: DeliveryState::Failed { at, class: ErrorClass::ClientError },
        before: None,
        trigger: Trigger::Automatic,
        tries: Tries { automatic: 4, ..Tries::default() },
        sent_at: Some(sent()),
        response_status: Some(401),
        last_class: Some(ErrorClass::ClientError),
        created_at: sent() - TimeDelta::milliseconds(4),
        updated_at: at,
    })
}

pub fn viewer(role: Role) -> Viewer {
    Viewer {
        member: Member {
            id: id::<MemberId>("mem"),
            email: "maeve@acme.example".into(),
            name: "Maeve O'Brien".into(),
            created_at: sent(),
            address_proven_at: Some(sent()),
            password_given_at: None,
            password: PasswordMark::default(),
        },
        organisation: Organisation {
            id: id::<OrganisationId>("org"),
            name: "Acme Hiring".into(),
            time_zone: ZONE,
            suspended_at: None,
            created_at: sent(),
        },
        role,
        mode: Mode::Live,
        session: String::new(),
    }
}

/// The fourth try: refused.
pub fn attempt() -> Attempt {
    let signature = format!("t=1795182133,v1={DOTS}");
    let finished_at = sent() + TimeDelta::milliseconds(2_095);
    Attempt {
        id: id::<AttemptId>("att"),
        delivery_id: id::<DeliveryId>("dlv"),
        number: 4,
        trigger: Trigger::Automatic,
        proof: Proof { secret: Some("3f9K".into()), key: None },
        started_at: finished_at - TimeDelta::milliseconds(202),
        finished_at,
        request: Some(Request {
            target: "/hooks?tenant=acme".into(),
            headers: HeaderLines::from_iter([
                ("Host", "hris.example"),
                ("Content-Type", "application/json"),
                ("Content-Length", "47"),
                ("X-Webhook-Event", "candidate.stage_changed"),
                ("X-Webhook-Signature", &signature),
            ]),
        }),
        response: Some(Response {
            status: 401,
            headers: HeaderLines::from_iter([("content-type", "text/plain")]),
            headers_cut: false,
            body: b"<b>no key</b".to_vec(),
            body_cut: false,
        }),
        timings: Timings {
            dns: Some(Duration::from_millis(11)),
            connect: Some(Duration::from_millis(58)),
            first_byte: Some(Duration::from_millis(131)),
            total: Duration::from_millis(202),
        },
        remote: Some(([203, 0, 113, 41], 443).into()),
        outcome: Outcome::answered(401),
    }
}

pub fn detail() -> Detail {
    let body = br#"{"id":"evt_1","data":{"fullName":"O'<script>"}}"#.to_vec();
    Detail {
        delivery: delivery(),
        hook: hook(),
        address: hook().url.to_string(),
        event: Event {
            id: id::<EventId>("evt"),
            organisation_id: id::<OrganisationId>("org"),
            mode: Mode::Live,
            kind: EventType::parse("candidate.stage_changed").expect("a type"),
            cause: Cause::Member(id::<MemberId>("mem")),
            occurred_at: sent(),
            probe: false,
        },
        client: Some("Maeve <i>".into()),
        export: None,
        sent_bytes: body.len(),
        body: Some(body),
        is_masked: false,
        attempts: vec![attempt()],
        credentials: vec![(CredentialKind::Secret, "3f9K".into())],
        acts: Vec::new(),
        newer: None,
        older: None,
    }
}
