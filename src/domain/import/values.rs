//! Single values: what a cell or a JSON text means, or a sentence about why it means nothing.

use url::Url;

use super::headers::normal;
use super::{LONGEST_LIST, LONGEST_VALUE};
use crate::domain::candidate::{Contact, Language};
use crate::domain::member;

/// The kind of a contact of which the file does not tell the kind.
pub(super) const OTHER: &str = "other";

/// A value, or what is wrong with it.
pub(super) type Read<T> = Result<T, String>;

/// Text with its line breaks as `\n`, trimmed, without other control characters; everything else is kept as it is.
pub(super) fn text(raw: &str) -> String {
    let even = raw.replace("\r\n", "\n").replace(['\r', '\u{b}', '\u{2028}', '\u{2029}'], "\n").replace('\t', " ");
    let kept: String = even.chars().filter(|c| *c == '\n' || !(c.is_control() || *c == '\u{feff}')).collect();
    kept.trim().to_owned()
}

/// Text on one line, of at most [`LONGEST_VALUE`] characters; `None` when nothing is left.
pub(super) fn line(raw: &str) -> Read<Option<String>> {
    let text = text(raw);
    let line = if text.contains('\n') {
        text.lines().map(str::trim).filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
    } else {
        text
    };
    if line.chars().nth(LONGEST_VALUE).is_some() {
        return Err(format!("is longer than {LONGEST_VALUE} characters: “{}”", shorten(&line)));
    }
    Ok((!line.is_empty()).then_some(line))
}

/// Like [`line()`], and `None` for the signs that stand for nothing.
pub(super) fn present(raw: &str) -> Read<Option<String>> {
    let nothing = |text: &String| matches!(text.to_lowercase().as_str(), "-" | "--" | "–" | "—" | "n/a" | "null");
    Ok(line(raw)?.filter(|text| !nothing(text)))
}

/// The parts of a list in one cell: parted by line breaks, semicolons and bars, or when there are none by commas. What
/// stands in round brackets is not parted.
pub(super) fn parts(raw: &str) -> Vec<String> {
    let text = text(raw);
    let outside = |separators: &[char]| {
        let mut depth = 0_usize;
        text.split(|c: char| {
            match c {
                '(' => depth += 1,
                ')' => depth = depth.saturating_sub(1),
                _ => {}
            }
            c == '\n' || (depth == 0 && separators.contains(&c))
        })
        .map(|part| part.trim().to_owned())
        .filter(|part| !matches!(part.as_str(), "" | "-" | "–" | "—" | "n/a" | "N/A"))
        .collect::<Vec<_>>()
    };
    let strong = outside(&[';', '|']);
    if strong.len() > 1 { strong } else { outside(&[',', ';', '|']) }
}

/// Reads each part; more than [`LONGEST_LIST`] are refused.
pub(super) fn each<T>(parts: Vec<String>, read: impl Fn(&str) -> Read<T>) -> Read<Vec<T>> {
    if parts.len() > LONGEST_LIST {
        return Err(format!("holds {} values; it may hold {LONGEST_LIST}", parts.len()));
    }
    parts.iter().map(|part| read(part)).collect()
}

/// A word of a list: a skill, a tag.
pub(super) fn word(raw: &str) -> Read<String> {
    Ok(line(raw)?.unwrap_or_default())
}

/// The id of another system, which must be what that system wrote.
pub(super) fn identifier(raw: &str) -> Read<Option<String>> {
    match present(raw)? {
        Some(id) if is_rounded(&id) => Err(rounded(&id)),
        id => Ok(id),
    }
}

/// The e-mail addresses of a cell. No address has a comma in it, but a name before one may: `Müller, Anna <a@b>`.
pub(super) fn emails(raw: &str, kind: &str) -> Read<Vec<Contact>> {
    let pieces: Vec<String> =
        parts(raw).iter().flat_map(|part| part.split(',').map(str::to_owned).collect::<Vec<_>>()).collect();
    let name =
        |at: usize| !pieces[at].contains('@') && pieces.get(at + 1).is_some_and(|next| next.trim_end().ends_with('>'));
    let addresses = (0..pieces.len()).filter(|at| !name(*at) && !pieces[*at].trim().is_empty());
    each(addresses.map(|at| pieces[at].clone()).collect(), |piece| email(piece, kind))
}

/// An e-mail address: `a@b`, `Anna <a@b>` or `mailto:a@b`.
pub(super) fn email(raw: &str, kind: &str) -> Read<Contact> {
    let inner = raw.rsplit_once('<').and_then(|(_, rest)| rest.trim_end().strip_suffix('>')).unwrap_or(raw).trim();
    let address = inner.strip_prefix("mailto:").unwrap_or(inner);
    match member::email(address) {
        Some(value) => Ok(Contact { kind: kind.to_owned(), value }),
        None => Err(format!("“{}” is no e-mail address; write it as name@example.com", shorten(raw))),
    }
}

