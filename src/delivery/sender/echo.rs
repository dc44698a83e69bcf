//! What an answer echoes of the request's secrets, masked before it is kept.
//!
//! Request catchers answer with the headers they were sent, and error pages print them. Kept as it came, such an answer would
//! hold in clear what is sealed everywhere else. So each occurrence of a secret becomes the dots that stand in the kept
//! request, too, whether it comes as it is, with escapes of JSON, URLs or HTML, or within base64 of either alphabet.
//!
//! The answer is looked at as it came and then with its escapes taken away, layer by layer. In each layer one pass compares
//! the four bytes at each place with the beginnings of all secrets; on an answer that echoes nothing, that is all it costs.
//! What does not change from try to try is made ready once a hook ([`KnownSecrets`]); signatures, which do, are made ready
//! only for a text with a word as long as one.
//!
//! # What is not guaranteed
//!
//! - Header values of fewer than eight characters, and passwords of fewer than four, are not masked: such words stand in
//!   every other answer.
//! - An answer that is compressed, encrypted, written backwards or in capitals, or hex of a secret, is not seen through. A
//!   receiver that wants to give its own secrets away can.

use std::fmt;
use std::ops::Range;
use std::sync::{Arc, OnceLock};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD as BASE64, STANDARD_NO_PAD};
use reqwest::header::{CONTENT_LENGTH, HeaderValue};
use zeroize::Zeroizing;

use super::Sent;
use super::receive::BODY_KEPT;
use super::unescape::{Layer, is_escaped};
use crate::domain::attempt::Response;
use crate::domain::header_lines::HeaderLines;
use crate::domain::hook_header::HookHeader;
use crate::domain::secret::{CredentialKind, DOTS, Plain};

/// A header's value with fewer characters is not masked.
const MIN_VALUE_LENGTH: usize = 8;
/// A token after a scheme, and a password, with fewer characters is not masked.
const MIN_TOKEN_LENGTH: usize = 4;
/// No signature is shorter: 32 bytes in base64.
const MIN_SIGNATURE_LENGTH: usize = 43;
/// So many characters of a secret at a cut are taken for its beginning.
const MIN_TAIL_LENGTH: usize = 3;
/// So often is an answer escaped: JSON in JSON in a URL.
const MAX_LAYERS: usize = 3;
/// By so many bytes at its beginning a secret is looked for.
const HEAD: usize = 4;

/// What a hook's receivers must not give away and does not change from try to try: its keys and secrets and what stands in
/// its own headers. Wiped when dropped, never printed.
#[derive(Default)]
pub struct KnownSecrets(Needles);

impl fmt::Debug for KnownSecrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(DOTS)
    }
}

impl KnownSecrets {
    /// Adds a key or secret. Its prefix is no part of the secret and stays before the dots.
    pub fn add_credential(&mut self, credential: &Plain) {
        let text = credential.reveal();
        let kinds = [CredentialKind::Key, CredentialKind::Secret];
        let random = kinds.iter().find_map(|kind| text.strip_prefix(kind.prefix()));
        self.0.add(random.unwrap_or(text));
    }

    /// Adds what stands in a header: the value, the token after a scheme, and what `Basic` has encoded.
    pub fn add_header(&mut self, header: &HookHeader) {
        let value = header.value.reveal();
        if value.len() >= MIN_VALUE_LENGTH {
            self.0.add(value);
        }
        let Some((scheme, token)) = value.split_once(' ') else { return };
        let (token, is) = (token.trim_start(), |other: &str| scheme.eq_ignore_ascii_case(other));
        if header.name.as_str().eq_ignore_ascii_case("authorization") || is("basic") || is("bearer") {
            self.0.add(token);
        }
        let decoded = is("basic").then(|| BASE64.decode(token).ok()).flatten();
        let decoded = decoded.and_then(|bytes| String::from_utf8(bytes).ok()).map(Zeroizing::new);
        if let Some(pair) = decoded {
            self.0.add(&pair);
            pair.split_once(':').iter().for_each(|(_, password)| self.0.add(password));
        }
    }
}

/// The secrets that one request carries.
pub(super) struct CarriedSecrets {
    known: Arc<KnownSecrets>,
    /// The values of its signature headers.
    signatures: Vec<HeaderValue>,
    ready: OnceLock<Needles>,
}

impl CarriedSecrets {
    pub(super) fn new(known: Arc<KnownSecrets>, signatures: Vec<HeaderValue>) -> Self {
        Self { known, signatures, ready: OnceLock::new() }
    }

