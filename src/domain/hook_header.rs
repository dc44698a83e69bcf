//! Headers of a hook's own: what its receiver wants to see beside the ones of the wire contract, such as `Authorization`.
//!
//! Names are refused that the contract, the connection or the body decides: a receiver must be able to rely on those, and a
//! request must not be readable in two ways. Values are secrets: sealed at rest, masked wherever they are shown.

use super::secret::Plain;

/// A hook has at most so many.
pub const MAX_HEADERS: usize = 10;
/// A name has at most so many characters.
pub const MAX_NAME_LEN: usize = 64;
/// A value has at most so many characters.
pub const MAX_VALUE_LEN: usize = 1_024;

/// Names that are never a hook's own, and beginnings of such names.
const TAKEN: [&str; 26] = [
    "accept",
    "accept-encoding",
    "alt-used",
    "connection",
    "cookie",
    "cookie2",
    "date",
    "expect",
    "forwarded",
    "host",
    "http2-settings",
    "keep-alive",
    "metadata",
    "metadata-flavor",
    "origin",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "user-agent",
    "via",
    "--proto--",
    "x-hub-signature",
    "x-hub-signature-256",
    "x-http-method-override",
    "x-talentsprout-signature",
];
const TAKEN_BEGINNINGS: [&str; 8] = [
    "content-",
    "proxy-",
    "sec-",
    "webhook-",
    "x-aws-ec2-metadata-",
    "x-forwarded-",
    "x-google-metadata-",
    "x-webhook-",
];

/// Why a header cannot be a hook's own; a sentence without its full stop.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HeaderError {
    /// Its name has other characters than a name may.
    #[error("Use only letters, digits and hyphens or underscores in the name of a header, without a colon")]
    Name,
    /// Its name is too long.
    #[error("Shorten the name to at most {MAX_NAME_LEN} characters")]
    LongName,
    /// Its name is decided by the contract, the connection or the body.
    #[error("{0} is set by Hirewire or by the connection; choose another name")]
    Taken(String),
    /// Its value has a line break or a control character.
    #[error("Remove line breaks and control characters from the value")]
    Control,
    /// Its value has letters that headers cannot carry.
    #[error("Use only ASCII characters in the value: headers carry no others")]
    NotAscii,
    /// Its value is too long.
    #[error("Shorten the value to at most {MAX_VALUE_LEN} characters")]
    LongValue,
}

/// The name of a header that a hook may have: a token of HTTP, as it was typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeaderName(String);

impl HeaderName {
    /// Checks what was typed.
    pub fn parse(typed: &str) -> Result<Self, HeaderError> {
        let typed = typed.trim();
        let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
        if typed.is_empty() || !typed.bytes().all(is_token) {
            return Err(HeaderError::Name);
        }
        if typed.len() > MAX_NAME_LEN {
            return Err(HeaderError::LongName);
        }
        let lower = normal(typed);
        let is_taken = TAKEN.contains(&lower.as_str()) || TAKEN_BEGINNINGS.iter().any(|start| lower.starts_with(start));
        if is_taken { Err(HeaderError::Taken(typed.to_owned())) } else { Ok(Self(typed.to_owned())) }
    }

    /// The name as it was typed.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether both name the same header to some receiver: neither case counts, nor whether a hyphen is an underscore.
    pub fn is(&self, other: &HeaderName) -> bool {
        normal(&self.0) == normal(&other.0)
    }
}

/// A name as receivers read it that hand headers on as variables, CGI's way.
fn normal(name: &str) -> String {
    name.to_ascii_lowercase().replace('_', "-")
}

/// Checks the value of a header: visible ASCII with spaces and tabs between.
pub fn value(typed: &str) -> Result<Plain, HeaderError> {
    let value = typed.trim_matches([' ', '\t']);
    if value.chars().any(|c| c.is_control() && c != '\t') {
        return Err(HeaderError::Control);
    }
    if !value.is_ascii() {
        return Err(HeaderError::NotAscii);
    }
    if value.len() > MAX_VALUE_LEN {
        return Err(HeaderError::LongValue);
    }
    Ok(Plain::new(value.to_owned()))
}

/// A header that goes out with every request to its hook.
#[derive(Debug, Clone)]
pub struct HookHeader {
    /// Its name.
    pub name: HeaderName,
    /// Its value.
    pub value: Plain,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_receivers_ask_for_is_taken_as_it_was_typed() {
        for name in ["Authorization", "X-Api-Key", "x_tenant", "X-Northwind-Tenant", "apikey"] {
            assert_eq!(
                HeaderName::parse(&format!(" {name} ")).map(|name| name.as_str().to_owned()),
                Ok(name.to_owned())
            );
        }
        assert_eq!(value(" Bearer a b\tc ").map(|value| value.reveal().to_owned()), Ok("Bearer a b\tc".to_owned()));
        for same in ["x-a", "X_A"] {
            assert!(
                HeaderName::parse("X-A").is_ok_and(|name| name.is(&HeaderName::parse(same).expect("a name"))),
                "{same}"
            );
        }
    }

    #[test]
    fn what_the_contract_the_connection_or_the_body_decides_is_refused() {
        let taken = "Host Content-Type content-length Content-Encoding User-Agent Accept Accept-Encoding Cookie Connection \
            Keep-Alive Proxy-Authorization TE Trailer Transfer-Encoding Upgrade Expect X-Webhook-Key x-webhook-event \
            X_Webhook_Key Content_Length __proto__ Metadata-Flavor X-aws-ec2-metadata-token \
            X-Webhook-Signature Webhook-Id webhook-signature X-TalentSprout-Signature X-Hub-Signature-256 X-Forwarded-For";
        for name in taken.split_whitespace() {
            assert_eq!(HeaderName::parse(name), Err(HeaderError::Taken(name.to_owned())), "{name}");
        }
    }

    #[test]
    fn nothing_breaks_out_of_its_line() {
        for name in ["", "a b", "a:b", "X-Ä", "a\r\nb", "a\nHost", "\u{0}"] {
            assert_eq!(HeaderName::parse(name), Err(HeaderError::Name), "{name:?}");
        }
        assert_eq!(HeaderName::parse(&"a".repeat(65)), Err(HeaderError::LongName));
        for typed in ["a\r\nX-Evil: 1", "a\nb", "a\rb", "a\u{7f}", "\u{0}"] {
            assert_eq!(value(typed), Err(HeaderError::Control), "{typed:?}");
        }
        assert_eq!(value("Zoë"), Err(HeaderError::NotAscii));
        assert_eq!(value(&"a".repeat(1_025)), Err(HeaderError::LongValue));
    }
}
