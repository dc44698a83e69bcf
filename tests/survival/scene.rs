//! What every story begins with: a receiver, an installation with a hook for each manner of answering, and a partner's key.

use std::collections::{HashMap, HashSet};
use std::future::Future;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use tokio::sync::{Mutex, MutexGuard};

use crate::database::{Database, Kind};
use crate::load::{Partner, Reported};
use crate::log::Log;
use crate::process::{self, Console, Installation, NewHook, Postgres, Server};
use crate::receiver::{Manner, Receiver};

/// How many deliveries to one hook are under way at once.
pub const AT_ONCE: usize = 16;

/// How many in all. As many more may be answered and not written down yet.
pub const AT_ONCE_IN_ALL: usize = 64;

/// How long something may take before a story calls it missing; far longer than it takes on a busy machine.
pub const DEADLINE: Duration = Duration::from_secs(60);

/// The program that is tested.
pub const THIS: &str = env!("CARGO_BIN_EXE_hirewire");

/// Who sets up the installation.
const ADMIN: &str = "admin@team.example";

/// Stories measure times and load the machine: one at a time.
static ALONE: Mutex<()> = Mutex::const_new(());

pub struct Scene {
    pub receiver: Receiver,
    pub installation: Installation,
    pub key: String,
    organisation: String,
    hooks: HashMap<String, Manner>,
    database: String,
    // Dropped last, in this order: nobody uses the database any more.
    _database: Option<Arc<Database>>,
    _folder: tempfile::TempDir,
    _alone: MutexGuard<'static, ()>,
}

impl Scene {
    /// On a fresh database, with a hook of a policy for each manner; serving.
    pub async fn set(kind: Kind, hooks: &[(Manner, &str)]) -> (Self, Server) {
        let database = Database::create(kind);
        Self::set_on(THIS.as_ref(), database.url.clone(), Some(database), hooks).await
    }

    /// The same on PostgreSQL, served by another program.
    pub async fn set_by(program: &Path, hooks: &[(Manner, &str)]) -> (Self, Server) {
        let database = Database::create(Kind::Postgres);
        Self::set_on(program, database.url.clone(), Some(database), hooks).await
    }

    /// The same on a PostgreSQL server of the story's own.
    pub async fn set_on_server(postgres: &Postgres, hooks: &[(Manner, &str)]) -> (Self, Server) {
        Self::set_at(&postgres.url(), hooks).await
    }

    /// The same on the empty database of a URL.
    pub async fn set_at(database: &str, hooks: &[(Manner, &str)]) -> (Self, Server) {
        Self::set_on(THIS.as_ref(), database.to_owned(), None, hooks).await
    }

    async fn set_on(
        program: &Path,
        url: String,
        database: Option<Arc<Database>>,
        hooks: &[(Manner, &str)],
    ) -> (Self, Server) {
        let alone = ALONE.lock().await;
        let receiver = Receiver::start().await;
        let folder = process::folder().expect("a folder");
        let authority = folder.path().join("authority.pem");
        std::fs::write(&authority, receiver.authority()).expect("a file");
        let installation = Installation::on(program, folder.path(), &url).expect("an address");
        let installation = installation
            .with_receivers_of(&authority)
            .with("HIREWIRE_HOOK_CONCURRENCY", AT_ONCE)
            .with("HIREWIRE_CONCURRENCY", AT_ONCE_IN_ALL);
        let server = installation.serve().await.expect("it serves");
        let organisation = installation.create_organisation("Team").await.expect("an organisation");
        installation.create_member(&organisation, ADMIN, "admin").await.expect("an admin");
        let mut console = Console::log_in(&installation.url(), ADMIN).await.expect("a session");
        let mut made = HashMap::new();
        for &(manner, policy) in hooks {
            let (url, events) = (receiver.url(manner), [manner.event()]);
            let hook = NewHook { url: &url, policy, events: &events, sign: false };
            made.insert(console.create_hook(&hook).await.expect("a hook").0, manner);
        }
        let key = console.create_api_key("live").await.expect("a key");
        let scene = Self {
            receiver,
            installation,
            key,
            organisation,
            hooks: made,
            database: url,
            _database: database,
            _folder: folder,
            _alone: alone,
        };
        (scene, server)
    }

