//! E-mail: letters handed to the operator's mail server.
//!
//! A letter is never part of a transaction, and its failure undoes nothing: whoever sends one learns within [`SEND_TIMEOUT`]
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
pub const SEND_TIMEOUT: Duration = Duration::from_secs(10);

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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use rcgen::{BasicConstraints, CertificateParams, IsCa, KeyPair};
    use rustls::ServerConfig;
    use rustls::pki_types::PrivatePkcs8KeyDer;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;
    use tokio_rustls::TlsAcceptor;

    use super::*;

    /// A mail server that finds everything fine, with a certificate of its own: its port, and that certificate.
    async fn server(is_ca: IsCa) -> (u16, CertificateDer<'static>) {
        let key = KeyPair::generate().expect("a key");
        let mut params = CertificateParams::new(["127.0.0.1".to_owned()]).expect("a name");
        params.is_ca = is_ca;
        let certificate = params.self_signed(&key).expect("a certificate").der().clone();
        let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_no_client_auth()
            .with_single_cert(vec![certificate.clone()], PrivatePkcs8KeyDer::from(key.serialize_der()).into())
            .expect("a pair");
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        tokio::spawn(async move {
            while let Ok((tcp, _)) = listener.accept().await {
                let Ok(mut stream) = acceptor.accept(tcp).await else { continue };
                let mut said = [0; 512];
                let mut answer = &b"220 post.example\r\n"[..];
                while stream.write_all(answer).await.is_ok() && stream.read(&mut said).await.is_ok_and(|read| read > 0)
                {
                    answer = b"250 fine\r\n";
                }
            }
        });
        (port, certificate)
    }

    async fn tried(port: u16, own: &[CertificateDer<'static>]) -> Result<(), String> {
        let settings = Mail::read(Some(format!("smtps://127.0.0.1:{port}")), Some("desk@acme.example".into()));
        let settings = settings.expect("settings").expect("a server");
        Mailer::new(&settings, own).expect("a mailer").try_connection().await
    }

    #[tokio::test]
    async fn a_servers_own_certificate_is_told_with_what_to_do() {
        let (port, certificate) = server(IsCa::Ca(BasicConstraints::Unconstrained)).await;
        let told = tried(port, &[certificate]).await.expect_err("an authority is no server");
        assert!(told.contains("(CA:TRUE)") && told.contains("-addext basicConstraints=CA:FALSE"), "{told}");
        let (port, certificate) = server(IsCa::ExplicitNoCa).await;
        assert_eq!(tried(port, &[certificate]).await, Ok(()), "what is advised works");
        let told = tried(port, &[]).await.expect_err("nobody vouches for it");
        assert!(told.contains("HIREWIRE_EXTRA_CA") && !told.contains("UnknownIssuer"), "{told}");
    }

    #[tokio::test]
    async fn a_server_that_is_not_there_is_told_of_in_words() {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        drop(listener);
        let told = tried(port, &[]).await.expect_err("nobody listens");
        assert!(told.contains("nothing listens there") && !told.contains("os error"), "{told}");
    }
}
