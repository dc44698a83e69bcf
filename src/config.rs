//! Every setting: its variable, its default, its meaning. The one place that reads the environment (through clap).

mod given;
mod mail;
mod sessions;

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use chrono::TimeDelta;
use ipnet::IpNet;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use url::Url;

pub use given::{AddressSettings, DatabaseSettings, LogFormat, LogSettings, Settings, unknown_variables};
pub use mail::{Mail, MailSecurity};
pub use sessions::SessionLimits;

use crate::delivery::guard::AllowList;
use crate::delivery::queue::Caps;
use crate::domain::health::Rule;
use crate::server::{Patience, Shutdown};
use crate::store::DatabaseUrl;
use crate::told;

/// The settings, read and checked.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where the console and the partner API listen.
    pub listen: SocketAddr,
    /// Where the metrics listen, if at all.
    pub metrics_listen: Option<SocketAddr>,
    /// Which database.
    pub database: DatabaseUrl,
    /// Where the sealing key is.
    pub secret_key_file: PathBuf,
    /// Under which address browsers reach the console, when that differs from what they say.
    pub public_url: Option<Url>,
    /// Whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpNet>,
    /// Whether the operator says that there is no proxy.
    pub says_no_proxy: bool,
    /// What the guard lets through.
    pub allow_targets: AllowList,
    /// Ports of public hosts that the guard lets through though browsers refuse them.
    pub allow_ports: Vec<u16>,
    /// Further authorities receivers may use.
    pub extra_ca: Vec<CertificateDer<'static>>,
    /// API requests a second and organisation.
    pub rate_limit: u32,
    /// Through which server e-mail goes, if any.
    pub mail: Option<Mail>,
    /// How much is under way and waiting.
    pub caps: Caps,
    /// How many webhooks an organisation may have in each mode.
    pub max_hooks: usize,
    /// How many API keys an organisation may have in each mode.
    pub max_api_keys: usize,
    /// How many interviews an organisation may have in each mode, and how many open sessions of them.
    pub max_interviews: usize,
    /// How long a log-in lasts.
    pub sessions: SessionLimits,
    /// When a webhook that fails is disabled.
    pub disabling: Rule,
    /// How long a stop may take.
    pub shutdown: Shutdown,
    /// Whether the console is for this machine alone, as the demo is; no setting of the operator's.
    pub is_for_this_machine: bool,
    /// How long clients may take; no setting of the operator's.
    pub patience: Patience,
}

/// A setting that cannot be used; one sentence that names it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{variable} {problem}.")]
pub struct ConfigError {
    /// Its variable.
    pub variable: &'static str,
    /// What is wrong with it.
    pub problem: String,
}

fn wrong(variable: &'static str, problem: impl ToString) -> ConfigError {
    ConfigError { variable, problem: problem.to_string() }
}

impl Config {
    /// Checks the settings.
    pub fn read(settings: Settings) -> Result<Self, ConfigError> {
        let settings = settings.without_empty();
        let listen = address("HIREWIRE_LISTEN", &settings.address.listen)?;
        let metrics_listen =
            settings.metrics_listen.map(|text| address("HIREWIRE_METRICS_LISTEN", &text)).transpose()?;
        let database = settings.database.database_url.as_deref().unwrap_or("sqlite://hirewire.db");
        let database: DatabaseUrl =
            database.parse().map_err(|problem: String| wrong("HIREWIRE_DATABASE_URL", problem))?;
        let secret_key_file = match (settings.database.secret_key_file, &database) {
            (Some(path), _) => path,
            (None, DatabaseUrl::Sqlite(path)) => path.with_extension("key"),
            (None, DatabaseUrl::Postgres(_)) => {
                return Err(wrong(
                    "HIREWIRE_SECRET_KEY_FILE",
                    "is not set, and PostgreSQL needs it: name a file with the sealing key",
                ));
            }
        };
        if settings.hook_waiting.is_some() {
            tracing::warn!(
                "HIREWIRE_HOOK_WAITING is set and no longer used: HIREWIRE_WAITING and HIREWIRE_WAITING_MIB bound memory."
            );
        }
        let caps = Caps {
            per_hook: number("HIREWIRE_HOOK_CONCURRENCY", &settings.hook_concurrency)? as usize,
            in_all: number("HIREWIRE_CONCURRENCY", &settings.concurrency)? as usize,
            waiting: number("HIREWIRE_WAITING", &settings.waiting)? as usize,
            waiting_bytes: number("HIREWIRE_WAITING_MIB", &settings.waiting_mib)? as usize * 1024 * 1024,
        };
        Ok(Self {
            listen,
            metrics_listen,
            database,
            secret_key_file,
            public_url: settings.address.public_url.as_deref().map(public_url).transpose()?,
            trusted_proxies: networks(&settings.trusted_proxies)?,
            says_no_proxy: settings.trusted_proxies.trim() == NO_PROXY,
            allow_targets: settings
                .allow_targets
                .parse()
                .map_err(|error| wrong("HIREWIRE_ALLOW_TARGETS", format!("cannot be read: {error}")))?,
            allow_ports: ports(&settings.allow_ports)?,
            extra_ca: settings.extra_ca.map_or(Ok(Vec::new()), authorities)?,
            rate_limit: number("HIREWIRE_RATE_LIMIT", &settings.rate_limit)?,
            mail: Mail::read(settings.smtp_url, settings.mail_from)?,
            caps,
            max_hooks: number("HIREWIRE_WEBHOOKS", &settings.webhooks)? as usize,
            max_api_keys: number("HIREWIRE_API_KEYS", &settings.api_keys)? as usize,
            max_interviews: number("HIREWIRE_INTERVIEWS", &settings.interviews)? as usize,
            sessions: SessionLimits::read(&settings.session_idle, &settings.session_life)?,
            disabling: Rule {
                failures: number("HIREWIRE_DISABLE_AFTER_FAILURES", &settings.disable_after_failures)?,
                time: hours("HIREWIRE_DISABLE_AFTER_HOURS", &settings.disable_after_hours)?,
            },
            shutdown: shutdown(settings.shutdown_grace_seconds.as_deref(), &settings.shutdown_seconds)?,
            is_for_this_machine: false,
            patience: Patience::default(),
        })
    }

