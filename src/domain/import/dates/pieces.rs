//! One date taken apart.

use chrono::{DateTime, Days, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Timelike};

use super::super::headers::normal;
use super::Order;

/// A value taken apart: what is date, what is time.
#[derive(Debug)]
pub(super) struct Pieces {
    date: Vec<String>,
    separator: Option<char>,
    time: NaiveTime,
    /// Whether the time is written with AM or PM.
    pub halves: bool,
    offset: Option<FixedOffset>,
}

impl Pieces {
    /// `None` when it cannot be a date.
    pub fn of(text: &str) -> Option<Self> {
        let mut pieces = Self { date: vec![], separator: None, time: NaiveTime::MIN, halves: false, offset: None };
        if text.len() > 64 {
            return None;
        }
        let mut half = None;
        for token in spaced(text).split_whitespace() {
            let word = normal(token);
            match word.as_str() {
                "am" | "pm" => half = Some(word == "pm"),
                "z" | "utc" | "gmt" => pieces.offset = FixedOffset::east_opt(0),
                "at" | "um" | "uhr" | "a" | "of" | "de" | "le" | "den" => {}
                _ if is_weekday(&word) => {}
                _ if token.starts_with(['+', '-']) => pieces.offset = Some(offset(token)?),
                _ if token.contains(':') => pieces.time = time(token)?,
                _ => {
                    pieces.separator = pieces.separator.or_else(|| token.chars().find(|c| "-/.".contains(*c)));
                    pieces.date.extend(token.split(['-', '/', '.']).filter(|part| !part.is_empty()).map(str::to_owned));
                }
            }
        }
        if let Some(afternoon) = half {
            pieces.halves = true;
            pieces.time = twelve_hours(pieces.time, afternoon)?;
        }
        Some(pieces)
    }

    /// The first two numbers of a date whose order is open.
    pub fn unordered(&self) -> Option<(u32, u32)> {
        match self.date.as_slice() {
            [a, b, _] if a.len() <= 2 && matches!(self.separator, Some('/' | '-')) => {
                Some((a.parse().ok()?, b.parse().ok()?))
            }
            _ => None,
        }
    }

    /// The time it tells, local unless it comes with an offset.
    pub fn instant(&self, order: Order) -> Option<(NaiveDateTime, Option<FixedOffset>)> {
        let (year, month, day) = match self.date.as_slice() {
            [only] => return self.number(only, None),
            [whole, fraction] if self.separator == Some('.') => return self.number(whole, Some(fraction)),
            [year, month, day] if year.len() == 4 => (year, self::month(month)?, day),
            [day, name, year] if is_word(name) => (year, self::month(name)?, day),
            [name, day, year] if is_word(name) => (year, self::month(name)?, day),
            [a, b, year] => {
                let first: u32 = a.parse().ok()?;
                let second: u32 = b.parse().ok()?;
                let swapped = match self.separator {
                    Some('.') => false,
                    Some(_) => order == Order::MonthFirst || (order == Order::Mixed && second > 12),
                    None => return None,
                };
                if swapped { (year, first, b) } else { (year, second, a) }
            }
            _ => return None,
        };
        let year: i32 = match year.len() {
            2 => 2_000 + year.parse::<i32>().ok()?,
            4 => year.parse().ok()?,
            _ => return None,
        };
        let day = day.trim_end_matches(|c: char| c.is_ascii_alphabetic()).parse().ok()?;
        Some((NaiveDate::from_ymd_opt(year, month, day)?.and_time(self.time), self.offset))
    }

    /// `20261120`, a spreadsheet's day number, or seconds or milliseconds since 1970.
    fn number(&self, whole: &str, fraction: Option<&String>) -> Option<(NaiveDateTime, Option<FixedOffset>)> {
        let number: i64 = whole.parse().ok()?;
        let utc = FixedOffset::east_opt(0);
        match whole.len() {
            5 => {
                let part: f64 = fraction.map_or(Some(0.0), |digits| format!("0.{digits}").parse().ok())?;
                let start =
                    NaiveDate::from_ymd_opt(1899, 12, 30)?.checked_add_days(Days::new(number.try_into().ok()?))?;
                let seconds = TimeDelta::seconds((part * 86_400.0).round() as i64);
                Some((start.and_time(self.time) + seconds, self.offset))
            }
            8 if fraction.is_none() => {
                let date = NaiveDate::parse_from_str(whole, "%Y%m%d").ok()?;
                Some((date.and_time(self.time), self.offset))
            }
            10 => Some((DateTime::from_timestamp(number, 0)?.naive_utc(), utc)),
            13 => Some((DateTime::from_timestamp_millis(number)?.naive_utc(), utc)),
            _ => None,
        }
    }
}

