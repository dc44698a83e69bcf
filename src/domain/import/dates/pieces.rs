//! One date taken apart.

use chrono::{DateTime, Days, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Timelike};
use chrono_tz::Tz;

use super::words::{is_filler, is_weekday, month};
use crate::domain::import::facts::Order;
use crate::domain::import::headers::normal;
use crate::domain::import::zones::offset_of;

/// A value taken apart: what is date, what is time.
#[derive(Debug)]
pub(super) struct Pieces {
    date: Vec<String>,
    separator: Option<char>,
    time: NaiveTime,
    /// Whether the time is written with AM or PM.
    pub halves: bool,
    offset: Option<FixedOffset>,
    /// The zone it names, such as `[Europe/Berlin]`; an offset beside it counts more.
    pub zone: Option<Tz>,
}

impl Pieces {
    /// `None` when it cannot be a date.
    pub fn of(text: &str) -> Option<Self> {
        let mut pieces =
            Self { date: vec![], separator: None, time: NaiveTime::MIN, halves: false, offset: None, zone: None };
        if text.len() > 96 {
            return None;
        }
        let (mut half, mut zone): (Option<bool>, Option<Tz>) = (None, None);
        for token in spaced(text).split_whitespace() {
            let word = normal(token);
            match word.as_str() {
                "am" | "pm" => half = Some(word == "pm"),
                // Of two that are told the first counts: `+0100 (CET)`.
                _ if offset_of(token).is_some() && !pieces.date.is_empty() => {
                    pieces.offset = pieces.offset.or_else(|| offset_of(token));
                }
                _ if is_filler(&word) || is_weekday(&word) => {}
                _ if token.parse::<Tz>().is_ok() && token.contains('/') => zone = token.parse().ok(),
                _ if token.starts_with(['+', '-']) => return None,
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
        pieces.zone = zone;
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
    pub fn instant(&self, order: Order, this_year: i32) -> Option<(NaiveDateTime, Option<FixedOffset>)> {
        let (year, month, day) = match self.date.as_slice() {
            [only] => return self.number(only, None),
            [whole, fraction] if self.separator == Some('.') => return self.number(whole, Some(fraction)),
            [year, month, day] if year.len() == 4 => (year, super::words::month(month)?, day),
            [day, name, year] if is_word(name) => (year, month(name)?, day),
            [name, day, year] if is_word(name) => (year, month(name)?, day),
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
            2 => {
                let year = 2_000 + year.parse::<i32>().ok()?;
                if year > this_year { year - 100 } else { year }
            }
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
            ',' | '(' | ')' | '[' | ']' | '日' => out.push(' '),
            '年' | '月' => out.push('-'),
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