    /// Whether browsers reach the console by https: cookies are then `Secure` and `__Host-`.
    pub fn is_https(&self) -> bool {
        self.public_url.as_ref().is_some_and(|url| url.scheme() == "https")
    }

    /// Whether visitors come through a proxy that was not named: all of them then look like one. The program itself speaks no
    /// TLS, so an https address means a proxy.
    pub fn has_unnamed_proxy(&self) -> bool {
        self.is_https() && self.trusted_proxies.is_empty() && !self.says_no_proxy
    }

    /// Where the console is reached, for links in what is sent out: the public address, else where it listens. `None` when
    /// it listens on every address of the machine, or on a port that the machine chooses.
    pub fn console_address(&self) -> Option<String> {
        let listens = !self.listen.ip().is_unspecified() && self.listen.port() != 0;
        let own = || listens.then(|| format!("http://{}", self.listen));
        self.public_url.as_ref().map(|url| url.as_str().trim_end_matches('/').to_owned()).or_else(own)
    }
}

fn address(variable: &'static str, text: &str) -> Result<SocketAddr, ConfigError> {
    let problem = || format!("is “{text}”, which is no address and port such as 127.0.0.1:8080");
    text.parse().map_err(|_| wrong(variable, problem()))
}

fn number(variable: &'static str, text: &str) -> Result<u32, ConfigError> {
    let number = text.trim().parse().ok().filter(|n| (1..=1_000_000).contains(n));
    number.ok_or_else(|| wrong(variable, format!("is “{text}”, which is no whole number from 1 to 1,000,000")))
}

/// A time; `None` when it is 0.
fn hours(variable: &'static str, text: &str) -> Result<Option<TimeDelta>, ConfigError> {
    const MAX_HOURS: i64 = 24 * 365;
    let hours = text.trim().parse().ok().filter(|hours| (0..=MAX_HOURS).contains(hours));
    let hours =
        hours.ok_or_else(|| wrong(variable, format!("is “{text}”, which is no whole number from 0 to 8,760")))?;
    Ok((hours > 0).then(|| TimeDelta::hours(hours)))
}

fn shutdown(grace: Option<&str>, whole: &str) -> Result<Shutdown, ConfigError> {
    const MAX_SECONDS: u64 = 3_600;
    let seconds = |variable, text: &str, least: u64| {
        let seconds = text.trim().parse().ok().filter(|seconds| (least..=MAX_SECONDS).contains(seconds));
        let problem = || format!("is “{text}”, which is no whole number from {least} to 3,600");
        seconds.map(Duration::from_secs).ok_or_else(|| wrong(variable, problem()))
    };
    let grace = seconds("HIREWIRE_SHUTDOWN_GRACE_SECONDS", grace.unwrap_or("5"), 0)?;
    let whole = seconds("HIREWIRE_SHUTDOWN_SECONDS", whole, 1)?;
    if whole <= grace {
        return Err(wrong("HIREWIRE_SHUTDOWN_SECONDS", "leaves nothing beside HIREWIRE_SHUTDOWN_GRACE_SECONDS"));
    }
    Ok(Shutdown { grace, whole })
}

fn public_url(text: &str) -> Result<Url, ConfigError> {
    const VARIABLE: &str = "HIREWIRE_PUBLIC_URL";
    let url = Url::parse(text.trim()).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    let url = url.filter(|url| url.username().is_empty() && url.password().is_none());
    // What cannot be read is not repeated: a password may stand in it.
    let url = url.ok_or_else(|| wrong(VARIABLE, "is no address such as https://hooks.example.com"))?;
    if url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
        let origin = url.origin().ascii_serialization();
        let told = format!(
            "is “{text}”, and the console cannot live below a path: give it a host name of its own, and write only {origin}"
        );
        return Err(wrong(VARIABLE, told));
    }
    Ok(url)
}

/// How one says that there is no proxy.
const NO_PROXY: &str = "none";

