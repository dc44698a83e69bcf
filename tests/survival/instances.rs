//! Two instances on one PostgreSQL: what a dead one held is taken over at once, what a living one holds never.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use crate::account::{Account, Crash};
use crate::database::Kind;
use crate::load::{Load, Mix, Reported};
use crate::process::Server;
use crate::receiver::{Arrival, Manner};
use crate::scene::{AT_ONCE, DEADLINE, Scene, chance, long, some_time, soon};

/// More than one instance sends at once, so that some of it waits in its memory; no more than it takes in, so that the other
/// finds nothing free.
const HELD: usize = 4 * AT_ONCE;

/// So soon the other one sends what a stopping one still had waiting.
const HANDED_OVER: Duration = Duration::from_secs(4);

/// The receiver is given half a minute for each answer, and nothing is tried twice.
const PATIENT: [(Manner, &str); 2] = [(Manner::Gated, "single"), (Manner::Well, "quick")];

/// Two instances, and `HELD` events that the first one holds: some under way, the others waiting for their turn.
async fn one_holds_much() -> (Scene, Server, Server, Vec<Reported>) {
    let (scene, first) = Scene::set(Kind::Postgres, &PATIENT).await;
    let second = scene.installation.beside().expect("an address").serve().await.expect("it serves");
    let reported = scene.partner(&[&first]).report_all(HELD, Manner::Gated).await;
    soon("as many requests as may be at once", async || scene.receiver.arrivals().len() == AT_ONCE).await;
    (scene, first, second, reported)
}

async fn all_have_arrived(scene: &Scene) {
    soon("everything to arrive", async || ids(&scene.receiver.arrivals()).len() == HELD).await;
}

