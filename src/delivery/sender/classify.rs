//! From an error of the client to the one class it has, by the causes it carries and by how far the try had come.

use std::error::Error;
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::time::Duration;

use super::connect::{self, Phase};
use super::handshake;
use crate::delivery::guard::ResolveError;
use crate::domain::attempt::{ErrorClass, Outcome};
use crate::domain::policy::spoken;
use crate::told::{self, cause, causes};

/// Causes come from the other side (names in its certificate, say); this much of one is kept.
const MAX_DETAIL_LEN: usize = 300;

/// What kept a try from being made that is not the receiver's doing: the engine must not count it against the receiver.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The process or the machine has no file descriptor left.
    #[error("too many open files: raise the limit of this process (ulimit -n)")]
    OpenFiles,
    /// The machine has no local port left for another connection.
    #[error("this machine has no local port left to connect from")]
    LocalPorts,
    /// The machine has no memory left for another connection.
    #[error("this machine has no memory left for another connection")]
    Memory,
    /// The machine's own rules forbid the connection.
    #[error("this machine's own firewall forbids the connection")]
    Forbidden,
    /// No name server can be asked.
    #[error("no name server can be asked: check /etc/resolv.conf of this machine")]
    NameServer,
    /// The request itself could not be made from what is stored.
    #[error("the request could not be made from what is stored")]
    Request,
}

impl Fault {
    /// Whether file descriptors have run out, so that it helps to close some.
    pub fn is_open_files(self) -> bool {
        self == Fault::OpenFiles
    }

    /// Its word in metrics.
    pub fn word(self) -> &'static str {
        match self {
            Fault::OpenFiles => "open_files",
            Fault::LocalPorts => "local_ports",
            Fault::Memory => "memory",
            Fault::Forbidden => "forbidden",
            Fault::NameServer => "name_server",
            Fault::Request => "request",
        }
    }
}

/// Why no answer came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Failure {
    pub class: ErrorClass,
    pub detail: String,
    pub fault: Option<Fault>,
}

impl Failure {
    fn of(class: ErrorClass, detail: impl Into<String>) -> Self {
        let mut detail = detail.into();
        // PostgreSQL takes none in a text, and a certificate may hold any name.
        detail.retain(|c| c != '\0');
        if detail.len() > MAX_DETAIL_LEN {
            detail.truncate(detail.floor_char_boundary(MAX_DETAIL_LEN));
            detail.push('…');
        }
        Self { class, detail, fault: None }
    }

    fn ours(class: ErrorClass, fault: Fault) -> Self {
        Self { fault: Some(fault), ..Self::of(class, fault.to_string()) }
    }

    /// As the outcome of a try.
    pub(super) fn outcome(&self) -> Outcome {
        Outcome::failed(self.class, self.detail.clone())
    }
}

/// The deadline passed before an answer came.
pub(super) fn too_late(phase: Phase, timeout: Duration) -> Failure {
    let limit = spoken(timeout);
    match phase {
        Phase::Resolving => Failure::of(ErrorClass::DnsFailed, format!("the name did not resolve within {limit}")),
        Phase::Connecting => {
            Failure::of(ErrorClass::ConnectTimeout, format!("no TCP and TLS connection within {limit}"))
        }
        Phase::Connected => {
            Failure::of(ErrorClass::ResponseTimeout, format!("no complete answer headers within {limit}"))
        }
    }
}

/// The client gave up before an answer came. `ipv6` says whether the host has an address of that kind.
pub(super) fn failed(error: &reqwest::Error, ipv6: bool) -> Failure {
    if error.is_builder() {
        return Failure::ours(ErrorClass::ProtocolError, Fault::Request);
    }
    by_causes(error, error.is_connect(), ipv6)
}

/// What broke the body of an answer whose status has decided already.
pub(super) fn in_body(error: &reqwest::Error) -> &'static str {
    let io: Option<&io::Error> = causes(error).filter_map(|cause| cause.downcast_ref()).last();
    match io.map(io::Error::kind) {
        // Chunks whose sizes or ends are none.
        Some(ErrorKind::InvalidData | ErrorKind::InvalidInput) => "the answer's body is not well-formed HTTP",
        _ => "the connection broke within the answer's body",
    }
}

