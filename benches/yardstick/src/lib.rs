//! What the yardstick programs share: clocks, percentiles, CPU accounting, payloads, signatures, rows.

pub mod rows;

use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as B64;
use hmac::{Hmac, Mac};
use sha2::Sha256;

/// Microseconds since the Unix epoch. Every program runs on the same host, so one clock serves all.
pub fn now_us() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("clock before 1970").as_micros() as u64
}

/// User plus system CPU seconds this process has used.
pub fn cpu_seconds() -> f64 {
    // SAFETY: `getrusage` only writes the struct it is given.
    let ru = unsafe {
        let mut ru: libc::rusage = std::mem::zeroed();
        libc::getrusage(libc::RUSAGE_SELF, &mut ru);
        ru
    };
    let secs = |t: libc::timeval| t.tv_sec as f64 + t.tv_usec as f64 / 1e6;
    secs(ru.ru_utime) + secs(ru.ru_stime)
}

/// p50, p90, p95, p99 and max of a set of samples, as JSON in milliseconds (samples in microseconds).
pub fn percentiles_ms(mut samples: Vec<i64>) -> serde_json::Value {
    if samples.is_empty() {
        return serde_json::Value::Null;
    }
    samples.sort_unstable();
    let at = |q: f64| samples[((samples.len() - 1) as f64 * q).round() as usize] as f64 / 1000.0;
    serde_json::json!({
        "n": samples.len(), "min": at(0.0), "p50": at(0.50), "p90": at(0.90),
        "p95": at(0.95), "p99": at(0.99), "max": at(1.0),
    })
}

/// A JSON object of about `bytes` bytes carrying the sequence number and the time it was made.
pub fn payload(seq: u64, bytes: usize, filler: &str) -> String {
    let head = format!(r#"{{"seq":{seq},"sent_us":{},"data":""#, now_us());
    let pad = bytes.saturating_sub(head.len() + 2).min(filler.len());
    let mut out = String::with_capacity(bytes);
    out.push_str(&head);
    out.push_str(&filler[..pad]);
    out.push_str("\"}");
    out
}

/// Filler that neither needs JSON escaping nor is a single repeated byte.
pub fn filler(bytes: usize) -> String {
    let mut x: u64 = 0x9E37_79B9_7F4A_7C15;
    (0..bytes)
        .map(|_| {
            x ^= x << 13;
            x ^= x >> 7;
            x ^= x << 17;
            b"abcdefghijklmnopqrstuvwxyz012345"[(x % 32) as usize] as char
        })
        .collect()
}

/// The Standard Webhooks `v1` signature of a message.
pub fn sign(key: &[u8], id: &str, ts: u64, body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("any key length");
    mac.update(id.as_bytes());
    mac.update(b".");
    mac.update(ts.to_string().as_bytes());
    mac.update(b".");
    mac.update(body);
    format!("v1,{}", B64.encode(mac.finalize().into_bytes()))
}

/// The unsigned number after `"key":` in a JSON text, found without parsing the text.
/// Accepts backslash-escaped quotes and blanks too, for payloads nested as strings.
pub fn number_field(body: &[u8], key: &str) -> Option<u64> {
    let pos = body.windows(key.len()).position(|w| w == key.as_bytes())?;
    let mut rest = &body[pos + key.len()..];
    while let [b'"' | b'\\' | b':' | b' ', tail @ ..] = rest {
        rest = tail;
    }
    let end = rest.iter().position(|b| !b.is_ascii_digit()).unwrap_or(rest.len());
    std::str::from_utf8(&rest[..end]).ok()?.parse().ok()
}