    /// How the try went, as it is kept.
    pub(super) fn mask(&self, mut sent: Sent) -> Sent {
        sent.response = sent.response.map(|response| self.mask_response(response));
        sent.outcome.detail = sent.outcome.detail.map(|detail| self.mask_detail(detail));
        sent
    }

    fn mask_response(&self, mut response: Response) -> Response {
        if let Some(masked) = self.mask_text(&response.body, response.body_cut) {
            response.body = masked;
            // Dots may be longer than what they stand for.
            response.body_cut |= cut(&mut response.body, BODY_KEPT);
            // Beside what is left of the body it would tell how long the secrets are.
            let lines = response.headers.iter();
            let hidden = lines.map(|(name, value)| (name, if name == CONTENT_LENGTH { DOTS } else { value }));
            response.headers = hidden.collect();
        }
        if let Some(masked) = self.mask_lines(&response.headers, response.headers_cut) {
            response.headers = masked;
        }
        response
    }

    /// What the operator reads about the try.
    fn mask_detail(&self, detail: String) -> String {
        // An ellipsis says that it was cut.
        let kept = detail.strip_suffix('…');
        match self.mask_text(kept.unwrap_or(&detail).as_bytes(), kept.is_some()) {
            Some(masked) => String::from_utf8_lossy(&masked).into_owned(),
            None => detail,
        }
    }

    fn mask_lines(&self, lines: &HeaderLines, is_cut: bool) -> Option<HeaderLines> {
        let values: Vec<_> = lines.iter().map(|(_, value)| self.mask_text(value.as_bytes(), is_cut)).collect();
        values.iter().any(Option::is_some).then(|| {
            let masked = values.iter().map(|masked| masked.as_deref().map(String::from_utf8_lossy));
            lines.iter().zip(masked).map(|((name, value), masked)| (name, masked.unwrap_or(value.into()))).collect()
        })
    }

    /// The text with dots in place of secrets; `None` when it holds none.
    fn mask_text(&self, text: &[u8], is_cut: bool) -> Option<Vec<u8>> {
        let known = &self.known.0;
        let found = |text: &[u8]| {
            let mut found = known.find(text, is_cut);
            if !self.signatures.is_empty() && (is_cut || has_long_word(text)) {
                found.extend(self.signatures().find(text, is_cut));
            }
            found
        };
        if known.all.is_empty() && self.signatures.is_empty() {
            return None;
        }
        let mut places = found(text);
        let mut layer = is_escaped(text).then(|| Layer::of(text, is_cut));
        for _ in 0..MAX_LAYERS {
            let Some(inner) = layer else { break };
            places.extend(found(&inner.text).into_iter().map(|place| inner.origin(place)));
            layer = is_escaped(&inner.text).then(|| inner.deeper(is_cut));
        }
        (!places.is_empty()).then(|| dotted(text, places))
    }

    fn signatures(&self) -> &Needles {
        self.ready.get_or_init(|| {
            let mut needles = Needles::default();
            let values = self.signatures.iter().filter_map(|value| value.to_str().ok());
            // Between them stand the time, the names of the schemes and the padding.
            for signature in values.flat_map(|value| value.split([',', ' ', '='])) {
                if signature.len() >= MIN_SIGNATURE_LENGTH {
                    needles.add(signature);
                }
            }
            needles
        })
    }
}

/// A secret in one of the forms in which it is looked for.
struct Needle {
    /// Folded.
    text: Zeroizing<Vec<u8>>,
    /// Whether the character before or after it in base64 holds some bits of it.
    spills: (bool, bool),
}

impl Needle {
    /// Whether a text begins with it, or where the text is shorter, it with the text.
    fn begins(&self, text: &[u8]) -> bool {
        self.text.iter().zip(text).all(|(own, byte)| *own == FOLDED[usize::from(*byte)])
    }

    /// Where a secret stands that was found here, with the characters that hold some of its bits.
    fn around(&self, place: Range<usize>, length: usize) -> Range<usize> {
        let (before, after) = self.spills;
        place.start.saturating_sub(before.into())..length.min(place.end + usize::from(after))
    }
}

/// Secrets in every form in which they are looked for.
#[derive(Default)]
struct Needles {
    all: Vec<Needle>,
    /// Which beginnings there are, by a hash of ten bits.
    heads: [u64; 16],
}

impl Needles {
    fn add(&mut self, secret: &str) {
        if secret.len() < MIN_TOKEN_LENGTH {
            return;
        }
        self.push(secret.as_bytes(), (false, false));
        self.add_base64(secret);
        if is_escaped(secret.as_bytes()) {
            // What looks like an escape in the secret goes with those around it.
            let mut layer = Layer::of(secret.as_bytes(), false);
            for _ in 1..MAX_LAYERS {
                layer = layer.deeper(false);
            }
            self.push(&Zeroizing::new(layer.text), (false, false));
        }
        if secret.contains(['"', '\\']) {
            self.add_base64(&Zeroizing::new(secret.replace('\\', r"\\").replace('"', "\\\"")));
        }
    }