    /// A partner that reports to these instances in turn.
    pub fn partner(&self, servers: &[&Server]) -> Partner {
        let bases: Vec<&str> = servers.iter().map(|server| server.url()).collect();
        Partner::new(&bases, &self.key)
    }

    pub async fn log(&self) -> Log {
        self.log_in(&self.database).await
    }

    /// The id of the hook of a manner.
    pub fn hook(&self, manner: Manner) -> &str {
        let mut hooks = self.hooks.iter();
        hooks.find(|(_, own)| **own == manner).map(|(id, _)| id).expect("a hook of this manner")
    }

    /// The admin, at the first instance.
    pub async fn console(&self) -> Console {
        Console::log_in(&self.installation.url(), ADMIN).await.expect("a session")
    }

    /// The log in a copy of the database.
    pub async fn log_in(&self, database: &str) -> Log {
        Log::open(database, &self.organisation, &self.hooks).await
    }

    /// The SQLite file.
    pub fn file(&self) -> PathBuf {
        self.database.strip_prefix("sqlite://").expect("SQLite").into()
    }

    /// What was accepted for those who answer and has not arrived.
    fn missing<'a>(&self, reported: &'a [Reported]) -> Vec<(Manner, &'a str)> {
        let arrivals = self.receiver.arrivals();
        let arrived: HashSet<(Manner, &str)> = arrivals.iter().map(|one| (one.manner, one.id.as_str())).collect();
        let accepted = reported.iter().filter_map(|one| Some((one.manner, one.id()?)));
        accepted.filter(|one| one.0 != Manner::Silent && !arrived.contains(one)).collect()
    }

    /// Waits until everything that was accepted for those who answer has arrived. A slow machine may take long, as long as
    /// something comes.
    pub async fn all_has_arrived(&self, reported: &[Reported]) {
        let (mut fewest, mut since) = (usize::MAX, Instant::now());
        loop {
            let missing = self.missing(reported);
            if missing.is_empty() {
                break;
            }
            if missing.len() < fewest {
                (fewest, since) = (missing.len(), Instant::now());
            }
            let some = &missing[..missing.len().min(10)];
            assert!(
                since.elapsed() < DEADLINE,
                "{fewest} were accepted and nothing more arrives; missing are {some:?}"
            );
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// The same, and waits until the log owes them nothing.
    pub async fn all_is_done(&self, reported: &[Reported]) {
        self.all_has_arrived(reported).await;
        let log = self.log().await;
        let answering = [Manner::Well, Manner::Slow, Manner::Gated, Manner::GatedToo, Manner::Failing];
        soon("the log to say how everything went", async || log.owes_nothing(&answering).await).await;
    }
}

/// Looks again and again until it is so.
pub async fn soon<Seen: Future<Output = bool>>(what: &str, mut look: impl FnMut() -> Seen) {
    let seen = process::eventually(what, DEADLINE, || {
        let seen = look();
        async { Ok(seen.await.then_some(())) }
    });
    seen.await.unwrap_or_else(|error| panic!("{error}"));
}

/// Longer loops, for those who have the time: `HIREWIRE_TEST_LONG=1`.
pub fn long() -> bool {
    setting("HIREWIRE_TEST_LONG").is_some_and(|value| value == "1")
}

/// Random instants. A story that fails says their seed, with which `HIREWIRE_TEST_SEED` repeats them.
pub fn chance() -> StdRng {
    let seed = setting("HIREWIRE_TEST_SEED").map(|value| value.parse().expect("a number"));
    let seed = seed.unwrap_or_else(rand::random);
    println!("HIREWIRE_TEST_SEED={seed}");
    StdRng::seed_from_u64(seed)
}

/// Lets a random time pass.
pub async fn some_time(chance: &mut StdRng, milliseconds: Range<u64>) {
    tokio::time::sleep(Duration::from_millis(chance.random_range(milliseconds))).await;
}

pub fn setting(name: &str) -> Option<String> {
    #[expect(clippy::disallowed_methods, reason = "the one place where these tests read the environment")]
    std::env::var(name).ok()
}
