//! A migration that was once released is never edited: databases that have run it would differ from those that run it now.

use std::collections::BTreeMap;

use sha2::{Digest as _, Sha256};

use super::source::root;

/// One line a migration: the SHA-256 of its `up.sql`, and where it is.
const FROZEN: &str = "migrations/checksums";

#[test]
fn no_migration_is_edited_and_each_new_one_is_listed() {
    let listed = std::fs::read_to_string(root().join(FROZEN)).expect("the list");
    let listed: BTreeMap<&str, &str> = listed
        .lines()
        .map(|line| line.split_once("  ").expect("a sum and a path"))
        .map(|(sum, path)| (path, sum))
        .collect();
    let mut found = BTreeMap::new();
    for database in ["sqlite", "postgres"] {
        for folder in std::fs::read_dir(root().join("migrations").join(database)).expect("migrations") {
            let name = folder.expect("a folder").file_name().to_string_lossy().into_owned();
            let path = format!("{database}/{name}/up.sql");
            let text = std::fs::read(root().join("migrations").join(&path)).expect("its statements");
            let sum: String = Sha256::digest(&text).iter().map(|byte| format!("{byte:02x}")).collect();
            found.insert(path, sum);
        }
    }
    assert!(found.len() >= 22, "migrations were not found");
    for (path, sum) in &found {
        match listed.get(path.as_str()) {
            None => panic!("{path} is new: add a line to {FROZEN}:\n{sum}  {path}"),
            Some(known) => {
                assert_eq!(known, sum, "{path} was edited: undo that, and write a further migration instead");
            }
        }
    }
    let gone: Vec<_> = listed.keys().filter(|path| !found.contains_key(**path)).collect();
    assert!(gone.is_empty(), "migrations are gone: {gone:?}");
}
