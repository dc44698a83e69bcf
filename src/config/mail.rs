//! The mail server: where it is, how it is spoken to, as whom.

use std::net::IpAddr;
use std::time::Duration;

use url::Url;

use super::{ConfigError, wrong};
use crate::actions::mail::SEND_TIMEOUT;
use crate::domain::member;
use crate::domain::secret::Plain;

/// Through which server e-mail goes.
#[derive(Debug, Clone)]
pub struct Mail {
    /// Its address with name and password, if it asks for them.
    pub url: Plain,
    /// Its host, whose name its certificate must bear.
    pub host: String,
    /// How the connection is kept private.
    pub security: MailSecurity,
    /// The sender's address.
    pub from: String,
    /// The sender's name.
    pub from_name: String,
    /// How long it may take over a letter.
    pub patience: Duration,
}

/// How the connection to the mail server is kept private.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailSecurity {
    /// Not at all: a relay on this machine or in this network.
    None,
    /// STARTTLS, without which nothing is sent.
    StartTls,
    /// TLS from the first byte on.
    Tls,
}

impl Mail {
    /// Reads the two settings; without a server there is no mail.
    pub fn read(url: Option<String>, from: Option<String>) -> Result<Option<Self>, ConfigError> {
        let Some(text) = url.filter(|url| !url.trim().is_empty()) else { return Ok(None) };
        // What cannot be read is not repeated: it holds a password.
        let unreadable =
            "cannot be read: write it as smtps://user:password@mail.example.com or smtp://host?tls=required";
        let url = Url::parse(text.trim()).ok().filter(|url| url.host_str().is_some_and(|host| !host.is_empty()));
        let url = url.ok_or_else(|| wrong("HIREWIRE_SMTP_URL", unreadable))?;
        let tls = url.query_pairs().find(|(name, _)| name == "tls").map(|(_, value)| value.into_owned());
        let security = match (url.scheme(), tls.as_deref()) {
            ("smtps", None | Some("required")) => MailSecurity::Tls,
            ("smtp", Some("required")) => MailSecurity::StartTls,
            ("smtp", None) => MailSecurity::None,
            _ => return Err(wrong("HIREWIRE_SMTP_URL", unreadable)),
        };
        if security == MailSecurity::None && url.password().is_some() && !is_this_machine(&url) {
            let told = "has a password that would be sent in clear: use smtps://, or add ?tls=required";
            return Err(wrong("HIREWIRE_SMTP_URL", told));
        }
        let missing = "is not set, and HIREWIRE_SMTP_URL needs it: name the sender, such as hirewire@example.com";
        let from = from.filter(|from| !from.trim().is_empty()).ok_or_else(|| wrong("HIREWIRE_MAIL_FROM", missing))?;
        let (from_name, from) = sender(&from)?;
        let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']).to_owned();
        Ok(Some(Self { url: Plain::new(url.to_string()), host, security, from, from_name, patience: SEND_TIMEOUT }))
    }
}

impl Mail {
    /// Whether letters leave this machine without TLS.
    pub fn crosses_a_network_in_clear(&self) -> bool {
        self.security == MailSecurity::None && !is_this_host(&self.host)
    }
}

fn is_this_host(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// The host of an address whose scheme is none of the web's is a text, whatever stands in it.
fn is_this_machine(url: &Url) -> bool {
    is_this_host(url.host_str().unwrap_or_default().trim_matches(['[', ']']))
}

/// `name@host`, or `A name <name@host>`.
fn sender(text: &str) -> Result<(String, String), ConfigError> {
    let text = text.trim();
    let (name, address) = match text.strip_suffix('>').and_then(|text| text.split_once('<')) {
        Some((name, address)) => (name.trim().trim_matches('"'), address),
        None => ("Hirewire", text),
    };
    let address = member::email(address).filter(|_| !name.chars().any(char::is_control));
    let problem = || format!("is “{text}”, which is no address such as hirewire@example.com");
    Ok((name.to_owned(), address.ok_or_else(|| wrong("HIREWIRE_MAIL_FROM", problem()))?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(url: &str, from: &str) -> Result<Mail, String> {
        let mail = Mail::read(Some(url.into()), Some(from.into())).map_err(|error| error.to_string())?;
        mail.ok_or_else(|| "no mail".into())
    }

    #[test]
    fn a_server_is_read_with_its_security_and_sender() {
        let mail = read("smtps://u:p%40ss@mail.example.com", "Hiring “desk” <Hooks@Example.com>").expect("settings");
        assert_eq!((mail.host.as_str(), mail.security), ("mail.example.com", MailSecurity::Tls));
        assert_eq!((mail.from_name.as_str(), mail.from.as_str()), ("Hiring “desk”", "hooks@example.com"));
        assert!(!format!("{mail:?}").contains("p%40ss"));
        let mail = read("smtp://mail.example.com?tls=required", "hooks@example.com").expect("settings");
        assert_eq!((mail.security, mail.from_name.as_str()), (MailSecurity::StartTls, "Hirewire"));
        assert_eq!(read("smtp://relay:2525", "a@b.example").expect("settings").security, MailSecurity::None);
        for here in ["smtp://u:p@127.0.0.1:2525", "smtp://u:p@[::1]", "smtp://u:p@localhost"] {
            assert!(read(here, "a@b.example").is_ok(), "{here}");
        }
        assert!(Mail::read(None, Some("a@b.example".into())).expect("no mail").is_none());
    }

    #[test]
    fn what_cannot_be_used_is_told_without_the_password() {
        for (url, from, variable) in [
            ("http://u:s3cret@mail.example.com", "a@b.example", "HIREWIRE_SMTP_URL"),
            ("smtp://u:s3cret@mail.example.com", "a@b.example", "HIREWIRE_SMTP_URL"),
            ("smtp://u:s3cret@mail.example.com?tls=opportunistic", "a@b.example", "HIREWIRE_SMTP_URL"),
            ("mail s3cret", "a@b.example", "HIREWIRE_SMTP_URL"),
            ("smtps://u:s3cret@mail.example.com", "nobody", "HIREWIRE_MAIL_FROM"),
            ("smtps://u:s3cret@mail.example.com", " ", "HIREWIRE_MAIL_FROM"),
        ] {
            let told = read(url, from).expect_err(url);
            assert!(told.starts_with(variable) && told.ends_with('.') && !told.contains("s3cret"), "{told}");
        }
    }
}