    /// Within base64 a text looks in one of three ways, by how many bytes stand before it.
    fn add_base64(&mut self, secret: &str) {
        for before in 0..3 {
            let bytes = Zeroizing::new([&[0; 2][..before], secret.as_bytes()].concat());
            let encoded = Zeroizing::new(STANDARD_NO_PAD.encode(&*bytes));
            let (start, end) = ((before * 8).div_ceil(6), bytes.len() * 8 / 6);
            self.push(&encoded.as_bytes()[start..end], (before > 0, bytes.len() % 3 > 0));
        }
    }

    fn push(&mut self, text: &[u8], spills: (bool, bool)) {
        let text: Zeroizing<Vec<u8>> = Zeroizing::new(text.iter().map(|byte| FOLDED[usize::from(*byte)]).collect());
        let Some(head) = text.first_chunk::<HEAD>().copied().map(u32::from_le_bytes) else { return };
        if self.all.iter().all(|needle| *needle.text != *text) {
            let bit = hash(head);
            self.heads[bit / 64] |= 1 << (bit % 64);
            self.all.push(Needle { text, spills });
        }
    }

    /// Where secrets stand in a text; with a cut, also what may be the beginning of one at its end.
    fn find(&self, text: &[u8], is_cut: bool) -> Vec<Range<usize>> {
        let mut found = Vec::new();
        let mut head = 0;
        for (last, byte) in text.iter().enumerate() {
            head = head >> 8 | u32::from(FOLDED[usize::from(*byte)]) << 24;
            let bit = hash(head);
            if self.heads[bit / 64] >> (bit % 64) & 1 == 1 {
                let Some(start) = (last + 1).checked_sub(HEAD) else { continue };
                let here = self
                    .all
                    .iter()
                    .filter(|needle| needle.text.len() <= text.len() - start && needle.begins(&text[start..]));
                found.extend(here.map(|needle| needle.around(start..start + needle.text.len(), text.len())));
            }
        }
        if is_cut {
            found.extend(self.all.iter().filter_map(|needle| {
                let longest = needle.text.len().min(text.len() + 1);
                let length =
                    (MIN_TAIL_LENGTH..longest).rev().find(|&length| needle.begins(&text[text.len() - length..]))?;
                Some(needle.around(text.len() - length..text.len(), text.len()))
            }));
        }
        found
    }
}

fn hash(head: u32) -> usize {
    // Multiplied by the golden ratio, the upper bits depend on all of it.
    (head.wrapping_mul(0x9e37_79b1) >> 22) as usize
}

/// Both alphabets of base64, and a space and how forms write one, are the same here.
const FOLDED: [u8; 256] = {
    let mut folded = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        folded[byte] = match byte as u8 {
            b'+' | b'-' => b' ',
            b'_' => b'/',
            other => other,
        };
        byte += 1;
    }
    folded
};

/// Whether a word is as long as a signature.
fn has_long_word(text: &[u8]) -> bool {
    let mut length = 0;
    text.iter().any(|byte| {
        let is_of_word = byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=' | b'_' | b'-');
        length = if is_of_word { length + 1 } else { 0 };
        length == MIN_SIGNATURE_LENGTH
    })
}

/// The text with dots at these places. What overlaps or touches gets the same dots, so that they tell no length.
fn dotted(text: &[u8], mut places: Vec<Range<usize>>) -> Vec<u8> {
    places.sort_unstable_by_key(|place| place.start);
    let mut masked = Vec::with_capacity(text.len());
    let mut end = None;
    for place in places {
        if end.is_none_or(|end| place.start > end) {
            masked.extend_from_slice(&text[end.unwrap_or(0)..place.start]);
            masked.extend_from_slice(DOTS.as_bytes());
        }
        end = end.max(Some(place.end));
    }
    masked.extend_from_slice(&text[end.unwrap_or(0)..]);
    masked
}

/// Cuts a body to a length, between two characters; whether something was cut off.
fn cut(body: &mut Vec<u8>, length: usize) -> bool {
    let is_inside = |at: usize| body.get(at).is_some_and(|byte| byte & 0b1100_0000 == 0b1000_0000);
    let boundary = (length.saturating_sub(3)..=length).rev().find(|&at| !is_inside(at)).unwrap_or(length);
    let is_longer = body.len() > length;
    if is_longer {
        body.truncate(boundary);
    }
    is_longer
}
