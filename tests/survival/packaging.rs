//! What the documentation gives to copy works as it stands: units, blocks, boards, and the README's lines.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::process::{Child, bound, folder};
use crate::scene::{DEADLINE, THIS, long};

const README: &str = include_str!("../../README.md");
const UNIT: &str = include_str!("../../docs/packaging/hirewire.service");
const ALERTS: &str = include_str!("../../docs/packaging/alerts.yml");
const BOARD: &str = include_str!("../../docs/packaging/grafana.json");
const OPERATIONS: &str = include_str!("../../docs/operations.md");

/// The lines that the README has an operator type on a fresh Debian.
fn lines() -> &'static str {
    let (_, part) = README.split_once("## In production").expect("the part about production");
    part.split_once("```sh\n").expect("its first block").1.split_once("```").expect("its end").0
}

#[test]
fn the_readmes_lines_are_commands_and_what_they_name_is_there() {
    let end = Command::new("bash").args(["-n", "-c", lines()]).output().expect("bash");
    assert!(end.status.success(), "{}", String::from_utf8_lossy(&end.stderr));
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let named: Vec<&str> = lines().split_whitespace().filter(|word| word.starts_with("docs/")).collect();
    assert_eq!(named, ["docs/packaging/hirewire.service", "docs/packaging/nginx.conf"]);
    assert!(named.iter().all(|path| root.join(path).is_file()));
    for setting in
        ["HIREWIRE_DATABASE_URL", "HIREWIRE_SECRET_KEY_FILE", "HIREWIRE_PUBLIC_URL", "HIREWIRE_TRUSTED_PROXIES"]
    {
        assert!(lines().contains(&format!("\n{setting}=")), "{setting}");
    }
    // The unit, the lines and each other agree.
    for both in ["/usr/local/bin/hirewire", "/etc/hirewire/hirewire.env", "/var/lib/hirewire"] {
        assert!(UNIT.contains(both) && lines().contains(both), "{both}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_caddyfile_is_one_that_caddy_takes() {
    let folder = folder().expect("a folder");
    let mut command = bound("caddy", "KILL", &[]);
    command.args(["validate", "--adapter", "caddyfile", "--config"]);
    command.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/packaging/Caddyfile"));
    // It keeps certificates of its own at home, and would look for those of ours there.
    command.env("HOME", folder.path());
    let mut child = Child::start("caddy", command, folder.path()).expect("a process");
    let end = child.end(DEADLINE).await.expect("an end");
    let warnings: Vec<_> =
        child.log().lines().filter(|line| line.contains("\"level\":\"warn\"")).map(str::to_owned).collect();
    assert!(end.success() && warnings.is_empty(), "{}", child.log());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_unit_is_one_that_systemd_takes() {
    if let Err(error) = Command::new("systemd-analyze").arg("--version").output() {
        println!("systemd-analyze is not at hand: {error}");
        return;
    }
    let folder = folder().expect("a folder");
    let path = folder.path().join("hirewire.service");
    std::fs::write(&path, UNIT.replace("/usr/local/bin/hirewire", "/bin/true")).expect("a file");
    let mut command = bound("systemd-analyze", "KILL", &[]);
    command.arg("verify").arg(&path);
    let mut child = Child::start("systemd-analyze", command, folder.path()).expect("a process");
    child.end(DEADLINE).await.expect("an end");
    let said = child.log();
    // What other units of this machine lack is not said of ours.
    let ours: Vec<&str> = said.lines().filter(|line| line.contains("hirewire.service")).collect();
    assert!(ours.is_empty(), "{said}");
}

/// The names of metrics in a text.
fn metrics(text: &str) -> BTreeSet<&str> {
    let is_part = |c: char| c.is_ascii_lowercase() || c == '_';
    text.split(|c: char| !is_part(c)).filter(|word| word.starts_with("hirewire_") && word.len() > 9).collect()
}

/// Where metrics are named: a family without a value is on no page, so the page does not name all.
const SOURCES: [&str; 4] = [
    include_str!("../../src/delivery/meters.rs"),
    include_str!("../../src/server/metrics.rs"),
    include_str!("../../src/server/requests.rs"),
    include_str!("../../src/actions/mail.rs"),
];

#[test]
fn alerts_board_and_documentation_name_metrics_that_there_are() {
    let there: BTreeSet<&str> = SOURCES.into_iter().flat_map(metrics).collect();
    assert!(there.len() > 20, "{there:?}");
    let is_there = |name: &str| {
        let endings = ["", "_total", "_bucket", "_count", "_sum"];
        endings.iter().any(|ending| name.strip_suffix(ending).is_some_and(|name| there.contains(name)))
    };
    serde_json::from_str::<serde_json::Value>(BOARD).expect("JSON");
    for text in [ALERTS, BOARD, OPERATIONS] {
        let named = metrics(text);
        assert!(named.len() > 8, "{named:?}");
        let missing: Vec<_> = named.into_iter().filter(|name| !is_there(name)).collect();
        assert!(missing.is_empty(), "there is no {missing:?} among {there:?}");
    }
    let undocumented: Vec<_> = there.iter().filter(|name| !OPERATIONS.contains(**name)).collect();
    let abbreviated = ["hirewire_connections_allowed", "hirewire_connections_dropped", "hirewire_deliveries_failed"];
    assert!(undocumented.iter().all(|name| abbreviated.contains(name)), "{undocumented:?} stand nowhere");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fresh_debian_follows_the_readmes_lines() {
    if !long() {
        println!("a fresh Debian takes minutes: HIREWIRE_TEST_LONG=1 makes one");
        return;
    }
    let ours = folder().expect("a folder");
    let mut command = bound(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fresh-debian"), "TERM", &[]);
    command.arg(THIS).arg(ours.path().join("debian"));
    let child = Child::start("fresh-debian", command, ours.path()).expect("a process");
    let told = child.finished(Duration::from_secs(1_800)).await.expect("the lines work");
    assert!(told.contains("the lines work as they stand"), "{told}");
}
