//! What a column's name says about its values: the order of a date, its time zone, the order of a name, of how many points.

use chrono_tz::Tz;

use super::headers::{NamePart, name_part, normal};
use super::zones;

/// What stands first in `03/04/2026`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    DayFirst,
    MonthFirst,
    Mixed,
}

/// `Date (MM/DD/YYYY)`, `Datum (TT.MM.JJJJ)`: which of day and month its dates begin with.
pub(super) fn date_order(header: &str) -> Option<Order> {
    let lower = header.to_lowercase();
    let words = lower.split(|c: char| !c.is_alphabetic());
    words
        .filter_map(|word| match word {
            "dd" | "tt" | "jj" | "gg" => Some(Order::DayFirst),
            "mm" | "mmm" => Some(Order::MonthFirst),
            _ => None,
        })
        .next()
        .filter(|_| ["dd", "tt", "jj", "gg"].iter().any(|day| lower.contains(day)) && lower.contains("mm"))
}

/// `Created At (GMT)`, `Applied (Europe/Berlin)`, `Date [UTC+2]`: the zone of its times.
pub(super) fn zone(header: &str) -> Option<zones::Zone> {
    let inner = header.split_once(['(', '['])?.1;
    let inner = inner.split([')', ']']).next()?.trim();
    inner.parse::<Tz>().ok().map(zones::Zone::Named).or_else(|| zones::offset_of(inner).map(zones::Zone::Fixed))
}

/// Whether a whole name begins with the last name: `Name, Vorname`, `Nom Prénom`, `Last name First name`.
pub(super) fn last_name_first(header: &str) -> bool {
    let words: Vec<String> = header
        .split(|c: char| !c.is_alphanumeric())
        .map(normal)
        .filter(|word| !matches!(word.as_str(), "" | "and" | "und" | "et" | "e" | "y" | "en"))
        .collect();
    (1..words.len()).any(|at| {
        let (left, right) = (words[..at].concat(), words[at..].concat());
        name_part(&left) == Some(NamePart::Last) && name_part(&right) == Some(NamePart::First)
    })
}

/// `Rating (1-10)`, `Score / 10`, `Rating out of 5`: of how many points.
pub(super) fn scale(header: &str) -> Option<f64> {
    let lower = header.to_lowercase();
    let last = lower.rsplit(|c: char| !c.is_ascii_digit()).find(|digits| !digits.is_empty())?;
    let before = lower[..lower.rfind(last)?].trim_end();
    let told = ["/", "of", "von", "sur", "-", "–", "to", "bis"].iter().any(|word| before.ends_with(word));
    last.parse().ok().filter(|max: &f64| told && (2.0..=1_000.0).contains(max))
}
