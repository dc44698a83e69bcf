//! The sealing key, and beside it the ones before while it is being changed.
//!
//! A file with one line is a key; while `hirewire rotate-sealing-key` is at work it has two, the new one first. What is sealed
//! is sealed with the first; what is opened may have been sealed with any. Each text says by its authentication alone with
//! which key it was sealed, so the keys need no names.

use zeroize::Zeroizing;

use super::sealing::{DoesNotOpen, SealingKey};
use super::secret::Plain;

/// A key that seals, and those that still open.
#[derive(Debug, Clone)]
pub struct KeyRing {
    newest: SealingKey,
    former: Vec<SealingKey>,
}

impl From<SealingKey> for KeyRing {
    fn from(newest: SealingKey) -> Self {
        Self { newest, former: Vec::new() }
    }
}

impl KeyRing {
    /// Reads the text of a key file: a key a line, the newest first. `None` when a line is no key, or there is none.
    pub fn from_text(text: &str) -> Option<Self> {
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        let mut keys = lines.map(SealingKey::from_text).collect::<Option<Vec<_>>>()?.into_iter();
        Some(Self { newest: keys.next()?, former: keys.collect() })
    }

    /// The text of a key file.
    pub fn to_text(&self) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::new());
        for key in std::iter::once(&self.newest).chain(&self.former) {
            text.push_str(key.to_text().trim());
            text.push('\n');
        }
        text
    }

    /// The same with a new key that seals from now on.
    pub fn with_a_new_key(self) -> Self {
        let Self { newest, mut former } = self;
        former.insert(0, newest);
        Self { newest: SealingKey::generate(), former }
    }

    /// The newest key alone.
    pub fn newest_alone(&self) -> Self {
        self.newest.clone().into()
    }

    /// Whether former keys are still there.
    pub fn is_rotating(&self) -> bool {
        !self.former.is_empty()
    }

    /// Another key for another purpose, from which this one cannot be found.
    pub fn derive(&self, purpose: &str) -> [u8; 32] {
        self.newest.derive(purpose)
    }

    /// Seals a text for a place, with the newest key.
    pub fn seal(&self, plain: &Plain, place: &str) -> Vec<u8> {
        self.newest.seal(plain, place)
    }

    /// Opens a text sealed for the same place with any of the keys.
    pub fn open(&self, sealed: &[u8], place: &str) -> Result<Plain, DoesNotOpen> {
        let mut opened = std::iter::once(&self.newest).chain(&self.former).map(|key| key.open(sealed, place));
        opened.find(Result::is_ok).unwrap_or(Err(DoesNotOpen))
    }

    /// The same text sealed with the newest key; `None` when it is that already.
    pub fn sealed_anew(&self, sealed: &[u8], place: &str) -> Result<Option<Vec<u8>>, DoesNotOpen> {
        if self.newest.open(sealed, place).is_ok() {
            return Ok(None);
        }
        Ok(Some(self.seal(&self.open(sealed, place)?, place)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn while_the_key_changes_both_open_and_the_new_one_seals() {
        let old = KeyRing::from(SealingKey::generate());
        let secret = Plain::new("whsec_abc".into());
        let sealed = old.seal(&secret, "hk_1/crd_1");
        let both = KeyRing::from_text(&old.clone().with_a_new_key().to_text()).expect("two keys");
        assert!(both.is_rotating() && !old.is_rotating());
        assert_eq!(both.open(&sealed, "hk_1/crd_1"), Ok(secret.clone()));
        let anew = both.sealed_anew(&sealed, "hk_1/crd_1").expect("it opens").expect("it was sealed with the old one");
        assert_eq!(both.newest_alone().open(&anew, "hk_1/crd_1"), Ok(secret));
        assert_eq!(both.newest_alone().open(&sealed, "hk_1/crd_1"), Err(DoesNotOpen));
        assert_eq!(old.open(&anew, "hk_1/crd_1"), Err(DoesNotOpen));
        assert_eq!(both.sealed_anew(&anew, "hk_1/crd_1"), Ok(None));
        assert_eq!(both.sealed_anew(&anew, "hk_2/crd_1"), Err(DoesNotOpen), "a place is still a place");
    }

    #[test]
    fn a_file_of_keys_reads_back_and_anything_else_is_refused() {
        let one = KeyRing::from(SealingKey::generate());
        let two = one.clone().with_a_new_key();
        assert_eq!(two.to_text().lines().count(), 2);
        assert_eq!(*KeyRing::from_text(&two.to_text()).expect("its own text").to_text(), *two.to_text());
        let spoilt = format!("{}no key\n", *one.to_text());
        assert!(KeyRing::from_text("").is_none() && KeyRing::from_text(&spoilt).is_none());
    }
}
