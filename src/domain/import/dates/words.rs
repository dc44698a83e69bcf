//! The words in dates: months, weekdays, and what stands between them.

use crate::domain::import::headers::normal;

/// Weekdays in English, German, French, Spanish, Italian and Dutch, whole and shortened.
#[rustfmt::skip]
const DAYS: &[&str] = &[
    "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday", "mon", "tue", "tues", "wed", "thu",
    "thur", "thurs", "fri", "sat", "sun", "montag", "dienstag", "mittwoch", "donnerstag", "freitag", "samstag",
    "sonnabend", "sonntag", "mo", "di", "mi", "do", "fr", "sa", "so", "lundi", "mardi", "mercredi", "jeudi", "vendredi",
    "samedi", "dimanche", "lunes", "martes", "miercoles", "jueves", "viernes", "sabado", "domingo", "lunedi", "martedi",
    "mercoledi", "giovedi", "venerdi", "sabato", "domenica", "maandag", "dinsdag", "woensdag", "donderdag", "vrijdag",
    "zaterdag", "zondag",
];

/// How months begin in English, German, French, Spanish, Italian, Portuguese, Dutch, Swedish and Polish.
#[rustfmt::skip]
const MONTHS: &[(&str, u32)] = &[
    ("jan", 1), ("ene", 1), ("gen", 1), ("sty", 1), ("feb", 2), ("fev", 2), ("lut", 2), ("mar", 3), ("maa", 3),
    ("mrz", 3), ("mrt", 3), ("apr", 4), ("avr", 4), ("abr", 4), ("kwi", 4), ("may", 5), ("mai", 5), ("mag", 5),
    ("maj", 5), ("mei", 5), ("juil", 7), ("jul", 7), ("lug", 7), ("lip", 7), ("jun", 6), ("juin", 6), ("giu", 6),
    ("cze", 6), ("aug", 8), ("aou", 8), ("ago", 8), ("sie", 8), ("sep", 9), ("set", 9), ("wrz", 9), ("oct", 10),
    ("okt", 10), ("ott", 10), ("out", 10), ("paz", 10), ("nov", 11), ("lis", 11), ("dec", 12), ("dez", 12), ("dic", 12),
    ("gru", 12),
];

/// A word that tells nothing, such as `at` and `de`, or the long name that browsers write behind an offset.
pub(super) fn is_filler(word: &str) -> bool {
    const FILLERS: &[&str] = &[
        "at",
        "um",
        "uhr",
        "a",
        "of",
        "de",
        "del",
        "di",
        "le",
        "el",
        "il",
        "den",
        "om",
        "on",
        "the",
        "central",
        "european",
        "eastern",
        "western",
        "pacific",
        "mountain",
        "standard",
        "time",
        "daylight",
        "summer",
        "coordinated",
        "universal",
        "mitteleuropaische",
        "normalzeit",
        "sommerzeit",
        "zeit",
    ];
    FILLERS.contains(&word)
}

pub(super) fn is_weekday(word: &str) -> bool {
    DAYS.contains(&word)
}

/// A month by its name, whole or shortened, or by its number.
pub(super) fn month(text: &str) -> Option<u32> {
    if let Ok(number) = text.parse() {
        return Some(number);
    }
    let name = normal(text);
    MONTHS.iter().find(|(start, _)| name.starts_with(start)).map(|(_, month)| *month)
}
