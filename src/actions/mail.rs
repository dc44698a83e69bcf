//! E-mail: letters handed to the operator's mail server.
//!
//! A letter is never part of a transaction, and its failure undoes nothing: whoever sends one learns within [`PATIENCE`]
//! whether the server took it, and says so on the page. What exactly went wrong is for the operator's log alone.

use std::time::Duration;

use chrono::{DateTime, Utc};
use lettre::address::Envelope;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::{Address, AsyncSmtpTransport, AsyncTransport as _, Tokio1Executor};
use mail_builder::MessageBuilder;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::Registry;
use rustls::CertificateError;
use rustls::pki_types::CertificateDer;

use crate::config::{Mail, MailSecurity};
use crate::delivery::sender::handshake;
use crate::told;

/// How long the mail server may take over a letter unless the settings say otherwise.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// Sends letters.
pub struct Mailer {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    settings: Mail,
    letters: Family<Outcome, Counter>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Outcome {
    outcome: &'static str,
}

/// What is sent to whom.
#[derive(Debug, Clone)]
pub struct Letter {
    /// The recipient's name, if it is known.
    pub to_name: Option<String>,
    /// The recipient's address.
    pub to: String,
    /// Its subject.
    pub subject: String,
    /// Its text.
    pub text: String,
    /// Names it among all letters.
    pub id: String,
    /// When it is written.
    pub at: DateTime<Utc>,
}

impl Mailer {
    /// A mailer with these settings, which trusts the operator's own authorities as well. Connects to nothing yet.
    pub fn new(settings: &Mail, authorities: &[CertificateDer<'static>]) -> Result<Self, String> {
        let parameters = || {
            let mut parameters = TlsParameters::builder(settings.host.clone());
            for authority in authorities {
                let authority = Certificate::from_der(authority.to_vec()).map_err(explained)?;
                parameters = parameters.add_root_certificate(authority);
            }
            parameters.build().map_err(explained)
        };
        let tls = match settings.security {
            MailSecurity::None => Tls::None,
            MailSecurity::StartTls => Tls::Required(parameters()?),
            MailSecurity::Tls => Tls::Wrapper(parameters()?),
        };
        // Read by the library for names, passwords and the greeting; its own idea of TLS is replaced.
        let builder = AsyncSmtpTransport::<Tokio1Executor>::from_url(settings.url.reveal()).map_err(explained)?;
        let transport = builder.tls(tls).timeout(Some(settings.patience)).build();
        Ok(Self { transport, settings: settings.clone(), letters: Family::default() })
    }

    /// Connects, says who we are, and hangs up; what went wrong otherwise, for the operator.
    pub async fn try_connection(&self) -> Result<(), String> {
        match tokio::time::timeout(self.settings.patience, self.transport.test_connection()).await {
            Ok(Ok(true)) => Ok(()),
            Ok(Ok(false)) => Err("it does not answer as a mail server does".into()),
            Ok(Err(error)) => Err(explained(error)),
            Err(_) => Err(format!("the mail server took longer than {:?}", self.settings.patience)),
        }
    }

    /// Hands a letter over; what went wrong otherwise, for the operator.
    pub async fn send(&self, letter: &Letter) -> Result<(), String> {
        let sent = self.hand_over(letter).await;
        let outcome = if sent.is_ok() { "sent" } else { "failed" };
        self.letters.get_or_create(&Outcome { outcome }).inc();
        sent
    }

    /// Names what it counts for the operator.
    pub fn register(&self, registry: &mut Registry) {
        registry.register("hirewire_mail", "Letters by whether the mail server took them", self.letters.clone());
    }

    async fn hand_over(&self, letter: &Letter) -> Result<(), String> {
        let bytes = self.message(letter)?;
        let from: Address = self.settings.from.parse().map_err(explained)?;
        let to: Address = letter.to.parse().map_err(explained)?;
        let envelope = Envelope::new(Some(from), vec![to]).map_err(explained)?;
        let sending = self.transport.send_raw(&envelope, &bytes);
        match tokio::time::timeout(self.settings.patience, sending).await {
            Ok(answered) => answered.map(drop).map_err(explained),
            Err(_) => Err(format!("the mail server took longer than {:?}", self.settings.patience)),
        }
    }

    fn message(&self, letter: &Letter) -> Result<Vec<u8>, String> {
        let host = self.settings.from.rsplit_once('@').map_or("localhost", |(_, host)| host);
        MessageBuilder::new()
            .message_id(format!("{}@{host}", letter.id))
            .date(letter.at.timestamp())
            .from((self.settings.from_name.as_str(), self.settings.from.as_str()))
            .to((letter.to_name.as_deref().unwrap_or_default(), letter.to.as_str()))
            .subject(letter.subject.as_str())
            // Nobody is to be told that the recipient is away.
            .header("Auto-Submitted", mail_builder::headers::raw::Raw::new("auto-generated"))
            .text_body(letter.text.as_str())
            .write_to_vec()
            .map_err(explained)
    }
}

/// What went wrong, with what stands behind it.
fn explained(error: impl std::error::Error + 'static) -> String {
    match told::cause::<rustls::Error>(&error) {
        Some(handshake) => told_of_handshake(handshake),
        None => told::error(&error),
    }
}

fn told_of_handshake(error: &rustls::Error) -> String {
    let told = handshake::told(error).replace("the receiver", "the mail server");
    match error {
        rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer) => {
            format!("{told}; one of your own belongs into HIREWIRE_EXTRA_CA")
        }
        rustls::Error::InvalidCertificate(why) if handshake::is_authority(why) => format!(
            "{told}; give the mail server one that is not (openssl req -x509 -addext basicConstraints=CA:FALSE), and put that into \
             HIREWIRE_EXTRA_CA"
        ),
        _ => told,
    }
}
