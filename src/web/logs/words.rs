//! Numbers and moments inside sentences.

use chrono::{DateTime, Utc};
use maud::{Markup, html};

use crate::web::time::LocalTime;
pub use crate::web::words::cardinal;

const ORDINALS: [&str; 13] = [
    "", "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth", "eleventh",
    "twelfth",
];

/// `fourth`, from 13 on `number 13`.
pub fn ordinal(number: u32) -> String {
    ORDINALS.get(number as usize).map_or_else(|| format!("number {number}"), |word| (*word).to_owned())
}

/// `one try`, `four tries`.
pub fn tries(number: u32) -> String {
    format!("{} {}", cardinal(number), if number == 1 { "try" } else { "tries" })
}

/// `8,931`.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// `1 byte`, `1,187 bytes`.
pub fn bytes(number: usize) -> String {
    format!("{} {}", grouped(number as u64), if number == 1 { "byte" } else { "bytes" })
}

/// `at 14:42:13`, `yesterday at 14:42`, `on 12 Nov, 09:30`.
pub fn at(moment: DateTime<Utc>, time: LocalTime) -> Markup {
    match (time.today() - time.date_of(moment)).num_days() {
        0 => html! { "at " (time.clock(moment)) },
        1 => time.near(moment),
        _ => html! { "on " (time.near(moment)) },
    }
}

/// `14:42:13` today, `21 Nov, 14:42:13` on another day.
pub fn clock_or_day(moment: DateTime<Utc>, time: LocalTime) -> Markup {
    if time.date_of(moment) == time.today() { time.clock(moment) } else { time.short(moment) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_like_words() {
        assert_eq!([tries(1), tries(13), ordinal(4), cardinal(0)], ["one try", "13 tries", "fourth", "no"]);
        assert_eq!([grouped(0), grouped(999), grouped(1_000), grouped(1_234_567)], ["0", "999", "1,000", "1,234,567"]);
        assert_eq!([bytes(1), bytes(1_187)], ["1 byte", "1,187 bytes"]);
    }
}
