//! Which database, from `HIREWIRE_DATABASE_URL`; its password stays out of every message.

use std::borrow::Cow;
use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;
use std::str::FromStr;

use percent_encoding::percent_decode_str;

/// Which database, from `HIREWIRE_DATABASE_URL`.
#[derive(Clone, PartialEq, Eq)]
pub enum DatabaseUrl {
    /// `sqlite://PATH`.
    Sqlite(PathBuf),
    /// `postgres://…`, as libpq reads it.
    Postgres(String),
}

/// What libpq is asked to do unless the URL says otherwise: a server or a network that has gone silent is noticed within
/// seconds, not with the system's two hours. `tcp_user_timeout` in milliseconds, the others in seconds.
const TIMEOUTS: [(&str, &str); 5] = [
    ("connect_timeout", "3"),
    ("tcp_user_timeout", "5000"),
    ("keepalives_idle", "2"),
    ("keepalives_interval", "1"),
    ("keepalives_count", "3"),
];

impl FromStr for DatabaseUrl {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Some(path) = text.strip_prefix("sqlite://") {
            return if path.is_empty() {
                Err("names no file after sqlite://".into())
            } else {
                Ok(Self::Sqlite(path.into()))
            };
        }
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            if has_stray_percent(text) {
                return Err("has a % that no two hexadecimal digits follow; write it as %25, in passwords too".into());
            }
            return Ok(Self::Postgres(text.to_owned()));
        }
        Err("must start with sqlite:// or postgres://".into())
    }
}

fn has_stray_percent(text: &str) -> bool {
    let mut pieces = text.split('%');
    pieces.next();
    pieces.any(|after| after.len() < 2 || !after.bytes().take(2).all(|digit| digit.is_ascii_hexdigit()))
}

impl DatabaseUrl {
    /// Whether it leads to a server on another machine without asking for TLS. What leads to a socket, or to this machine, does
    /// not; where that cannot be told, it is not said.
    pub fn crosses_a_network_in_clear(&self) -> bool {
        let DatabaseUrl::Postgres(text) = self else { return false };
        if shown(text).is_none() {
            return false;
        }
        let parameter = |name: &str| {
            let query = query_start(text).map_or("", |at| &text[at + 1..]);
            query
                .split('&')
                .filter_map(|pair| pair.split_once('='))
                .find(|(own, _)| *own == name)
                .map(|(_, value)| value)
        };
        if matches!(parameter("sslmode"), Some("require" | "verify-ca" | "verify-full")) {
            return false;
        }
        let rest = text.split_once("://").map_or("", |(_, rest)| rest);
        let authority = rest.split(['/', '?']).next().unwrap_or_default();
        let hosts = authority.rsplit_once('@').map_or(authority, |(_, hosts)| hosts);
        let hosts = if hosts.is_empty() { parameter("host").unwrap_or_default() } else { hosts };
        hosts.split(',').any(|host| {
            let host = percent_decode_str(host).decode_utf8_lossy();
            let name = match host.strip_prefix('[') {
                Some(literal) => literal.split(']').next().unwrap_or_default(),
                None => host.split(':').next().unwrap_or_default(),
            };
            let is_here = name.is_empty()
                || name.starts_with('/')
                || name == "localhost"
                || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
            !is_here
        })
    }
}

impl fmt::Display for DatabaseUrl {
    /// Without the password: this stands in log lines.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DatabaseUrl::Sqlite(path) => write!(f, "sqlite://{}", path.display()),
            DatabaseUrl::Postgres(text) => match shown(text) {
                Some(shown) => f.write_str(&shown),
                None => f.write_str("postgres://…"),
            },
        }
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The URL without what is secret in it; `None` when that cannot be told for sure.
fn shown(text: &str) -> Option<String> {
    let mut url = url::Url::parse(text).ok()?;
    if text.contains('@') && url.username().is_empty() {
        // A password with a raw "/" or "?" in it: part of it would pass for the host's name.
        return None;
    }
    url.set_password(None).ok()?;
    url.set_query(None);
    Some(url.to_string())
}

/// The URL with the timeouts that it does not set itself.
pub(super) fn with_timeouts(url: &str) -> String {
    let query = query_start(url).map_or("", |at| &url[at + 1..]);
    let is_set = |name: &str| query.split('&').any(|pair| pair.split('=').next() == Some(name));
    let mut whole = url.to_owned();
    for (name, value) in TIMEOUTS.into_iter().filter(|(name, _)| !is_set(name)) {
        match query_start(&whole) {
            None => whole.push('?'),
            Some(_) if whole.ends_with(['?', '&']) => {}
            Some(_) => whole.push('&'),
        }
        whole.push_str(&format!("{name}={value}"));
    }
    whole
}

/// Where the parameters begin. As libpq reads it, a "?" before the "@" belongs to the user's name or password.
fn query_start(url: &str) -> Option<usize> {
    let authority = url.find("://")? + 3;
    let path = url[authority..].find('/').map_or(url.len(), |at| authority + at);
    let host = url[authority..path].find('@').map_or(authority, |at| authority + at + 1);
    url[host..].find('?').map(|at| host + at)
}

