//! The sender against receivers made of raw sockets.

mod answers;
mod connections;
mod echo;
mod hostile;
mod receiver;
mod wire;

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use rustls::pki_types::CertificateDer;

use self::receiver::Receiver;
use super::{Order, Sender, Sent};
use crate::delivery::guard::{AllowList, Guard, LookupError};
use crate::domain::attempt::ErrorClass;
use crate::domain::event::EventType;
use crate::domain::hook_url::HookUrl;
use crate::domain::ids::EventId;
use crate::domain::signing::{Secrets, Signer};

const BODY: &[u8] = br#"{"id":"evt_1"}"#;
/// Long enough never to be reached.
const AMPLE: Duration = Duration::from_secs(20);
/// Short enough to wait for.
const SHORT: Duration = Duration::from_millis(250);

fn at(text: &str) -> DateTime<Utc> {
    DateTime::parse_from_rfc3339(text).expect("a time").to_utc()
}

fn order(url: &str) -> Order {
    Order {
        event_id: EventId::new(at("2026-11-20T09:30:00Z")),
        kind: EventType::WEBHOOK_TEST,
        occurred_at: at("2026-11-20T09:30:00.250Z"),
        started_at: at("2026-11-20T10:00:00.750Z"),
        url: HookUrl::parse(url).expect("an address of a hook"),
        body: Bytes::from_static(BODY),
        key: None,
        secrets: Secrets::default(),
        headers: [].into(),
        known: Arc::default(),
        timeout: AMPLE,
        reuses: true,
    }
}

fn order_within(url: &str, timeout: Duration) -> Order {
    Order { timeout, ..order(url) }
}

fn nowhere(_: &str) -> Result<Vec<IpAddr>, LookupError> {
    Err(LookupError::NoAddress("the name does not exist".into()))
}

fn loopback(_: &str) -> Result<Vec<IpAddr>, LookupError> {
    Ok(vec![Ipv4Addr::LOCALHOST.into()])
}

fn sender_with(guard: Guard, trusted: &[CertificateDer<'static>]) -> Sender {
    Sender::new(Arc::new(guard), trusted).expect("a sender")
}

/// A sender that may call this machine and trusts the receiver.
fn sender(receiver: &Receiver) -> Sender {
    let allow: AllowList = "127.0.0.1".parse().expect("a list");
    sender_with(Guard::new(allow, nowhere), receiver.trust())
}

/// One try at a receiver.
async fn send(receiver: &Receiver) -> Sent {
    sender(receiver).send(order(&receiver.url())).await
}

/// One try that is not meant to end by itself.
async fn send_within(receiver: &Receiver, timeout: Duration) -> Sent {
    sender(receiver).send(order_within(&receiver.url(), timeout)).await
}

/// Asserts how a try failed, and that what the operator reads gives nothing away.
#[track_caller]
fn assert_failed(sent: &Sent, class: ErrorClass) {
    assert_eq!(sent.outcome.class, Some(class), "{:?}", sent.outcome);
    let detail = sent.outcome.detail.as_deref().unwrap_or_default();
    assert!(!detail.is_empty() && !detail.contains("hush"), "{detail}");
    assert_eq!((sent.outcome.status, &sent.response, sent.fault), (None, &None, None));
}

/// Asserts that an answer arrived with this status, and returns its kept part.
#[track_caller]
fn assert_answered(sent: &Sent, status: u16) -> &crate::domain::attempt::Response {
    assert_eq!(sent.outcome.status, Some(status), "{:?}", sent.outcome);
    sent.response.as_ref().expect("an answer")
}
