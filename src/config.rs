//! Every setting: its variable, its default, its meaning. The one place that reads the environment (through clap).

mod mail;

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use chrono::TimeDelta;
use clap::Args;
use clap::builder::{OsStringValueParser, TypedValueParser};
use ipnet::IpNet;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use url::Url;

pub use mail::{Mail, MailSecurity};

use crate::delivery::guard::AllowList;
use crate::delivery::queue::Caps;
use crate::domain::health::Rule;
use crate::server::{Patience, Shutdown};
use crate::store::DatabaseUrl;

/// How the log is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// An object a line, for programs.
    Json,
}

/// What counts for every command.
#[derive(Debug, Clone, Args)]
pub struct LogSettings {
    /// How the log is written to standard error: text or json. RUST_LOG says how much of it.
    #[arg(long, env = "HIREWIRE_LOG_FORMAT", global = true, default_value = "text", value_name = "FORMAT")]
    log_format: String,
}

impl LogSettings {
    /// The format that was asked for; an error names the setting.
    pub fn format(&self) -> Result<LogFormat, ConfigError> {
        match self.log_format.trim() {
            "" | "text" => Ok(LogFormat::Text),
            "json" => Ok(LogFormat::Json),
            other => Err(wrong("HIREWIRE_LOG_FORMAT", format!("is “{other}”, which is neither text nor json"))),
        }
    }
}

/// The settings as they are given, flag or variable. What is empty counts as not given.
#[derive(Debug, Clone, Args)]
pub struct Settings {
    /// Address and port of the console and the partner API.
    #[arg(long, env = "HIREWIRE_LISTEN", default_value = "127.0.0.1:8080", value_name = "ADDRESS:PORT")]
    pub listen: String,
    /// Database: sqlite://PATH or postgres://…; sqlite://hirewire.db when not given.
    #[arg(long, env = "HIREWIRE_DATABASE_URL", hide_env_values = true, value_name = "URL")]
    pub database_url: Option<String>,
    /// File with the sealing key; beside a SQLite file by default, and made there with a new one.
    #[arg(long, env = "HIREWIRE_SECRET_KEY_FILE", value_name = "PATH", value_parser = any_path())]
    pub secret_key_file: Option<PathBuf>,
    /// Address under which browsers reach the console. Cookies are Secure exactly when it is https.
    #[arg(long, env = "HIREWIRE_PUBLIC_URL", value_name = "URL")]
    pub public_url: Option<String>,
    /// Proxies whose X-Forwarded-For is believed: comma-separated addresses or CIDRs, or none.
    #[arg(long, env = "HIREWIRE_TRUSTED_PROXIES", default_value = "", value_name = "CIDRS")]
    pub trusted_proxies: String,
    /// Targets that the guard lets through: comma-separated CIDRs or host names, each with an optional :port.
    #[arg(long, env = "HIREWIRE_ALLOW_TARGETS", default_value = "", value_name = "TARGETS")]
    pub allow_targets: String,
    /// PEM file with further certificate authorities that receivers may use.
    #[arg(long, env = "HIREWIRE_EXTRA_CA", value_name = "PATH", value_parser = any_path())]
    pub extra_ca: Option<PathBuf>,
    /// API requests a second and organisation.
    #[arg(long, env = "HIREWIRE_RATE_LIMIT", default_value = "100", value_name = "N")]
    pub rate_limit: String,
    /// Address and port of /metrics, for Prometheus; not served when not given.
    #[arg(long, env = "HIREWIRE_METRICS_LISTEN", value_name = "ADDRESS:PORT")]
    pub metrics_listen: Option<String>,
    /// Mail server for invitations: smtps://user:password@host, or smtp://host?tls=required; none is used when not given.
    #[arg(long, env = "HIREWIRE_SMTP_URL", hide_env_values = true, value_name = "URL")]
    pub smtp_url: Option<String>,
    /// Sender of e-mail: an address, or a name with the address in angle brackets.
    #[arg(long, env = "HIREWIRE_MAIL_FROM", value_name = "ADDRESS")]
    pub mail_from: Option<String>,
    /// Deliveries under way at once to one webhook.
    #[arg(long, env = "HIREWIRE_HOOK_CONCURRENCY", default_value = "16", value_name = "N")]
    pub hook_concurrency: String,
    /// Deliveries under way at once in all.
    #[arg(long, env = "HIREWIRE_CONCURRENCY", default_value = "512", value_name = "N")]
    pub concurrency: String,
    /// No longer used: how much one webhook may keep waiting in memory is found out from how it answers.
    #[arg(long, env = "HIREWIRE_HOOK_WAITING", hide = true, value_name = "N")]
    pub hook_waiting: Option<String>,
    /// Deliveries that wait in memory in all; more wait in the database.
    #[arg(long, env = "HIREWIRE_WAITING", default_value = "20000", value_name = "N")]
    pub waiting: String,
    /// MiB of memory that the bodies of deliveries may take.
    #[arg(long, env = "HIREWIRE_WAITING_MIB", default_value = "64", value_name = "MIB")]
    pub waiting_mib: String,
    /// Webhooks that an organisation may have in each mode.
    #[arg(long, env = "HIREWIRE_WEBHOOKS", default_value = "1000", value_name = "N")]
    pub webhooks: String,
    /// So many deliveries in a row fail before a webhook may be disabled.
    #[arg(long, env = "HIREWIRE_DISABLE_AFTER_FAILURES", default_value = "20", value_name = "N")]
    pub disable_after_failures: String,
    /// Hours without a success before such a webhook is disabled; 0 disables none for failing.
    #[arg(long, env = "HIREWIRE_DISABLE_AFTER_HOURS", default_value = "24", value_name = "HOURS")]
    pub disable_after_hours: String,
    /// Seconds for which requests are still taken after the signal to stop, while /readyz sends them elsewhere [default: 5].
    #[arg(long, env = "HIREWIRE_SHUTDOWN_GRACE_SECONDS", value_name = "SECONDS")]
    pub shutdown_grace_seconds: Option<String>,
    /// Seconds that a stop takes at most, the grace included.
    #[arg(long, env = "HIREWIRE_SHUTDOWN_SECONDS", default_value = "55", value_name = "SECONDS")]
    pub shutdown_seconds: String,
}

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
    /// When a webhook that fails is disabled.
    pub disabling: Rule,
    /// How long a stop may take.
    pub shutdown: Shutdown,
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