/// What libpq says of a URL it was given, without any part of the password in it.
pub(super) fn without_secrets(message: &str, url: &str) -> String {
    let mut told = Cow::Borrowed(message);
    for secret in secrets(url) {
        if told.contains(&secret) {
            told = Cow::Owned(told.replace(&secret, "…"));
        }
    }
    told.trim().replace('\n', " ")
}

/// Everything that may be a password or a part of one, whichever way a URL with stray signs in it is read; longest first.
fn secrets(url: &str) -> Vec<String> {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let credentials = rest.rsplit_once('@').map_or("", |(credentials, _)| credentials);
    let query = rest.split_once('?').map_or("", |(_, query)| query);
    let named = query.split('&').filter_map(|pair| pair.split_once('='));
    let named = named.filter(|(name, _)| matches!(*name, "password" | "sslpassword")).map(|(_, value)| value);
    let mut found = vec![url.to_owned()];
    // A name alone is no secret, and may be as short as a letter.
    found.extend(credentials.contains(':').then(|| credentials.to_owned()));
    for password in credentials.split_once(':').map(|(_, password)| password).into_iter().chain(named) {
        let parts = password.split(['@', '/', '?', '#', ':', '%', '&', ',']);
        found.extend(parts.filter(|part| part.len() > 1).map(str::to_owned));
        found.push(percent_decode_str(password).decode_utf8_lossy().into_owned());
        found.push(password.to_owned());
    }
    found.retain(|secret| !secret.is_empty());
    found.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timeouts_are_added_where_the_url_sets_none() {
        let all = "connect_timeout=3&tcp_user_timeout=5000&keepalives_idle=2&keepalives_interval=1&keepalives_count=3";
        assert_eq!(with_timeouts("postgres://u@h/db"), format!("postgres://u@h/db?{all}"));
        assert_eq!(with_timeouts("postgres://u:a?b@h/db"), format!("postgres://u:a?b@h/db?{all}"));
        assert_eq!(with_timeouts("postgres://h/db?"), format!("postgres://h/db?{all}"));
        assert_eq!(
            with_timeouts("postgres://a:1,b:2/db?target_session_attrs=read-write"),
            format!("postgres://a:1,b:2/db?target_session_attrs=read-write&{all}")
        );
        let own = with_timeouts("postgres://h/db?connect_timeout=9&keepalives_count=1");
        assert_eq!(own.matches("connect_timeout").count(), 1, "{own}");
        assert!(own.contains("connect_timeout=9") && own.contains("&keepalives_count=1&"), "{own}");
    }

    #[test]
    fn only_what_leaves_this_machine_without_tls_is_in_clear() {
        let is_clear = |url: &str| url.parse::<DatabaseUrl>().expect(url).crosses_a_network_in_clear();
        for url in
            ["postgres://u:p@db.example/x", "postgres://10.0.0.7:5432/x?sslmode=prefer", "postgres://localhost,db/x"]
        {
            assert!(is_clear(url), "{url}");
        }
        for url in [
            "sqlite://x.db",
            "postgres://u:p@127.0.0.1/x",
            "postgres://u@[::1]:5432/x",
            "postgres:///x?host=/run/postgresql",
            "postgres://u@%2Frun%2Fpostgresql/x",
            "postgres:///x",
            "postgres://u:p@db.example/x?sslmode=verify-full",
        ] {
            assert!(!is_clear(url), "{url}");
        }
    }

    #[test]
    fn a_stray_percent_is_named_without_the_password() {
        for url in ["postgres://u:top%secret@h/db", "postgres://u:p%4@h", "postgres://u:p%@h", "postgres://u:%"] {
            let told = url.parse::<DatabaseUrl>().expect_err(url);
            assert!(told.contains("%25") && !told.contains("top") && !told.contains("secret"), "{told}");
        }
        assert!("postgres://u:top%25secret@h/db".parse::<DatabaseUrl>().is_ok());
    }

    #[test]
    fn no_part_of_a_password_is_shown_however_the_url_is_misread() {
        for (url, parts) in [
            ("postgres://u:top@secret@h/db", ["top@secret", "secret@h"]),
            ("postgres://u:top/secret@h/db", ["top/secret", "/secret@h"]),
            ("postgres://u:12?secret@h/db", ["12?secret", "secret@h"]),
            ("postgres://u:top#secret@h/db", ["top#secret", "secret@h"]),
            ("postgres://u:top%20secret@h/db", ["top%20secret", "top secret"]),
            ("postgres://h/db?user=u&password=topsecret", ["topsecret", "password=topsecret"]),
            ("postgres://u:top,secret@h,i/db", ["top,secret", "secret@h"]),
        ] {
            let shown = url.parse::<DatabaseUrl>().expect(url).to_string();
            let said = format!("{url} is wrong at \"{}\" and at {}", parts[0], parts[1]);
            for text in [shown, without_secrets(&said, url)] {
                let shows = text.contains("secret") || (url.contains("12") && text.contains("12"));
                assert!(!shows, "{url} is shown as {text}");
            }
        }
    }
}