fn ids(arrivals: &[Arrival]) -> HashSet<&str> {
    arrivals.iter().map(|arrival| arrival.id.as_str()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_killed_instance_held_is_sent_by_the_other_within_5_s() {
    let (scene, first, second, reported) = one_holds_much().await;
    first.kill().expect("it was running");
    let killed = Instant::now();
    scene.receiver.open_the_gate();
    all_have_arrived(&scene).await;
    let first_arrivals: Vec<Instant> = scene.receiver.arrivals().iter().skip(AT_ONCE).map(|one| one.at).collect();
    scene.all_is_done(&reported).await;
    assert!(second.terminate().await.expect("an end").success());
    let lines = scene.log().await.lines().await;
    Account::new(reported, scene.receiver.arrivals(), lines, vec![Crash::at(killed)]).adds_up();
    let last = first_arrivals.iter().max().map(|last| *last - killed);
    assert!(last <= Some(Duration::from_secs(5)), "the last was sent {last:?} after the kill");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_instance_that_stands_still_keeps_what_it_holds_and_nothing_is_sent_twice() {
    let (scene, mut first, second, reported) = one_holds_much().await;
    first.freeze().expect("it runs");
    // Ten seconds' work of the other one, in which it looks around five times; shorter than the receiver's half minute.
    let load = Load::start(scene.partner(&[&second]), 20, &[(Manner::Well, 1)]);
    soon("the other one to work", async || arrived(&scene, Manner::Well) >= 200).await;
    let meanwhile = arrived(&scene, Manner::Gated);
    scene.receiver.open_the_gate();
    first.thaw().expect("it is there");
    let mut all_reported = load.stopped().await;
    all_reported.extend(reported);
    let reported = all_reported;
    scene.all_is_done(&reported).await;
    assert!(first.terminate().await.expect("an end").success());
    assert!(second.terminate().await.expect("an end").success());
    let lines = scene.log().await.lines().await;
    Account::new(reported, scene.receiver.arrivals(), lines, Vec::new()).adds_up();
    assert_eq!(meanwhile, AT_ONCE, "the other one sent what a living one held");
    assert_eq!(arrived(&scene, Manner::Gated), HELD);
}

fn arrived(scene: &Scene, manner: Manner) -> usize {
    scene.receiver.arrivals().iter().filter(|arrival| arrival.manner == manner).count()
}

const STUMBLING: Mix = &[(Manner::Well, 92), (Manner::Slow, 8)];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_instances_that_stumble_under_load_send_nothing_twice() {
    let (scene, first) = Scene::set(Kind::Postgres, &[(Manner::Well, "quick"), (Manner::Slow, "quick")]).await;
    let second = scene.installation.beside().expect("an address").serve().await.expect("it serves");
    let load = Load::start(scene.partner(&[&first, &second]), 100, STUMBLING);
    let (mut both, mut chance) = ([first, second], chance());
    for stumble in 0..if long() { 100 } else { 10 } {
        let one = &mut both[stumble % 2];
        one.freeze().expect("it runs");
        // Shorter than a receiver is waited for: whatever is sent twice is sent twice by mistake.
        some_time(&mut chance, 200..2_500).await;
        one.thaw().expect("it is there");
        some_time(&mut chance, 0..500).await;
    }
    let reported = load.stopped().await;
    scene.all_is_done(&reported).await;
    for one in both {
        assert!(one.terminate().await.expect("an end").success());
    }
    let lines = scene.log().await.lines().await;
    let account = Account::new(reported, scene.receiver.arrivals(), lines, Vec::new());
    account.adds_up();
    assert!(account.accepted() > 200, "too little was accepted to mean anything: {}", account.accepted());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sigterm_loses_no_answer_under_way() {
    let (scene, mut first, second, reported) = one_holds_much().await;
    let under_way: HashSet<String> = scene.receiver.arrivals().into_iter().map(|arrival| arrival.id).collect();
    first.ask_to_stop().expect("it runs");
    // The receiver takes its time: whoever stops has to wait for it.
    let address = first.url().trim_start_matches("http://").to_owned();
    soon("it to take no more visitors", async || tokio::net::TcpStream::connect(&address).await.is_err()).await;
    let opened = Instant::now();
    scene.receiver.open_the_gate();
    ended_well(first).await;
    scene.all_is_done(&reported).await;
    assert!(second.terminate().await.expect("an end").success());
    let (arrivals, lines) = (scene.receiver.arrivals(), scene.log().await.lines().await);
    assert_eq!(arrivals.len(), HELD, "each is sent once");
    assert!(arrivals.iter().all(|arrival| arrival.answered >= Some(opened)));
    for line in lines.iter().filter(|line| under_way.contains(line.event())) {
        assert_eq!((line.attempts.len(), line.answered(200)), (1, 1), "{line:?}");
    }
    Account::new(reported, arrivals, lines, Vec::new()).adds_up();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sigterm_hands_over_what_waits_while_answers_are_still_awaited() {
    let (scene, mut first, second, reported) = one_holds_much().await;
    first.ask_to_stop().expect("it runs");
    let asked = Instant::now();
    // The other one has places of its own at the receiver, which has answered nobody yet.
    soon("requests of the other one", async || {
        scene.receiver.arrivals().len() >= 2 * AT_ONCE || asked.elapsed() > HANDED_OVER * 2
    })
    .await;
    let handed_over = scene.receiver.arrivals().get(2 * AT_ONCE - 1).map(|arrival| arrival.at - asked);
    scene.receiver.open_the_gate();
    ended_well(first).await;
    scene.all_is_done(&reported).await;
    assert!(second.terminate().await.expect("an end").success());
    let (arrivals, lines) = (scene.receiver.arrivals(), scene.log().await.lines().await);
    assert_eq!(arrivals.len(), HELD, "each is sent once");
    Account::new(reported, arrivals, lines, Vec::new()).adds_up();
    let in_time = handed_over.is_some_and(|after| after <= HANDED_OVER);
    assert!(in_time, "what waited was sent by the other {handed_over:?} after the signal");
}

async fn ended_well(mut server: Server) {
    let end = server.end(DEADLINE).await.expect("an end");
    assert_eq!(end.code(), Some(0), "{}", server.last_words());
}
