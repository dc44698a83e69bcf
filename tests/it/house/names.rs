//! Names that people type run in whatever direction their script does. On a page each keeps that to itself.

use super::source::rust_files;

/// How a name is called that somebody typed.
const NAMES: [&str; 10] =
    ["name", "title", "inviter", "hook_name", "client", "full_name", "stage", "vacancy_title", "team", "email"];

/// Names that are ours: of a type of event, of a field, a title that was made ready.
const OURS: [(&str, &str); 6] = [
    ("src/web/developers/catalogue.rs", "entry.name"),
    ("src/web/developers/catalogue.rs", "self.entry.name"),
    ("src/web/developers/receiving.rs", "recipe.title"),
    ("src/web/form.rs", "self.name"),
    ("src/web/indexes.rs", "page.title"),
    ("src/web/layout.rs", "self.title"),
];

/// What stands in brackets of its own in a page: a splice, not the argument of a call or the value of an attribute.
fn splices(line: &str) -> impl Iterator<Item = (&str, &str)> {
    line.match_indices('(').filter_map(|(at, _)| {
        let before = &line[..at];
        let inner = line[at + 1..].split_once(')')?.0;
        let is_path = inner.contains('.') && inner.chars().all(|c| c.is_alphanumeric() || "_.&".contains(c));
        let stands_alone = before.is_empty() || before.ends_with([' ', '{']) && !before.ends_with("=> ");
        (is_path && stands_alone).then_some((before, inner))
    })
}

#[test]
fn every_name_on_a_page_is_kept_apart_from_the_words_around_it() {
    let mut bare = Vec::new();
    let mut kept = 0;
    for source in rust_files("src/web") {
        let tests = source.text.find("#[cfg(test)]\nmod tests").unwrap_or(source.text.len());
        let lines = source.text[..tests].lines().count();
        for (number, line) in source.code().take_while(|(number, _)| *number <= lines) {
            for (before, inner) in splices(line) {
                let last = inner.rsplit('.').next().unwrap_or_default();
                if !NAMES.contains(&last) || OURS.contains(&(source.path.as_str(), inner.trim_start_matches('&'))) {
                    continue;
                }
                if before.ends_with("bdi { ") {
                    kept += 1;
                } else {
                    bare.push(format!("{}:{number}: ({inner})", source.path));
                }
            }
        }
    }
    assert!(kept > 60, "{kept} names were found");
    assert!(
        bare.is_empty(),
        "put these into bdi {{ … }}, or into words::isolated within an option:\n{}",
        bare.join("\n")
    );
}