/// Where the connection led that the error came from.
pub(super) fn remote(error: &reqwest::Error) -> Option<SocketAddr> {
    let client: &hyper_util::client::legacy::Error = cause(error)?;
    client.connect_info().and_then(connect::remote)
}

fn by_causes(error: &(dyn Error + 'static), connecting: bool, ipv6: bool) -> Failure {
    if let Some(refusal) = cause::<ResolveError>(error) {
        return match refusal {
            ResolveError::Blocked(blocked) => Failure::of(ErrorClass::BlockedAddress, blocked.to_string()),
            ResolveError::Nowhere(nowhere) => {
                // As often as a receiver is called, and so is the line: held back like those that strangers cause.
                tracing::info!(target: "strangers", detail = nowhere.detail(), "a webhook was not called");
                Failure::of(ErrorClass::DnsFailed, nowhere.to_string())
            }
            ResolveError::Unavailable(detail) => {
                Failure { fault: Some(Fault::NameServer), ..Failure::of(ErrorClass::DnsFailed, detail.clone()) }
            }
        };
    }
    let io: Option<&io::Error> = causes(error).filter_map(|cause| cause.downcast_ref()).last();
    if let Some(fault) = io.and_then(|io| own_fault(io, ipv6)) {
        return Failure::ours(ErrorClass::ConnectRefused, fault);
    }
    if let Some(tls) = cause::<rustls::Error>(error) {
        return Failure::of(ErrorClass::TlsFailed, handshake::told(tls));
    }
    match (connecting, io) {
        (true, Some(io)) => match while_connecting(io.kind()) {
            ErrorClass::TlsFailed => Failure::of(ErrorClass::TlsFailed, handshake::HUNG_UP),
            class => Failure::of(class, told::io(io)),
        },
        // Only the connector's own limit and a host that TLS cannot name come without an I/O error.
        (true, None) => Failure::of(ErrorClass::ConnectTimeout, innermost(error)),
        (false, Some(io)) => Failure::of(while_answering(io.kind()), told::io(io)),
        (false, None) => match cause::<hyper::Error>(error) {
            Some(http) => Failure::of(in_http(http), http.to_string()),
            None => Failure::of(ErrorClass::ConnectionReset, innermost(error)),
        },
    }
}

/// Over IPv6 two errors that look like ours come from afar: a router that forbids the way is told as `EACCES`, and a
/// machine without IPv6 has no address to connect from. Taken for ours, they would keep a delivery from ever failing.
fn own_fault(error: &io::Error, ipv6: bool) -> Option<Fault> {
    const EPERM: i32 = 1;
    const ENFILE: i32 = 23;
    const EMFILE: i32 = 24;
    match (error.raw_os_error(), error.kind()) {
        (Some(ENFILE | EMFILE), _) => Some(Fault::OpenFiles),
        (_, ErrorKind::OutOfMemory) => Some(Fault::Memory),
        // Only a packet filter of this machine says so, and only the machine itself knows which ports it uses.
        (Some(EPERM), _) => Some(Fault::Forbidden),
        (_, ErrorKind::AddrInUse) => Some(Fault::LocalPorts),
        (_, ErrorKind::AddrNotAvailable) if !ipv6 => Some(Fault::LocalPorts),
        (_, ErrorKind::PermissionDenied) if !ipv6 => Some(Fault::Forbidden),
        _ => None,
    }
}

fn while_connecting(kind: ErrorKind) -> ErrorClass {
    match kind {
        ErrorKind::ConnectionRefused | ErrorKind::PermissionDenied => ErrorClass::ConnectRefused,
        ErrorKind::TimedOut
        | ErrorKind::HostUnreachable
        | ErrorKind::NetworkUnreachable
        | ErrorKind::NetworkDown
        | ErrorKind::AddrNotAvailable => ErrorClass::ConnectTimeout,
        // TCP stood: the other side hung up within the handshake.
        _ => ErrorClass::TlsFailed,
    }
}

fn while_answering(kind: ErrorKind) -> ErrorClass {
    match kind {
        ErrorKind::TimedOut => ErrorClass::ResponseTimeout,
        ErrorKind::InvalidData | ErrorKind::InvalidInput => ErrorClass::ProtocolError,
        _ => ErrorClass::ConnectionReset,
    }
}

fn in_http(error: &hyper::Error) -> ErrorClass {
    if error.is_parse_too_large() {
        ErrorClass::ResponseTooLarge
    } else if error.is_incomplete_message() || error.is_canceled() || error.is_closed() {
        ErrorClass::ConnectionReset
    } else {
        // What does not parse, and bytes that came before they were asked for.
        ErrorClass::ProtocolError
    }
}

/// The last cause alone: the outer ones would print the address, its query included.
fn innermost(error: &(dyn Error + 'static)) -> String {
    causes(error).last().filter(|last| !last.is::<reqwest::Error>()).map_or_else(String::new, ToString::to_string)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn running_out_of_descriptors_or_ports_is_our_own_fault() {
        for (error, fault) in [
            (io::Error::from_raw_os_error(24), Fault::OpenFiles),
            (io::Error::from_raw_os_error(23), Fault::OpenFiles),
            (io::Error::from(ErrorKind::AddrNotAvailable), Fault::LocalPorts),
            (io::Error::from(ErrorKind::OutOfMemory), Fault::Memory),
        ] {
            let wrapped = io::Error::other(error);
            assert_eq!(by_causes(&wrapped, true, false).fault, Some(fault));
            assert_eq!(fault.is_open_files(), fault.to_string().contains("open files"));
        }
        assert_eq!(by_causes(&io::Error::from(ErrorKind::ConnectionRefused), true, false).fault, None);
    }

    #[test]
    fn over_ipv6_a_missing_address_and_a_forbidding_router_are_the_receivers() {
        for (code, class) in [(99, ErrorClass::ConnectTimeout), (13, ErrorClass::ConnectRefused)] {
            let error = io::Error::other(io::Error::from_raw_os_error(code));
            let failure = by_causes(&error, true, true);
            assert_eq!((failure.class, failure.fault), (class, None));
            assert!(by_causes(&error, true, false).fault.is_some(), "over IPv4 it is ours");
        }
        let filtered = by_causes(&io::Error::from_raw_os_error(1), true, true);
        assert_eq!(filtered.fault, Some(Fault::Forbidden));
    }

    #[test]
    fn a_name_server_that_cannot_be_asked_is_our_own_fault() {
        let unavailable = ResolveError::Unavailable("no name server".into());
        assert_eq!(by_causes(&unavailable, true, false).fault, Some(Fault::NameServer));
    }

    #[test]
    fn unreachable_hosts_and_broken_handshakes_are_told_apart() {
        let class = |kind: ErrorKind, connecting| by_causes(&io::Error::from(kind), connecting, false).class;
        assert_eq!(class(ErrorKind::NetworkUnreachable, true), ErrorClass::ConnectTimeout);
        assert_eq!(class(ErrorKind::UnexpectedEof, true), ErrorClass::TlsFailed);
        assert_eq!(class(ErrorKind::UnexpectedEof, false), ErrorClass::ConnectionReset);
        assert_eq!(class(ErrorKind::TimedOut, false), ErrorClass::ResponseTimeout);
    }

    #[test]
    fn a_cause_is_without_nuls() {
        let error = rustls::Error::General("a\0b".into());
        assert!(by_causes(&io::Error::other(error), true, false).detail.ends_with("ab"));
    }

    #[test]
    fn a_long_cause_is_cut() {
        let error = rustls::Error::General("ä".repeat(1_000));
        let failure = by_causes(&io::Error::other(error), true, false);
        assert_eq!(failure.class, ErrorClass::TlsFailed);
        assert!(failure.detail.len() <= MAX_DETAIL_LEN + '…'.len_utf8());
    }
}
