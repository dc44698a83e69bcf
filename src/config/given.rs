//! The settings as they are given: flags, variables and defaults, not yet checked.

use std::path::PathBuf;

use clap::Args;
use clap::builder::{OsStringValueParser, TypedValueParser};

use super::{ConfigError, wrong};

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

/// Which database, and what opens what is sealed in it: what every command needs.
#[derive(Debug, Clone, Default, Args)]
pub struct DatabaseSettings {
    /// Database: sqlite://PATH or postgres://…; sqlite://hirewire.db when not given.
    #[arg(long, env = "HIREWIRE_DATABASE_URL", hide_env_values = true, value_name = "URL")]
    pub database_url: Option<String>,
    /// File with the sealing key; beside a SQLite file by default, and made there with a new one.
    #[arg(long, env = "HIREWIRE_SECRET_KEY_FILE", value_name = "PATH", value_parser = any_path())]
    pub secret_key_file: Option<PathBuf>,
}

/// Where the console is: for whoever serves it, and whoever hands out links to it.
#[derive(Debug, Clone, Default, Args)]
pub struct AddressSettings {
    /// Address and port of the console and the partner API.
    #[arg(long, env = "HIREWIRE_LISTEN", default_value = "127.0.0.1:8080", value_name = "ADDRESS:PORT")]
    pub listen: String,
    /// Address under which browsers reach the console. Cookies are Secure exactly when it is https.
    #[arg(long, env = "HIREWIRE_PUBLIC_URL", value_name = "URL")]
    pub public_url: Option<String>,
}

/// The settings as they are given, flag or variable. What is empty counts as not given, so the default is what a command
/// without them works with.
#[derive(Debug, Clone, Default, Args)]
pub struct Settings {
    /// Where the console is.
    #[command(flatten)]
    pub address: AddressSettings,
    /// Which database.
    #[command(flatten)]
    pub database: DatabaseSettings,
    /// Proxies whose X-Forwarded-For is believed: comma-separated addresses or CIDRs, or none.
    #[arg(long, env = "HIREWIRE_TRUSTED_PROXIES", default_value = "", value_name = "CIDRS")]
    pub trusted_proxies: String,
    /// Targets that the guard lets through: comma-separated CIDRs or host names, each with an optional :port.
    #[arg(long, env = "HIREWIRE_ALLOW_TARGETS", default_value = "", value_name = "TARGETS")]
    pub allow_targets: String,
    /// Ports of public hosts that webhooks may use though browsers refuse them: comma-separated numbers.
    #[arg(long, env = "HIREWIRE_ALLOW_PORTS", default_value = "", value_name = "PORTS")]
    pub allow_ports: String,
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
    /// API keys that an organisation may have in each mode, revoked ones left aside.
    #[arg(long, env = "HIREWIRE_API_KEYS", default_value = "100", value_name = "N")]
    pub api_keys: String,
    /// Interviews that an organisation may have in each mode, and sessions of them that are open.
    #[arg(long, env = "HIREWIRE_INTERVIEWS", default_value = "10000", value_name = "N")]
    pub interviews: String,
    /// How long a log-in lasts without being used, such as 12h, 30m or 2d.
    #[arg(long, env = "HIREWIRE_SESSION_IDLE", default_value = "12h", value_name = "TIME")]
    pub session_idle: String,
    /// How long a log-in lasts at most, such as 7d or 10h.
    #[arg(long, env = "HIREWIRE_SESSION_LIFE", default_value = "7d", value_name = "TIME")]
    pub session_life: String,
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

/// Takes an empty path, too, which counts as none.
fn any_path() -> impl TypedValueParser<Value = PathBuf> {
    OsStringValueParser::new().map(PathBuf::from)
}

impl From<DatabaseSettings> for Settings {
    fn from(database: DatabaseSettings) -> Self {
        Self { database, ..Self::default() }
    }
}

impl Settings {
    /// The same with defaults for what is empty: many ways of setting a variable cannot leave it out.
    pub(super) fn without_empty(mut self) -> Self {
        let options = [
            &mut self.database.database_url,
            &mut self.address.public_url,
            &mut self.metrics_listen,
            &mut self.smtp_url,
            &mut self.mail_from,
            &mut self.hook_waiting,
            &mut self.shutdown_grace_seconds,
        ];
        for option in options {
            option.take_if(|text| text.trim().is_empty());
        }
        for path in [&mut self.database.secret_key_file, &mut self.extra_ca] {
            path.take_if(|path| path.as_os_str().is_empty());
        }
        let texts = [
            ("listen", &mut self.address.listen),
            ("rate_limit", &mut self.rate_limit),
            ("hook_concurrency", &mut self.hook_concurrency),
            ("concurrency", &mut self.concurrency),
            ("waiting", &mut self.waiting),
            ("waiting_mib", &mut self.waiting_mib),
            ("webhooks", &mut self.webhooks),
            ("api_keys", &mut self.api_keys),
            ("interviews", &mut self.interviews),
            ("session_idle", &mut self.session_idle),
            ("session_life", &mut self.session_life),
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
