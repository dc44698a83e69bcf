//! kill -9 at random instants while events come in: nothing accepted is lost, and the account adds up.

use std::time::{Duration, Instant};

use crate::account::{Account, Crash};
use crate::database::Kind;
use crate::load::{Load, Mix};
use crate::receiver::{Manner, Receiver};
use crate::scene::{Scene, chance, long, some_time, soon};

const PER_SECOND: u32 = 200;

const HOOKS: [(Manner, &str); 4] =
    [(Manner::Well, "quick"), (Manner::Failing, "quick"), (Manner::Slow, "quick"), (Manner::Silent, "quick")];

/// Each hook gets what its lane can carry, but for the silent one: it would need an hour.
const MIX: Mix = &[(Manner::Well, 155), (Manner::Failing, 30), (Manner::Slow, 12), (Manner::Silent, 3)];

/// Deliveries go on within this time of a restart.
const GOES_ON: Duration = Duration::from_secs(2);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twenty_kills_lose_nothing_on_sqlite() {
    killed_again_and_again(Kind::Sqlite, 20).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kills_lose_nothing_on_postgres() {
    killed_again_and_again(Kind::Postgres, if long() { 20 } else { 8 }).await;
}

async fn killed_again_and_again(kind: Kind, kills: usize) {
    let (scene, mut server) = Scene::set(kind, &HOOKS).await;
    let load = Load::start(scene.partner(&[&server]), PER_SECOND, MIX);
    let (mut crashes, mut pauses, mut chance) = (Vec::new(), Vec::new(), chance());
    for _ in 0..kills {
        // Any instant will do but one: the moment is the point.
        some_time(&mut chance, 500..if long() { 8_000 } else { 2_500 }).await;
        let began = Instant::now();
        server.kill().expect("it was running");
        let receiver = &scene.receiver;
        soon("what the dead one sent to be read", async || receiver.has_heard_all()).await;
        let over = Instant::now();
        crashes.push(Crash { began, over });
        server = scene.installation.start().expect("it starts");
        pauses.push(until_it_goes_on(receiver, over).await);
    }
    let reported = load.stopped().await;
    scene.all_is_done(&reported).await;
    assert!(server.terminate().await.expect("an end").success());
    let account = Account::new(reported, scene.receiver.arrivals(), scene.log().await.lines().await, crashes);
    let (accepted, repeats) = (account.accepted(), account.repeats());
    println!("{accepted} events accepted, {repeats} requests repeated, deliveries went on after {pauses:?}");
    account.adds_up();
    assert!(accepted > kills * 20, "too little was accepted to mean anything: {accepted}");
    // A busy machine takes the processor away from the one or the other.
    pauses.sort();
    assert!(pauses[kills / 2] <= GOES_ON, "deliveries went on after {pauses:?}");
    assert!(pauses[kills - 1] <= GOES_ON * 5, "deliveries went on after {pauses:?}");
}

async fn until_it_goes_on(receiver: &Receiver, restart: Instant) -> Duration {
    soon("deliveries after a restart", async || receiver.first_after(Manner::Well, restart).is_some()).await;
    receiver.first_after(Manner::Well, restart).map_or(Duration::MAX, |first| first - restart)
}
