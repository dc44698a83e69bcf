//! A PostgreSQL server of our own in a folder of its own, stopped, started and killed as a story wants.

use std::io::Write as _;
use std::net::SocketAddr;
use std::os::unix::fs::chown;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};

use super::child::{Child, Signal, bound};
use super::{Usage, eventually, folder, free_address};

const DEADLINE: Duration = Duration::from_secs(60);

/// Who PostgreSQL runs as when we are root: it refuses to be root itself.
const ITS_USER: [&str; 3] = ["--reuid=postgres", "--regid=postgres", "--init-groups"];

/// Whether a commit survives a power cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// PostgreSQL's default.
    Full,
    /// For stories in which only processes die: `fsync` off.
    ProcessesOnly,
}

/// A server with an empty database; stopped, and its folder removed, when dropped.
pub struct Postgres {
    running: Option<Child>,
    programs: PathBuf,
    address: SocketAddr,
    durability: Durability,
    folder: tempfile::TempDir,
}

impl Postgres {
    /// Makes a new cluster and starts it.
    pub async fn start(durability: Durability) -> Result<Self> {
        let mut postgres = Self::stopped(programs()?, durability)?;
        let mut command = postgres.command("initdb");
        command.arg("-D").arg(postgres.data());
        command.args(["-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"]);
        Child::start("initdb", command, postgres.folder.path())?.finished(DEADLINE).await?;
        postgres.configure()?;
        postgres.start_again().await?;
        Ok(postgres)
    }

    fn stopped(programs: PathBuf, durability: Durability) -> Result<Self> {
        let folder = folder()?;
        if rustix::process::getuid().is_root() {
            let (user, group) = its_ids()?;
            chown(folder.path(), Some(user), Some(group)).context("the folder could not be given to postgres")?;
        }
        Ok(Self { running: None, programs, address: free_address()?, durability, folder })
    }

    /// Has statements counted as soon as someone sets `pg_stat_statements.track`, and not before: counting costs.
    fn configure(&self) -> Result<()> {
        let mut file = std::fs::File::options().append(true).open(self.data().join("postgresql.conf"))?;
        Ok(file.write_all(b"shared_preload_libraries = 'pg_stat_statements'\npg_stat_statements.track = none\n")?)
    }

    /// Makes a standby, and starts it: from now on no commit is answered before the standby shows it too.
    pub async fn standby(&self) -> Result<Self> {
        let mut standby = Self::stopped(self.programs.clone(), self.durability)?;
        let mut command = standby.command("pg_basebackup");
        command.arg("-d").arg(format!("{}?application_name=standby", self.url())).arg("-D").arg(standby.data());
        command.args(["--write-recovery-conf", "--checkpoint=fast", "--no-sync"]);
        Child::start("pg_basebackup", command, standby.folder.path())?.finished(DEADLINE).await?;
        standby.start_again().await?;
        for setting in ["synchronous_standby_names = 'standby'", "synchronous_commit = remote_apply"] {
            self.sql(&format!("ALTER SYSTEM SET {setting}")).await?;
        }
        self.sql("SELECT pg_reload_conf()").await?;
        let follows = "SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'";
        eventually("the standby to follow", DEADLINE, async || {
            Ok((self.sql(follows).await?.trim() == "1").then_some(()))
        })
        .await?;
        Ok(standby)
    }

