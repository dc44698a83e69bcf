//! The program dies *at* a step, not somewhere around it, and the account still adds up.
//!
//! The one that dies is this very test binary, started again with [`STOP_AT`]: it builds the program from the settings of
//! the installation as `serve` does, asks the engine to be told of its steps, and kills itself at the named one. Then the
//! real program starts on what it left.

use std::os::unix::process::ExitStatusExt as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Parser as _;
use hirewire::clock::SystemClock;
use hirewire::config::{Config, Settings};
use hirewire::delivery::crash_point::CrashPoint;
use hirewire::server::App;
use rustix::process::{Signal, getpid, kill_process};
use tokio::sync::watch;

use crate::account::{Account, Crash};
use crate::database::Kind;
use crate::load::{Partner, Reported, Told};
use crate::receiver::Manner;
use crate::scene::{AT_ONCE, Scene, soon};

/// At which step the process dies.
const STOP_AT: &str = "HIREWIRE_TEST_STOP_AT";

/// So many events are reported, unless the process dies before the last.
const EVENTS: usize = 40;

fn word(step: &CrashPoint) -> &'static str {
    match step {
        CrashPoint::Committed => "committed",
        CrashPoint::Claimed => "claimed",
        CrashPoint::Sending => "sending",
        CrashPoint::Answered => "answered",
    }
}

#[derive(clap::Parser)]
struct Line {
    #[command(flatten)]
    settings: Settings,
}

/// What a started process does; nothing in an ordinary run.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_that_is_told_to_dies_at_its_step() {
    #[expect(clippy::disallowed_methods, reason = "this is how the process that dies is told so")]
    let Ok(stop_at) = std::env::var(STOP_AT) else { return };
    let line = Line::try_parse_from(["hirewire"]).expect("settings in the environment");
    let app = App::build(Config::read(line.settings).expect("settings"), Arc::new(SystemClock)).await;
    let app = app.expect("it starts");
    app.context.engine.on_crash_point(move |step| {
        if word(&step) == stop_at {
            kill_process(getpid(), Signal::KILL).expect("it dies");
            // The other threads end with it; this one must not get any further meanwhile.
            std::thread::park();
        }
    });
    let (_never, stop) = watch::channel(false);
    app.run(stop).await.expect("it serves");
}

/// A program that becomes this test binary, and there the one test that plays the process.
fn program(scene: &Scene, step: &CrashPoint) -> PathBuf {
    use std::os::unix::fs::PermissionsExt as _;
    let ours = std::env::current_exe().expect("a path");
    let path = scene.installation.folder().join("program");
    let test = "crash_points::a_process_that_is_told_to_dies_at_its_step";
    let (ours, step) = (ours.display(), word(step));
    let lines = format!("#!/bin/sh\n{STOP_AT}={step} exec '{ours}' --exact {test} --nocapture\n");
    std::fs::write(&path, lines).expect("a file");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o700)).expect("it is ours");
    path
}

/// Reports until everything is reported or the process has died.
async fn report_until_it_dies(scene: &Scene, url: &str) -> Vec<Reported> {
    let partner = Partner::new(&[url], &scene.key);
    let mut reported = Vec::new();
    for number in 0..EVENTS {
        let one = partner.report(number, Manner::Well).await;
        let is_dead = matches!(one.told, Told::Nothing(_));
        reported.push(one);
        if is_dead {
            break;
        }
    }
    reported
}

async fn dies_at(kind: Kind, step: CrashPoint) {
    let (scene, server) = Scene::set(kind, &[(Manner::Well, "quick"), (Manner::Gated, "single")]).await;
    let (mut reported, mut crashes) = (Vec::new(), Vec::new());
    if matches!(step, CrashPoint::Claimed) {
        // Only what nobody holds is claimed: a dead process leaves it, most of it never sent.
        reported = scene.partner(&[&server]).report_all(EVENTS, Manner::Gated).await;
        soon("as many requests as may be at once", async || scene.receiver.arrivals().len() == AT_ONCE).await;
        server.kill().expect("it was running");
        scene.receiver.open_the_gate();
        crashes.push(Crash::at(Instant::now()));
    } else {
        assert!(server.terminate().await.expect("an end").success());
    }
    let ours = scene.installation.served_by(program(&scene, &step));
    let mut dying = ours.start().expect("it starts");
    if !matches!(step, CrashPoint::Claimed) {
        dying.ready().await.expect("it serves");
        reported.extend(report_until_it_dies(&scene, dying.url()).await);
    }
    let end = dying.end(Duration::from_secs(60)).await.expect("an end");
    assert_eq!(end.signal(), Some(Signal::KILL.as_raw()), "it ended otherwise:\n{}", dying.last_words());
    soon("what the dead one sent to be read", async || scene.receiver.has_heard_all()).await;
    crashes.push(Crash::at(Instant::now()));
    match step {
        CrashPoint::Committed => assert_eq!(scene.receiver.arrivals().len(), 0, "nothing was handed over"),
        CrashPoint::Claimed => assert_eq!(scene.receiver.arrivals().len(), AT_ONCE, "nothing of it was sent"),
        CrashPoint::Sending => assert_eq!(scene.receiver.arrivals().len(), 0, "the first try was not made"),
        CrashPoint::Answered => assert_ne!(scene.receiver.arrivals().len(), 0, "something was answered"),
    }

    let left = scene.log().await.lines().await;
    let server = scene.installation.serve().await.expect("it serves");
    scene.all_is_done(&reported).await;
    assert!(server.terminate().await.expect("an end").success());
    let lines = scene.log().await.lines().await;
    assert_eq!(lines.len(), left.len(), "the log owes what was committed, no more and no less");
    assert!(!lines.is_empty() && lines.iter().all(|line| line.attempts.len() == 1), "one try each is written down");
    Account::new(reported, scene.receiver.arrivals(), lines, crashes).adds_up();
}

async fn on_both_databases(step: fn() -> CrashPoint) {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        dies_at(kind, step()).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_committed_but_not_handed_over_is_sent_by_the_next() {
    on_both_databases(|| CrashPoint::Committed).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_claimed_but_not_sent_is_sent_by_the_next() {
    on_both_databases(|| CrashPoint::Claimed).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_about_to_be_sent_is_sent_by_the_next() {
    on_both_databases(|| CrashPoint::Sending).await;
}

/// The receiver itself says when this point is reached.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_sent_but_not_answered_is_sent_again() {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let (scene, server) = Scene::set(kind, &[(Manner::Gated, "single")]).await;
        let reported = scene.partner(&[&server]).report_all(AT_ONCE, Manner::Gated).await;
        soon("all of it at the receiver", async || scene.receiver.arrivals().len() == AT_ONCE).await;
        server.kill().expect("it was running");
        let killed = Instant::now();
        scene.receiver.open_the_gate();
        let server = scene.installation.serve().await.expect("it serves");
        scene.all_is_done(&reported).await;
        assert!(server.terminate().await.expect("an end").success());
        assert_eq!(scene.receiver.arrivals().len(), 2 * AT_ONCE, "each is sent once more");
        let lines = scene.log().await.lines().await;
        Account::new(reported, scene.receiver.arrivals(), lines, vec![Crash::at(killed)]).adds_up();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_answered_but_not_settled_is_sent_again() {
    on_both_databases(|| CrashPoint::Answered).await;
}
