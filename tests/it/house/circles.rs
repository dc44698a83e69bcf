//! Files of the console name each other in one direction: whoever reads one need not read those that use it.
//!
//! A file and those of its own folder's name (`logs.rs` or `logs/mod.rs` and `logs/list.rs`) are parent and child and may know
//! each other.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::source::{Source, rust_files};

/// Where no circle is left.
const FREE_OF_CIRCLES: [&str; 1] = ["web"];

type Module = Vec<String>;

/// Which file names which.
struct Graph(BTreeMap<Module, BTreeSet<Module>>);

impl Graph {
    fn of(sources: &[Source]) -> Self {
        let module = |source: &Source| source.module().into_iter().map(str::to_owned).collect::<Module>();
        let modules: BTreeSet<Module> = sources.iter().map(module).collect();
        let named = |source: &Source| {
            let own = module(source);
            let named = named(&own, &without_tests(source), &modules);
            let named = named.into_iter().filter(|other| !other.starts_with(&own) && !own.starts_with(other)).collect();
            (own, named)
        };
        Self(sources.iter().map(named).collect())
    }

    /// The shortest way from a file back to itself.
    fn circle(&self, start: &Module) -> Option<Vec<&Module>> {
        let mut before: BTreeMap<&Module, &Module> = BTreeMap::new();
        let (start, _) = self.0.get_key_value(start)?;
        let mut next = VecDeque::from([start]);
        while let Some(at) = next.pop_front() {
            for other in self.0.get(at).into_iter().flatten() {
                if other == start {
                    let mut way = vec![start, at];
                    while let Some(step) = before.get(way[way.len() - 1]) {
                        way.push(step);
                    }
                    way.reverse();
                    way.dedup();
                    return Some(way);
                }
                if !before.contains_key(other) {
                    before.insert(other, at);
                    next.push_back(other);
                }
            }
        }
        None
    }
}

/// The code of a file, its comments and its tests left out.
fn without_tests(source: &Source) -> String {
    let code: Vec<&str> = source.code().map(|(_, line)| line).collect();
    let code = code.join("\n");
    code.split("#[cfg(test)]\nmod tests").next().unwrap_or_default().to_owned()
}

/// The files that a file's code names, by import or by path.
fn named(own: &Module, code: &str, modules: &BTreeSet<Module>) -> BTreeSet<Module> {
    let paths = paths(code);
    // What an import brings in by the name of a module stands for that module in the paths below.
    let absolute = |path: &Module| resolve(own, path);
    let is_module = |path: &Module| absolute(path).filter(|path| modules.contains(path));
    let brought: BTreeMap<&String, Module> =
        paths.iter().filter_map(|path| Some((path.last()?, is_module(path)?))).collect();
    let of = |path: &Module| {
        let whole = match brought.get(path.first()?) {
            Some(module) => module.iter().chain(&path[1..]).cloned().collect(),
            None => absolute(path)?,
        };
        (0..=whole.len()).rev().map(|end| whole[..end].to_vec()).find(|part| modules.contains(part))
    };
    paths.iter().filter_map(of).collect()
}

/// A path from the root of the crate; `None` for one that begins with another crate or a type.
fn resolve(own: &Module, path: &[String]) -> Option<Module> {
    let ups = path.iter().take_while(|part| *part == "super").count();
    match path.first()?.as_str() {
        "crate" => Some(path[1..].to_vec()),
        "self" => Some(own.iter().chain(&path[1..]).cloned().collect()),
        "super" => Some(own.get(..own.len().checked_sub(ups)?)?.iter().chain(&path[ups..]).cloned().collect()),
        _ => None,
    }
}

/// Every path of at least two parts, those of a group one by one.
fn paths(code: &str) -> Vec<Module> {
    let mut found = Vec::new();
    let mut rest = code;
    while let Some(start) = rest.find(is_of_a_name) {
        let length = rest[start..].find(|letter| !is_of_a_name(letter)).unwrap_or(rest.len() - start);
        let after = &rest[start + length..];
        rest = if after.starts_with("::") { path(&rest[start..], &[], &mut found) } else { after };
    }
    found
}

