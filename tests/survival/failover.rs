//! A PostgreSQL that dies, and its standby that takes its place: what was acknowledged is there, too.

use std::time::Instant;

use crate::account::Account;
use crate::load::{Load, Mix};
use crate::process::{Durability, Postgres};
use crate::receiver::Manner;
use crate::scene::{Scene, soon};

const HOOKS: [(Manner, &str); 2] = [(Manner::Well, "quick"), (Manner::Slow, "quick")];

const MIX: Mix = &[(Manner::Well, 92), (Manner::Slow, 8)];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_standby_that_is_promoted_has_everything_that_was_acknowledged() {
    let mut primary = Postgres::start(Durability::Full).await.expect("PostgreSQL");
    let standby = primary.standby().await.expect("a standby");
    let (one, other) = (primary.address(), standby.address());
    let url = format!("postgres://postgres@{one},{other}/postgres?target_session_attrs=read-write");
    let (scene, first) = Scene::set_at(&url, &HOOKS).await;
    let second = scene.installation.beside().expect("an address").serve().await.expect("it serves");
    let load = Load::start(scene.partner(&[&first, &second]), 100, MIX);
    let start = Instant::now();
    soon("events to be accepted", async || load.accepted_after(start) >= 200).await;
    primary.kill().await.expect("an end");
    standby.promote().await.expect("it takes writes");
    let promoted = Instant::now();
    soon("events to be accepted again", async || load.accepted_after(promoted) >= 200).await;
    let reported = load.stopped().await;
    scene.all_is_done(&reported).await;
    for one in [first, second] {
        assert!(!one.log().contains("taking over from instances that are gone"), "{}", one.last_words());
        assert!(one.terminate().await.expect("an end").success());
    }
    let lines = scene.log().await.lines().await;
    Account::new(reported, scene.receiver.arrivals(), lines, Vec::new()).adds_up();
}
