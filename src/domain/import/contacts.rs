//! Contacts: e-mail addresses, phone numbers and links, one or several in a cell.

use url::Url;

use super::clean;
use super::headers::normal;
use super::values::{Read, each, line, parts, rounded, shorten, text};
use crate::domain::candidate::Contact;
use crate::domain::member;

/// The kind of a contact of which the file does not tell the kind.
pub(super) const OTHER: &str = "other";
/// Words that stand between two values.
const BETWEEN: &[&str] = &[" / ", " or ", " and ", " oder ", " und ", " ou ", " et ", " & "];

/// The e-mail addresses of a cell. No address has a comma in it, but a name before one may: `Müller, Anna <a@b>`.
pub(super) fn emails(raw: &str, kind: &str) -> Read<Vec<Contact>> {
    let pieces: Vec<String> =
        parts(raw).iter().flat_map(|part| part.split(',').map(str::to_owned).collect::<Vec<_>>()).collect();
    let name =
        |at: usize| !pieces[at].contains('@') && pieces.get(at + 1).is_some_and(|next| next.trim_end().ends_with('>'));
    let addresses = (0..pieces.len()).filter(|at| !name(*at) && !clean::is_nothing(&pieces[*at]));
    each(addresses.flat_map(|at| several(&pieces[at])).collect(), |piece| email(piece, kind))
}

/// `a@b c@d` and `a@b / c@d` are two addresses.
fn several(piece: &str) -> Vec<String> {
    if piece.matches('@').count() < 2 || piece.contains('<') {
        return vec![piece.to_owned()];
    }
    let words = piece.split(|c: char| c.is_whitespace() || matches!(c, '/' | '&'));
    words.filter(|word| word.contains('@')).map(str::to_owned).collect()
}

/// An e-mail address: `a@b`, `Anna <a@b>` or `mailto:a@b`.
pub(super) fn email(raw: &str, kind: &str) -> Read<Contact> {
    let plain = clean::plain(raw);
    let plain = clean::cell(&plain);
    let inner = plain.rsplit_once('<').and_then(|(_, rest)| rest.trim_end().strip_suffix('>')).unwrap_or(plain).trim();
    let address = inner.strip_prefix("mailto:").unwrap_or(inner);
    match member::email(address).filter(|email| !email.contains(['"', '“', '”'])) {
        Some(value) => Ok(Contact { kind: kind.to_owned(), value }),
        None => Err(format!("“{}” is no e-mail address; write it as name@example.com", shorten(raw))),
    }
}

/// The phone numbers of a cell; a comma that leaves less than a number behind it belongs to the number before.
pub(super) fn phones(raw: &str, kind: &str) -> Read<Vec<Contact>> {
    // In the notation of spreadsheets the comma may be that of the decimals.
    if clean::is_shortened(raw.trim()) {
        return Err(rounded(raw.trim()));
    }
    let mut numbers: Vec<String> = Vec::new();
    for part in parts(&parted(raw)) {
        match numbers.last_mut() {
            Some(before) if !is_whole(&part) => {
                before.push_str(", ");
                before.push_str(&part);
            }
            _ => numbers.push(part),
        }
    }
    each(numbers, |number| phone(number, kind))
}

/// With a semicolon between two numbers that a word parts.
fn parted(raw: &str) -> String {
    let mut text = raw.to_owned();
    for word in BETWEEN {
        let halves: Vec<&str> = text.split(word).collect();
        if halves.len() > 1 && halves.iter().all(|half| is_whole(half)) {
            text = halves.join(";");
        }
    }
    text
}

fn is_whole(number: &str) -> bool {
    number.chars().filter(char::is_ascii_digit).count() >= 5
}

/// One phone number, as it is written; what programs added is taken off.
pub(super) fn phone(raw: &str, kind: &str) -> Read<Contact> {
    let plain = clean::plain(&line(raw)?.unwrap_or_default());
    let value = clean::whole(clean::number(&plain)).to_owned();
    if clean::is_shortened(&value) {
        return Err(rounded(&value));
    }
    if value.chars().filter(|c| c.is_numeric()).count() < 3 {
        return Err(format!("“{}” is no phone number", shorten(&value)));
    }
    Ok(Contact { kind: kind.to_owned(), value })
}

/// The web addresses of a cell, parted by white space.
pub(super) fn links(raw: &str, kind: Option<&str>) -> Read<Vec<Contact>> {
    let trimmed = |part: &str| part.trim_matches([',', ';', '|', '<', '>']).to_owned();
    let text = text(raw).replace(":::", ";");
    if clean::is_nothing(&text) {
        return Ok(Vec::new());
    }
    let parts = text.split_whitespace().flat_map(|part| part.split([';', '|', '•'])).map(trimmed);
    each(parts.filter(|part| !clean::is_nothing(part)).collect(), |part| link(part, kind))
}

/// One web address. Only http and https are taken: pages make links of them.
pub(super) fn link(raw: &str, kind: Option<&str>) -> Read<Contact> {
    let typed = clean::visible(&line(raw)?.unwrap_or_default());
    let value = if typed.contains("://") { typed } else { format!("https://{typed}") };
    let url = Url::parse(&value).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
    let host = url.as_ref().and_then(Url::host_str).filter(|host| host.contains('.'));
    let Some(host) = host.filter(|_| !value.contains(char::is_whitespace)) else {
        return Err(format!("“{}” is no web address; write it as https://example.com/anna", shorten(raw)));
    };
    let known =
        ["linkedin", "github", "gitlab", "xing"].into_iter().find(|name| host.split('.').any(|part| part == *name));
    let kind = kind.or(known).unwrap_or("website").to_owned();
    Ok(Contact { kind, value })
}

/// `Work e-mail` is `work`; a name that tells nothing is [`OTHER`].
pub(super) fn contact_kind(column: &str) -> &'static str {
    let name = normal(column);
    let has = |words: &[&str]| words.iter().any(|word| name.contains(word));
    match () {
        () if has(&["work", "business", "office", "geschaft", "dienst", "profession", "beruf"]) => "work",
        () if has(&["home", "personal", "privat", "private", "perso"]) => "home",
        () if has(&["mobil", "cell", "handy", "portable", "movil"]) => "mobile",
        () => OTHER,
    }
}
