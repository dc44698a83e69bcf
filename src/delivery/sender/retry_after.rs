//! `Retry-After`: when the receiver wants to be asked again.

use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::domain::policy::MAX_RETRY_AFTER;

/// The pause it asks for, counted from `now`: seconds or an HTTP date, at most a day. A sign, a fraction, a unit and a date
/// as JSON has it are understood as well: a receiver that is asked again at once because of an `s` is helped by nobody.
/// Anything else is no wish.
pub(super) fn pause(value: &str, now: DateTime<Utc>) -> Option<Duration> {
    let value = value.trim();
    let pause = match span(value) {
        Some(pause) => pause,
        None => {
            let date = httpdate::parse_http_date(value).map(DateTime::<Utc>::from).ok();
            let at = date.or_else(|| DateTime::parse_from_rfc3339(value).ok().map(|at| at.to_utc()))?;
            (at - now).to_std().unwrap_or(Duration::ZERO)
        }
    };
    Some(pause.min(MAX_RETRY_AFTER))
}

/// `120`, `+60`, `1.5`, `30s`, `2 minutes`.
fn span(value: &str) -> Option<Duration> {
    let value = value.strip_prefix('+').unwrap_or(value);
    let end = value.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(value.len());
    let (number, unit) = value.split_at(end);
    let number: f64 = number.parse().ok()?;
    let seconds = match unit.trim().to_ascii_lowercase().as_str() {
        "" | "s" | "sec" | "secs" | "second" | "seconds" => number,
        "ms" | "msec" | "milliseconds" => number / 1_000.0,
        "m" | "min" | "mins" | "minute" | "minutes" => number * 60.0,
        "h" | "hr" | "hour" | "hours" => number * 3_600.0,
        _ => return None,
    };
    // More digits than fit are still a long time; part of a second counts as a whole one.
    Some(Duration::try_from_secs_f64(seconds.ceil()).unwrap_or(MAX_RETRY_AFTER))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(value: &str) -> Option<u64> {
        let now = DateTime::parse_from_rfc3339("2026-11-20T09:30:00Z").expect("a time").to_utc();
        pause(value, now).map(|pause| pause.as_secs())
    }

    #[test]
    fn seconds_and_dates_are_pauses_of_at_most_a_day() {
        assert_eq!(read("120"), Some(120));
        assert_eq!(read(" 0 "), Some(0));
        assert_eq!(read("99999999999999999999999"), Some(86_400));
        assert_eq!(read("Fri, 20 Nov 2026 09:31:30 GMT"), Some(90));
        assert_eq!(read("Fri, 27 Nov 2026 09:31:30 GMT"), Some(86_400));
    }

    #[test]
    fn a_date_that_has_passed_is_no_pause_and_nonsense_is_ignored() {
        assert_eq!(read("Thu, 19 Nov 2026 09:30:00 GMT"), Some(0));
        for nonsense in ["", "-5", "soon", "30x", "s", ".", "1.2.3", "2026-11-20", "five minutes"] {
            assert_eq!(read(nonsense), None, "{nonsense}");
        }
    }

    #[test]
    fn nearly_right_forms_are_understood() {
        for (value, seconds) in [
            ("30s", 30),
            ("+60", 60),
            ("1.5", 2),
            ("2 minutes", 120),
            ("1h", 3_600),
            ("250ms", 1),
            ("2026-11-20T09:31:30Z", 90),
            ("48 hours", 86_400),
        ] {
            assert_eq!(read(value), Some(seconds), "{value}");
        }
    }
}
