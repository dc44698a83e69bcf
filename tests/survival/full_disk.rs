//! SQLite on a full disk: partners are told to come again, the operator reads why, nothing is half written, and all goes on
//! when there is room.

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use diesel::{Connection as _, QueryableByName, RunQueryDsl as _, SqliteConnection, sql_query, sql_types};
use rustix::process::{Pid, Resource, Rlimit, prlimit};

use crate::account::Account;
use crate::database::Kind;
use crate::load::{Load, Mix, Told, all_are_accepted_or_told_to_come_again, client};
use crate::process::Server;
use crate::receiver::Manner;
use crate::scene::{Scene, soon};

const HOOKS: [(Manner, &str); 2] = [(Manner::Well, "quick"), (Manner::Slow, "quick")];

const MIX: Mix = &[(Manner::Well, 92), (Manner::Slow, 8)];

/// A disk that can be filled while a server writes to it.
trait Disk {
    fn fill(&mut self);
    fn make_room(&mut self);
    /// A copy of the database to look at, once the server has ended.
    fn database(&self) -> PathBuf;
}

/// Any disk: the process may not write files any more. Works everywhere.
struct Forbidden {
    server: Pid,
    database: PathBuf,
}

impl Disk for Forbidden {
    fn fill(&mut self) {
        limit(self.server, Some(0));
    }

    fn make_room(&mut self) {
        limit(self.server, None);
    }

    fn database(&self) -> PathBuf {
        self.database.clone()
    }
}

fn limit(process: Pid, largest_file: Option<u64>) {
    let limit = Rlimit { current: largest_file, maximum: None };
    prlimit(Some(process), Resource::Fsize, limit).expect("its limits are ours to set");
}

/// A small file system in memory that the server alone sees.
struct Small {
    /// Its folder; it stays while this is open, even when the server has ended.
    folder: File,
    copy: PathBuf,
}

impl Small {
    fn path(&self, name: &str) -> PathBuf {
        use std::os::fd::AsRawFd as _;
        Path::new("/proc/self/fd").join(self.folder.as_raw_fd().to_string()).join(name)
    }
}

impl Disk for Small {
    fn fill(&mut self) {
        let mut filler = File::create(self.path("filler")).expect("room for a name");
        while filler.write_all(&[0; 4096]).is_ok() {}
        while filler.write_all(&[0]).is_ok() {}
    }

    fn make_room(&mut self) {
        std::fs::remove_file(self.path("filler")).expect("it was there");
    }

    fn database(&self) -> PathBuf {
        for name in ["hirewire.db", "hirewire.db-wal"] {
            let from = self.path(name);
            if from.exists() {
                std::fs::copy(from, self.copy.with_file_name(name)).expect("a copy");
            }
        }
        self.copy.clone()
    }
}

