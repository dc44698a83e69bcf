//! Somebody sets the clock of one machine of two, while both are at work.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};

use crate::database::Kind;
use crate::load::client;
use crate::process::{Console, Installation, NewHook, Server};
use crate::receiver::{Arrival, Manner};
use crate::scene::{AT_ONCE, Scene, soon};

/// One after the other, against the true time.
const STEPS: [&str; 3] = ["-1h", "+1h", "-15m"];

/// What is accepted arrives so soon, even on a busy machine.
const PROMPT: Duration = Duration::from_secs(3);

/// The fifth attempt of *Patient* is made five seconds after the fourth, give or take a fifth.
const FIFTH: usize = 5;
const PAUSE: Duration = Duration::from_secs(4);

/// An attempt of *Quick* is given up after five seconds, and the next may take its place.
const GIVEN_UP: Duration = Duration::from_secs(7);

/// So soon an instance knows what was done at another.
const KNOWN: Duration = Duration::from_secs(1);

/// The clock of one process, which the test sets.
struct FalseClock {
    library: PathBuf,
    setting: PathBuf,
}

impl FalseClock {
    fn of(scene: &Scene) -> Self {
        let folders = std::fs::read_dir("/usr/lib").expect("a folder").flatten();
        let mut libraries = folders.map(|folder| folder.path().join("faketime/libfaketimeMT.so.1"));
        let library = libraries.find(|library| library.exists()).expect("faketime: tests/packages installs it");
        let clock = Self { library, setting: scene.installation.folder().join("clock") };
        clock.set("+0");
        clock
    }

    fn set(&self, ahead: &str) {
        // At once: whoever reads it finds the old setting or the new one.
        let draft = self.setting.with_extension("draft");
        std::fs::write(&draft, ahead).expect("a file");
        std::fs::rename(draft, &self.setting).expect("a file");
    }

    /// The same installation in a process that goes by this clock.
    fn on(&self, installation: Installation) -> Installation {
        installation
            .with("LD_PRELOAD", self.library.display())
            .with("FAKETIME_TIMESTAMP_FILE", self.setting.display())
            .with("FAKETIME_NO_CACHE", 1)
            .with("FAKETIME_DONT_FAKE_MONOTONIC", 1)
    }
}

/// How far a server's clock is ahead of ours, as its answers say.
async fn ahead(server: &Server) -> TimeDelta {
    let answer = client().get(format!("{}/healthz", server.url())).send().await.expect("an answer");
    let told = answer.headers()["date"].to_str().expect("ASCII");
    let told = DateTime::parse_from_rfc2822(told).expect("a date").to_utc();
    #[expect(clippy::disallowed_methods, reason = "it is the true time that a clock is held against")]
    let now = Utc::now();
    told - now
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_one_machines_clock_is_set_to_all_arrives_nothing_is_early_and_what_is_deleted_is_not_sent() {
    let (scene, second) = Scene::set(Kind::Postgres, &[(Manner::Well, "single"), (Manner::Failing, "patient")]).await;
    let clock = FalseClock::of(&scene);
    let first = clock.on(scene.installation.beside().expect("an address")).serve().await.expect("it serves");
    let mut admin = Console::log_in(second.url(), "admin@team.example").await.expect("a session");
    let partner = scene.partner(&[&first]);
    let of = |manner: Manner| -> Vec<Arrival> {
        scene.receiver.arrivals().into_iter().filter(|arrival| arrival.manner == manner).collect()
    };
    for (step, minutes) in STEPS.into_iter().zip([-60, 60, -15]) {
        let failing = partner.report_all(1, Manner::Failing).await;
        let attempts = async || {
            let id = failing[0].id().expect("it was accepted");
            of(Manner::Failing).into_iter().filter(|arrival| arrival.id == id).collect::<Vec<_>>()
        };
        soon("the fourth attempt", async || attempts().await.len() == FIFTH - 1).await;
        // While the fifth is waited for.
        clock.set(step);
        soon("the clock to be wrong", async || {
            (ahead(&first).await - TimeDelta::minutes(minutes)).abs() < TimeDelta::seconds(30)
        })
        .await;

        let reported = partner.report_all(20, Manner::Well).await;
        scene.all_has_arrived(&reported).await;
        let arrivals = of(Manner::Well);
        for one in &reported {
            let arrival = arrivals.iter().find(|arrival| Some(arrival.id.as_str()) == one.id()).expect("it arrived");
            let after = arrival.at.saturating_duration_since(one.answered);
            assert!(after < PROMPT, "at {step} it was sent {after:?} after it was accepted");
        }

        // More than may be under way: the others wait in the memory of the first.
        let silent = NewHook {
            url: &scene.receiver.url(Manner::Silent),
            policy: "quick",
            events: &[Manner::Silent.event()],
            sign: false,
        };
        let (hook, _) = admin.create_hook(&silent).await.expect("a hook");
        let before = of(Manner::Silent).len();
        partner.report_all(3 * AT_ONCE, Manner::Silent).await;
        soon("the silent one's requests", async || of(Manner::Silent).len() >= before + AT_ONCE).await;
        admin.delete(&hook).await.expect("it goes");
        let deleted = Instant::now();
        tokio::time::sleep(GIVEN_UP).await;
        let late = scene.receiver.first_after(Manner::Silent, deleted + KNOWN);
        assert!(late.is_none(), "at {step} something was sent {:?} after the deletion", late.map(|at| at - deleted));

        soon("the fifth attempt", async || attempts().await.len() >= FIFTH).await;
        let attempts = attempts().await;
        let pause = attempts[FIFTH - 1].at - attempts[FIFTH - 2].at;
        assert!(PAUSE <= pause && pause < PAUSE * 2, "at {step} it was made {pause:?} after the fourth");
    }
    assert!(first.terminate().await.expect("an end").success());
    assert!(second.terminate().await.expect("an end").success());
}
