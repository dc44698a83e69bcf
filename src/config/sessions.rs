//! How long a log-in lasts.

use chrono::TimeDelta;

use super::{ConfigError, wrong};

/// How long a session of the console lasts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionLimits {
    /// Without being used.
    pub idle: TimeDelta,
    /// From the log-in on, however much it is used.
    pub life: TimeDelta,
}

impl SessionLimits {
    /// Reads the two settings.
    pub fn read(idle: &str, life: &str) -> Result<Self, ConfigError> {
        let (idle, life) = (span("HIREWIRE_SESSION_IDLE", idle)?, span("HIREWIRE_SESSION_LIFE", life)?);
        Ok(Self { idle, life })
    }
}

/// A whole number of minutes, hours or days, from five minutes to a year.
fn span(variable: &'static str, text: &str) -> Result<TimeDelta, ConfigError> {
    let read = || {
        let text = text.trim();
        let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
        let number: i64 = number.trim_end().parse().ok()?;
        let span = match unit {
            "m" => TimeDelta::try_minutes(number),
            "h" => TimeDelta::try_hours(number),
            "d" => TimeDelta::try_days(number),
            _ => None,
        };
        span.filter(|span| (TimeDelta::minutes(5)..=TimeDelta::days(365)).contains(span))
    };
    read().ok_or_else(|| wrong(variable, format!("is “{text}”, which is no time from 5m to 365d, such as 12h")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_a_number_with_its_unit() {
        let limits = SessionLimits::read(" 30m", "7d").expect("two times");
        assert_eq!(limits, SessionLimits { idle: TimeDelta::minutes(30), life: TimeDelta::days(7) });
        for nonsense in ["", "h", "12", "4m", "366d", "-1h", "1w", "99999999999999999d", "1é", "12 hours"] {
            let told = SessionLimits::read(nonsense, "7d").expect_err(nonsense).to_string();
            assert!(told.starts_with("HIREWIRE_SESSION_IDLE is “"), "{told}");
        }
    }
}
