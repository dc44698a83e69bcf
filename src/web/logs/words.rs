//! Numbers and moments inside sentences.

use chrono::{DateTime, Utc};
use maud::{Markup, html};

use crate::web::time::LocalTime;
use crate::web::words::{cardinal, count};

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

/// `1 byte`, `1,187 bytes`.
pub fn bytes(number: usize) -> String {
    count(number, "byte")
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
        assert_eq!([bytes(1), bytes(1_187)], ["1 byte", "1,187 bytes"]);
    }
}
