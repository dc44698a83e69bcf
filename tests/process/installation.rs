//! An installation and the process that serves it.

use std::ffi::OsStr;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow, bail};

use super::child::{Child, Signal, bound};
use super::{Console, PASSWORD, Usage, client, eventually, free_address};

/// A start or a stop may take this long.
const DEADLINE: Duration = Duration::from_secs(60);

/// What outlives a process: program, folder, database, settings, address.
#[derive(Debug, Clone)]
pub struct Installation {
    program: PathBuf,
    folder: PathBuf,
    address: SocketAddr,
    settings: Vec<(String, String)>,
    descriptors: Option<u32>,
}

impl Installation {
    /// On a SQLite file in `folder`, which must exist.
    pub fn on_sqlite(program: impl Into<PathBuf>, folder: &Path) -> Result<Self> {
        let database = format!("sqlite://{}", folder.join("hirewire.db").display());
        Self::on(program, folder, &database)
    }

    /// On the database of a URL; logs and the sealing key stand in `folder`.
    pub fn on(program: impl Into<PathBuf>, folder: &Path, database: &str) -> Result<Self> {
        let address = free_address()?;
        // It runs in its own folder, where a relative path would lead elsewhere.
        let program = std::path::absolute(program.into())?;
        let installation =
            Self { program, folder: folder.to_owned(), address, settings: Vec::new(), descriptors: None };
        Ok(installation
            .with("HIREWIRE_LISTEN", address)
            .with("HIREWIRE_DATABASE_URL", database)
            .with("HIREWIRE_SHUTDOWN_GRACE_SECONDS", 0)
            .with("HIREWIRE_SECRET_KEY_FILE", folder.join("hirewire.key").display()))
    }

    /// The same with a setting more, or another value of one; it counts from the next start on.
    pub fn with(mut self, variable: &str, value: impl ToString) -> Self {
        self.settings.retain(|(name, _)| name != variable);
        self.settings.push((variable.to_owned(), value.to_string()));
        self
    }

    /// The same in a process that may open so many files, and no more when it asks.
    pub fn with_descriptors(self, count: u32) -> Self {
        Self { descriptors: Some(count), ..self }
    }

    /// The same with receivers on loopback allowed, the authority that signed their certificates, and a rate limit that
    /// nobody reaches.
    pub fn with_receivers_of(self, authority: &Path) -> Self {
        self.with("HIREWIRE_ALLOW_TARGETS", "127.0.0.1")
            .with("HIREWIRE_EXTRA_CA", authority.display())
            .with("HIREWIRE_RATE_LIMIT", 1_000_000)
    }

    /// The same installation's second instance, on an address of its own. Only PostgreSQL takes one.
    pub fn beside(&self) -> Result<Self> {
        let address = free_address()?;
        Ok(Self { address, ..self.clone() }.with("HIREWIRE_LISTEN", address))
    }

    /// The same installation, served and commanded by another program.
    pub fn served_by(&self, program: impl Into<PathBuf>) -> Self {
        Self { program: program.into(), ..self.clone() }
    }

    /// The folder of its files.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Where it serves, after each start.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The SQLite file.
    pub fn sqlite_file(&self) -> PathBuf {
        self.folder.join("hirewire.db")
    }

    /// Runs a command of the program to its end and returns what it printed.
    pub async fn run<Argument: AsRef<OsStr>>(&self, arguments: &[Argument]) -> Result<String> {
        let name = format!("command-{}", self.address.port());
        // Each command's output by itself.
        let _ = std::fs::remove_file(self.folder.join(format!("{name}.out")));
        let mut command = self.command();
        command.args(arguments);
        Child::start(&name, command, &self.folder)?.finished(DEADLINE).await
    }

    /// Starts a command of the program with something to read on standard input.
    pub fn begin<Argument: AsRef<OsStr>>(&self, arguments: &[Argument], input: Stdio) -> Result<Child> {
        let mut command = self.command();
        command.args(arguments);
        Child::start_with_input(&format!("begun-{}", self.address.port()), command, &self.folder, input)
    }

    /// Makes an organisation; returns its id.
    pub async fn create_organisation(&self, name: &str) -> Result<String> {
        Ok(self.run(&["organisation", "create", "--name", name]).await?.trim().to_owned())
    }

    /// Makes a member with a role (`admin`, `recruiter`, `support`) and gives them the password [`PASSWORD`].
    pub async fn create_member(&self, organisation: &str, email: &str, role: &str) -> Result<()> {
        let name = format!("member-{}", self.address.port());
        let password = self.folder.join("password");
        std::fs::write(&password, format!("{PASSWORD}\n"))?;
        let mut command = self.command();
        command.args(["member", "create", "--organisation", organisation, "--email", email, "--name", email]);
        command.args(["--role", role]);
        let child = Child::start_with_input(&name, command, &self.folder, std::fs::File::open(password)?.into())?;
        child.finished(DEADLINE).await?;
        Ok(())
    }

