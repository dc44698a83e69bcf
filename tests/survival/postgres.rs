//! PostgreSQL goes away under load and comes back: partners are told to come again, nothing acknowledged is lost, and nobody
//! has to lay a hand on the program.

use std::time::{Duration, Instant};

use crate::account::{Account, Crash};
use crate::load::{Load, Mix, Reported, Told, all_are_accepted_or_told_to_come_again, client};
use crate::process::{Durability, Postgres, Server};
use crate::receiver::Manner;
use crate::scene::{Scene, chance, long, some_time, soon};

const HOOKS: [(Manner, &str); 2] = [(Manner::Well, "quick"), (Manner::Slow, "quick")];

const MIX: Mix = &[(Manner::Well, 92), (Manner::Slow, 8)];

/// How the server ends.
#[derive(Clone, Copy)]
enum End {
    /// In good order.
    Stop,
    /// On the spot.
    Kill,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_postgres_that_is_stopped_and_started_loses_nothing() {
    away_and_back(End::Stop).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_postgres_that_is_killed_and_started_loses_nothing() {
    away_and_back(End::Kill).await;
}

async fn away_and_back(how: End) {
    let mut postgres = Postgres::start(Durability::Full).await.expect("PostgreSQL");
    let (scene, server) = Scene::set_on_server(&postgres, &HOOKS).await;
    let load = Load::start(scene.partner(&[&server]), 200, MIX);
    some_are_accepted_after(&load, Instant::now()).await;
    match how {
        End::Stop => postgres.stop().await.expect("an end"),
        End::Kill => postgres.kill().await.expect("an end"),
    }
    let gone = Instant::now();
    soon("/readyz to say so", async || status(&server, "/readyz").await == 503).await;
    assert_eq!(status(&server, "/healthz").await, 200, "the process lives");
    soon("partners to be told", async || refused_between(&load.so_far(), gone, Instant::now()) >= 20).await;
    let back = Instant::now();
    postgres.start_again().await.expect("it starts");
    some_are_accepted_after(&load, Instant::now()).await;
    soon("/readyz to say so", async || status(&server, "/readyz").await == 200).await;
    let reported = load.stopped().await;
    scene.all_is_done(&reported).await;

    assert!(server.terminate().await.expect("an end").success());
    let lines = scene.log().await.lines().await;
    Account::new(reported.clone(), scene.receiver.arrivals(), lines, vec![Crash { began: gone, over: back }]).adds_up();
    let mut meanwhile = reported.iter().filter(|one| one.asked > gone && one.answered < back);
    assert!(meanwhile.all(|one| one.id().is_none()), "202 without a database");
    all_are_accepted_or_told_to_come_again(&reported);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_postgres_that_restarts_under_two_instances_has_neither_taken_for_dead() {
    let mut chance = chance();
    let mut postgres = Postgres::start(Durability::Full).await.expect("PostgreSQL");
    let (scene, first) = Scene::set_on_server(&postgres, &HOOKS).await;
    let second = scene.installation.beside().expect("an address").serve().await.expect("it serves");
    let loads = [&first, &second].map(|server| Load::start(scene.partner(&[server]), 60, MIX));
    for restart in 0..if long() { 8 } else { 2 } {
        let before = Instant::now();
        for load in &loads {
            some_are_accepted_after(load, before).await;
        }
        if restart % 2 == 0 { postgres.kill().await } else { postgres.stop().await }.expect("an end");
        some_time(&mut chance, 1_000..if long() { 20_000 } else { 6_000 }).await;
        postgres.start_again().await.expect("it starts");
    }
    let back = Instant::now();
    let mut reported = Vec::new();
    for load in loads {
        some_are_accepted_after(&load, back).await;
        reported.extend(load.stopped().await);
    }
    scene.all_is_done(&reported).await;
    for one in [first, second] {
        assert!(!one.log().contains("taking over from instances that are gone"), "{}", one.last_words());
        assert!(one.terminate().await.expect("an end").success());
    }
    all_are_accepted_or_told_to_come_again(&reported);
    // Nobody died, so nothing is sent again.
    let lines = scene.log().await.lines().await;
    Account::new(reported, scene.receiver.arrivals(), lines, Vec::new()).adds_up();
}

/// Partners, pages and everything that looks around meet it; whoever reads the log is told of it, and not of them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_is_away_takes_few_lines_of_the_log() {
    let mut postgres = Postgres::start(Durability::ProcessesOnly).await.expect("PostgreSQL");
    let (scene, server) = Scene::set_on_server(&postgres, &HOOKS).await;
    let load = Load::start(scene.partner(&[&server]), 50, MIX);
    some_are_accepted_after(&load, Instant::now()).await;
    let before = server.log().lines().count();
    postgres.stop().await.expect("an end");
    let gone = Instant::now();
    soon("partners to be told", async || refused_between(&load.so_far(), gone, Instant::now()) >= 100).await;
    for path in ["/", "/login", "/settings/webhooks"] {
        let page = client().get(format!("{}{path}", server.url())).send().await.expect("an answer");
        // A page that needs nothing of the database is there all the same.
        let (status, body) = (page.status().as_u16(), page.text().await.expect("text"));
        assert!(status == 200 || (status == 503 && body.contains("The database is away")), "{path}: {status} {body}");
    }
    let log = server.log();
    let said: Vec<&str> = log.lines().skip(before).collect();
    assert!(!said.is_empty() && said.len() <= 3, "{} lines, such as {said:#?}", said.len());
    assert!(said.iter().any(|line| line.contains("hirewire::database")), "{said:#?}");
    postgres.start_again().await.expect("it starts");
    soon("it to be back", async || server.log().contains("the database takes writes again")).await;
    load.stopped().await;
    assert!(server.terminate().await.expect("an end").success());
}

async fn some_are_accepted_after(load: &Load, moment: Instant) {
    soon("events to be accepted", async || load.accepted_after(moment) >= 100).await;
}

fn refused_between(reported: &[Reported], after: Instant, before: Instant) -> usize {
    let between = reported.iter().filter(|one| one.asked > after && one.answered < before);
    between.filter(|one| matches!(one.told, Told::Refused { .. })).count()
}

async fn status(server: &Server, path: &str) -> u16 {
    let answer = client().get(format!("{}{path}", server.url())).timeout(Duration::from_secs(15)).send().await;
    answer.expect("an answer").status().as_u16()
}
