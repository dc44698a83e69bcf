//! Times on pages: in the organisation's time zone, absolute, with the machine's form beside them.

use std::time::Duration;

use chrono::{DateTime, Datelike as _, NaiveDate, TimeDelta, TimeZone as _, Utc};
use chrono_tz::Tz;
use maud::{Markup, html};

use super::words::count;

/// How a page tells times: in one time zone, as of one moment.
#[derive(Debug, Clone, Copy)]
pub struct LocalTime {
    /// The time zone.
    pub zone: Tz,
    /// The moment.
    pub now: DateTime<Utc>,
}

impl LocalTime {
    /// `14:42:11`.
    pub fn clock(self, at: DateTime<Utc>) -> Markup {
        self.element(at, "%H:%M:%S")
    }

    /// `20 Nov, 14:42:11`; with the year when it is not the current one.
    pub fn short(self, at: DateTime<Utc>) -> Markup {
        self.element(at, if self.is_this_year(at) { "%-d %b, %H:%M:%S" } else { "%-d %b %Y, %H:%M:%S" })
    }

    /// `20 Nov 2026, 14:42:11.402`.
    pub fn exact(self, at: DateTime<Utc>) -> Markup {
        self.element(at, "%-d %b %Y, %H:%M:%S%.3f")
    }

    /// `20 Nov 2026, 14:42`.
    pub fn long(self, at: DateTime<Utc>) -> Markup {
        self.element(at, "%-d %b %Y, %H:%M")
    }

    /// `today at 14:42`, `yesterday at 14:42`, `12 Nov, 09:30`.
    pub fn near(self, at: DateTime<Utc>) -> Markup {
        self.element(at, self.near_form(at))
    }

    /// What stands before [`LocalTime::near`] in a sentence: `on ` before a day, nothing before `today at`.
    pub fn on(self, at: DateTime<Utc>) -> &'static str {
        if self.near_form(at).contains(" at ") { "" } else { "on " }
    }

    /// The words of [`LocalTime::near`].
    pub fn near_words(self, at: DateTime<Utc>) -> String {
        self.local(at).format(self.near_form(at)).to_string()
    }

    /// `18 Nov`; with the year when it is not the current one.
    pub fn day(self, at: DateTime<Utc>) -> Markup {
        self.element(at, if self.is_this_year(at) { "%-d %b" } else { "%-d %b %Y" })
    }

    /// `3 November`; with the year when it is not the current one.
    pub fn date(self, at: DateTime<Utc>) -> Markup {
        self.element(at, if self.is_this_year(at) { "%-d %B" } else { "%-d %B %Y" })
    }

    /// `14:02` today, `12 Nov` before: for narrow columns.
    pub fn brief(self, at: DateTime<Utc>) -> Markup {
        if self.date_of(at) == self.today() { self.element(at, "%H:%M") } else { self.day(at) }
    }

    /// How far ahead a time is: `in 4 min`; `now` when it has come.
    pub fn ahead(self, at: DateTime<Utc>) -> String {
        (at - self.now).to_std().map_or_else(|_| "now".into(), |wait| format!("in {}", span(wait)))
    }

    /// The day that it is now.
    pub fn today(self) -> NaiveDate {
        self.date_of(self.now)
    }

    /// The day of a time.
    pub fn date_of(self, at: DateTime<Utc>) -> NaiveDate {
        self.local(at).date_naive()
    }

    /// The hands of the clock at a time.
    pub fn local(self, at: DateTime<Utc>) -> DateTime<Tz> {
        at.with_timezone(&self.zone)
    }

    fn is_this_year(self, at: DateTime<Utc>) -> bool {
        self.local(at).year() == self.local(self.now).year()
    }

    fn near_form(self, at: DateTime<Utc>) -> &'static str {
        match (self.today() - self.date_of(at)).num_days() {
            0 => "today at %H:%M",
            1 => "yesterday at %H:%M",
            _ if self.is_this_year(at) => "%-d %b, %H:%M",
            _ => "%-d %b %Y, %H:%M",
        }
    }

    /// A time with the machine's form, and as a title the whole of it with its zone.
    fn element(self, at: DateTime<Utc>, form: &str) -> Markup {
        let local = self.local(at);
        html! {
            time title={ (local.format("%-d %b %Y, %H:%M:%S ")) (self.zone.name()) }
                datetime=(at.to_rfc3339_opts(chrono::SecondsFormat::Millis, true)) { (local.format(form)) }
        }
    }
}

/// `202 ms`, `2.1 s`, `3 min`, `5 h`.
pub fn span(span: Duration) -> String {
    match span.as_secs_f64() {
        s if s < 0.001 => "under 1 ms".into(),
        s if s < 1.0 => format!("{:.0} ms", s * 1e3),
        s if s < 10.0 => format!("{s:.1} s"),
        s if s < 120.0 => format!("{s:.0} s"),
        s if s < 7_200.0 => format!("{:.0} min", s / 60.0),
        s => format!("{:.0} h", s / 3_600.0),
    }
}

/// A length in whole days, hours or minutes, the largest that fits: `7 days`, `12 hours`, `1 minute`.
pub fn length(length: TimeDelta) -> String {
    let minutes = usize::try_from(length.num_minutes()).unwrap_or(0);
    match minutes {
        _ if minutes > 0 && minutes.is_multiple_of(24 * 60) => count(minutes / (24 * 60), "day"),
        _ if minutes > 0 && minutes.is_multiple_of(60) => count(minutes / 60, "hour"),
        _ => count(minutes, "minute"),
    }
}

/// The first instant of a day in a time zone.
pub fn start_of(day: NaiveDate, zone: Tz) -> DateTime<Utc> {
    let midnight = day.and_time(chrono::NaiveTime::MIN);
    // Where clocks skip midnight, the day begins an hour later.
    let local = zone.from_local_datetime(&midnight).earliest();
    let local = local.or_else(|| zone.from_local_datetime(&(midnight + TimeDelta::hours(1))).earliest());
    local.map_or_else(|| midnight.and_utc(), |local| local.with_timezone(&Utc))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_says_its_zone_to_whoever_asks() {
        let at = "2026-11-20T13:42:11Z".parse().expect("a time");
        let shown = LocalTime { zone: Tz::Europe__Berlin, now: at }.near(at).into_string();
        assert!(
            shown.contains("title=\"20 Nov 2026, 14:42:11 Europe/Berlin\"") && shown.contains(">today at 14:42<"),
            "{shown}"
        );
    }
}
