//! Counts as sentences say them.

use std::fmt::Display;

use crate::domain::delivery::Tries;

/// `1 candidate`, `12 candidates`, `1,200 rows`.
pub fn count(number: usize, noun: &str) -> String {
    let ending = if number == 1 { "" } else { "s" };
    format!("{} {noun}{ending}", grouped(number))
}

/// A number at the beginning of a sentence: `Two`, `13`.
pub fn first(number: usize) -> String {
    match CARDINALS.get(number) {
        Some(word) => word[..1].to_uppercase() + &word[1..],
        None => grouped(number),
    }
}

/// `5,000`.
pub fn grouped(number: impl Display) -> String {
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

/// What was counted up to a limit: `12`, and `1,000+` when counting stopped there.
pub fn up_to((number, is_more): (usize, bool)) -> String {
    format!("{}{}", grouped(number), if is_more { "+" } else { "" })
}

/// A share in percent, with one digit where it is not whole; a dash of nothing.
pub fn percent(part: u32, all: u32) -> String {
    match (part, all) {
        (_, 0) => "–".into(),
        (part, all) if part == all => "100%".into(),
        (part, all) => format!("{:.1}%", f64::from(part) * 100.0 / f64::from(all)),
    }
}

/// A size in bytes: `512 bytes`, `18.4 kB`, `2.1 MB`.
pub fn size(bytes: usize) -> String {
    match bytes {
        0..1_000 => count(bytes, "byte"),
        1_000..1_000_000 => format!("{:.1} kB", bytes as f64 / 1e3),
        _ => format!("{:.1} MB", bytes as f64 / 1e6),
    }
}

/// `a, b and c`.
pub fn list(parts: &[String]) -> String {
    match parts {
        [] => String::new(),
        [one] => one.clone(),
        [before @ .., last] => format!("{} and {last}", before.join(", ")),
    }
}

const CARDINALS: [&str; 13] =
    ["no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"];

/// `four`, from 13 on `13`.
pub fn cardinal(number: u32) -> String {
    CARDINALS.get(number as usize).map_or_else(|| number.to_string(), |word| (*word).to_owned())
}

/// What a sentence adds when attempts were made with the other secret as well; they count as no tries of their own.
pub fn with_both(tries: Tries) -> &'static str {
    if tries.rotation > 0 { ", with both secrets" } else { "" }
}

/// ` on try 3`, ` on try 3, with both secrets`; nothing of the first.
pub fn on_try(tries: Tries) -> String {
    let at = tries.counted();
    format!("{}{}", if at > 1 { format!(" on try {at}") } else { String::new() }, with_both(tries))
}

/// ` on all four tries, with both secrets`; nothing of one alone.
pub fn on_all_tries(tries: Tries) -> String {
    let made = match tries.counted() {
        0 | 1 => String::new(),
        2 => " on both tries".to_owned(),
        many => format!(" on all {} tries", cardinal(many)),
    };
    format!("{made}{}", with_both(tries))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_read_as_words_do() {
        assert_eq!((count(1, "row").as_str(), count(0, "row").as_str()), ("1 row", "0 rows"));
        assert_eq!((grouped(1_234_567).as_str(), grouped(999).as_str()), ("1,234,567", "999"));
        assert_eq!((up_to((1_000, true)).as_str(), up_to((12, false)).as_str()), ("1,000+", "12"));
        assert_eq!((first(2).as_str(), first(14).as_str()), ("Two", "14"));
        assert_eq!((size(999).as_str(), size(18_400).as_str()), ("999 bytes", "18.4 kB"));
        let tries = |automatic, rotation| Tries { automatic, manual: 0, rotation };
        assert_eq!([on_try(tries(1, 0)), on_try(tries(3, 3))], ["", " on try 3, with both secrets"]);
        assert_eq!(on_all_tries(tries(4, 4)), " on all four tries, with both secrets");
        assert_eq!([on_all_tries(tries(1, 1)), on_all_tries(tries(2, 0))], [", with both secrets", " on both tries"]);
        assert_eq!(list(&["a".into(), "b".into(), "c".into()]), "a, b and c");
    }
}
