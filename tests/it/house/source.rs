//! Reading our own source.

use std::path::{Path, PathBuf};

/// A Rust file of this repository.
pub struct Source {
    /// From the top of the repository, with `/`.
    pub path: String,
    pub text: String,
}

pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Every Rust file under a folder, in order.
pub fn rust_files(folder: &str) -> Vec<Source> {
    let mut found = Vec::new();
    collect(&root().join(folder), &mut found);
    found.sort_by(|a: &Source, b| a.path.cmp(&b.path));
    assert!(!found.is_empty(), "no Rust file under {folder}");
    found
}

fn collect(folder: &Path, found: &mut Vec<Source>) {
    for entry in std::fs::read_dir(folder).expect("a folder of ours") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            collect(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            let text = std::fs::read_to_string(&path).expect("UTF-8");
            let path = path.strip_prefix(root()).expect("ours").to_string_lossy().replace('\\', "/");
            found.push(Source { path, text });
        }
    }
}

impl Source {
    /// Its module path as far as folders and file name say it: `src/web/logs/list.rs` is `web`, `logs`, `list`.
    pub fn module(&self) -> Vec<&str> {
        let path = self.path.trim_end_matches(".rs");
        let mut parts: Vec<_> = path.split('/').skip(1).collect();
        if matches!(parts.last(), Some(&("mod" | "lib" | "main"))) {
            parts.pop();
        }
        parts
    }

    /// Its lines with their numbers, comments cut off.
    pub fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        let line = |(at, line): (usize, &'_ str)| (at + 1, line.split("//").next().unwrap_or_default().len());
        self.text.lines().enumerate().map(move |(at, text)| {
            let (number, length) = line((at, text));
            (number, &text[..length])
        })
    }
}
