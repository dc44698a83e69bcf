//! The address of a hook: https only, and nothing in it that could leak or mislead (S3, T3).

use std::fmt;
use std::net::IpAddr;

use url::{Host, Url};

use super::address::name_flaw;
use super::role::{Permission, Role};
use super::secret::DOTS;

/// An address may be this many bytes long.
pub const MAX_LEN: usize = 2_048;

/// An https address without credentials or fragment. Whether its host may be reached is the guard's to say.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct HookUrl(Url);

/// Why a text is no address for a hook; its message stands beside the field.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HookUrlError {
    /// Nothing was typed.
    #[error("Enter the address of your receiver")]
    Empty,
    /// The typed address begins with `http://`.
    #[error("Use the https address of your receiver: http://{0} would send names and e-mail addresses unencrypted")]
    Unencrypted(String),
    /// Another scheme.
    #[error("Use an address that starts with https://, not {0}://")]
    OtherScheme(String),
    /// User name or password in the address.
    #[error(
        "Remove the user name and password from the address: they would be stored and shown in logs. Use a key or a signature instead"
    )]
    Credentials,
    /// `#…` at its end.
    #[error("Remove the part from # on: it is never sent to a server")]
    Fragment,
    /// A host name that no DNS can hold.
    #[error("Correct the host name {host}: {flaw}")]
    HostName {
        /// As it was read.
        host: String,
        /// What is wrong with it.
        flaw: &'static str,
    },
    /// More than [`MAX_LEN`] bytes.
    #[error("Shorten the address to at most 2,048 characters")]
    TooLong,
    /// Anything else.
    #[error("Enter a complete address, such as hooks.example.com/candidates")]
    Nonsense,
}

impl HookUrl {
    /// Reads what a person typed into the form, like [`HookUrl::parse`], and wants a host that can exist.
    ///
    /// What is stored is read without that: an address that was taken earlier must not keep its hook from being shown and
    /// deleted. The guard refuses it.
    pub fn typed(typed: &str) -> Result<Self, HookUrlError> {
        let url = Self::parse(typed)?;
        match url.host_name().and_then(|host| Some((host, name_flaw(host)?))) {
            Some((host, flaw)) => Err(HookUrlError::HostName { host: host.to_owned(), flaw }),
            None => Ok(url),
        }
    }