/// Takes an empty path, too, which counts as none.
fn any_path() -> impl TypedValueParser<Value = PathBuf> {
    OsStringValueParser::new().map(PathBuf::from)
}

impl Settings {
    /// The same with defaults for what is empty: many ways of setting a variable cannot leave it out.
    fn without_empty(mut self) -> Self {
        let options = [
            &mut self.database_url,
            &mut self.public_url,
            &mut self.metrics_listen,
            &mut self.smtp_url,
            &mut self.mail_from,
            &mut self.hook_waiting,
            &mut self.shutdown_grace_seconds,
        ];
        for option in options {
            option.take_if(|text| text.trim().is_empty());
        }
        for path in [&mut self.secret_key_file, &mut self.extra_ca] {
            path.take_if(|path| path.as_os_str().is_empty());
        }
        let texts = [
            ("listen", &mut self.listen),
            ("rate_limit", &mut self.rate_limit),
            ("hook_concurrency", &mut self.hook_concurrency),
            ("concurrency", &mut self.concurrency),
            ("waiting", &mut self.waiting),
            ("waiting_mib", &mut self.waiting_mib),
            ("webhooks", &mut self.webhooks),
            ("disable_after_failures", &mut self.disable_after_failures),
            ("disable_after_hours", &mut self.disable_after_hours),
            ("shutdown_seconds", &mut self.shutdown_seconds),
        ];
        let defaults = Self::augment_args(clap::Command::new("hirewire"));
        for (name, text) in texts.into_iter().filter(|(_, text)| text.trim().is_empty()) {
            let argument = defaults.get_arguments().find(|argument| argument.get_id() == name);
            let default = argument.and_then(|argument| argument.get_default_values().first());
            *text = default.map(|default| default.to_string_lossy().into_owned()).unwrap_or_default();
        }
        self
    }
}

