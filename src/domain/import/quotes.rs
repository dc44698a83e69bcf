//! Quotes that a strict reader of CSV leaves in the values: behind a blank, and round a whole line.

use super::headers;
use super::records::{END, Record};
use super::table::sniff;

/// How many bytes of a file are looked at.
const SAMPLE: usize = 16 * 1024;

/// The text without the blanks between a delimiter and a quote, `"Ada", "Quill"`, if it is written so.
pub(super) fn tight(text: &str, delimiter: u8) -> Option<String> {
    let delimiter = char::from(delimiter);
    let sample =
        text.char_indices().take_while(|(at, _)| *at < SAMPLE).last().map_or("", |(at, c)| &text[..at + c.len_utf8()]);
    let shows = |part: &str| part.starts_with(' ') && part.trim_start_matches(' ').starts_with('"');
    if !sample.starts_with('"') || !sample.split(delimiter).any(shows) {
        return None;
    }
    let mut out = String::with_capacity(text.len());
    let (mut quoted, mut opens, mut before) = (false, true, '\n');
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        let blank = c == ' ' && opens && !quoted && rest.as_str().trim_start_matches(' ').starts_with('"');
        // Of two quotes in a row the second opens again what the first has closed.
        if c == '"' && (quoted || opens || before == '"') {
            quoted = !quoted;
        }
        opens = !quoted && (blank || c == delimiter || c == '\n' || c == '\r');
        before = c;
        if !blank {
            out.push(c);
        }
    }
    Some(out)
}

/// The text of a file in which each line stands in quotes as a whole, `"Name,Email"`, without them.
pub(super) fn unwrapped(records: &[Record]) -> Option<String> {
    let lines: Option<Vec<&str>> = records
        .iter()
        .map(|record| match record.cells.as_slice() {
            [only] => Some(only.as_str()),
            [only, rest @ ..] if rest.iter().all(|cell| cell.is_empty()) => Some(only.as_str()),
            _ => None,
        })
        .collect();
    let lines = lines?;
    let header = lines.first()?;
    let names = header.split(char::from(sniff(header))).filter(|name| headers::is_known(name)).count();
    if names < 2 || headers::is_known(header) {
        return None;
    }
    let mut text = lines.join("\n");
    text.push_str(END);
    Some(text)
}
