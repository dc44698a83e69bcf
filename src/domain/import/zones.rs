//! Time zones by the short names that programs write behind a time.

use chrono::FixedOffset;
use chrono_tz::Tz;

/// Where local times are to be read.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Zone {
    Named(Tz),
    Fixed(FixedOffset),
}

/// Short names and their minutes east of Greenwich. `IST` and `CST` of Asia are not among them: they mean several.
#[rustfmt::skip]
const NAMES: &[(&str, i32)] = &[
    ("z", 0), ("utc", 0), ("gmt", 0), ("wet", 0), ("west", 60), ("bst", 60), ("cet", 60), ("mez", 60), ("cest", 120),
    ("mesz", 120), ("eet", 120), ("eest", 180), ("msk", 180), ("est", -300), ("edt", -240), ("cst", -360), ("cdt", -300),
    ("mst", -420), ("mdt", -360), ("pst", -480), ("pdt", -420), ("akst", -540), ("akdt", -480), ("hst", -600),
    ("jst", 540), ("kst", 540), ("hkt", 480), ("sgt", 480), ("awst", 480), ("aest", 600), ("aedt", 660), ("nzst", 720),
    ("nzdt", 780),
];

/// `CET`, `UTC+2`, `GMT-0500` or `+01:00`.
pub(super) fn offset_of(text: &str) -> Option<FixedOffset> {
    let lower = text.trim().to_lowercase();
    let (name, rest) = lower.split_at(lower.find(['+', '-']).unwrap_or(lower.len()));
    let named = NAMES.iter().find(|(known, _)| *known == name).map(|(_, minutes)| *minutes);
    match (named, rest) {
        (Some(minutes), "") => FixedOffset::east_opt(minutes * 60),
        (Some(0), rest) => signed(rest),
        (None, rest) if name.is_empty() => signed(rest),
        _ => None,
    }
}

/// `+01:00`, `-0500` or `+2`.
fn signed(text: &str) -> Option<FixedOffset> {
    let digits: String = text.chars().skip(1).filter(|c| *c != ':').collect();
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let (hours, minutes) = match digits.len() {
        1 | 2 => (digits.as_str(), "0"),
        4 => digits.split_at(2),
        _ => return None,
    };
    let seconds = hours.parse::<i32>().ok()? * 3_600 + minutes.parse::<i32>().ok()? * 60;
    FixedOffset::east_opt(if text.starts_with('-') { -seconds } else { seconds })
}
