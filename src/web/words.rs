//! Counts as sentences say them.

const SMALL: [&str; 13] =
    ["No", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine", "Ten", "Eleven", "Twelve"];

/// `1 candidate`, `12 candidates`, `1,200 rows`.
pub fn count(number: usize, noun: &str) -> String {
    let ending = if number == 1 { "" } else { "s" };
    format!("{} {noun}{ending}", grouped(number))
}

/// A number at the beginning of a sentence: `Two`, `13`.
pub fn first(number: usize) -> String {
    SMALL.get(number).map_or_else(|| grouped(number), |word| (*word).to_owned())
}

/// `5,000`.
pub fn grouped(number: usize) -> String {
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
        assert_eq!(list(&["a".into(), "b".into(), "c".into()]), "a, b and c");
    }
}
