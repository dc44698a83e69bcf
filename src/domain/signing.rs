//! Signatures: four families of verifiers, side by side, over the same bytes (S6, B2).
//!
//! Each attempt is signed anew, because the signed text holds the attempt's time. While a rotation lasts, headers that
//! can hold several signatures carry one for each live secret, newest first; headers that hold exactly one carry the
//! preferred secret's.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use chrono::{DateTime, Utc};
use hmac::{KeyInit as _, Mac as _, SimpleHmac};

use super::secret::{DOTS, Plain};
use super::sha256::Sha256;

/// A secret made ready to sign with. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Signer(Arc<Keys>);

/// HMAC-SHA256 with its key in place.
type Keyed = SimpleHmac<Sha256>;

struct Keys {
    /// The secret's text itself.
    text: Keyed,
    /// As Standard Webhooks reads it.
    standard: Keyed,
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(DOTS)
    }
}

impl Signer {
    /// Makes a secret ready.
    pub fn new(secret: &Plain) -> Self {
        let key = |bytes: &[u8]| Keyed::new_from_slice(bytes).expect("HMAC takes keys of any length");
        Self(Arc::new(Keys { text: key(secret.reveal().as_bytes()), standard: key(&standard_key(secret)) }))
    }
}

/// The hook's live secrets, newest first, and which of them receivers that know only one are given.
#[derive(Debug, Clone, Default)]
pub struct Secrets {
    /// Newest first; empty when the hook is not signed.
    pub live: Vec<Signer>,
    /// Index into `live` of the preferred one.
    pub preferred: usize,
}

/// The names of the signature headers, in lower case.
pub const HEADERS: [&str; 4] =
    ["x-talentsprout-signature", "x-webhook-signature", "x-hub-signature-256", "webhook-signature"];

/// One header of a delivery: its name in lower case, and its value.
pub type Header = (&'static str, String);

/// What is signed.
#[derive(Debug, Clone, Copy)]
pub struct Signed<'a> {
    /// The event's id, the same on every try.
    pub id: &'a str,
    /// When this attempt is made.
    pub at: DateTime<Utc>,
    /// The bytes of the body.
    pub body: &'a [u8],
}

/// The signature headers of one attempt; none when there is no secret.
pub fn headers(signed: Signed<'_>, secrets: &Secrets) -> Vec<Header> {
    let Some(preferred) = secrets.live.get(secrets.preferred).or(secrets.live.first()) else { return Vec::new() };
    let unix = signed.at.timestamp().to_string();
    let stripe = |secret: &Signer| hex(&mac(&secret.0.text, &[unix.as_bytes(), b".", signed.body]));
    let standard = |secret: &Signer| {
        let sum = mac(&secret.0.standard, &[signed.id.as_bytes(), b".", unix.as_bytes(), b".", signed.body]);
        format!("v1,{}", BASE64.encode(sum))
    };
    let stripes: Vec<String> = secrets.live.iter().map(stripe).collect();
    let preferred_stripe = stripes.get(secrets.preferred).or(stripes.first()).cloned().unwrap_or_default();
    let every_stripe: String = stripes.iter().flat_map(|stripe| [",v1=", stripe]).collect();
    let every_standard = secrets.live.iter().map(standard).collect::<Vec<_>>().join(" ");
    let [talentsprout, webhook, hub, standard_webhooks] = HEADERS;
    vec![
        (talentsprout, format!("t={unix},v1={preferred_stripe}")),
        (webhook, format!("t={unix}{every_stripe}")),
        (hub, format!("sha256={}", hex(&mac(&preferred.0.text, &[signed.body])))),
        (standard_webhooks, every_standard),
    ]
}

/// A header's value as it is stored and shown: key and signatures become dots, everything else stays.
pub fn masked<'a>(name: &str, value: &'a str) -> Cow<'a, str> {
    let is = |other: &str| name.eq_ignore_ascii_case(other);
    let pieces = |between: char, shown: fn(&str) -> (&str, &str)| {
        let mut masked = String::with_capacity(64);
        for (at, piece) in value.split(between).enumerate() {
            masked.extend((at > 0).then_some(between));
            let (kept, dots) = shown(piece);
            masked.push_str(kept);
            masked.push_str(dots);
        }
        Cow::Owned(masked)
    };
    if is("x-webhook-key") {
        Cow::Owned(format!("whk_{DOTS}"))
    } else if is("x-hub-signature-256") {
        Cow::Owned(format!("sha256={DOTS}"))
    } else if is("x-talentsprout-signature") || is("x-webhook-signature") {
        pieces(',', |piece| if piece.starts_with("v1=") { ("v1=", DOTS) } else { (piece, "") })
    } else if is("webhook-signature") {
        pieces(' ', |_| ("v1,", DOTS))
    } else {
        Cow::Borrowed(value)
    }
}

