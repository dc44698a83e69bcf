//! Each promise names its tests in `docs/promises.md`, and each test it names is there and runs.

use super::source::{Source, root, rust_files};

const PAGE: &str = "docs/promises.md";

/// A line of the table.
struct Promise {
    line: usize,
    name: String,
    tests: Vec<String>,
}

fn read(page: &str) -> Vec<Promise> {
    let rows = page.lines().enumerate().filter(|(_, line)| line.starts_with('|'));
    rows.filter_map(|(at, line)| {
        let cells: Vec<_> = line.trim_matches('|').split('|').map(str::trim).collect();
        let [name, _, tests] = cells.as_slice() else { panic!("{PAGE}:{}: not three columns: {line}", at + 1) };
        let is_head = *name == "promise" || name.chars().all(|letter| matches!(letter, '-' | ':'));
        let tests = tests.split('`').skip(1).step_by(2).map(str::to_owned).collect();
        (!is_head).then(|| Promise { line: at + 1, name: (*name).to_owned(), tests })
    })
    .collect()
}

/// Why a named test does not count, if so. `quick::a_name` is the function `a_name` in a file or folder called `quick`.
fn missing(test: &str, sources: &[Source]) -> Option<String> {
    let mut parts: Vec<_> = test.split("::").collect();
    let function = parts.pop().unwrap_or_default();
    let mut told = format!("there is no fn {function}");
    for source in sources {
        let mut module = source.module().into_iter();
        if !parts.iter().all(|part| module.any(|own| own == *part)) {
            continue;
        }
        let lines: Vec<_> = source.code().collect();
        let is_it = |line: &str| {
            let line = line.trim_start().trim_start_matches("pub ").trim_start_matches("async ");
            line.strip_prefix("fn ")
                .and_then(|rest| rest.strip_prefix(function))
                .is_some_and(|rest| rest.starts_with('('))
        };
        let Some(at) = lines.iter().position(|(_, line)| is_it(line)) else { continue };
        let attributes: Vec<_> = lines[..at]
            .iter()
            .rev()
            .map(|(_, line)| line.trim())
            .take_while(|line| line.starts_with("#[") || line.is_empty())
            .collect();
        let listed = source.text.split("on_both_databases!(").skip(1).any(|list| {
            let names = list.split_once(");").map_or("", |(names, _)| names);
            names.split(',').any(|name| name.trim() == function)
        });
        let runs = listed || attributes.iter().any(|line| line.ends_with("test]") || line.contains("test("));
        if attributes.iter().any(|line| line.starts_with("#[ignore")) {
            told = format!("{} ignores it", source.path);
        } else if runs {
            return None;
        } else {
            told = format!("{} has it, but not as a test", source.path);
        }
    }
    Some(told)
}

fn sources() -> Vec<Source> {
    rust_files("src").into_iter().chain(rust_files("tests")).collect()
}

#[test]
fn every_test_that_a_promise_names_is_there_and_runs() {
    let page = std::fs::read_to_string(root().join(PAGE));
    let page = page
        .unwrap_or_else(|error| panic!("{PAGE} cannot be read, which says of each promise how it is kept: {error}"));
    let promises = read(&page);
    assert!(!promises.is_empty(), "{PAGE} has no table | promise | what it says | tests |");
    let sources = sources();
    let mut wrong = Vec::new();
    for promise in &promises {
        if promise.tests.is_empty() {
            wrong.push(format!("{PAGE}:{}: {} names no test", promise.line, promise.name));
        }
        for test in &promise.tests {
            if let Some(why) = missing(test, &sources) {
                wrong.push(format!("{PAGE}:{}: {} names `{test}`: {why}", promise.line, promise.name));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_promise_whose_test_is_gone_renamed_or_ignored_is_found() {
    let source = |text: &str| vec![Source { path: "tests/it/delivery/quick.rs".into(), text: text.into() }];
    assert_eq!(missing("quick::it_works", &source("#[test]\nfn it_works() {}")), None);
    assert_eq!(missing("delivery::quick::it_works", &source("#[tokio::test]\nasync fn it_works() {}")), None);
    assert_eq!(
        missing(
            "quick::it_works",
            &source("on_both_databases!(\n    a,\n    it_works,\n);\nasync fn it_works(app: TestApp) {}")
        ),
        None
    );
    for text in [
        "#[test]\nfn it_works_well() {}",
        "// fn it_works() {}",
        "#[test]\n#[ignore = \"slow\"]\nfn it_works() {}",
        "fn it_works() {}",
    ] {
        assert!(missing("quick::it_works", &source(text)).is_some(), "{text}");
    }
    assert!(missing("slow::it_works", &source("#[test]\nfn it_works() {}")).is_some());
    let promises =
        read("text\n\n| promise | what it says | tests |\n| --- | --- | --- |\n| T5 | Four tries. | `a::b`, `c` |\n");
    assert_eq!((promises.len(), &promises[0].tests[..]), (1, &["a::b".to_owned(), "c".to_owned()][..]));
}