/// The phone numbers of a cell; a comma that leaves less than a number behind it belongs to the number before.
pub(super) fn phones(raw: &str, kind: &str) -> Read<Vec<Contact>> {
    let mut numbers: Vec<String> = Vec::new();
    for part in parts(raw) {
        let whole = part.chars().filter(char::is_ascii_digit).count() >= 5;
        match numbers.last_mut() {
            Some(before) if !whole => {
                before.push_str(", ");
                before.push_str(&part);
            }
            _ => numbers.push(part),
        }
    }
    // In the notation of spreadsheets the comma may be that of the decimals.
    if is_rounded(raw.trim()) {
        return Err(rounded(raw.trim()));
    }
    each(numbers, |number| phone(number, kind))
}

/// One phone number, as it is written.
pub(super) fn phone(raw: &str, kind: &str) -> Read<Contact> {
    let value = line(raw)?.unwrap_or_default();
    if is_rounded(&value) {
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
    let nothing = |part: &String| matches!(part.as_str(), "" | "-" | "–" | "—" | "n/a" | "N/A");
    let text = text(raw);
    let parts = text.split_whitespace().flat_map(|part| part.split([';', '|'])).map(trimmed);
    each(parts.filter(|part| !nothing(part)).collect(), |part| link(part, kind))
}

/// One web address. Only http and https are taken: pages make links of them.
pub(super) fn link(raw: &str, kind: Option<&str>) -> Read<Contact> {
    let typed = line(raw)?.unwrap_or_default();
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

/// A language with its level behind it: `German (C1)`, `German: C1`, `German - C1`.
pub(super) fn language(raw: &str) -> Read<Language> {
    let whole = word(raw)?;
    let parted = match whole.split_once('(') {
        Some((name, level)) => Some((name, level.trim_end().trim_end_matches(')'))),
        None => [": ", " - ", " – ", ":"].into_iter().find_map(|separator| whole.split_once(separator)),
    };
    Ok(match parted.map(|(name, level)| (name.trim(), level.trim())) {
        Some((name, level)) if !name.is_empty() && !level.is_empty() => {
            Language { language: name.to_owned(), level: Some(level.to_owned()) }
        }
        _ => Language { language: whole, level: None },
    })
}

/// Points and of how many: `4` (of what the column goes up to), `4,5`, `4/5`, `80 %` or `★★★★☆`.
pub(super) fn rating(raw: &str, scale: f64) -> Read<(f64, f64)> {
    let wrong = || format!("“{}” is no rating; write a number such as 4 or 4/5", shorten(raw));
    let compact: String = raw.chars().filter(|c| !c.is_whitespace()).collect();
    let (full, empty) = (compact.matches('★').count(), compact.matches('☆').count());
    let (score, max) = if full + empty > 0 && full + empty == compact.chars().count() {
        // Without empty stars the scale is that of the column.
        (full as f64, if empty > 0 { (full + empty) as f64 } else { scale.max(full as f64) })
    } else if let Some(percent) = compact.strip_suffix('%') {
        (number(percent).ok_or_else(wrong)?, 100.0)
    } else if let Some((score, max)) = compact.split_once('/') {
        (number(score).ok_or_else(wrong)?, number(max).ok_or_else(wrong)?)
    } else {
        (number(&compact).ok_or_else(wrong)?, scale)
    };
    if max <= 0.0 || score > max {
        return Err(format!("“{}” is not between 0 and {max}", shorten(raw)));
    }
    Ok((score, max))
}

/// Up to how many points a column goes: 5, 10 or 100.
pub(super) fn scale<'a>(values: impl Iterator<Item = &'a str>) -> f64 {
    let highest = values.filter_map(|value| number(value.trim())).fold(0.0, f64::max);
    [5.0, 10.0].into_iter().find(|scale| highest <= *scale).unwrap_or(100.0)
}

/// A number that is neither negative nor endless, with a point or a comma.
fn number(text: &str) -> Option<f64> {
    let plain = text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b','));
    text.replace(',', ".").parse().ok().filter(|number: &f64| plain && number.is_finite())
}

/// The three states every system has are written as ours; others stay as they are.
pub(super) fn status(raw: &str) -> Read<Option<String>> {
    Ok(present(raw)?.map(|status| match normal(&status).as_str() {
        "active" | "aktiv" | "actif" => "active".to_owned(),
        "hired" | "eingestellt" | "embauche" => "hired".to_owned(),
        "rejected" | "abgelehnt" | "refuse" => "rejected".to_owned(),
        _ => status,
    }))
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

/// The start of a value, for a message.
pub(super) fn shorten(text: &str) -> String {
    const SHOWN: usize = 40;
    let flat: String = text.trim().chars().map(|c| if c.is_control() { ' ' } else { c }).take(SHOWN + 1).collect();
    if flat.chars().count() > SHOWN { flat.chars().take(SHOWN).chain(['…']).collect() } else { flat }
}

/// `4,91511E+11`: what a spreadsheet makes of a long number.
fn is_rounded(text: &str) -> bool {
    let Some((mantissa, exponent)) = text.split_once("E+") else { return false };
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    digits(exponent) && mantissa.split(['.', ',']).all(digits)
}

fn rounded(text: &str) -> String {
    format!("“{}” was shortened by a spreadsheet; format the column as text and export it again", shorten(text))
}
