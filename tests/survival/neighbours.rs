//! A receiver that never answers fills its own lane and nobody else's.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use crate::database::Kind;
use crate::load::{Load, Mix};
use crate::receiver::{Arrival, Manner};
use crate::scene::{AT_ONCE, Scene, soon};

const HOOKS: [(Manner, &str); 2] = [(Manner::Well, "quick"), (Manner::Silent, "quick")];

const MIX: Mix = &[(Manner::Well, 70), (Manner::Silent, 30)];

/// Less than the five seconds for which the silent one is waited for, even on a busy machine.
const PROMPT: Duration = Duration::from_secs(3);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_receiver_that_never_answers_holds_up_nobody_else() {
    let (scene, server) = Scene::set(Kind::Sqlite, &HOOKS).await;
    let load = Load::start(scene.partner(&[&server]), 100, MIX);
    soon("ten times more for the silent one than is sent at once", async || {
        let reported = load.so_far();
        reported.iter().filter(|one| one.manner == Manner::Silent && one.id().is_some()).count() >= AT_ONCE * 10
    })
    .await;
    let reported = load.stopped().await;
    let well = reported.iter().filter(|one| one.manner == Manner::Well);
    let accepted: HashMap<&str, Instant> = well.filter_map(|one| Some((one.id()?, one.answered))).collect();
    soon("what was accepted to arrive", async || {
        let arrivals = scene.receiver.arrivals();
        accepted.keys().all(|id| arrivals.iter().any(|arrival| arrival.id == *id))
    })
    .await;
    assert!(server.terminate().await.expect("an end").success());

    let (silent, well): (Vec<Arrival>, Vec<Arrival>) =
        scene.receiver.arrivals().into_iter().partition(|arrival| arrival.manner == Manner::Silent);
    let waits = well.iter().filter_map(|one| Some(one.at.saturating_duration_since(*accepted.get(one.id.as_str())?)));
    let mut waits: Vec<Duration> = waits.collect();
    waits.sort();
    let p95 = waits[waits.len() * 95 / 100];
    assert!(p95 < PROMPT, "one in twenty waited {p95:?} or longer, the last {:?}", waits.last());
    let first = silent[0].at;
    let at_once = silent.iter().filter(|one| one.at - first < Duration::from_secs(4)).count();
    assert!(at_once <= AT_ONCE, "{at_once} requests to one receiver at once");
}