    /// Makes a standby the server that takes writes.
    pub async fn promote(&self) -> Result<()> {
        self.sql("SELECT pg_promote()").await.map(drop)
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The database's URL.
    pub fn url(&self) -> String {
        self.url_of("postgres")
    }

    /// The URL of a database of this name, made anew.
    pub async fn new_database(&self, name: &str) -> Result<String> {
        self.sql(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await?;
        self.sql(&format!("CREATE DATABASE {name}")).await?;
        Ok(self.url_of(name))
    }

    fn url_of(&self, database: &str) -> String {
        format!("postgres://postgres@{}/{database}", self.address)
    }

    /// Starts the server on its data, after a stop or a kill, at the same address; returns when it takes connections.
    pub async fn start_again(&mut self) -> Result<()> {
        let mut command = self.command("postgres");
        command.arg("-D").arg(self.data()).arg("-k").arg(self.folder.path());
        command.arg("-p").arg(self.address.port().to_string());
        for setting in ["listen_addresses=127.0.0.1", "max_connections=200"] {
            command.args(["-c", setting]);
        }
        if self.durability == Durability::ProcessesOnly {
            command.args(["-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off"]);
        }
        let mut child = Child::start("postgres", command, self.folder.path())?;
        let told = self.data().join("postmaster.pid");
        let ready = eventually("PostgreSQL to start", DEADLINE, || {
            let ended = child.ended();
            let told = std::fs::read_to_string(&told).unwrap_or_default();
            let is_ready = told.lines().any(|line| line.starts_with("ready") || line.starts_with("standby"));
            std::future::ready(match ended {
                Ok(None) => Ok(is_ready.then_some(())),
                Ok(Some(status)) => Err(anyhow::anyhow!("it ended ({status})")),
                Err(error) => Err(error),
            })
        });
        ready.await.with_context(|| format!("PostgreSQL says:\n{}", child.last_words()))?;
        self.running = Some(child);
        Ok(())
    }

    /// Stops it in good order, ending its connections.
    pub async fn stop(&mut self) -> Result<()> {
        let Some(mut child) = self.running.take() else { return Ok(()) };
        child.signal(Signal::INT)?;
        let end = child.end(DEADLINE).await.map(drop);
        end.with_context(|| format!("PostgreSQL says:\n{}", child.last_words()))
    }

    /// Ends it on the spot (SIGQUIT): no checkpoint, the next start recovers from its log.
    pub async fn kill(&mut self) -> Result<()> {
        let Some(mut child) = self.running.take() else { return Ok(()) };
        child.signal(Signal::QUIT)?;
        child.end(DEADLINE).await.map(drop)
    }

    /// Runs SQL in its first database through `psql`; one line a row, columns separated by `|`.
    pub async fn sql(&self, statement: &str) -> Result<String> {
        self.sql_in("postgres", statement).await
    }

    /// Runs SQL in a database of it.
    pub async fn sql_in(&self, database: &str, statement: &str) -> Result<String> {
        let ours = folder()?;
        let mut command = bound(self.programs.join("psql"), "KILL", &[]);
        command.args(["-X", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d"]).arg(self.url_of(database));
        command.args(["-c", statement]);
        Child::start("psql", command, ours.path())?.finished(DEADLINE).await
    }

    /// Processor seconds of all its processes so far.
    pub fn cpu_seconds(&self) -> Result<f64> {
        Usage::cpu_of_family(self.running.as_ref().context("PostgreSQL is stopped")?.pid())
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn command(&self, program: &str) -> Command {
        let identity: &[&str] = if rustix::process::getuid().is_root() { &ITS_USER } else { &[] };
        let mut command = bound(self.programs.join(program), "QUIT", identity);
        command.current_dir(self.folder.path());
        command
    }
}

impl Drop for Postgres {
    /// Killed outright, its backends would be left behind.
    fn drop(&mut self) {
        let Some(mut child) = self.running.take() else { return };
        let asked = child.signal(Signal::QUIT);
        let end = std::time::Instant::now() + Duration::from_secs(10);
        while asked.is_ok() && matches!(child.ended(), Ok(None)) && std::time::Instant::now() < end {
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

/// The folder with the newest PostgreSQL's programs.
fn programs() -> Result<PathBuf> {
    let installed = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten().map(|entry| entry.path());
    let mut installed: Vec<(u32, PathBuf)> = installed
        .map(|path| path.join("bin"))
        .filter(|path| path.join("initdb").exists())
        .map(|path| (version(&path).unwrap_or_default(), path))
        .collect();
    installed.sort();
    match installed.pop() {
        Some((_, newest)) => Ok(newest),
        None => bail!("PostgreSQL is not installed: no /usr/lib/postgresql/*/bin/initdb"),
    }
}

fn version(programs: &Path) -> Option<u32> {
    programs.parent()?.file_name()?.to_str()?.parse().ok()
}

/// User and group of the user `postgres`.
fn its_ids() -> Result<(u32, u32)> {
    let users = std::fs::read_to_string("/etc/passwd")?;
    let line = users.lines().find(|line| line.starts_with("postgres:")).context("there is no user postgres")?;
    let ids: Vec<u32> = line.split(':').skip(2).take(2).flat_map(str::parse).collect();
    let &[user, group] = ids.as_slice() else { bail!("/etc/passwd has a broken line for postgres") };
    Ok((user, group))
}