/// Reads one path with its groups, and returns what follows it.
fn path<'a>(text: &'a str, before: &[String], found: &mut Vec<Module>) -> &'a str {
    let mut parts = before.to_vec();
    let mut rest = text.trim_start();
    loop {
        let length = rest.find(|letter| !is_of_a_name(letter)).unwrap_or(rest.len());
        if length > 0 && &rest[..length] != "self" || parts.is_empty() {
            parts.push(rest[..length].to_owned());
        }
        rest = &rest[length..];
        let Some(after) = rest.strip_prefix("::") else { break };
        rest = after;
        if let Some(group) = rest.strip_prefix('{') {
            rest = group;
            while !rest.trim_start().starts_with('}') && !rest.is_empty() {
                rest = path(rest, &parts, found).trim_start();
                rest = rest.strip_prefix(',').unwrap_or_else(|| rest.find([',', '}']).map_or("", |at| &rest[at..]));
            }
            return rest.trim_start().strip_prefix('}').unwrap_or(rest);
        }
        if !rest.starts_with(is_of_a_name) {
            break;
        }
    }
    found.push(parts);
    rest
}

fn is_of_a_name(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_'
}

#[test]
fn no_files_of_the_console_name_each_other_in_a_circle() {
    let graph = Graph::of(&rust_files("src"));
    let circles: BTreeSet<String> = graph
        .0
        .keys()
        .filter(|module| module.first().is_some_and(|first| FREE_OF_CIRCLES.contains(&first.as_str())))
        .filter_map(|module| graph.circle(module))
        .map(|way| way.iter().map(|module| module.join("::")).collect::<Vec<_>>().join(" -> "))
        .collect();
    let circles: Vec<_> = circles.into_iter().collect();
    assert!(circles.is_empty(), "move what both need into a file of its own:\n{}", circles.join("\n"));
}

#[test]
fn a_circle_is_found_however_its_files_name_each_other() {
    let circle = |files: &[(&str, &str)]| {
        let sources: Vec<_> =
            files.iter().map(|(path, text)| Source { path: (*path).into(), text: (*text).into() }).collect();
        let graph = Graph::of(&sources);
        let found = graph.0.keys().find_map(|module| graph.circle(module));
        found.map(|way| way.iter().map(|module| module.join("::")).collect::<Vec<_>>().join(" "))
    };
    let gate = ("src/web/gate.rs", "use crate::web::{paths, routes::rule_of};\n");
    let back = Some("web::gate web::routes web::gate".to_owned());
    for text in [
        "use super::gate::see_other;\n",
        "use crate::web::{done, gate::{self, see_other}};\n",
        "fn f() -> u8 {\n    super::gate::see_other()\n}\n",
        "use crate::web::gate;\n",
    ] {
        assert_eq!(circle(&[gate, ("src/web/routes.rs", text)]), back, "{text}");
    }
    // By way of a folder that an import brought in.
    let table = ("src/web/routes.rs", "use super::hooks;\nconst R: fn() = hooks::list::show;\n");
    let page = ("src/web/hooks/list.rs", "use super::super::gate::see_other;\n");
    let folder = ("src/web/hooks/mod.rs", "pub mod list;\n");
    let found = circle(&[gate, table, page, folder]).expect("a circle");
    assert!(found.contains("web::hooks::list") && found.contains("web::routes"), "{found}");
    // A parent and its child, a comment, and the tests of a file are none.
    let child = (
        "src/web/hooks/list.rs",
        "use super::crumbs;\n// crate::web::routes\n#[cfg(test)]\nmod tests {\n    use crate::web::routes;\n}\n",
    );
    assert_eq!(circle(&[("src/web/hooks/mod.rs", "pub mod list;\nuse list::show;\n"), child]), None);
    assert_eq!(circle(&[table, child, folder]), None);
}
