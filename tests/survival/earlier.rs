//! A program a release older and this one on one PostgreSQL: what one writes the other reads, and this one replaces
//! the other while events come in.
//!
//! Until there is a release, the older program is the last one whose migrations are this one's: `tests/run` builds it for the
//! long run and names it in `HIREWIRE_TEST_EARLIER`. Otherwise this program takes its part, which shows the replacing alone.

use std::path::PathBuf;

use crate::account::Account;
use crate::load::{Load, Mix};
use crate::receiver::Manner;
use crate::scene::{Scene, THIS, setting, soon};

const ALL_KINDS: Mix = &[(Manner::Well, 70), (Manner::Slow, 15), (Manner::Failing, 15)];

const HOOKS: [(Manner, &str); 4] =
    [(Manner::Well, "quick"), (Manner::Slow, "quick"), (Manner::Failing, "quick"), (Manner::Gated, "patient")];

fn earlier() -> PathBuf {
    setting("HIREWIRE_TEST_EARLIER").map_or_else(|| THIS.into(), PathBuf::from)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn this_program_replaces_an_earlier_one_beside_it_on_a_filled_database() {
    // The earlier one is there first, and has left something of everything: delivered, given up, due later, held.
    let (scene, old) = Scene::set_by(&earlier(), &HOOKS).await;
    let mut reported = scene.partner(&[&old]).report_all(60, Manner::Well).await;
    reported.extend(scene.partner(&[&old]).report_all(40, Manner::Failing).await);
    scene.console().await.pause(scene.hook(Manner::Slow)).await.expect("paused");
    reported.extend(scene.partner(&[&old]).report_all(40, Manner::Slow).await);
    reported.extend(scene.partner(&[&old]).report_all(40, Manner::Gated).await);
    soon("some to be under way", async || count(&scene, Manner::Gated) > 0).await;

    // This one comes beside it, and both work.
    let this = scene.installation.served_by(THIS).beside().expect("an address");
    let new = this.serve().await.expect("it serves beside the earlier one");
    let load = Load::start(scene.partner(&[&old, &new]), 60, ALL_KINDS);
    let so_far = count(&scene, Manner::Well);
    soon("both to send", async || count(&scene, Manner::Well) > so_far + 100).await;
    // What a member does at one counts at the other.
    scene.console().await.resume(scene.hook(Manner::Slow)).await.expect("resumed");
    soon("what was held to arrive", async || count(&scene, Manner::Slow) >= 40).await;
    reported.extend(load.stopped().await);

    // This one takes the earlier one's place, and then the place of itself.
    let load = Load::start(scene.partner(&[&new]), 60, ALL_KINDS);
    assert!(old.terminate().await.expect("an end").success());
    let successor = scene.installation.served_by(THIS).serve().await.expect("it serves in the earlier one's place");
    reported.extend(load.stopped().await);
    let load = Load::start(scene.partner(&[&successor]), 60, ALL_KINDS);
    assert!(new.terminate().await.expect("an end").success());
    let new = this.serve().await.expect("it serves again");
    reported.extend(load.stopped().await);

    scene.receiver.open_the_gate();
    scene.all_is_done(&reported).await;
    for one in [successor, new] {
        assert!(one.terminate().await.expect("an end").success());
    }
    let lines = scene.log().await.lines().await;
    let account = Account::new(reported, scene.receiver.arrivals(), lines, Vec::new());
    account.adds_up();
    assert!(account.accepted() > 300, "too little was accepted to mean anything: {}", account.accepted());
}

fn count(scene: &Scene, manner: Manner) -> usize {
    scene.receiver.arrivals().iter().filter(|arrival| arrival.manner == manner).count()
}
