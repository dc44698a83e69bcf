//! Single values: what a cell or a JSON text means, or a sentence about why it means nothing.

use super::headers::normal;
use super::{MAX_LIST_LEN, MAX_VALUE_LEN, clean};
use crate::domain::candidate::Language;

/// What parts values more strongly than a comma.
const STRONG: &[char] = &[';', '|', '•', '‣', '▪', '●', '◦', '⁃', '；', '、'];

/// A value, or what is wrong with it.
pub(super) type Read<T> = Result<T, String>;

/// Text with its line breaks as `\n`, trimmed, without other control characters; everything else is kept as it is.
pub(super) fn text(raw: &str) -> String {
    let even = raw.replace("\r\n", "\n").replace(['\r', '\u{b}', '\u{2028}', '\u{2029}'], "\n").replace('\t', " ");
    let kept: String = clean::readable(&even).chars().filter(|c| *c == '\n' || !c.is_control()).collect();
    kept.trim().to_owned()
}

/// Text on one line, of at most [`MAX_VALUE_LEN`] characters; `None` when nothing is left.
pub(super) fn line(raw: &str) -> Read<Option<String>> {
    let text = text(raw);
    let line = if text.contains('\n') {
        text.lines().map(str::trim).filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
    } else {
        text
    };
    if line.chars().nth(MAX_VALUE_LEN).is_some() {
        return Err(format!("is longer than {MAX_VALUE_LEN} characters: “{}”", shorten(&line)));
    }
    Ok((!line.is_empty()).then_some(line))
}

/// Like [`line()`], and `None` for a word for nothing.
pub(super) fn present(raw: &str) -> Read<Option<String>> {
    Ok(line(raw)?.filter(|text| !clean::is_nothing(text)))
}

/// A part of a name; `None` for a word for nothing, unless it is spelled like a name.
pub(super) fn name(raw: &str) -> Read<Option<String>> {
    Ok(line(raw)?.filter(|text| !clean::is_no_name(text)))
}

/// The parts of a list in one cell: parted by line breaks, semicolons, bars, bullets and the `:::` of address books, or
/// when there are none by commas. What stands in round brackets is not parted.
pub(super) fn parts(raw: &str) -> Vec<String> {
    let text = text(raw).replace(":::", ";");
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
        .filter(|part| !clean::is_nothing(part))
        .collect::<Vec<_>>()
    };
    let strong = outside(STRONG);
    if strong.len() > 1 { strong } else { outside(&[STRONG, [','].as_slice()].concat()) }
}

/// Reads each part; more than [`MAX_LIST_LEN`] are refused.
pub(super) fn each<T>(parts: Vec<String>, read: impl Fn(&str) -> Read<T>) -> Read<Vec<T>> {
    if parts.len() > MAX_LIST_LEN {
        return Err(format!("holds {} values; it may hold {MAX_LIST_LEN}", parts.len()));
    }
    parts.iter().map(|part| read(part)).collect()
}

/// A word of a list: a skill, a tag.
pub(super) fn word(raw: &str) -> Read<String> {
    Ok(line(raw)?.unwrap_or_default())
}

/// The id of another system, as that system wrote it; what programs added is taken off.
pub(super) fn identifier(raw: &str) -> Read<Option<String>> {
    let Some(line) = line(raw)? else { return Ok(None) };
    let plain = clean::visible(&line);
    let id = clean::whole(clean::number(&plain)).trim();
    match () {
        () if id.is_empty() || clean::is_no_id(id) => Ok(None),
        () if clean::is_shortened(id) => Err(rounded(id)),
        () => Ok(Some(id.to_owned())),
    }
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
    let compact: String = before_words(raw).chars().filter(|c| !c.is_whitespace()).collect();
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

/// The number of a rating that says in words what it means: `4 - Hire`.
fn before_words(raw: &str) -> &str {
    [" - ", " – ", ": "].into_iter().find_map(|mark| raw.split_once(mark)).map_or(raw, |(number, _)| number)
}

/// Up to how many points a column goes: 5, 10 or 100.
pub(super) fn scale<'a>(values: impl Iterator<Item = &'a str>) -> f64 {
    let highest = values.filter_map(|value| number(before_words(value).trim())).fold(0.0, f64::max);
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

/// The start of a value, for a message.
pub(super) fn shorten(text: &str) -> String {
    const SHOWN: usize = 40;
    let flat: String = text.trim().chars().map(|c| if c.is_control() { ' ' } else { c }).take(SHOWN + 1).collect();
    if flat.chars().count() > SHOWN { flat.chars().take(SHOWN).chain(['…']).collect() } else { flat }
}

pub(super) fn rounded(text: &str) -> String {
    format!("“{}” was shortened by a spreadsheet; format the column as text and export it again", shorten(text))
}
