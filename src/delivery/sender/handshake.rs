//! What is said of a TLS handshake that failed: a sentence for each reason, with what there is to know about it.

use chrono::{DateTime, Utc};
use rustls::pki_types::UnixTime;
use rustls::{AlertDescription, CertificateError, Error, InvalidMessage, OtherError};

use super::trust::UnknownAuthority;

/// So many names of a certificate are told.
const MAX_NAMES: usize = 5;

/// Why a handshake failed, without a full stop.
pub fn told(error: &Error) -> String {
    match error {
        Error::InvalidCertificate(why) => certificate(why),
        // What came is no TLS at all.
        Error::InvalidMessage(
            InvalidMessage::InvalidContentType
            | InvalidMessage::UnknownProtocolVersion
            | InvalidMessage::MessageTooLarge
            | InvalidMessage::InvalidEmptyPayload,
        ) => "that port does not speak TLS".into(),
        Error::AlertReceived(alert) => refused(*alert),
        Error::PeerIncompatible(_) => NOTHING_IN_COMMON.into(),
        other => format!("the TLS handshake failed: {other}"),
    }
}

/// The connection ended before the handshake did.
pub(super) const HUNG_UP: &str = "the receiver hung up during the TLS handshake";

const NOTHING_IN_COMMON: &str =
    "the receiver and Hirewire have no version or cipher of TLS in common: 1.2 and 1.3 are spoken here";

fn certificate(why: &CertificateError) -> String {
    match why {
        CertificateError::NotValidForNameContext { expected, presented } => {
            let host = expected.to_str();
            match names(presented).as_str() {
                "" => format!("the certificate names no host, so not {host} either"),
                names => format!("the certificate is not for {host}: it is for {names}"),
            }
        }
        CertificateError::NotValidForName => "the certificate is not for this host".into(),
        CertificateError::ExpiredContext { not_after, .. } => {
            format!("the certificate expired on {}", day(*not_after))
        }
        CertificateError::Expired => "the certificate has expired".into(),
        CertificateError::NotValidYetContext { not_before, .. } => {
            format!("the certificate is not valid before {}", day(*not_before))
        }
        CertificateError::NotValidYet => "the certificate is not valid yet".into(),
        CertificateError::Revoked => "the certificate was revoked".into(),
        CertificateError::UnknownIssuer => "the certificate is of an authority that is not trusted here".into(),
        CertificateError::BadEncoding => "the certificate cannot be read".into(),
        CertificateError::BadSignature => "the signature of the certificate is wrong".into(),
        why if is_authority(why) => "the certificate is one of an authority (CA:TRUE), and no server's own".into(),
        CertificateError::Other(OtherError(why)) => match why.downcast_ref::<UnknownAuthority>() {
            Some(unknown) => unknown.to_string(),
            None => format!("the certificate is not accepted: {why}"),
        },
        other => format!("the certificate is not accepted: {other}"),
    }
}

/// Whether a server's own certificate is refused because it says that it is an authority's.
pub fn is_authority(why: &CertificateError) -> bool {
    let CertificateError::Other(OtherError(why)) = why else { return false };
    matches!(why.downcast_ref(), Some(webpki::Error::CaUsedAsEndEntity))
}

/// What the receiver said before it hung up.
fn refused(alert: AlertDescription) -> String {
    match alert {
        AlertDescription::UnrecognisedName => "the receiver knows no host of this name".into(),
        AlertDescription::CertificateRequired | AlertDescription::NoCertificate => {
            "the receiver asks for a certificate of the caller, and Hirewire has none".into()
        }
        AlertDescription::ProtocolVersion
        | AlertDescription::HandshakeFailure
        | AlertDescription::InsufficientSecurity => NOTHING_IN_COMMON.into(),
        other => format!("the receiver ended the TLS handshake: {other:?}"),
    }
}

fn names(presented: &[String]) -> String {
    // As rustls presents them: `DnsName("a.example")`, `IpAddress(127.0.0.1)`, or as they are.
    let plain = |name: &String| {
        let inner = name.split_once('(').map_or(name.as_str(), |(_, rest)| rest.trim_end_matches(')'));
        inner.trim_matches('"').to_owned()
    };
    let mut names: Vec<String> = presented.iter().take(MAX_NAMES).map(plain).collect();
    let more = presented.len().saturating_sub(MAX_NAMES);
    if more > 0 {
        names.push(format!("{more} more"));
    }
    match names.as_slice() {
        [] => String::new(),
        [one] => one.clone(),
        [before @ .., last] => format!("{} and {last}", before.join(", ")),
    }
}

fn day(time: UnixTime) -> String {
    let seconds = i64::try_from(time.as_secs()).unwrap_or(i64::MAX);
    let at: Option<DateTime<Utc>> = DateTime::from_timestamp(seconds, 0);
    at.map_or_else(|| "a day that is none".into(), |at| at.format("%-d %B %Y at %H:%M UTC").to_string())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use rustls::pki_types::ServerName;

    use super::*;

    #[test]
    fn each_reason_has_its_own_sentence() {
        let at = |seconds| UnixTime::since_unix_epoch(Duration::from_secs(seconds));
        let name = |presented: &[&str]| CertificateError::NotValidForNameContext {
            expected: ServerName::try_from("hooks.acme.com").expect("a name").to_owned(),
            presented: presented.iter().map(|&name| name.to_owned()).collect(),
        };
        let seven = ["a", "b", "c", "d", "e", "f", "g"];
        for (why, sentence) in [
            (
                name(&["DnsName(\"acme.com\")", "www.acme.com"]),
                "the certificate is not for hooks.acme.com: it is for acme.com and www.acme.com",
            ),
            (name(&[]), "the certificate names no host, so not hooks.acme.com either"),
            (name(&seven), "the certificate is not for hooks.acme.com: it is for a, b, c, d, e and 2 more"),
            (
                CertificateError::ExpiredContext { time: at(2_000_000_000), not_after: at(1_700_000_000) },
                "the certificate expired on 14 November 2023 at 22:13 UTC",
            ),
        ] {
            assert_eq!(told(&Error::InvalidCertificate(why)), sentence);
        }
        let no_tls = Error::InvalidMessage(InvalidMessage::InvalidContentType);
        assert_eq!(told(&no_tls), "that port does not speak TLS");
        assert!(
            told(&Error::AlertReceived(AlertDescription::CertificateRequired)).contains("certificate of the caller")
        );
    }
}
