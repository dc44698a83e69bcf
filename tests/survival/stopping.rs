//! SIGTERM under load: it ends in good order, writes down every answer, and owes nothing that the next start does not send.

use std::time::{Duration, Instant};

use crate::account::Account;
use crate::database::Kind;
use crate::load::{Load, Mix};
use crate::receiver::Manner;
use crate::scene::{Scene, soon};

const HOOKS: [(Manner, &str); 2] = [(Manner::Well, "quick"), (Manner::Slow, "quick")];

/// More for the slow one than its lane carries, so that something waits when the signal comes.
const MIX: Mix = &[(Manner::Well, 80), (Manner::Slow, 20)];

/// What is under way may take as long as its receivers take, and writing it down a moment.
const DRAINED: Duration = Duration::from_secs(10);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sigterm_under_load_loses_and_repeats_nothing() {
    let (scene, mut server) = Scene::set(Kind::Sqlite, &HOOKS).await;
    let load = Load::start(scene.partner(&[&server]), 200, MIX);
    soon("a slow lane that is full", async || {
        load.so_far().iter().filter(|one| one.manner == Manner::Slow && one.id().is_some()).count() >= 100
    })
    .await;
    let asked = Instant::now();
    server.ask_to_stop().expect("it runs");
    let end = server.end(Duration::from_secs(60)).await.expect("an end");
    let took = asked.elapsed();
    assert_eq!(end.code(), Some(0), "{}", server.last_words());
    let reported = load.stopped().await;

    let (arrivals, lines) = (scene.receiver.arrivals(), scene.log().await.lines().await);
    let written: usize = lines.iter().map(|line| line.answered(200)).sum();
    assert_eq!(arrivals.len(), written, "requests at the receiver, answers in the log");
    assert!(lines.iter().any(|line| line.delivery.state.is_owed()), "nothing was left to do");

    let server = scene.installation.serve().await.expect("it serves");
    scene.all_is_done(&reported).await;
    assert!(server.terminate().await.expect("an end").success());
    let (arrivals, lines) = (scene.receiver.arrivals(), scene.log().await.lines().await);
    assert!(lines.iter().all(|line| line.attempts.len() == 1), "one try each");
    Account::new(reported, arrivals, lines, Vec::new()).adds_up();
    assert!(took <= DRAINED, "it took {took:?} to stop");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sigterm_turns_readiness_red_and_requests_are_taken_for_a_grace() {
    let (mut scene, server) = Scene::set(Kind::Sqlite, &[(Manner::Well, "quick")]).await;
    assert!(server.terminate().await.expect("an end").success());
    scene.installation = scene.installation.clone().with("HIREWIRE_SHUTDOWN_GRACE_SECONDS", 8);
    let mut server = scene.installation.serve().await.expect("it serves");
    let client = crate::process::client().expect("a client");
    let ask = async |path: &str| client.get(format!("{}{path}", server.url())).send().await.expect("an answer");
    assert_eq!(ask("/readyz").await.status(), 200);
    let login = ask("/login").await;
    assert!(!login.headers().contains_key("connection"), "{:?}", login.headers());
    let signalled = Instant::now();
    server.ask_to_stop().expect("it runs");
    let ask = async |path: &str| client.get(format!("{}{path}", scene.installation.url())).send().await;
    soon("a red readiness", async || ask("/readyz").await.expect("an answer").status() == 503).await;
    let login = ask("/login").await.expect("an answer");
    assert_eq!((login.status().as_u16(), login.headers()["connection"].to_str().expect("text")), (200, "close"));
    let reported = scene.partner(&[&server]).report(1, Manner::Well).await;
    assert!(reported.id().is_some(), "{reported:?}");
    assert_eq!(server.end(Duration::from_secs(60)).await.expect("an end").code(), Some(0), "{}", server.last_words());
    assert!(signalled.elapsed() >= Duration::from_secs(8));
    assert!(ask("/healthz").await.is_err());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_that_is_not_over_in_time_is_ended_and_says_so() {
    let (mut scene, server) = Scene::set(Kind::Sqlite, &[(Manner::Silent, "single")]).await;
    assert!(server.terminate().await.expect("an end").success());
    scene.installation = scene.installation.clone().with("HIREWIRE_SHUTDOWN_SECONDS", 2);
    let mut server = scene.installation.serve().await.expect("it serves");
    scene.partner(&[&server]).report(1, Manner::Silent).await;
    soon("a request without an answer", async || !scene.receiver.arrivals().is_empty()).await;
    server.ask_to_stop().expect("it runs");
    let end = server.end(Duration::from_secs(15)).await.expect("an end");
    assert_eq!(end.code(), Some(1));
    assert!(server.log().contains("longer than the 2 s of HIREWIRE_SHUTDOWN_SECONDS"), "{}", server.last_words());
}
