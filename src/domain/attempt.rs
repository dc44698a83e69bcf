//! Attempts: one request each, kept as evidence (B5, B6).
//!
//! How a try went ([`Outcome`]) and where the work stands ([`super::delivery::DeliveryState`]) are two things.

use std::net::SocketAddr;
use std::time::Duration;

use chrono::{DateTime, Utc};

use super::header_lines::HeaderLines;
use super::ids::{AttemptId, DeliveryId};
use super::rotation::Side;
use super::words::words;

words! {
    /// Why a try failed. Every failure has exactly one class.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
    pub enum ErrorClass {
        /// The host's name leads to no public address: to none, or to one of somebody's own network.
        DnsFailed = "dns_failed";
        /// The guard does not let us connect there.
        BlockedAddress = "blocked_address";
        /// Nothing listens there.
        ConnectRefused = "connect_refused";
        /// No connection within the deadline.
        ConnectTimeout = "connect_timeout";
        /// TLS could not be agreed on, or the certificate is not trusted.
        TlsFailed = "tls_failed";
        /// The connection broke before the answer was complete.
        ConnectionReset = "connection_reset";
        /// Connected, but no complete answer within the deadline.
        ResponseTimeout = "response_timeout";
        /// What came back is not HTTP/1.1.
        ProtocolError = "protocol_error";
        /// 3xx.
        RedirectRefused = "redirect_refused";
        /// 4xx.
        ClientError = "client_error";
        /// 5xx, or a status outside the known classes.
        ServerError = "server_error";
        /// The headers of the answer are larger than we take.
        ResponseTooLarge = "response_too_large";
        /// Someone cancelled it, or its hook was deleted.
        Cancelled = "cancelled";
        /// Its hook was disabled.
        Missed = "missed";
    }
}

impl ErrorClass {
    /// Whether it says what was decided about a delivery, not how a try of it went.
    pub fn is_decision(self) -> bool {
        matches!(self, ErrorClass::Cancelled | ErrorClass::Missed)
    }

    /// Whether the time ran out, before the connection stood or before the answer came: the receiver may be slow rather than
    /// wrong.
    pub fn is_timeout(self) -> bool {
        matches!(self, ErrorClass::ConnectTimeout | ErrorClass::ResponseTimeout)
    }

