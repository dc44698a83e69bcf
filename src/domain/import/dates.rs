//! Dates as people and programs write them.
//!
//! `03/04/2026` is the third of April in most of the world and the fourth of March in some of it. A column is read as a
//! whole: one value such as `28/02/2026` decides for all. When none does, the day comes first, unless the times are
//! written with `AM` and `PM`; the reader is told ([`Dates::note`]). What the column's name says, such as `(MM/DD/YYYY)`,
//! decides before that. A year of two digits is the latest that is not in the future.

use chrono::{DateTime, Datelike as _, NaiveDateTime, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;

use super::Today;
use super::facts::{self, Order};
use super::values::shorten;
use super::zones::Zone;

mod pieces;
mod words;

use pieces::Pieces;

/// How the dates of one column are to be read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Dates {
    order: Order,
    assumed: bool,
    zone: Zone,
    this_year: i32,
}

impl Dates {
    /// Learns from all values of a column; times without an offset are those of the organisation's zone.
    pub(super) fn of<'a>(values: impl Iterator<Item = &'a str>, today: Today) -> Self {
        let (mut day_first, mut month_first, mut open, mut halves) = (false, false, false, false);
        for pieces in values.filter_map(Pieces::of) {
            if let Some((a, b)) = pieces.unordered() {
                day_first |= a > 12;
                month_first |= b > 12;
                open |= a <= 12 && b <= 12 && a != b;
                halves |= pieces.halves;
            }
        }
        let order = match (day_first, month_first) {
            (true, true) => Order::Mixed,
            (true, false) => Order::DayFirst,
            (false, true) => Order::MonthFirst,
            (false, false) if halves => Order::MonthFirst,
            (false, false) => Order::DayFirst,
        };
        let assumed = open && !day_first && !month_first;
        Self { order, assumed, zone: Zone::Named(today.zone), this_year: today.now.year() }
    }

    /// With what the column's name says: it decides where the values leave it open.
    pub(super) fn told_by(mut self, header: &str) -> Self {
        self.zone = facts::zone(header).unwrap_or(self.zone);
        if let Some(order) = facts::date_order(header).filter(|_| self.assumed) {
            self.order = order;
            self.assumed = false;
        }
        self
    }

    /// What was assumed about a column, as a sentence.
    pub(super) fn note(&self, column: &str) -> Option<String> {
        let (reading, first) = match self.order {
            Order::MonthFirst => ("4 March", "month"),
            _ => ("3 April", "day"),
        };
        self.assumed.then(|| {
            format!(
                "{column}: dates such as 03/04/2026 are read with the {first} first, as {reading}. If that is wrong, write them as 2026-04-03."
            )
        })
    }

    /// Reads one value; `None` for what programs write for no date.
    pub(super) fn present(&self, text: &str) -> Result<Option<DateTime<Utc>>, String> {
        let digits: String = text.chars().filter(char::is_ascii_digit).collect();
        let zero = !digits.is_empty() && digits.bytes().all(|b| b == b'0');
        if zero || text.starts_with("0001-01-01") || text.starts_with("1900-01-00") {
            return Ok(None);
        }
        self.read(text).map(Some)
    }

    /// Reads one value; a date without a time is the start of that day.
    pub(super) fn read(&self, text: &str) -> Result<DateTime<Utc>, String> {
        let unreadable = || format!("“{}” is not a valid date. Write dates like 2026-11-20", shorten(text));
        let pieces = Pieces::of(text).ok_or_else(unreadable)?;
        if let (Order::Mixed, Some((a, b))) = (self.order, pieces.unordered())
            && a.max(b) <= 12
            && a != b
        {
            let text = shorten(text);
            return Err(format!(
                "“{text}” may be read in two ways, and the column has both. Write dates like 2026-11-20"
            ));
        }
        let at = pieces.instant(self.order, self.this_year).and_then(|(local, offset)| match offset {
            Some(offset) => offset.from_local_datetime(&local).single().map(|at| at.with_timezone(&Utc)),
            None => match pieces.zone.map_or(self.zone, Zone::Named) {
                Zone::Named(zone) => in_zone(local, zone),
                Zone::Fixed(offset) => offset.from_local_datetime(&local).single().map(|at| at.with_timezone(&Utc)),
            },
        });
        let (earliest, latest) = (DateTime::UNIX_EPOCH, DateTime::UNIX_EPOCH + TimeDelta::days(47_482));
        let whole_micros = |at: DateTime<Utc>| DateTime::from_timestamp_micros(at.timestamp_micros());
        at.filter(|at| (earliest..latest).contains(at)).and_then(whole_micros).ok_or_else(unreadable)
    }
}

/// A local time; in the hour that a change to summer time skips, the hour after it.
fn in_zone(local: NaiveDateTime, zone: Tz) -> Option<DateTime<Utc>> {
    let find = |local| zone.from_local_datetime(&local).earliest();
    find(local).or_else(|| find(local + TimeDelta::hours(1))).map(|at| at.with_timezone(&Utc))
}