    /// Reads what was typed or pasted behind a fixed `https://`: a second `https://` is repaired, `http://` refused.
    pub fn parse(typed: &str) -> Result<Self, HookUrlError> {
        let mut rest = typed.trim();
        if rest.is_empty() {
            return Err(HookUrlError::Empty);
        }
        if rest.len() > MAX_LEN {
            return Err(HookUrlError::TooLong);
        }
        while let Some(more) = strip_scheme(rest, "https") {
            rest = more.trim_start();
        }
        if let Some(target) = strip_scheme(rest, "http") {
            let host: String = target.chars().take_while(|c| !matches!(c, '/' | '?' | '#' | '@')).collect();
            return Err(HookUrlError::Unencrypted(host));
        }
        if let Some((scheme, _)) = rest.split_once("://")
            && !scheme.is_empty()
            && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b))
        {
            return Err(HookUrlError::OtherScheme(scheme.to_ascii_lowercase()));
        }
        // The parser would drop inner white space and turn backslashes into slashes: such an address is a slip. What stands for
        // letters that could not be read is none either.
        if rest.starts_with('/')
            || rest.chars().any(|c| c.is_whitespace() || c.is_control() || matches!(c, '\\' | '\u{fffd}'))
        {
            return Err(HookUrlError::Nonsense);
        }
        let url = Url::parse(&format!("https://{rest}")).map_err(|_| HookUrlError::Nonsense)?;
        if !url.username().is_empty() || url.password().is_some() || authority_has_at(rest) {
            return Err(HookUrlError::Credentials);
        }
        if url.fragment().is_some() {
            return Err(HookUrlError::Fragment);
        }
        if url.host_str().is_none_or(str::is_empty) || url.port() == Some(0) {
            return Err(HookUrlError::Nonsense);
        }
        if url.as_str().len() > MAX_LEN {
            return Err(HookUrlError::TooLong);
        }
        Ok(Self(url))
    }

    /// The parsed address.
    pub fn url(&self) -> &Url {
        &self.0
    }

    /// The parsed address, to be kept.
    pub fn into_url(self) -> Url {
        self.0
    }

    /// The whole address.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// The host, with its port where that is not 443: what lists show.
    pub fn host(&self) -> String {
        let host = self.0.host_str().unwrap_or_default();
        self.0.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
    }

    /// The host's name, or `None` for a literal address.
    pub fn host_name(&self) -> Option<&str> {
        match self.0.host() {
            Some(Host::Domain(name)) => Some(name),
            _ => None,
        }
    }

    /// The literal address, when the host is one.
    pub fn literal(&self) -> Option<IpAddr> {
        match self.0.host()? {
            Host::Ipv4(v4) => Some(IpAddr::V4(v4)),
            Host::Ipv6(v6) => Some(IpAddr::V6(v6)),
            Host::Domain(_) => None,
        }
    }

    /// The port that is connected to.
    pub fn port(&self) -> u16 {
        self.0.port_or_known_default().unwrap_or(443)
    }

    /// The address as a role may see it: whole for whoever manages hooks. For all others dots stand for path and query, which
    /// at many receivers are all that lets a sender in.
    pub fn shown_to(&self, role: Role) -> String {
        if role.may(Permission::ManageHooks) {
            return self.0.to_string();
        }
        let path = if self.target() == "/" { "" } else { DOTS };
        format!("https://{}/{path}", self.host())
    }

    /// Path and query, as they stand in the request line.
    pub fn target(&self) -> String {
        match self.0.query() {
            Some(query) => format!("{}?{query}", self.0.path()),
            None => self.0.path().to_owned(),
        }
    }
}

impl fmt::Display for HookUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str())
    }
}

fn strip_scheme<'a>(text: &'a str, scheme: &str) -> Option<&'a str> {
    let head = text.get(..scheme.len())?;
    if !head.eq_ignore_ascii_case(scheme) {
        return None;
    }
    text[scheme.len()..].strip_prefix("://")
}

