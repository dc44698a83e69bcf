//! `Retry-After`: when the receiver wants to be asked again.

use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::domain::policy::LONGEST_RETRY_AFTER;

/// The pause it asks for, counted from `now`: whole seconds or an HTTP date, at most a day. Anything else is no wish.
pub(super) fn pause(value: &str, now: DateTime<Utc>) -> Option<Duration> {
    let value = value.trim();
    let pause = if !value.is_empty() && value.bytes().all(|b| b.is_ascii_digit()) {
        // More digits than fit are still a long time.
        value.parse().map_or(LONGEST_RETRY_AFTER, Duration::from_secs)
    } else {
        let at = DateTime::<Utc>::from(httpdate::parse_http_date(value).ok()?);
        (at - now).to_std().unwrap_or(Duration::ZERO)
    };
    Some(pause.min(LONGEST_RETRY_AFTER))
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
        for nonsense in ["", "-5", "1.5", "soon", "2026-11-20T09:31:30Z", "+3"] {
            assert_eq!(read(nonsense), None, "{nonsense}");
        }
    }
}
