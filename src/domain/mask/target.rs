//! Path and query of a hook's address, taken out of what its receiver answered: redirects and error pages repeat them, and
//! at many receivers they are all that lets a sender in.

use crate::domain::secret::DOTS;

/// A part of a path with fewer bytes is a word, and no credential.
const MIN_PART_LENGTH: usize = 8;
/// A value of a query with fewer bytes is no credential.
const MIN_VALUE_LENGTH: usize = 4;

/// The path and query of an address, and what in them may be a credential.
pub struct Target(Vec<String>);

impl Target {
    /// Of an address, as they stand in its request line.
    pub fn new(target: &str) -> Self {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let values = query.split('&').map(|pair| pair.split_once('=').map_or(pair, |(_, value)| value));
        let parts = path.split('/').filter(|part| part.len() >= MIN_PART_LENGTH && !is_word(part));
        let mut all = vec![target.to_owned(), path.to_owned(), query.to_owned()];
        all.extend(parts.map(str::to_owned));
        all.extend(values.filter(|value| value.len() >= MIN_VALUE_LENGTH).map(str::to_owned));
        // As JSON may write it.
        all.extend([target, path].map(|text| text.replace('/', "\\/")));
        all.retain(|text| text.len() >= MIN_VALUE_LENGTH);
        // What holds others goes first.
        all.sort_by_key(|text| std::cmp::Reverse(text.len()));
        all.dedup();
        Self(all)
    }

    /// A text with dots wherever something of it stands.
    pub fn hidden_in(&self, text: &str) -> String {
        self.0.iter().fold(text.to_owned(), |text, part| {
            if text.contains(part.as_str()) { text.replace(part.as_str(), DOTS) } else { text }
        })
    }

    /// The same for bytes; those that are no text and hold nothing of it stay as they are.
    pub fn hidden_in_bytes(&self, bytes: Vec<u8>) -> Vec<u8> {
        match String::from_utf8(bytes) {
            Ok(text) => self.hidden_in(&text).into_bytes(),
            Err(error) => self.hidden_in(&String::from_utf8_lossy(error.as_bytes())).into_bytes(),
        }
    }
}

/// `webhooks`, `incoming`: letters of one case.
fn is_word(part: &str) -> bool {
    part.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-') && part.len() < 20
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_an_address_that_may_be_a_credential_is_left() {
        let target = Target::new("/services/T00AB12CD/XyZ9876543?code=s3cret&v=2");
        for echo in [
            "POST /services/T00AB12CD/XyZ9876543?code=s3cret&v=2",
            "Cannot POST /services/T00AB12CD/XyZ9876543",
            r#"{"path":"\/services\/T00AB12CD\/XyZ9876543"}"#,
            r#"{"token":"XyZ9876543","code":"s3cret"}"#,
            "code=s3cret&v=2",
        ] {
            let hidden = target.hidden_in(echo);
            assert!(!["T00AB12CD", "XyZ9876543", "s3cret"].iter().any(|part| hidden.contains(part)), "{hidden}");
            assert!(hidden.contains(DOTS), "{hidden}");
        }
        assert_eq!(target.hidden_in("services are down, v=2"), "services are down, v=2");
        assert_eq!(Target::new("/").hidden_in("and/or 1"), "and/or 1");
        assert_eq!(target.hidden_in_bytes(b"\xffs3cret".to_vec()), format!("\u{fffd}{DOTS}").into_bytes());
    }
}