    /// Two or three words for the table: "no answer in time".
    pub fn brief(self) -> &'static str {
        match self {
            ErrorClass::DnsFailed => "no public address",
            ErrorClass::BlockedAddress => "address blocked",
            ErrorClass::ConnectRefused => "connection refused",
            ErrorClass::ConnectTimeout => "no connection in time",
            ErrorClass::TlsFailed => "TLS failed",
            ErrorClass::ConnectionReset => "connection broke",
            ErrorClass::ResponseTimeout => "no answer in time",
            ErrorClass::ProtocolError => "not an HTTP answer",
            ErrorClass::RedirectRefused => "redirect not followed",
            ErrorClass::ClientError => "refused",
            ErrorClass::ServerError => "receiver error",
            ErrorClass::ResponseTooLarge => "headers too large",
            ErrorClass::Cancelled => "cancelled",
            ErrorClass::Missed => "webhook was disabled",
        }
    }

    /// What happened, one sentence.
    pub fn sentence(self) -> &'static str {
        match self {
            ErrorClass::DnsFailed | ErrorClass::BlockedAddress => {
                "The webhook does not lead to a public address that Hirewire may call."
            }
            ErrorClass::ConnectRefused => "The receiver's machine answered that nothing listens on that port.",
            ErrorClass::ConnectTimeout => "The receiver's machine did not take the connection in time.",
            ErrorClass::TlsFailed => {
                "No trusted TLS connection could be made: the certificate or the handshake failed."
            }
            ErrorClass::ConnectionReset => "The receiver closed the connection before its answer was complete.",
            ErrorClass::ResponseTimeout => "The receiver took the request and did not answer in time.",
            ErrorClass::ProtocolError => "What the receiver sent back is not an HTTP answer.",
            ErrorClass::RedirectRefused => {
                "The receiver pointed to another address. Deliveries are never redirected: the new address has not been checked."
            }
            ErrorClass::ClientError => "The receiver refused the request.",
            ErrorClass::ServerError => "The receiver failed while it handled the request.",
            ErrorClass::ResponseTooLarge => "The headers of the receiver's answer are larger than Hirewire takes.",
            ErrorClass::Cancelled => "The delivery was cancelled; nothing more is sent.",
            ErrorClass::Missed => "The webhook was disabled when this happened, so nothing was sent.",
        }
    }

    /// The one thing to do.
    pub fn advice(self) -> &'static str {
        match self {
            ErrorClass::DnsFailed => {
                "check the spelling of the host name and its DNS record. A name of a private network has to be allowed by the operator of Hirewire (HIREWIRE_ALLOW_TARGETS)."
            }
            ErrorClass::BlockedAddress => {
                "use the receiver's public address, or have the operator of Hirewire allow this one (HIREWIRE_ALLOW_TARGETS)."
            }
            ErrorClass::ConnectRefused => "start the receiver, or correct the port in a new webhook address.",
            ErrorClass::ConnectTimeout => "open the receiver's firewall for Hirewire and check that the host is up.",
            ErrorClass::TlsFailed => {
                "renew the receiver's certificate, serve its whole chain, and check that it names this host."
            }
            ErrorClass::ConnectionReset => {
                "look at the receiver's log, and at any proxy in front of it, for this time."
            }
            ErrorClass::ResponseTimeout => {
                "have the receiver answer first and work later, or choose a delivery policy that waits longer."
            }
            ErrorClass::ProtocolError => "check that the address belongs to an HTTPS server that speaks HTTP/1.1.",
            ErrorClass::RedirectRefused => "replace the webhook by one with the address it points to.",
            ErrorClass::ClientError => "read the receiver's answer: it says what it did not accept.",
            ErrorClass::ServerError => "look at the receiver's log for this time, and at its answer.",
            ErrorClass::ResponseTooLarge => "have the receiver answer with fewer or shorter headers.",
            ErrorClass::Cancelled => "send it again if it is wanted after all.",
            ErrorClass::Missed => "enable the webhook, then send what it missed.",
        }
    }
}

/// How a try went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// The status of the answer, when one arrived.
    pub status: Option<u16>,
    /// Why it failed; `None` is success, decided by the status line alone.
    pub class: Option<ErrorClass>,
    /// What the operator needs to know beyond the class; never a secret.
    pub detail: Option<String>,
    /// The receiver's `Retry-After`, as a pause from the end of the try.
    pub retry_after: Option<Duration>,
}

impl Outcome {
    /// The outcome of an answer with this status.
    pub fn answered(status: u16) -> Self {
        let class = match status {
            200..=299 => None,
            300..=399 => Some(ErrorClass::RedirectRefused),
            400..=499 => Some(ErrorClass::ClientError),
            _ => Some(ErrorClass::ServerError),
        };
        Self { status: Some(status), class, detail: None, retry_after: None }
    }

    /// The outcome of a try without an answer.
    pub fn failed(class: ErrorClass, detail: impl Into<String>) -> Self {
        Self { status: None, class: Some(class), detail: Some(detail.into()), retry_after: None }
    }

    /// Whether the receiver says that its address is gone for good.
    pub fn is_gone(&self) -> bool {
        self.status == Some(410)
    }

    /// Whether the receiver may not have accepted who calls: another key or secret may fare better (B3).
    pub fn is_refusal(&self) -> bool {
        matches!(self.status, Some(400 | 401 | 403))
    }

    /// Whether the receiver acknowledged.
    pub fn is_success(&self) -> bool {
        self.class.is_none()
    }
}

