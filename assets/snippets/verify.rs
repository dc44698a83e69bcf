// Cargo.toml: hmac = "0.13", sha2 = "0.11"
use std::time::{SystemTime, UNIX_EPOCH};

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

const TOLERANCE: u64 = 300; // seconds

/// `raw_body`: the bytes as they came. `header`: the value of X-Webhook-Signature.
pub fn verify(raw_body: &[u8], header: &str, secret: &str) -> bool {
    let parts = || header.split(',').filter_map(|part| part.trim().split_once('='));
    let Some((_, t)) = parts().find(|(name, _)| *name == "t") else { return false };
    let Ok(at) = t.parse::<u64>() else { return false };
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |now| now.as_secs());
    if now.abs_diff(at) > TOLERANCE {
        return false;
    }
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else { return false };
    mac.update(t.as_bytes());
    mac.update(b".");
    mac.update(raw_body);
    // verify_slice compares in constant time.
    let matches = |hex: &str| bytes(hex).is_some_and(|given| mac.clone().verify_slice(&given).is_ok());
    parts().any(|(name, given)| name == "v1" && matches(given))
}

fn bytes(hex: &str) -> Option<Vec<u8>> {
    let byte = |at| u8::from_str_radix(hex.get(at..at + 2)?, 16).ok();
    (0..hex.len()).step_by(2).map(byte).collect()
}
