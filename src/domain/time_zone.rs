//! Time zones as people write them, and those they may have meant.

use std::str::FromStr as _;

use chrono_tz::{TZ_VARIANTS, Tz};

/// So many are offered when a text is none.
const MAX_OFFERED: usize = 5;

/// A time zone as people write it: in any case, with blanks for underscores.
pub fn parse(typed: &str) -> Option<Tz> {
    let typed = typed.trim().replace(' ', "_");
    let known = || TZ_VARIANTS.into_iter().find(|zone| zone.name().eq_ignore_ascii_case(&typed));
    Tz::from_str(&typed).ok().or_else(known)
}

/// The time zones to choose from: a city each, without the old names that still work.
pub fn all() -> impl Iterator<Item = &'static str> {
    const REGIONS: [&str; 10] = [
        "Africa/",
        "America/",
        "Antarctica/",
        "Arctic/",
        "Asia/",
        "Atlantic/",
        "Australia/",
        "Europe/",
        "Indian/",
        "Pacific/",
    ];
    let names = TZ_VARIANTS.iter().map(|zone| zone.name());
    let cities = names.filter(|name| REGIONS.iter().any(|region| name.starts_with(region)));
    std::iter::once("UTC").chain(cities)
}

/// What is wrong with a text that is no time zone, and which ones may have been meant: those whose city begins with it first,
/// then those that hold it anywhere.
pub fn objection(typed: &str) -> String {
    match offered(typed).as_slice() {
        [] => "Choose a time zone of the list, such as Europe/Berlin".into(),
        [one] => format!("“{}” is no time zone: did you mean {one}?", typed.trim()),
        [some @ .., last] => {
            format!("“{}” is no time zone: did you mean {} or {last}?", typed.trim(), some.join(", "))
        }
    }
}

fn offered(typed: &str) -> Vec<&'static str> {
    let wanted = typed.trim().replace(' ', "_").to_ascii_lowercase();
    if wanted.len() < 2 {
        return Vec::new();
    }
    let city = |name: &str| name.rsplit('/').next().unwrap_or_default().to_ascii_lowercase();
    let (begin, others): (Vec<_>, Vec<_>) = all()
        .filter(|name| name.to_ascii_lowercase().contains(&wanted))
        .partition(|name| city(name).starts_with(&wanted));
    begin.into_iter().chain(others).take(MAX_OFFERED).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_zone_is_taken_as_people_write_it() {
        assert_eq!(parse(" europe/berlin "), Some(Tz::Europe__Berlin));
        assert_eq!(parse("America/New York"), Some(Tz::America__New_York));
        assert_eq!((parse("Berlin"), parse("")), (None, None));
    }

    #[test]
    fn the_zones_to_choose_from_are_all_taken() {
        assert!(all().count() > 300 && all().all(|name| parse(name).is_some()));
        assert!(all().any(|name| name == "Asia/Ho_Chi_Minh"));
    }

    #[test]
    fn a_city_alone_is_told_with_its_region() {
        assert_eq!(objection("Berlin"), "“Berlin” is no time zone: did you mean Europe/Berlin?");
        assert!(objection("new yor").contains("did you mean America/New_York?"));
        let many = objection("san");
        assert!(
            many.contains("/San_") && many.matches(", ").count() + 2 == MAX_OFFERED && many.contains(" or "),
            "{many}"
        );
        for nothing in ["", "x", "Atlantis"] {
            assert!(objection(nothing).contains("such as Europe/Berlin"), "{nothing}");
        }
    }
}
