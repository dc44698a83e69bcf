//! What is reached from here and listened on.

use std::net::{SocketAddr, TcpListener};

use super::{Finding, ok, wrong};
use crate::actions::mail::Mailer;
use crate::config::Config;
use crate::delivery::sender::authorities_that_are_none;
use crate::told;

/// Whether the ports can be listened on.
pub(super) fn ports(config: &Config) -> Vec<Finding> {
    let metrics = config.metrics_listen.map(|address| port("HIREWIRE_METRICS_LISTEN", address));
    std::iter::once(port("HIREWIRE_LISTEN", config.listen)).chain(metrics).collect()
}

fn port(about: &'static str, address: SocketAddr) -> Finding {
    match TcpListener::bind(address) {
        Ok(_) => ok(about, format!("is {address}, which is free")),
        Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => wrong(
            about,
            format!("is {address}, which another program listens on: stop that one, or choose another port"),
        ),
        Err(error) if error.kind() == std::io::ErrorKind::AddrNotAvailable => {
            wrong(about, format!("is {address}, which is no address of this machine: use one of its own, or 0.0.0.0"))
        }
        Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => {
            wrong(about, format!("is {address}, which only root may listen on: choose a port above 1023"))
        }
        Err(error) => wrong(about, format!("is {address}, which cannot be listened on: {}", told::io(&error))),
    }
}

/// Whether what receivers are trusted by are certificates.
pub(super) fn authorities(config: &Config) -> Option<Finding> {
    const ABOUT: &str = "HIREWIRE_EXTRA_CA";
    let count = config.extra_ca.len();
    match authorities_that_are_none(&config.extra_ca) {
        _ if count == 0 => None,
        0 => Some(ok(ABOUT, format!("holds {count} certificate{}", if count == 1 { "" } else { "s" }))),
        bad => Some(wrong(
            ABOUT,
            format!("holds {bad} of {count} that are no certificates: export the authority as PEM again"),
        )),
    }
}

/// Whether the mail server answers and lets us in.
pub(super) async fn mail(config: &Config) -> Option<Finding> {
    const ABOUT: &str = "HIREWIRE_SMTP_URL";
    let settings = config.mail.as_ref()?;
    let tried = match Mailer::new(settings, &config.extra_ca) {
        Ok(mailer) => mailer.try_connection().await,
        Err(error) => Err(error),
    };
    Some(match tried {
        Ok(()) => ok(ABOUT, format!("leads to {}, which answers and takes our name", settings.host)),
        Err(why) => wrong(ABOUT, format!("leads to {}, which cannot be used: {why}", settings.host)),
    })
}
