//! An instance that stands still in the middle of a transaction: the server ends that transaction, and the others go on.

use std::time::{Duration, Instant};

use rand::rngs::StdRng;

use crate::account::Account;
use crate::load::{Load, Mix, client};
use crate::process::{Durability, Postgres, Server};
use crate::receiver::Manner;
use crate::scene::{Scene, chance, long, some_time, soon};

/// Each answer of the failing one is noted beside the webhook, in a row that both instances write.
const HOOKS: [(Manner, &str); 2] = [(Manner::Well, "quick"), (Manner::Failing, "quick")];

const MIX: Mix = &[(Manner::Well, 60), (Manner::Failing, 40)];

/// How many events each instance is told of in a second.
const PER_SECOND: u32 = 40;

/// The server ends a transaction that stands still after five seconds; what waited for it is written again at once.
const GOES_ON: Duration = Duration::from_secs(7);

/// How often an instance is frozen until it is within a transaction.
const MAX_FREEZES: usize = 400;

/// Sessions of the instance to be frozen that are within a transaction and have locked the row of a webhook that fails. (One
/// of a webhook that fares well is asked for and not locked.)
const WITHIN_A_TRANSACTION: &str = "SELECT count(*) FROM pg_stat_activity AS session
    WHERE application_name = 'frozen' AND state = 'idle in transaction' AND EXISTS (
        SELECT 1 FROM pg_locks JOIN pg_class ON pg_class.oid = relation
        WHERE pg_locks.pid = session.pid AND relname = 'hook_health' AND mode = 'RowShareLock')";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_instance_that_is_frozen_within_a_transaction_stops_nobody_else() {
    let mut chance = chance();
    let postgres = Postgres::start(Durability::ProcessesOnly).await.expect("PostgreSQL");
    let (scene, other) = Scene::set_on_server(&postgres, &HOOKS).await;
    let named = format!("{}?application_name=frozen", postgres.url());
    let beside = scene.installation.beside().expect("an address").with("HIREWIRE_DATABASE_URL", named);
    let mut frozen = beside.serve().await.expect("it serves");
    let start = Instant::now();
    let loads = [&other, &frozen].map(|server| Load::start(scene.partner(&[server]), PER_SECOND, MIX));
    soon("both to be busy", async || loads.iter().all(|load| load.accepted_after(start) >= 100)).await;

    let since = freeze_within_a_transaction(&postgres, &mut frozen, &mut chance).await;
    let seconds = if long() { 60 } else { 12 };
    while since.elapsed() < Duration::from_secs(seconds) {
        assert_eq!(readiness(&other).await, 200, "{:?} after the other one was frozen", since.elapsed());
        some_time(&mut chance, 200..300).await;
    }
    frozen.thaw().expect("it is there");
    let thawed = Instant::now();

    let mut reported = Vec::new();
    for load in loads {
        reported.extend(load.stopped().await);
    }
    scene.all_is_done(&reported).await;
    for server in [other, frozen] {
        assert!(server.terminate().await.expect("an end").success());
    }
    let (arrivals, lines) = (scene.receiver.arrivals(), scene.log().await.lines().await);
    let meanwhile = arrivals.iter().filter(|one| one.at > since + GOES_ON && one.at < thawed);
    let mut each_second = vec![0; usize::try_from(seconds).expect("a small number") + 1];
    meanwhile.for_each(|one| each_second[(one.at - since).as_secs().min(seconds) as usize] += 1);
    let each_second = &each_second[GOES_ON.as_secs() as usize..seconds as usize];
    println!("requests of the other one in each second from the seventh on: {each_second:?}");
    assert!(each_second.iter().all(|count| *count >= PER_SECOND / 4), "it stood still, too: {each_second:?}");
    Account::new(reported, arrivals, lines, Vec::new()).adds_up();
}

/// When it was frozen, which it still is.
async fn freeze_within_a_transaction(postgres: &Postgres, server: &mut Server, chance: &mut StdRng) -> Instant {
    for _ in 0..MAX_FREEZES {
        server.freeze().expect("it runs");
        let frozen = Instant::now();
        if postgres.sql(WITHIN_A_TRANSACTION).await.expect("an answer").trim() != "0" {
            return frozen;
        }
        server.thaw().expect("it is there");
        some_time(chance, 5..60).await;
    }
    panic!("it was never within a transaction");
}

async fn readiness(server: &Server) -> u16 {
    let answer = client().get(format!("{}/readyz", server.url())).send().await;
    answer.expect("an answer").status().as_u16()
}
