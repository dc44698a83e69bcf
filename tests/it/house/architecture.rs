//! `docs/architecture.md` leads a newcomer from file to file: each is there, and so is what to look for in it.

use super::source::root;

/// What stands between backticks: `file`, and in brackets behind it the word to look for.
fn named(text: &str) -> Vec<(String, Option<String>)> {
    let parts: Vec<&str> = text.split('`').collect();
    let mut named = Vec::new();
    for at in (1..parts.len()).step_by(2) {
        let is_file =
            ["src/", "tests/", "docs/", "migrations/", "benches/"].iter().any(|top| parts[at].starts_with(top));
        if !is_file && parts[at] != "README.md" {
            continue;
        }
        let word = match parts.get(at + 1..at + 4) {
            Some([" (", word, after]) if after.starts_with(')') => Some((*word).to_owned()),
            _ => None,
        };
        named.push((parts[at].split(' ').next().unwrap_or_default().to_owned(), word));
    }
    named
}

#[test]
fn the_architecture_page_names_files_and_words_that_are_there() {
    let page = std::fs::read_to_string(root().join("docs/architecture.md")).expect("the page");
    let named = named(&page);
    assert!(named.len() > 50, "only {} files were found on the page", named.len());
    let is_wrong = |(path, word): &&(String, Option<String>)| match word {
        None => !root().join(path).exists(),
        Some(word) if word.starts_with("src/") => !root().join(path).exists(),
        Some(word) => !std::fs::read_to_string(root().join(path)).is_ok_and(|text| text.contains(word)),
    };
    let wrong: Vec<_> = named.iter().filter(is_wrong).collect();
    assert!(wrong.is_empty(), "docs/architecture.md names what is not there: {wrong:?}");
}