/// What made a try happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Trigger {
    /// The first try, or a retry by the policy.
    Automatic,
    /// Someone pressed a button.
    Manual,
    /// The receiver refused the try before, and this one is proven with the key and secret of this side (B3).
    Rotation(Side),
}

impl Trigger {
    const ALL: [Trigger; 4] =
        [Trigger::Automatic, Trigger::Manual, Trigger::Rotation(Side::Old), Trigger::Rotation(Side::New)];

    /// `automatic`, `manual` or `rotation`.
    pub fn as_str(self) -> &'static str {
        match self {
            Trigger::Automatic => "automatic",
            Trigger::Manual => "manual",
            Trigger::Rotation(_) => "rotation",
        }
    }

    /// Its word in tables, which also says with which side.
    pub fn stored(self) -> &'static str {
        match self {
            Trigger::Automatic | Trigger::Manual => self.as_str(),
            Trigger::Rotation(Side::Old) => "rotation_old",
            Trigger::Rotation(Side::New) => "rotation_new",
        }
    }

    /// What makes the next try happen at another address: the refusal that an extra try follows was not given there.
    pub fn on_its_own(self) -> Self {
        match self {
            Trigger::Rotation(_) => Trigger::Automatic,
            Trigger::Automatic | Trigger::Manual => self,
        }
    }

    /// Reads what [`Trigger::stored`] wrote.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|trigger| trigger.stored() == text)
    }
}

/// Where the time of a try went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Timings {
    /// Resolving the name; `None` when there was nothing to resolve or the connection was reused.
    pub dns: Option<Duration>,
    /// Connecting, TLS included, DNS not; `None` when the connection was reused or never came about.
    pub connect: Option<Duration>,
    /// From the request's start on the wire to the answer's headers.
    pub first_byte: Option<Duration>,
    /// From the start of the try to its end.
    pub total: Duration,
}

/// The answer as received, cut to what is kept; what it echoes of the request's secrets is masked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    /// Status code.
    pub status: u16,
    /// At most 16 KiB of them.
    pub headers: HeaderLines,
    /// Whether header lines were cut off.
    pub headers_cut: bool,
    /// The first 64 KiB of the body.
    pub body: Vec<u8>,
    /// Whether the body was longer.
    pub body_cut: bool,
}

/// The request as it was sent, key and signatures masked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Path and query of the request line.
    pub target: String,
    /// In the order and case of the wire.
    pub headers: HeaderLines,
}

/// What a try was proven with, where there is room for one: how the secret and the key end.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Proof {
    /// The last four characters of the secret; `None` when it was not signed.
    pub secret: Option<String>,
    /// The last four characters of the key; `None` when none was sent.
    pub key: Option<String>,
}

/// One request of a delivery, with all that is known of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// Its id.
    pub id: AttemptId,
    /// Of which delivery.
    pub delivery_id: DeliveryId,
    /// 1 for the first.
    pub number: u32,
    /// What made it happen.
    pub trigger: Trigger,
    /// What it was proven with.
    pub proof: Proof,
    /// When it began; the time that was signed.
    pub started_at: DateTime<Utc>,
    /// When it ended; the next pause counts from here.
    pub finished_at: DateTime<Utc>,
    /// The request; `None` when it never came to sending one.
    pub request: Option<Request>,
    /// The answer, when one arrived.
    pub response: Option<Response>,
    /// Where the time went.
    pub timings: Timings,
    /// The address that was connected to.
    pub remote: Option<SocketAddr>,
    /// How it went.
    pub outcome: Outcome,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_and_an_answer_that_came_too_late_are_timeouts_and_nothing_else_is() {
        let timeouts: Vec<_> = ErrorClass::ALL.into_iter().filter(|class| class.is_timeout()).collect();
        assert_eq!(timeouts, [ErrorClass::ConnectTimeout, ErrorClass::ResponseTimeout]);
        assert!(timeouts.iter().all(|class| class.brief().ends_with("in time")));
    }
}
