//! Sealing: keys and secrets at rest, readable only with the sealing key and only in their own place.
//!
//! XChaCha20-Poly1305 under a 32-byte key, a random nonce in front of each sealed text, and the place it belongs to (its
//! hook and credential) as associated data: a sealed value copied to another row does not open.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use chacha20poly1305::aead::{Aead as _, Payload};
use chacha20poly1305::{KeyInit as _, XChaCha20Poly1305, XNonce};
use ring::hkdf;
use zeroize::Zeroizing;

use super::secret::Plain;

const NONCE: usize = 24;

/// The key of keys: 32 random bytes from a file of the operator's.
#[derive(Clone)]
pub struct SealingKey(Zeroizing<[u8; 32]>);

/// A sealed text that does not open: another key, another place, or damage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it was sealed with another sealing key, or is damaged")]
pub struct DoesNotOpen;

impl SealingKey {
    /// A new random key.
    pub fn generate() -> Self {
        Self(Zeroizing::new(rand::random()))
    }

    /// Reads the text of a key file: base64 of 32 bytes.
    pub fn from_text(text: &str) -> Option<Self> {
        let bytes = Zeroizing::new(BASE64.decode(text.trim()).ok()?);
        <[u8; 32]>::try_from(bytes.as_slice()).ok().map(|key| Self(Zeroizing::new(key)))
    }

    /// The text of a key file.
    pub fn to_text(&self) -> Zeroizing<String> {
        Zeroizing::new(format!("{}\n", BASE64.encode(*self.0)))
    }

    /// Another key for another purpose, which its label names (HKDF-SHA256). Neither this key nor that of another label can be
    /// found from it.
    pub fn derive(&self, label: &str) -> [u8; 32] {
        let extracted = hkdf::Salt::new(hkdf::HKDF_SHA256, b"hirewire").extract(&*self.0);
        let label = [label.as_bytes()];
        let mut key = [0; 32];
        let expanded = extracted.expand(&label, hkdf::HKDF_SHA256).and_then(|bytes| bytes.fill(&mut key));
        expanded.expect("HKDF-SHA256 gives 32 bytes for any label");
        key
    }

    /// Seals a text for a place.
    pub fn seal(&self, plain: &Plain, place: &str) -> Vec<u8> {
        let nonce: [u8; NONCE] = rand::random();
        let payload = Payload { msg: plain.reveal().as_bytes(), aad: place.as_bytes() };
        let sealed = self.cipher().encrypt(&XNonce::from(nonce), payload).expect("short texts always fit");
        [nonce.as_slice(), &sealed].concat()
    }

    /// Opens a text sealed for the same place.
    pub fn open(&self, sealed: &[u8], place: &str) -> Result<Plain, DoesNotOpen> {
        let (nonce, sealed) = sealed.split_first_chunk::<NONCE>().ok_or(DoesNotOpen)?;
        let payload = Payload { msg: sealed, aad: place.as_bytes() };
        let plain = self.cipher().decrypt(&XNonce::from(*nonce), payload).map_err(|_| DoesNotOpen)?;
        String::from_utf8(plain).map(Plain::new).map_err(|_| DoesNotOpen)
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new(&(*self.0).into())
    }
}

impl fmt::Debug for SealingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SealingKey(••••••••)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_opens_only_with_its_key_and_in_its_place() {
        let key = SealingKey::generate();
        let secret = Plain::new("whsec_abc".into());
        let sealed = key.seal(&secret, "hk_1/crd_1");
        assert_eq!(key.open(&sealed, "hk_1/crd_1"), Ok(secret));
        assert_eq!(key.open(&sealed, "hk_2/crd_1"), Err(DoesNotOpen));
        assert_eq!(SealingKey::generate().open(&sealed, "hk_1/crd_1"), Err(DoesNotOpen));
        assert_eq!(key.open(b"short", "hk_1/crd_1"), Err(DoesNotOpen));
        assert!(!String::from_utf8_lossy(&sealed).contains("whsec"));
    }

    #[test]
    fn each_label_has_a_key_of_its_own_by_rfc_5869() {
        let key = SealingKey(Zeroizing::new([7; 32]));
        assert_ne!(key.derive("cookies"), key.derive("cookies2"));
        assert_ne!(key.derive("cookies"), *key.0);
        // Extract and expand, written out with HMAC alone.
        let mac = |key: &[u8], text: &[u8]| {
            ring::hmac::sign(&ring::hmac::Key::new(ring::hmac::HMAC_SHA256, key), text).as_ref().to_vec()
        };
        let extracted = mac(b"hirewire", &[7; 32]);
        assert_eq!(key.derive("cookies").to_vec(), mac(&extracted, b"cookies\x01"));
    }

    #[test]
    fn a_key_file_reads_back_and_anything_else_is_refused() {
        let key = SealingKey::generate();
        let again = SealingKey::from_text(&key.to_text()).expect("its own text");
        assert_eq!(*again.0, *key.0);
        assert!(SealingKey::from_text("").is_none() && SealingKey::from_text("c2hvcnQ=").is_none());
    }
}