/// A program that runs these lines of shell and then becomes ours; what it logs goes through a pipe, not to a disk.
fn program(scene: &Scene, before: &str) -> PathBuf {
    use std::os::unix::fs::PermissionsExt as _;
    let path = scene.installation.folder().join("program");
    let ours = env!("CARGO_BIN_EXE_hirewire");
    let lines = format!("#!/bin/bash\nset -e\n{before}\nexec '{ours}' \"$@\" 2> >(exec cat >&2)\n");
    std::fs::write(&path, lines).expect("a file");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o700)).expect("it is ours");
    path
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_cannot_be_written_loses_nothing_and_recovers_by_itself() {
    let (scene, server) = Scene::set(Kind::Sqlite, &HOOKS).await;
    assert!(server.terminate().await.expect("an end").success());
    // Told of the limit by an error, not by a signal that ends it.
    let ours = scene.installation.served_by(program(&scene, "trap '' XFSZ"));
    let server = ours.serve().await.expect("it serves");
    let disk = Forbidden { server: pid(&server), database: scene.file() };
    full_and_free_again(scene, server, disk).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_loses_nothing_and_recovers_by_itself() {
    if !may_mount() {
        // Past what keeps the words of tests that pass: this one has tried nothing.
        let told = "\nskipped: a_full_disk_loses_nothing_and_recovers_by_itself: no file system can be mounted here\n";
        std::io::stderr().write_all(told.as_bytes()).expect("somebody listens");
        return;
    }
    let (scene, server) = Scene::set(Kind::Sqlite, &HOOKS).await;
    assert!(server.terminate().await.expect("an end").success());
    let small = scene.installation.folder().join("small");
    let copy = scene.installation.folder().join("copy").join("hirewire.db");
    for folder in [small.as_path(), copy.parent().expect("a folder")] {
        std::fs::create_dir(folder).expect("a folder");
    }
    let mount = format!(
        "if [ -z \"$IN_ITS_OWN\" ]; then IN_ITS_OWN=1 exec unshare --map-root-user --mount \"$0\" \"$@\"; fi
         mount -t tmpfs -o size=64m none '{small}'
         cp '{file}'* '{small}/'",
        small = small.display(),
        file = scene.file().display(),
    );
    let database = format!("sqlite://{}", small.join("hirewire.db").display());
    let ours = scene.installation.served_by(program(&scene, &mount)).with("HIREWIRE_DATABASE_URL", database);
    let server = ours.serve().await.expect("it serves");
    let seen_by_it = format!("/proc/{}/root{}", server.pid(), small.display());
    let disk = Small { folder: File::open(seen_by_it).expect("its folder"), copy };
    full_and_free_again(scene, server, disk).await;
}

fn may_mount() -> bool {
    let mut trial = std::process::Command::new("unshare");
    trial.args(["--map-root-user", "--mount", "mount", "-t", "tmpfs", "none", "/mnt"]);
    trial.stderr(std::process::Stdio::null()).status().is_ok_and(|status| status.success())
}

async fn full_and_free_again(scene: Scene, server: Server, mut disk: impl Disk) {
    let load = Load::start(scene.partner(&[&server]), 100, MIX);
    let accepted_after =
        |moment: Instant| load.so_far().iter().filter(|one| one.asked > moment && one.id().is_some()).count();
    let start = Instant::now();
    soon("events to be accepted", async || accepted_after(start) >= 100).await;
    let logged_before = server.log().len();
    disk.fill();
    let full = Instant::now();
    soon("partners to be told", async || {
        let reported = load.so_far();
        reported.iter().filter(|one| one.asked > full && matches!(one.told, Told::Refused { .. })).count() >= 50
    })
    .await;
    soon("/readyz to say so", async || readiness(&server).await.0 == 503).await;
    let (_, told) = readiness(&server).await;
    assert!(told.contains("last write to the database failed"), "{told}");
    // Pages that only read are still there.
    let login = client().get(format!("{}/login", server.url())).send().await.expect("an answer");
    assert_eq!(login.status(), 200);
    // These answers cannot be written down yet.
    soon("receivers to answer", async || {
        scene.receiver.arrivals().iter().all(|one| one.at > full || one.answered.is_some())
    })
    .await;
    let log = server.log().split_off(logged_before);
    disk.make_room();
    let free = Instant::now();
    soon("events to be accepted again", async || accepted_after(free) >= 100).await;
    let recovered = free.elapsed();
    soon("/readyz to be green again", async || readiness(&server).await.0 == 200).await;
    let reported = load.stopped().await;
    let accepted = || reported.iter().filter_map(|one| one.id());
    scene.all_has_arrived(&reported).await;
    assert!(server.terminate().await.expect("an end").success(), "answers that wait are written down before the end");

    let database = disk.database();
    is_whole(&database);
    let lines = scene.log_in(&format!("sqlite://{}", database.display())).await.lines().await;
    assert_eq!(lines.len(), accepted().count(), "what was refused has left no trace");
    assert!(lines.iter().all(|line| line.attempts.len() == 1), "one try each");
    Account::new(reported.clone(), scene.receiver.arrivals(), lines, Vec::new()).adds_up();
    let is_clear = |line: &str| (line.contains("ERROR") || line.contains("WARN")) && line.contains("disk");
    assert!(log.lines().any(is_clear), "no clear line in:\n{log}");
    all_are_accepted_or_told_to_come_again(&reported);
    assert!(recovered < Duration::from_secs(10), "it took {recovered:?} to recover");
}

async fn readiness(server: &Server) -> (u16, String) {
    let answer = client().get(format!("{}/readyz", server.url())).send().await.expect("an answer");
    (answer.status().as_u16(), answer.text().await.expect("a whole answer"))
}

fn pid(server: &Server) -> Pid {
    Pid::from_raw(i32::try_from(server.pid()).expect("a process id")).expect("a process")
}

#[derive(QueryableByName)]
struct Verdict {
    #[diesel(sql_type = sql_types::Text)]
    verdict: String,
}

/// No page is torn, no row points at nothing.
fn is_whole(database: &Path) {
    let mut conn = SqliteConnection::establish(&database.display().to_string()).expect("a database");
    for check in [
        "SELECT integrity_check AS verdict FROM pragma_integrity_check",
        "SELECT CASE COUNT(*) WHEN 0 THEN 'ok' ELSE 'rows point at nothing' END AS verdict FROM pragma_foreign_key_check",
    ] {
        let verdicts: Vec<Verdict> = sql_query(check).load(&mut conn).expect("a verdict");
        let verdicts: Vec<String> = verdicts.into_iter().map(|row| row.verdict).collect();
        assert_eq!(verdicts, ["ok"]);
    }
}
