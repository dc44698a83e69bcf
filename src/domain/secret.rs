//! Keys and secrets of hooks: what they look like, how they are masked (T4, S5).

use std::fmt;

use rand::distr::{Alphanumeric, SampleString};
use serde::Deserialize;
use zeroize::Zeroizing;

use super::words::words;

/// Eight dots: what stands in place of what is not shown.
pub const DOTS: &str = "••••••••";

words! {
    /// Which of a hook's two proofs of origin a credential is.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
    #[serde(rename_all = "lowercase")]
    pub enum CredentialKind {
        /// Signs every delivery; `whsec_…`.
        Secret = "secret", "Signing secret";
        /// Sent as it is in `X-Webhook-Key`; `whk_…`.
        Key = "key", "Webhook key";
    }
}

impl CredentialKind {
    /// What every credential of this kind starts with.
    pub fn prefix(self) -> &'static str {
        match self {
            CredentialKind::Secret => "whsec_",
            CredentialKind::Key => "whk_",
        }
    }

    /// The masked form: `whsec_••••••••`.
    pub fn mask(self) -> String {
        format!("{}{DOTS}", self.prefix())
    }

    /// A new random credential of this kind.
    ///
    /// 44 letters and digits decode as 33 bytes of base64 without `+`, `/` or `=`, so that every decoder agrees and every
    /// shell takes it.
    pub fn generate(self) -> Plain {
        let random = Alphanumeric.sample_string(&mut rand::rng(), 44);
        Plain::new(format!("{}{random}", self.prefix()))
    }
}

/// A key or secret in clear. Never printed, wiped when dropped; sealed before it is stored.
#[derive(Clone, PartialEq, Eq)]
pub struct Plain(Zeroizing<String>);

impl Plain {
    /// Takes a text as a credential.
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// The text itself. Whoever calls this answers for where it goes.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// The last four characters, which pages show beside the mask: "ends in 3f9K".
    pub fn ends_in(&self) -> &str {
        let start = self.0.char_indices().rev().nth(3).map_or(0, |(at, _)| at);
        &self.0[start..]
    }
}

impl fmt::Debug for Plain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Plain(••••••••)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_44_letters_and_digits_after_its_prefix_and_never_printed() {
        let secret = CredentialKind::Secret.generate();
        let body = secret.reveal().strip_prefix("whsec_").expect("prefix");
        assert!(body.len() == 44 && body.bytes().all(|b| b.is_ascii_alphanumeric()));
        assert!(!format!("{secret:?}").contains(body));
        assert!(secret.reveal().ends_with(secret.ends_in()) && secret.ends_in().len() == 4);
    }
}
