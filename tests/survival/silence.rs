//! An instance whose way to the database falls silent: nothing is refused and nothing answered. It begins nothing more, the
//! other one takes over, and it can still be stopped.

use std::time::{Duration, Instant};

use crate::account::{Account, Crash};
use crate::load::{Load, Mix};
use crate::process::{Durability, Postgres, Proxy};
use crate::receiver::Manner;
use crate::scene::{AT_ONCE, Scene, soon};

/// Nothing is tried twice, and answers are waited for half a minute.
const HOOKS: [(Manner, &str); 3] = [(Manner::Well, "quick"), (Manner::Gated, "single"), (Manner::GatedToo, "single")];

const MIX: Mix = &[(Manner::Well, 1)];

/// No more than one instance takes in, so that the other finds nothing free.
const HELD: usize = 4 * AT_ONCE;

/// So long after its last look an instance may still begin something, and a second for the machine that measures.
const BEGINS_NOTHING: Duration = Duration::from_millis(1_250);

/// So long the server waits for a network that is silent. What stands between them here answers for the network, so the
/// sessions are ended by hand.
const KEPT_ALIVE: Duration = Duration::from_secs(5);

/// So soon the other one sends what was held.
const TAKEN_OVER: Duration = Duration::from_secs(10);

/// How long a stop may take.
const STOP_SECONDS: u64 = 15;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_instance_whose_way_to_the_database_falls_silent_begins_nothing_and_is_taken_over() {
    let postgres = Postgres::start(Durability::ProcessesOnly).await.expect("PostgreSQL");
    let (scene, other) = Scene::set_on_server(&postgres, &HOOKS).await;
    let own = postgres.sql("SELECT pid FROM pg_stat_activity WHERE application_name = 'hirewire presence'").await;
    let own: u32 = own.expect("an answer").trim().parse().expect("the one session of the first instance");
    let proxy = Proxy::to(postgres.address()).await.expect("a port");
    let through = format!("postgres://postgres@{}/postgres?application_name=silent", proxy.address());
    let beside = scene.installation.beside().expect("an address").with("HIREWIRE_DATABASE_URL", through);
    let mut silent = beside.with("HIREWIRE_SHUTDOWN_SECONDS", STOP_SECONDS).serve().await.expect("it serves");
    let mut console = scene.console().await;

    let partner = scene.partner(&[&silent]);
    let mut reported = partner.report_all(HELD, Manner::Gated).await;
    let deleted = partner.report_all(HELD, Manner::GatedToo).await;
    let arrived = |manner: Manner| scene.receiver.arrivals().iter().filter(|one| one.manner == manner).count();
    let is_full = || arrived(Manner::Gated) == AT_ONCE && arrived(Manner::GatedToo) == AT_ONCE;
    soon("as many requests as may be at once", async || is_full()).await;
    let load = Load::start(scene.partner(&[&other]), 40, MIX);

    proxy.silence();
    let fell_silent = Instant::now();
    console.delete(scene.hook(Manner::GatedToo)).await.expect("it is deleted");
    tokio::time::sleep(BEGINS_NOTHING.saturating_sub(fell_silent.elapsed())).await;
    let over = Instant::now();
    // Now there are places for all that waits.
    scene.receiver.open_the_gate();
    soon("the other one to work meanwhile", async || {
        fell_silent.elapsed() >= KEPT_ALIVE && load.accepted_after(fell_silent) >= 100
    })
    .await;
    assert!(is_full(), "{} and {}", arrived(Manner::Gated), arrived(Manner::GatedToo));
    let sessions = format!(
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
         WHERE application_name = 'silent' OR (application_name = 'hirewire presence' AND pid <> {own})"
    );
    let ended = postgres.sql(&sessions).await.expect("an answer");
    let ended_at = Instant::now();
    soon("the other one to send what was held", async || arrived(Manner::Gated) >= HELD + AT_ONCE).await;
    let taken_over = ended_at.elapsed();

    silent.ask_to_stop().expect("it runs");
    let asked = Instant::now();
    let end =
        silent.end(Duration::from_secs(STOP_SECONDS + 1)).await.expect("an end though its database never answers");
    println!(
        "{} sessions ended; taken over after {taken_over:?}; stopped ({end}) after {:?}",
        ended.trim(),
        asked.elapsed()
    );

    reported.extend(load.stopped().await);
    scene.all_is_done(&reported).await;
    assert!(other.terminate().await.expect("an end").success());
    let (arrivals, lines) = (scene.receiver.arrivals(), scene.log().await.lines().await);
    let (of_deleted, arrivals): (Vec<_>, Vec<_>) = arrivals.into_iter().partition(|one| one.manner == Manner::GatedToo);
    let lines = lines.into_iter().filter(|line| line.manner != Manner::GatedToo).collect();
    assert_eq!((deleted.len(), of_deleted.len()), (HELD, AT_ONCE), "a deleted webhook got more than was under way");
    // Its answers could not be written down: what was under way is sent again by the other one, and nothing else.
    Account::new(reported, arrivals, lines, vec![Crash { began: fell_silent, over }]).adds_up();
    assert!(taken_over <= TAKEN_OVER, "it took {taken_over:?}");
}
