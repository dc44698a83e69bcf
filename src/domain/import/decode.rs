//! From bytes to text: which encoding a file is in.

use std::str;

use encoding_rs::{Encoding, UTF_16BE, UTF_16LE};

use super::{FileError, MAX_FILE_BYTES, encodings};

/// How the first bytes of workbooks read: zip (`.xlsx`, `.ods`, `.numbers`) and the older compound file (`.xls`).
const SPREADSHEETS: [&[u8]; 2] = [b"PK\x03\x04", b"\xd0\xcf\x11\xe0"];

/// The text of a file, and what was assumed to read it.
pub(super) struct Decoded {
    /// Without a byte order mark, and without a NUL in it.
    pub text: String,
    /// Sentences.
    pub notes: Vec<String>,
    /// Whether it may well be meant in another encoding.
    pub is_doubtful: bool,
}

impl From<String> for Decoded {
    fn from(text: String) -> Self {
        Self { text, notes: Vec::new(), is_doubtful: false }
    }
}

/// Reads the text of a file.
pub(super) fn decode(bytes: &[u8]) -> Result<Decoded, FileError> {
    if bytes.len() > MAX_FILE_BYTES {
        return Err(FileError::TooLarge { line: line_at(bytes, MAX_FILE_BYTES) });
    }
    if SPREADSHEETS.iter().any(|magic| bytes.starts_with(magic)) {
        return Err(FileError::Spreadsheet);
    }
    // DOS ends a file with this.
    let bytes = bytes.strip_suffix(b"\x1a").unwrap_or(bytes);
    let bytes = bytes.strip_suffix(b"\x1a\r\n").or_else(|| bytes.strip_suffix(b"\x1a\n")).unwrap_or(bytes);
    if let Some(kind) = other_kind(bytes) {
        return Err(FileError::OtherKind { kind });
    }
    let mut decoded: Decoded = match Encoding::for_bom(bytes) {
        Some((encoding, mark)) if encoding == UTF_16LE || encoding == UTF_16BE => {
            utf_16(encoding, &bytes[mark..])?.into()
        }
        Some((_, mark)) => match str::from_utf8(&bytes[mark..]) {
            Ok(text) => text.to_owned().into(),
            Err(error) => return Err(unknown(bytes, mark + error.valid_up_to())),
        },
        None => match str::from_utf8(bytes) {
            Ok(text) => text.to_owned().into(),
            Err(error) => other_encoding(bytes, error.valid_up_to())?,
        },
    };
    if let Some(at) = decoded.text.find('\0') {
        return Err(unknown(decoded.text.as_bytes(), at));
    }
    if let Some(rest) = decoded.text.strip_prefix('\u{feff}') {
        decoded.text = rest.trim_start_matches('\u{feff}').to_owned();
    }
    if let Some((text, note)) = encodings::undoubled(&decoded.text) {
        decoded.text = text;
        decoded.notes.push(note);
    }
    Ok(decoded)
}

/// What a file is that is no table: pages and documents that carry the ending of one.
fn other_kind(bytes: &[u8]) -> Option<&'static str> {
    let start = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes).trim_ascii_start();
    let begins = |with: &str| start.get(..with.len()).is_some_and(|head| head.eq_ignore_ascii_case(with.as_bytes()));
    let kinds = [
        ("<html", "a web page"),
        ("<!doctype html", "a web page"),
        ("<table", "a web page"),
        ("<?xml", "XML"),
        ("%pdf", "a PDF document"),
        ("{\\rtf", "a text document"),
        ("begin:vcard", "an address card"),
    ];
    kinds.into_iter().find(|(with, _)| begins(with)).map(|(_, kind)| kind)
}

fn utf_16(encoding: &'static Encoding, bytes: &[u8]) -> Result<String, FileError> {
    let (text, malformed) = encoding.decode_without_bom_handling(bytes);
    if malformed {
        let at = text.find(char::REPLACEMENT_CHARACTER).unwrap_or(text.len());
        return Err(unknown(text.as_bytes(), at));
    }
    Ok(text.into_owned())
}

fn other_encoding(bytes: &[u8], first_invalid: usize) -> Result<Decoded, FileError> {
    let guess = if is_damaged_utf_8(bytes) { None } else { encodings::guess(bytes) };
    let is_control = |byte: &u8| (*byte < 0x20 && !byte.is_ascii_whitespace() && *byte != 0x0b) || *byte == 0x7f;
    let odd = || bytes.iter().position(is_control).unwrap_or(first_invalid);
    let guess = guess.ok_or_else(|| unknown(bytes, odd()))?;
    Ok(Decoded { text: guess.text, notes: vec![guess.note], is_doubtful: guess.is_doubtful })
}

/// Whether more of the text beyond ASCII is UTF-8 than is not: Windows-1252 text hardly ever happens to be.
fn is_damaged_utf_8(bytes: &[u8]) -> bool {
    let (mut sound, mut broken) = (0, 0);
    for chunk in bytes.utf8_chunks() {
        sound += chunk.valid().chars().filter(|c| !c.is_ascii()).count();
        broken += usize::from(!chunk.invalid().is_empty());
    }
    sound > broken
}

fn unknown(bytes: &[u8], at: usize) -> FileError {
    FileError::UnknownEncoding { line: line_at(bytes, at) }
}

/// The line in which a byte stands.
fn line_at(bytes: &[u8], at: usize) -> u64 {
    1 + line_breaks(&bytes[..at.min(bytes.len())])
}

/// How many line breaks there are; `\n`, `\r` and `\r\n` are one each.
pub(super) fn line_breaks(bytes: &[u8]) -> u64 {
    let mut breaks = 0;
    for (at, byte) in bytes.iter().enumerate() {
        let ends = *byte == b'\n' || (*byte == b'\r' && bytes.get(at + 1) != Some(&b'\n'));
        breaks += u64::from(ends);
    }
    breaks
}
