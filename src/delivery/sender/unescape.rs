//! A text without its escapes, and where each byte of it came from: to find in an answer what was escaped there.
//!
//! One kind of escape is as good as another: JSON and its relatives (`\u0026`, `\/`, `\x26`), URLs (`%26`) and HTML (`&amp;`,
//! `&#38;`). Line breaks are left out, for base64 is broken into lines. This is no reader of any of these: what is no escape
//! stands for itself, and characters beyond ASCII, which no secret holds, all become the same.

use std::ops::Range;

/// No escape is longer: `&#x0026;`.
const MAX_ESCAPE_LENGTH: usize = 8;
/// Stands for any character beyond ASCII.
const OTHER: u8 = 0xff;

/// A text without its escapes.
pub(super) struct Layer {
    pub text: Vec<u8>,
    /// Where each byte of it stands in the text as it came.
    origins: Vec<(usize, usize)>,
}

/// Whether there is anything to take away.
pub(super) fn is_escaped(text: &[u8]) -> bool {
    text.iter().any(|byte| matches!(byte, b'\\' | b'%' | b'&' | b'\n' | b'\r'))
}

impl Layer {
    /// Takes one layer of escapes from a text. One that a cut has halved at the end is left out.
    pub(super) fn of(text: &[u8], is_cut: bool) -> Self {
        Self::decode(text, is_cut, |place| (place.start, place.end))
    }

    /// The next layer beneath this one.
    pub(super) fn deeper(&self, is_cut: bool) -> Self {
        Self::decode(&self.text, is_cut, |place| {
            let place = self.origin(place);
            (place.start, place.end)
        })
    }

    /// Where in the text as it came something stands that was found here.
    pub(super) fn origin(&self, place: Range<usize>) -> Range<usize> {
        let start = self.origins.get(place.start).map_or(0, |origin| origin.0);
        let end = self.origins[..place.end].last().map_or(start, |origin| origin.1);
        start..end
    }

    fn decode(text: &[u8], is_cut: bool, origin: impl Fn(Range<usize>) -> (usize, usize)) -> Self {
        let mut layer = Self { text: Vec::with_capacity(text.len()), origins: Vec::with_capacity(text.len()) };
        let mut at = 0;
        while let Some(&first) = text.get(at) {
            let may_be_halved = is_cut && text.len() - at < MAX_ESCAPE_LENGTH;
            let is_sign = matches!(first, b'\\' | b'%' | b'&');
            let (byte, length) = match is_sign.then(|| escape(&text[at..])) {
                Some(Some(escaped)) => escaped,
                Some(None) if may_be_halved => {
                    // It belongs to what stands before it.
                    let end = origin(at..text.len()).1;
                    layer.origins.iter_mut().last().into_iter().for_each(|last| last.1 = end);
                    break;
                }
                Some(None) | None => (first, 1),
            };
            if !matches!(byte, b'\n' | b'\r') {
                layer.text.push(byte);
                layer.origins.push(origin(at..at + length));
            }
            at += length;
        }
        layer
    }
}

/// The character that a text begins with an escape of, and how long the escape is.
fn escape(text: &[u8]) -> Option<(u8, usize)> {
    match text {
        [b'\\', b'u', digits @ ..] => Some((ascii(number(digits.get(..4)?, 16)?), 6)),
        [b'\\', b'x', digits @ ..] => Some((ascii(number(digits.get(..2)?, 16)?), 4)),
        [b'\\', b'n' | b'r', ..] => Some((b'\n', 2)),
        [b'\\', b't', ..] => Some((b'\t', 2)),
        [b'\\', sign @ (b'"' | b'\'' | b'/' | b'\\' | b'&' | b'$'), ..] => Some((*sign, 2)),
        [b'%', digits @ ..] => Some((ascii(number(digits.get(..2)?, 16)?), 3)),
        [b'&', rest @ ..] => {
            let end = rest.iter().take(MAX_ESCAPE_LENGTH - 1).position(|byte| *byte == b';')?;
            let sign = match &rest[..end] {
                b"amp" => b'&',
                b"lt" => b'<',
                b"gt" => b'>',
                b"quot" => b'"',
                b"apos" => b'\'',
                b"nbsp" => b' ',
                [b'#', b'x' | b'X', digits @ ..] => ascii(number(digits, 16)?),
                [b'#', digits @ ..] => ascii(number(digits, 10)?),
                _ => return None,
            };
            Some((sign, end + 2))
        }
        _ => None,
    }
}

fn number(digits: &[u8], radix: u32) -> Option<u32> {
    let digits =
        std::str::from_utf8(digits).ok().filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()))?;
    u32::from_str_radix(digits, radix).ok()
}

fn ascii(code: u32) -> u8 {
    u8::try_from(code).ok().filter(u8::is_ascii).unwrap_or(OTHER)
}