    /// Invites somebody who has an account into another organisation; the address of the link that is printed for them.
    pub async fn invite_member(&self, organisation: &str, email: &str, role: &str) -> Result<String> {
        let arguments = ["member", "create", "--organisation", organisation, "--email", email, "--name", email];
        let printed = self.run(&[&arguments[..], &["--role", role]].concat()).await?;
        let link = printed.lines().find_map(|line| line.strip_prefix("invitation: "));
        Ok(link.with_context(|| format!("no link in {printed}"))?.to_owned())
    }

    /// An admin of a new organisation, signed in at a server that serves this installation.
    pub async fn an_admin(&self, organisation: &str) -> Result<Console> {
        let id = self.create_organisation(organisation).await?;
        let email = format!("admin@{}.example", id.to_ascii_lowercase().replace('_', "-"));
        self.create_member(&id, &email, "admin").await?;
        Console::log_in(&self.url(), &email).await
    }

    /// Starts `serve` and waits until it is ready.
    pub async fn serve(&self) -> Result<Server> {
        let mut server = self.start()?;
        server.ready().await?;
        Ok(server)
    }

    /// The same with flags of `serve`.
    pub async fn serve_with(&self, flags: &[&str]) -> Result<Server> {
        let mut server = self.start_with(flags)?;
        server.ready().await?;
        Ok(server)
    }

    /// Starts `serve`; it may not be ready yet.
    pub fn start(&self) -> Result<Server> {
        self.start_with(&[])
    }

    fn start_with(&self, flags: &[&str]) -> Result<Server> {
        let mut command = self.command();
        command.arg("serve").args(flags);
        let child = Child::start(&format!("serve-{}", self.address.port()), command, &self.folder)?;
        Ok(Server { child, url: self.url() })
    }

    fn command(&self) -> Command {
        let mut command = match self.descriptors {
            Some(count) => {
                let mut command = bound("prlimit", "KILL", &[]);
                command.arg(format!("--nofile={count}:{count}")).arg(&self.program);
                command
            }
            None => bound(&self.program, "KILL", &[]),
        };
        // Settings of the shell that runs this are none of the installation's.
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("HIREWIRE_")) {
            command.env_remove(name);
        }
        command.envs(self.settings.iter().map(|(name, value)| (name, value)));
        command.env_remove("RUST_LOG").env_remove("NO_COLOR").current_dir(&self.folder);
        command
    }
}

/// A process that serves; killed when dropped.
pub struct Server {
    child: Child,
    url: String,
}

impl Server {
    /// Waits until it answers `/readyz` with 200.
    pub async fn ready(&mut self) -> Result<()> {
        let client = client()?;
        let ready = format!("{}/readyz", self.url);
        let child = &mut self.child;
        let serving = eventually("an answer", DEADLINE, || {
            let ended = child.ended();
            let (client, ready) = (client.clone(), ready.clone());
            async move {
                if let Some(status) = ended? {
                    bail!("it ended ({status})");
                }
                let answered = client.get(ready).timeout(Duration::from_secs(5)).send().await;
                Ok(answered.is_ok_and(|answer| answer.status().is_success()).then_some(()))
            }
        });
        let serving = serving.await;
        serving.map_err(|error| {
            anyhow!("the server did not get ready: {error:#}; its log ends with:\n{}", child.last_words())
        })
    }

    /// Where it serves.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.child.pid()
    }

    /// What it costs now.
    pub fn usage(&self) -> Result<Usage> {
        self.child.usage()
    }

    /// Starts the search for [`Usage::peak`] anew.
    pub fn forget_peak(&self) -> Result<()> {
        Usage::forget_peak(self.pid())
    }

    /// What it and its predecessors at this address printed.
    pub fn output(&self) -> String {
        self.child.output()
    }

    /// What it and its predecessors at this address logged.
    pub fn log(&self) -> String {
        self.child.log()
    }

    /// Its last lines of log, for a message.
    pub fn last_words(&self) -> String {
        self.child.last_words()
    }

    /// Whether it has ended by itself, and how.
    pub fn ended(&mut self) -> Result<Option<ExitStatus>> {
        self.child.ended()
    }

    /// Asks it to stop (SIGTERM) and waits for its end.
    pub async fn terminate(mut self) -> Result<ExitStatus> {
        self.child.signal(Signal::TERM)?;
        self.child.end(DEADLINE).await
    }

    /// Asks it to stop (SIGTERM), without waiting.
    pub fn ask_to_stop(&mut self) -> Result<()> {
        self.child.signal(Signal::TERM)
    }

    /// Freezes it (SIGSTOP): it lives and does nothing.
    pub fn freeze(&mut self) -> Result<()> {
        self.child.signal(Signal::STOP)
    }

    /// Lets a frozen one go on (SIGCONT).
    pub fn thaw(&mut self) -> Result<()> {
        self.child.signal(Signal::CONT)
    }

    /// Waits for its end.
    pub async fn end(&mut self, deadline: Duration) -> Result<ExitStatus> {
        self.child.end(deadline).await
    }

    /// Kills it on the spot (SIGKILL).
    pub fn kill(mut self) -> Result<()> {
        self.child.kill()
    }
}
