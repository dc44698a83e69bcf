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