/// The key of the Standard Webhooks signature: what stands after `whsec_`, decoded. A secret that does not decode keys
/// with its bytes, as the reference libraries do for raw secrets.
fn standard_key(secret: &Plain) -> Vec<u8> {
    let text = secret.reveal();
    let encoded = text.strip_prefix("whsec_").unwrap_or(text);
    BASE64.decode(encoded).unwrap_or_else(|_| encoded.as_bytes().to_vec())
}

fn mac(key: &Keyed, parts: &[&[u8]]) -> [u8; 32] {
    let mut mac = key.clone();
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

/// Lower-case hex.
pub fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        text.push(DIGITS[usize::from(byte >> 4)].into());
        text.push(DIGITS[usize::from(byte & 15)].into());
    }
    text
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, HashMap};

    use sha2::{Digest as _, Sha256};

    use super::*;

    #[test]
    fn masking_keeps_the_shape_and_hides_the_proof() {
        assert_eq!(masked("X-Webhook-Signature", "t=1,v1=ab,v1=cd"), format!("t=1,v1={DOTS},v1={DOTS}"));
        assert_eq!(masked("webhook-signature", "v1,aaa v1,bbb"), format!("v1,{DOTS} v1,{DOTS}"));
        assert_eq!(masked("X-Webhook-Key", "whk_abc"), format!("whk_{DOTS}"));
        assert_eq!(masked("Webhook-Id", "evt_1"), "evt_1");
    }

    #[test]
    fn an_unsigned_hook_gets_no_signature_header() {
        let signed = Signed { id: "evt_1", at: DateTime::UNIX_EPOCH, body: b"{}" };
        assert!(headers(signed, &Secrets::default()).is_empty());
    }

    /// One published delivery: what went in and the headers that real verification libraries accepted.
    #[derive(serde::Deserialize)]
    struct Vector {
        name: String,
        secrets: Vec<String>,
        single_secret_index: usize,
        id: String,
        timestamp: i64,
        body_b64: Option<String>,
        body_recipe: Option<Recipe>,
        body_sha256: String,
        body_len: usize,
        headers: HashMap<String, String>,
    }

    /// How to make a body that is too long to be printed.
    #[derive(serde::Deserialize)]
    struct Recipe {
        prefix: String,
        fill: String,
        fill_count: usize,
        suffix: String,
    }

    impl Vector {
        fn body(&self) -> Vec<u8> {
            match (&self.body_b64, &self.body_recipe) {
                (Some(text), None) => BASE64.decode(text).expect("base64"),
                (None, Some(Recipe { prefix, fill, fill_count, suffix })) => {
                    format!("{prefix}{}{suffix}", fill.repeat(*fill_count)).into_bytes()
                }
                _ => panic!("{}: a body is either printed or has a recipe", self.name),
            }
        }
    }

    #[test]
    fn every_published_vector_is_reproduced() {
        #[derive(serde::Deserialize)]
        struct Published {
            vectors: Vec<Vector>,
        }
        let text = include_str!("../../tests/vectors/signatures.json");
        let Published { vectors } = serde_json::from_str(text).expect("the published form");
        assert_eq!(vectors.len(), 20);
        for vector in vectors {
            let (name, body) = (&vector.name, vector.body());
            assert_eq!(
                (body.len(), hex(&Sha256::digest(&body))),
                (vector.body_len, vector.body_sha256),
                "{name}: the body"
            );
            let at = DateTime::from_timestamp(vector.timestamp, 0).expect("a time");
            let live = vector.secrets.iter().cloned().map(Plain::new).map(|secret| Signer::new(&secret)).collect();
            let made = headers(
                Signed { id: &vector.id, at, body: &body },
                &Secrets { live, preferred: vector.single_secret_index },
            );
            let made = made.into_iter().map(|(header, value)| (header.to_ascii_lowercase(), value));
            let published = vector.headers.iter().map(|(header, value)| (header.to_ascii_lowercase(), value.clone()));
            let published = published.filter(|(header, _)| header.contains("signature"));
            assert_eq!(made.collect::<BTreeMap<_, _>>(), published.collect(), "{name}: the headers");
        }
    }
}