impl Config {
    /// Checks the settings.
    pub fn read(settings: Settings) -> Result<Self, ConfigError> {
        let settings = settings.without_empty();
        let listen = address("HIREWIRE_LISTEN", &settings.listen)?;
        let metrics_listen =
            settings.metrics_listen.map(|text| address("HIREWIRE_METRICS_LISTEN", &text)).transpose()?;
        let database = settings.database_url.as_deref().unwrap_or("sqlite://hirewire.db");
        let database: DatabaseUrl =
            database.parse().map_err(|problem: String| wrong("HIREWIRE_DATABASE_URL", problem))?;
        let secret_key_file = match (settings.secret_key_file, &database) {
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
            public_url: settings.public_url.as_deref().map(public_url).transpose()?,
            trusted_proxies: networks(&settings.trusted_proxies)?,
            says_no_proxy: settings.trusted_proxies.trim() == NO_PROXY,
            allow_targets: settings
                .allow_targets
                .parse()
                .map_err(|error| wrong("HIREWIRE_ALLOW_TARGETS", format!("cannot be read: {error}")))?,
            extra_ca: settings.extra_ca.map_or(Ok(Vec::new()), authorities)?,
            rate_limit: number("HIREWIRE_RATE_LIMIT", &settings.rate_limit)?,
            mail: Mail::read(settings.smtp_url, settings.mail_from)?,
            caps,
            max_hooks: number("HIREWIRE_WEBHOOKS", &settings.webhooks)? as usize,
            disabling: Rule {
                failures: number("HIREWIRE_DISABLE_AFTER_FAILURES", &settings.disable_after_failures)?,
                time: hours("HIREWIRE_DISABLE_AFTER_HOURS", &settings.disable_after_hours)?,
            },
            shutdown: shutdown(settings.shutdown_grace_seconds.as_deref(), &settings.shutdown_seconds)?,
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

/// Variables of the environment that begin as ours do and are no setting, each with the setting that was probably meant.
pub fn unknown_variables() -> Vec<(String, Option<String>)> {
    let known: Vec<String> = LogSettings::augment_args(Settings::augment_args(clap::Command::new("hirewire")))
        .get_arguments()
        .filter_map(|argument| argument.get_env()?.to_str().map(str::to_owned))
        .collect();
    let names = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
    let unknown = names.filter(|name| name.starts_with("HIREWIRE_") && !known.contains(name));
    unknown.map(|name| (name.clone(), meant(&name, &known))).collect()
}

/// The setting whose variable is most like this one, if any is much like it.
fn meant(name: &str, known: &[String]) -> Option<String> {
    const LIKE: f64 = 0.8;
    // What all have in common says nothing.
    let own = |name: &str| name.trim_start_matches("HIREWIRE_").replace('_', "");
    let likeness = |other: &String| strsim::normalized_damerau_levenshtein(&own(name), &own(other));
    let best = known.iter().max_by(|one, other| likeness(one).total_cmp(&likeness(other)))?;
    (likeness(best) >= LIKE).then(|| best.clone())
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
    const MOST: i64 = 24 * 365;
    let hours = text.trim().parse().ok().filter(|hours| (0..=MOST).contains(hours));
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
    let url = Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    let url = url.filter(|url| url.path() == "/" && url.query().is_none());
    url.ok_or_else(|| {
        wrong("HIREWIRE_PUBLIC_URL", format!("is “{text}”, which is no address such as https://hooks.example.com"))
    })
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

fn authorities(path: PathBuf) -> Result<Vec<CertificateDer<'static>>, ConfigError> {
    let unusable = |problem: String| wrong("HIREWIRE_EXTRA_CA", format!("names {}, {problem}", path.display()));
    let found =
        CertificateDer::pem_file_iter(&path).map_err(|error| unusable(format!("which cannot be read: {error}")))?;
    let found: Vec<_> =
        found.collect::<Result<_, _>>().map_err(|error| unusable(format!("which is no PEM file: {error}")))?;
    if found.is_empty() {
        return Err(unusable("which holds no certificate".into()));
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

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