fn authority_has_at(rest: &str) -> bool {
    rest.split(['/', '?', '#']).next().is_some_and(|authority| authority.contains('@'))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(typed: &str) -> Result<String, HookUrlError> {
        HookUrl::parse(typed).map(|url| url.to_string())
    }

    #[test]
    fn a_pasted_https_prefix_is_repaired_not_doubled() {
        for typed in
            ["hooks.acme.com/in?a=1", "https://hooks.acme.com/in?a=1", " HTTPS://https://hooks.acme.com/in?a=1 "]
        {
            assert_eq!(read(typed).as_deref(), Ok("https://hooks.acme.com/in?a=1"));
        }
    }

    #[test]
    fn anything_but_a_plain_https_address_is_refused() {
        use HookUrlError::*;
        assert_eq!(read("http://acme.com/x"), Err(Unencrypted("acme.com".into())));
        assert_eq!(read("https://http://acme.com"), Err(Unencrypted("acme.com".into())));
        assert_eq!(read("ftp://acme.com"), Err(OtherScheme("ftp".into())));
        assert_eq!(read("me:pw@acme.com/"), Err(Credentials));
        assert_eq!(read("@acme.com/"), Err(Credentials));
        assert_eq!(read("acme.com/#top"), Err(Fragment));
        assert_eq!(read("  "), Err(Empty));
        for nonsense in ["not a url", "//", "/path", "acme.com:99999", "a\\b.com", "acme.com:0", "https://"] {
            assert!(matches!(read(nonsense), Err(Nonsense | Empty)), "{nonsense}");
        }
        assert_eq!(read(&"a".repeat(3_000)), Err(TooLong));
    }

    #[test]
    fn whoever_may_not_manage_webhooks_sees_the_host_and_dots() {
        let url = HookUrl::parse("hooks.acme.com:8443/services/T00/XyZ?code=s3cret").expect("an address");
        assert_eq!(url.shown_to(Role::Admin), "https://hooks.acme.com:8443/services/T00/XyZ?code=s3cret");
        for role in [Role::Recruiter, Role::Support] {
            assert_eq!(url.shown_to(role), format!("https://hooks.acme.com:8443/{DOTS}"));
        }
        let bare = HookUrl::parse("hooks.acme.com").expect("an address");
        assert_eq!(bare.shown_to(Role::Support), "https://hooks.acme.com/");
    }

    #[test]
    fn disguised_literals_are_still_literals() {
        for disguised in
            ["0x7f.1", "2130706433", "127.1", "0177.0.0.01", "0x7f000001", "127.0.0.1.", "１２７.0.0.①", "%31%32%37.1"]
        {
            let literal = HookUrl::typed(disguised).map(|url| url.literal());
            assert_eq!(literal, Ok(Some("127.0.0.1".parse().expect("literal"))), "{disguised}");
        }
        assert_eq!(HookUrl::parse("[::1]:8443/x").map(|url| url.host()), Ok("[::1]:8443".into()));
        for neither in ["127.0.0.256", "1.2.3.4.5", "4294967296", "[::1", "[fe80::1%25eth0]", "[1.2.3.4]"] {
            assert!(HookUrl::typed(neither).is_err(), "{neither}");
        }
    }

    #[test]
    fn a_host_that_cannot_exist_is_refused_beside_the_field_and_still_read_from_where_it_is_stored() {
        let long = format!("{}.acme.com/in", "a".repeat(64));
        for typed in ["127.0.0.1../x", "acme..com", ".acme.com", "-acme.com", "ac*me.com", long.as_str()] {
            let error = HookUrl::typed(typed).expect_err(typed);
            assert!(matches!(error, HookUrlError::HostName { .. }), "{typed}: {error}");
            assert!(HookUrl::parse(typed).is_ok(), "{typed}");
        }
        let error = HookUrl::typed("https://127.0.0.1../x").expect_err("no host").to_string();
        assert_eq!(error, "Correct the host name 127.0.0.1..: a part of it is empty");
        assert_eq!(
            HookUrl::typed("Bücher.de./in").map(|url| url.to_string()).as_deref(),
            Ok("https://xn--bcher-kva.de./in")
        );
    }

    proptest! {
        /// The HTTP client takes a host that reads as an address for one, and asks no resolver: it must be judged as one.
        #[test]
        fn a_host_name_never_reads_as_an_address(host in "[0-9a-fx:.]{1,24}", bracketed: bool) {
            let typed = if bracketed { format!("[{host}]") } else { host };
            if let Ok(url) = HookUrl::parse(&typed) {
                prop_assert!(url.host_name().is_some() != url.literal().is_some(), "{}", url);
                prop_assert!(url.host_name().is_none_or(|name| name.parse::<IpAddr>().is_err()), "{}", url);
            }
        }

        #[test]
        fn an_ipv4_address_in_any_spelling_is_that_address(bits: u32, form in 0..5) {
            let [a, b, c, d] = bits.to_be_bytes();
            let rest = bits & 0xff_ffff;
            let spelled = match form {
                0 => format!("{bits}"),
                1 => format!("{bits:#x}"),
                2 => format!("{a}.{rest}"),
                3 => format!("{a:#x}.{b:#x}.{c}.{d}."),
                _ => format!("0{a:o}.0{b:o}.0{c:o}.0{d:o}"),
            };
            let literal = HookUrl::typed(&spelled).map(|url| url.literal());
            prop_assert_eq!(literal, Ok(Some(IpAddr::from([a, b, c, d]))), "{}", spelled);
        }
    }
}