/// With the parts of a time set apart: `2026-11-20T10:00:00Z` as date, time and offset.
fn spaced(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let mut out = String::with_capacity(text.len() + 4);
    let mut in_time = false;
    for (at, c) in chars.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|at| chars.get(at)).is_some_and(char::is_ascii_digit);
        let after = chars.get(at + 1).is_some_and(char::is_ascii_digit);
        in_time = if c.is_whitespace() { false } else { in_time || *c == ':' };
        match c {
            ',' | '(' | ')' => out.push(' '),
            'T' | 't' if before && after => out.push(' '),
            '+' | '-' if in_time => {
                out.extend([' ', *c]);
                // What follows is an offset, whose own colon makes it no time.
                in_time = false;
            }
            letter if in_time && before && letter.is_alphabetic() => out.extend([' ', *letter]),
            other => out.push(*other),
        }
    }
    out
}

fn is_word(text: &str) -> bool {
    text.chars().all(char::is_alphabetic)
}

/// `10:00`, `10:00:00` or `10:00:00.123`.
fn time(token: &str) -> Option<NaiveTime> {
    ["%H:%M:%S%.f", "%H:%M"].iter().find_map(|format| NaiveTime::parse_from_str(token, format).ok())
}

fn twelve_hours(time: NaiveTime, afternoon: bool) -> Option<NaiveTime> {
    match time.hour() {
        12 => time.with_hour(if afternoon { 12 } else { 0 }),
        hour @ 1..=11 => time.with_hour(if afternoon { hour + 12 } else { hour }),
        _ => None,
    }
}

/// `+01:00`, `-0500` or `+2`.
fn offset(token: &str) -> Option<FixedOffset> {
    let digits: String = token.chars().skip(1).filter(|c| *c != ':').collect();
    if !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let (hours, minutes) = match digits.len() {
        1 | 2 => (digits.as_str(), "0"),
        4 => digits.split_at(2),
        _ => return None,
    };
    let seconds = hours.parse::<i32>().ok()? * 3_600 + minutes.parse::<i32>().ok()? * 60;
    FixedOffset::east_opt(if token.starts_with('-') { -seconds } else { seconds })
}

fn is_weekday(word: &str) -> bool {
    const DAYS: &[&str] = &[
        "monday",
        "tuesday",
        "wednesday",
        "thursday",
        "friday",
        "saturday",
        "sunday",
        "montag",
        "dienstag",
        "mittwoch",
        "donnerstag",
        "freitag",
        "samstag",
        "sonntag",
        "lundi",
        "mardi",
        "mercredi",
        "jeudi",
        "vendredi",
        "samedi",
        "dimanche",
        "mon",
        "tue",
        "wed",
        "thu",
        "fri",
        "sat",
        "sun",
        "mo",
        "di",
        "mi",
        "do",
        "fr",
        "sa",
        "so",
    ];
    DAYS.contains(&word)
}

/// A month by its name in English, German or French, whole or shortened, or by its number.
fn month(text: &str) -> Option<u32> {
    if let Ok(number) = text.parse() {
        return Some(number);
    }
    const STARTS: &[(&str, u32)] = &[
        ("jan", 1),
        ("feb", 2),
        ("fev", 2),
        ("mar", 3),
        ("apr", 4),
        ("avr", 4),
        ("may", 5),
        ("mai", 5),
        ("juil", 7),
        ("jul", 7),
        ("jun", 6),
        ("juin", 6),
        ("aug", 8),
        ("aou", 8),
        ("sep", 9),
        ("oct", 10),
        ("okt", 10),
        ("nov", 11),
        ("dec", 12),
        ("dez", 12),
    ];
    let name = normal(text);
    STARTS.iter().find(|(start, _)| name.starts_with(start)).map(|(_, month)| *month)
}
