//! Whom a receiver's certificate is believed by: the public authorities, those that the operator adds, and the operator's word for
//! one certificate itself.
//!
//! `openssl req -x509` makes a certificate that calls itself an authority and is used as a server's own. An authority is no
//! server, so it is refused by rule; but where that very certificate stands in `HIREWIRE_EXTRA_CA`, the operator has said whose it
//! is, and what is left to ask is whether it is for this host and for this day.

use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, DigitallySignedStruct, Error, OtherError, RootCertStore, SignatureScheme};

use super::SenderError;
use super::handshake::is_authority;

/// Judges certificates.
#[derive(Debug)]
pub(super) struct Trust {
    rules: Arc<WebPkiServerVerifier>,
    /// What the operator vouches for.
    own: Vec<CertificateDer<'static>>,
}

/// A certificate of an authority that nobody has vouched for: which one, as the certificate itself says.
#[derive(Debug, thiserror::Error)]
#[error("the certificate is {0}")]
pub(super) struct UnknownAuthority(String);

impl Trust {
    /// Trusts the public authorities and these.
    pub fn new(extra: &[CertificateDer<'static>], provider: Arc<CryptoProvider>) -> Result<Self, SenderError> {
        let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        for certificate in extra {
            roots.add(certificate.clone()).map_err(SenderError::ExtraCa)?;
        }
        let rules = WebPkiServerVerifier::builder_with_provider(roots.into(), provider).build();
        let rules = rules.map_err(|error| SenderError::Tls(Error::General(error.to_string())))?;
        Ok(Self { rules, own: extra.to_vec() })
    }
}

impl ServerCertVerifier for Trust {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        chain: &[CertificateDer<'_>],
        host: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        match self.rules.verify_server_cert(certificate, chain, host, ocsp, now) {
            // Its time was looked at before.
            Err(Error::InvalidCertificate(why))
                if is_authority(&why) && self.own.iter().any(|own| own == certificate) =>
            {
                rustls::client::verify_server_name(&ParsedCertificate::try_from(certificate)?, host)?;
                Ok(ServerCertVerified::assertion())
            }
            Err(Error::InvalidCertificate(why)) if why == CertificateError::UnknownIssuer || is_authority(&why) => {
                let unknown = UnknownAuthority(origin(certificate, chain));
                Err(Error::InvalidCertificate(CertificateError::Other(OtherError(Arc::new(unknown)))))
            }
            judged => judged,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.rules.verify_tls12_signature(message, certificate, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.rules.verify_tls13_signature(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.rules.supported_verify_schemes()
    }
}

/// Where a certificate says that it comes from: who signed it, and whether the receiver sent that one's along.
fn origin(certificate: &CertificateDer<'_>, chain: &[CertificateDer<'_>]) -> String {
    let Ok(own) = webpki::EndEntityCert::try_from(certificate) else {
        return "of an authority that cannot be read".into();
    };
    if own.issuer() == own.subject() {
        return "signed by itself and by no authority, and HIREWIRE_EXTRA_CA does not hold it".into();
    }
    let last = chain.last().and_then(|last| webpki::EndEntityCert::try_from(last).ok());
    let issuer = last.as_ref().map_or(own.issuer(), |last| last.issuer());
    let sent = if chain.is_empty() {
        "which the receiver did not send along; have it serve its whole chain, unless that is an authority of your own"
    } else {
        "which is no authority that is trusted here; one of your own belongs into HIREWIRE_EXTRA_CA"
    };
    format!("signed by {}, {sent}", name(issuer))
}

/// The name in what a certificate calls somebody: the common name, else the organisation.
fn name(distinguished: &[u8]) -> String {
    const COMMON_NAME: [u8; 5] = [0x06, 0x03, 0x55, 0x04, 0x03];
    const ORGANISATION: [u8; 5] = [0x06, 0x03, 0x55, 0x04, 0x0a];
    let value = |kind: [u8; 5]| {
        let at = distinguished.windows(kind.len()).position(|window| window == kind)? + kind.len();
        // A string of a kind that has no part in it, and a length that fits into one byte.
        let length = *distinguished.get(at + 1).filter(|length| **length < 0x80)? as usize;
        let text = std::str::from_utf8(distinguished.get(at + 2..at + 2 + length)?).ok()?;
        Some(text.chars().filter(|c| !c.is_control()).collect::<String>()).filter(|text| !text.is_empty())
    };
    let name = value(COMMON_NAME).or_else(|| value(ORGANISATION));
    name.map_or_else(|| "an authority without a name".into(), |name| format!("“{name}”"))
}