fn networks(text: &str) -> Result<Vec<IpNet>, ConfigError> {
    if text.trim() == NO_PROXY {
        return Ok(Vec::new());
    }
    let entries = text.split(',').map(str::trim).filter(|entry| !entry.is_empty());
    entries
        .map(|entry| {
            let network = entry.parse::<IpNet>().ok().or_else(|| entry.parse::<IpAddr>().ok().map(IpNet::from));
            network.ok_or_else(|| {
                wrong("HIREWIRE_TRUSTED_PROXIES", format!("has the entry “{entry}”, which is no address or CIDR"))
            })
        })
        .collect()
}

fn ports(text: &str) -> Result<Vec<u16>, ConfigError> {
    let entries = text.split(',').map(str::trim).filter(|entry| !entry.is_empty());
    entries
        .map(|entry| {
            let port = entry.parse().ok().filter(|port| *port > 0);
            port.ok_or_else(|| wrong("HIREWIRE_ALLOW_PORTS", format!("has the entry “{entry}”, which is no port")))
        })
        .collect()
}

fn authorities(path: PathBuf) -> Result<Vec<CertificateDer<'static>>, ConfigError> {
    let unusable = |problem: String| wrong("HIREWIRE_EXTRA_CA", format!("names {}, {problem}", path.display()));
    let found = CertificateDer::pem_file_iter(&path)
        .map_err(|error| unusable(format!("which cannot be read: {}", told::error(&error))))?;
    let found: Vec<_> = found
        .collect::<Result<_, _>>()
        .map_err(|error| unusable(format!("which is no PEM file: {}", told::error(&error))))?;
    if found.is_empty() {
        return Err(unusable("which holds no certificate".into()));
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::{Args as _, Parser};

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        settings: Settings,
    }

    fn read(arguments: &[&str]) -> Result<Config, String> {
        let line = Line::try_parse_from([&["hirewire"], arguments].concat()).expect("flags");
        Config::read(line.settings).map_err(|error| error.to_string())
    }

    #[test]
    fn an_empty_setting_is_one_that_is_not_given() {
        let of = |line: &[&str]| format!("{:?}", read(line).expect("settings"));
        let every = Settings::augment_args(clap::Command::new("hirewire"));
        let long: Vec<String> =
            every.get_arguments().filter_map(|argument| Some(format!("--{}=", argument.get_long()?))).collect();
        let empty: Vec<&str> = long.iter().map(String::as_str).collect();
        assert!(empty.len() > 20);
        assert_eq!(of(&empty), of(&[]));
    }

    #[test]
    fn a_wrong_setting_is_named_in_one_sentence() {
        for (arguments, variable) in [
            (["--listen", "nowhere"], "HIREWIRE_LISTEN"),
            (["--database-url", "mysql://x"], "HIREWIRE_DATABASE_URL"),
            (["--database-url", "postgres://x"], "HIREWIRE_SECRET_KEY_FILE"),
            (["--public-url", "hooks"], "HIREWIRE_PUBLIC_URL"),
            (["--trusted-proxies", "10.0.0.0/8,x"], "HIREWIRE_TRUSTED_PROXIES"),
            (["--allow-targets", "10.0.0.0/99"], "HIREWIRE_ALLOW_TARGETS"),
            (["--allow-ports", "25,smtp"], "HIREWIRE_ALLOW_PORTS"),
            (["--api-keys", "0"], "HIREWIRE_API_KEYS"),
            (["--interviews", "many"], "HIREWIRE_INTERVIEWS"),
            (["--session-life", "forever"], "HIREWIRE_SESSION_LIFE"),
            (["--extra-ca", "/nowhere/ca.pem"], "HIREWIRE_EXTRA_CA"),
            (["--rate-limit", "0"], "HIREWIRE_RATE_LIMIT"),
            (["--smtp-url", "smtps://mail.example.com"], "HIREWIRE_MAIL_FROM"),
            (["--disable-after-failures", "0"], "HIREWIRE_DISABLE_AFTER_FAILURES"),
            (["--disable-after-hours", "9000"], "HIREWIRE_DISABLE_AFTER_HOURS"),
            (["--shutdown-grace-seconds", "x"], "HIREWIRE_SHUTDOWN_GRACE_SECONDS"),
            (["--shutdown-seconds", "5"], "HIREWIRE_SHUTDOWN_SECONDS"),
        ] {
            let told = read(&arguments).expect_err(variable);
            assert!(told.starts_with(variable) && told.ends_with('.') && !told.contains('\n'), "{told}");
        }
    }

    #[test]
    fn the_defaults_are_sqlite_in_this_folder_with_its_key_beside_it() {
        let config = read(&[]).expect("defaults");
        assert_eq!(config.database, DatabaseUrl::Sqlite("hirewire.db".into()));
        assert_eq!(config.secret_key_file, PathBuf::from("hirewire.key"));
        assert!(!config.is_https());
        assert_eq!(config.shutdown, Shutdown { grace: Duration::from_secs(5), whole: Duration::from_secs(55) });
        assert_eq!(config.disabling, Rule::default());
        assert_eq!(read(&["--disable-after-hours", "0"]).expect("settings").disabling.time, None);
    }
}
