//! Dependencies point one way: `cli, demo → web | api → maintenance → actions → delivery → store → domain`.
//!
//! `body`, `client`, `clock`, `config`, `files`, `memory` and `told` stand beside the layers: console and API read bodies and tell
//! clients apart alike, anybody may ask the time, settings know what they set, and files and memory belong to all.

use super::source::{Source, rust_files};

/// The layers from the ground up; those of one line do not know each other.
const LAYERS: [&[&str]; 7] = [
    &["domain"],
    &["store"],
    &["delivery"],
    &["actions"],
    &["maintenance"],
    &["web", "api"],
    &["server", "cli", "demo"],
];

/// These three start each other.
const TOP: usize = LAYERS.len() - 1;

const BESIDE: [&str; 7] = ["body", "client", "clock", "config", "files", "memory", "told"];

fn floor(layer: &str) -> Option<usize> {
    LAYERS.iter().position(|floor| floor.contains(&layer))
}

/// Whether code of `own` may name `other`.
fn may_name(own: &str, other: &str) -> bool {
    if own == other || BESIDE.contains(&own) || BESIDE.contains(&other) {
        return true;
    }
    match (floor(own), floor(other)) {
        (Some(own), Some(other)) => own > other || (own == TOP && other == TOP),
        _ => false,
    }
}

/// Every path from the root of the crate that a file names: line and layer, however it is written.
fn names(source: &Source) -> Vec<(usize, String)> {
    let depth = source.module().len();
    let mut named = Vec::new();
    for (number, line) in source.code() {
        for (at, _) in line.match_indices("crate::") {
            // `$crate` and `my_crate` are not the root.
            if line[..at].ends_with(|before: char| before.is_alphanumeric() || matches!(before, '_' | '$')) {
                continue;
            }
            named.extend(heads(&line[at + "crate::".len()..]).map(|head| (number, head)));
        }
        // A chain of `super` that is long enough leads to the root, too.
        let mut rest = line;
        while let Some(at) = rest.find("super::") {
            let chain = &rest[at..];
            let count = chain.split("::").take_while(|part| *part == "super").count();
            let after = &chain[count * "super::".len()..];
            if count >= depth {
                let heads = heads(after).filter(|head| floor(head).is_some());
                named.extend(heads.map(|head| (number, head)));
            }
            rest = after;
        }
    }
    named
}

/// What stands first: one name, or those of a group.
fn heads(text: &str) -> impl Iterator<Item = String> {
    let mut heads = Vec::new();
    match text.strip_prefix('{') {
        Some(group) => {
            let mut depth = 0;
            let mut start = true;
            let mut word = String::new();
            for letter in group.chars() {
                match letter {
                    '{' => depth += 1,
                    '}' if depth == 0 => break,
                    '}' => depth -= 1,
                    ',' if depth == 0 => {
                        heads.push(std::mem::take(&mut word));
                        start = true;
                    }
                    ' ' => {}
                    letter if depth == 0 && start && (letter.is_alphanumeric() || letter == '_') => word.push(letter),
                    _ if depth == 0 => start = false,
                    _ => {}
                }
            }
            heads.push(word);
        }
        None => heads.push(text.chars().take_while(|letter| letter.is_alphanumeric() || *letter == '_').collect()),
    }
    heads.into_iter().filter(|head: &String| head.starts_with(char::is_lowercase) && head != "self")
}

fn complaints(source: &Source) -> Vec<String> {
    let module = source.module();
    let own = match module.first() {
        // The map itself and the command line stand on top.
        None => "cli",
        Some(first) => first,
    };
    let wrong = names(source).into_iter().filter(|(_, other)| !may_name(own, other));
    wrong.map(|(line, other)| format!("{}:{line}: {own} names {other}", source.path)).collect()
}

#[test]
fn no_layer_names_one_above_it() {
    let wrong: Vec<_> = rust_files("src").iter().flat_map(complaints).collect();
    assert!(wrong.is_empty(), "dependencies point one way ({LAYERS:?}):\n{}", wrong.join("\n"));
}

#[test]
fn every_module_of_the_crate_has_its_place_among_the_layers() {
    for source in rust_files("src") {
        if let Some(first) = source.module().first() {
            let known = floor(first).is_some() || BESIDE.contains(first);
            assert!(known, "{} belongs to no layer: say in tests/it/house/layers.rs where {first} stands", source.path);
        }
    }
}

#[test]
fn databases_sockets_and_pages_stay_where_they_belong() {
    let homes: [(&str, &[&str]); 4] = [
        ("diesel::", &["store"]),
        ("reqwest::", &["delivery", "cli", "demo"]),
        ("actix_web::", &["web", "api", "server", "body", "client"]),
        (
            "tokio::",
            &["store", "delivery", "actions", "maintenance", "web", "api", "server", "cli", "demo", "clock", "main"],
        ),
    ];
    let mut wrong = Vec::new();
    for source in rust_files("src") {
        let own = source.module().first().copied().unwrap_or("main").to_owned();
        for (number, line) in source.code() {
            for (library, homes) in homes {
                let named = line.match_indices(library).any(|(at, _)| {
                    !line[..at].ends_with(|before: char| before.is_alphanumeric() || matches!(before, '_' | ':'))
                });
                if named && !homes.contains(&own.as_str()) {
                    wrong.push(format!("{}:{number}: {own} uses {library}", source.path));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_name_that_points_back_is_found_in_every_spelling() {
    let complain = |path: &str, text: &str| complaints(&Source { path: path.into(), text: text.into() });
    for text in [
        "use crate::web::paths;",
        "use crate::{domain, web::{paths, form}};",
        "use crate::{domain::{a, b}, api};",
        "    let x = crate::server::start();",
        "use super::super::web::paths;",
    ] {
        let told = complain("src/actions/hook.rs", &format!("// crate::web is above\n{text}\n"));
        assert_eq!(told.len(), 1, "{text}: {told:?}");
        assert!(told[0].starts_with("src/actions/hook.rs:2: actions names "), "{told:?}");
    }
    for text in
        ["use crate::store::Conn;", "use crate::{clock, domain, store::{self, hook}};", "use super::super::store;"]
    {
        assert!(complain("src/actions/hook.rs", text).is_empty(), "{text}");
    }
    assert_eq!(complain("src/web/home.rs", "use crate::api::error::ApiError;").len(), 1);
    assert_eq!(complain("src/domain/ids.rs", "use crate::store::Conn;").len(), 1);
    assert!(complain("src/main.rs", "use crate::cli;").is_empty());
}
