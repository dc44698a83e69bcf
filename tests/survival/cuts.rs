//! Connections to the database that are cut while everybody lives: nothing is lost, nobody is told what is not true, and a lost
//! session is no death.

use std::time::Instant;

use crate::account::Account;
use crate::load::{Load, Mix};
use crate::process::{Durability, Postgres, Proxy, eventually};
use crate::receiver::Manner;
use crate::scene::{DEADLINE, Scene, chance, long, some_time, soon};

const HOOKS: [(Manner, &str); 3] = [(Manner::Well, "quick"), (Manner::Slow, "quick"), (Manner::Failing, "quick")];

const MIX: Mix = &[(Manner::Well, 85), (Manner::Slow, 7), (Manner::Failing, 8)];

/// How many events each instance is told of in a second.
const PER_SECOND: u32 = 50;

/// How often a session is lost.
const LOSSES: usize = 10;

/// What an instance logs that takes another one for dead.
const TAKES_OVER: &str = "taking over from instances that are gone";

const SESSIONS: &str = "SELECT pid FROM pg_stat_activity WHERE application_name = 'hirewire presence'";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_instance_that_loses_its_session_again_and_again_is_not_taken_for_dead() {
    let mut chance = chance();
    let postgres = Postgres::start(Durability::ProcessesOnly).await.expect("PostgreSQL");
    let (scene, first) = Scene::set_on_server(&postgres, &HOOKS).await;
    let sessions = async || -> Vec<u32> {
        let found = postgres.sql(SESSIONS).await.expect("an answer");
        found.lines().map(|line| line.parse().expect("a number")).collect()
    };
    let &[mut own] = sessions().await.as_slice() else { panic!("one instance has one session") };
    let second = scene.installation.beside().expect("an address").serve().await.expect("it serves");
    let of_second = sessions().await.into_iter().find(|pid| *pid != own).expect("a session of the second");
    let load = Load::start(scene.partner(&[&first, &second]), PER_SECOND * 2, MIX);
    let held_since = async || postgres.sql("SELECT max(heartbeat_at) FROM instances").await.expect("an answer");
    for loss in 0..LOSSES {
        // The other one looks every two seconds. Now it sees the session that is there again, now only that it was.
        some_time(&mut chance, 0..if loss % 2 == 0 { 4_000 } else { 100 }).await;
        let held = held_since().await;
        let ended = postgres.sql(&format!("SELECT pg_terminate_backend({own})")).await.expect("an answer");
        assert_eq!(ended.trim(), "t");
        let former = own;
        let again = eventually("a new session of the first", DEADLINE, async || {
            Ok(sessions().await.into_iter().find(|pid| ![former, of_second].contains(pid)))
        });
        own = again.await.unwrap_or_else(|error| panic!("{error}"));
        soon("it to say so", async || held_since().await != held).await;
    }
    let reported = load.stopped().await;
    scene.all_is_done(&reported).await;
    for one in [first, second] {
        assert!(!one.log().contains(TAKES_OVER), "{}", one.last_words());
        assert!(one.terminate().await.expect("an end").success());
    }
    let account = Account::new(reported, scene.receiver.arrivals(), scene.log().await.lines().await, Vec::new());
    account.adds_up();
    assert!(account.accepted() > 500, "too little was accepted to mean anything: {}", account.accepted());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cuts_under_load_lose_nothing_and_nobody_is_told_what_is_not_true() {
    let mut chance = chance();
    let (cuts, unclear) = if long() { (500, 20) } else { (40, 5) };
    let postgres = Postgres::start(Durability::ProcessesOnly).await.expect("PostgreSQL");
    let (scene, steady) = Scene::set_on_server(&postgres, &HOOKS).await;
    let proxy = Proxy::to(postgres.address()).await.expect("a port");
    let through = format!("postgres://postgres@{}/postgres", proxy.address());
    let beside = scene.installation.beside().expect("an address").with("HIREWIRE_DATABASE_URL", through);
    let cut_off = beside.serve().await.expect("it serves");
    let (load, steady_load) = (
        Load::start(scene.partner(&[&cut_off]), PER_SECOND, MIX),
        Load::start(scene.partner(&[&steady]), PER_SECOND, MIX),
    );
    let told_unknown = || load.so_far().iter().filter(|one| one.is_told_unknown()).count();
    for cut in 0..cuts {
        let before = Instant::now();
        soon("events to be accepted", async || load.accepted_after(before) >= 3).await;
        some_time(&mut chance, 0..300).await;
        if cut % (cuts / unclear) == 0 {
            // Answers are written down, too; in the end it is a report's commit.
            let known = told_unknown();
            soon("somebody to be told that it is not known", async || {
                if !proxy.awaits_commit() {
                    proxy.swallow_next_commit_answer();
                }
                told_unknown() > known
            })
            .await;
        }
        proxy.cut();
        some_time(&mut chance, 0..150).await;
        proxy.resume();
    }
    let mut reported = load.stopped().await;
    let told_unknown = reported.iter().filter(|one| one.is_told_unknown()).count();
    reported.extend(steady_load.stopped().await);
    scene.all_is_done(&reported).await;
    let taken_over = steady.log().matches(TAKES_OVER).count() + cut_off.log().matches(TAKES_OVER).count();
    for one in [steady, cut_off] {
        assert!(one.terminate().await.expect("an end").success());
    }
    let account = Account::new(reported, scene.receiver.arrivals(), scene.log().await.lines().await, Vec::new());
    let (accepted, repeats) = (account.accepted(), account.repeats());
    println!(
        "{accepted} events accepted, of {told_unknown} it was not known; \
         {taken_over} take-overs, {repeats} requests repeated"
    );
    account.adds_up();
    assert!(told_unknown >= unclear, "{told_unknown}");
}
