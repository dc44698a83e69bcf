//! One process of ours: what it says goes to a file, and it does not outlive us.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
pub use rustix::process::Signal;
use rustix::process::{Pid, kill_process};

use super::{Usage, eventually};

/// A running process; killed when dropped.
pub struct Child {
    name: String,
    process: std::process::Child,
    out: PathBuf,
    err: PathBuf,
}

/// A command that dies with the thread that starts it, even when that is killed without a chance to clean up.
pub fn bound(program: impl AsRef<Path>, dying: &str, identity: &[&str]) -> Command {
    // It replaces itself by the program, so the process is the program's.
    let mut command = Command::new("setpriv");
    command.arg(format!("--pdeathsig={dying}")).args(identity).arg("--").arg(program.as_ref());
    command
}

impl Child {
    /// Starts a command made by [`bound`]; its output goes to files in `folder` that bear its name.
    pub fn start(name: &str, command: Command, folder: &Path) -> Result<Self> {
        Self::start_with_input(name, command, folder, Stdio::null())
    }

    /// The same with something to read on standard input.
    pub fn start_with_input(name: &str, mut command: Command, folder: &Path, input: Stdio) -> Result<Self> {
        let (out, err) = (folder.join(format!("{name}.out")), folder.join(format!("{name}.log")));
        let append = |path: &Path| File::options().create(true).append(true).open(path);
        let process = command.stdin(input).stdout(append(&out)?).stderr(append(&err)?).spawn();
        let process = process.with_context(|| format!("{name} could not be started"))?;
        Ok(Self { name: name.to_owned(), process, out, err })
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.process.id()
    }

    /// What it wrote to standard output so far.
    pub fn output(&self) -> String {
        std::fs::read(&self.out).map(|text| String::from_utf8_lossy(&text).into_owned()).unwrap_or_default()
    }

    /// What it wrote to standard error so far.
    pub fn log(&self) -> String {
        std::fs::read(&self.err).map(|text| String::from_utf8_lossy(&text).into_owned()).unwrap_or_default()
    }

    /// The last lines of its log, for a message.
    pub fn last_words(&self) -> String {
        let log = self.log();
        let lines: Vec<&str> = log.lines().rev().take(20).collect();
        lines.into_iter().rev().collect::<Vec<_>>().join("\n")
    }

    /// What it costs now.
    pub fn usage(&self) -> Result<Usage> {
        Usage::of(self.pid()).with_context(|| format!("{} has ended:\n{}", self.name, self.last_words()))
    }

    /// Sends a signal; one that has ended gets none.
    pub fn signal(&mut self, signal: Signal) -> Result<()> {
        if self.process.try_wait()?.is_none() {
            let pid = i32::try_from(self.pid()).ok().and_then(Pid::from_raw).context("no process id")?;
            kill_process(pid, signal).with_context(|| format!("{} could not be signalled", self.name))?;
        }
        Ok(())
    }

    /// How it ended, when it has.
    pub fn ended(&mut self) -> Result<Option<ExitStatus>> {
        Ok(self.process.try_wait()?)
    }

    /// Waits for its end.
    pub async fn end(&mut self, deadline: Duration) -> Result<ExitStatus> {
        let what = format!("the end of {}", self.name);
        let process = &mut self.process;
        eventually(&what, deadline, || std::future::ready(process.try_wait().map_err(Into::into))).await
    }

    /// Kills it on the spot (SIGKILL) and waits until it is gone.
    pub fn kill(&mut self) -> Result<()> {
        self.process.kill()?;
        self.process.wait()?;
        Ok(())
    }

    /// Runs it to its end and returns what it wrote; an error with its last words when it fails.
    pub async fn finished(mut self, deadline: Duration) -> Result<String> {
        let status = self.end(deadline).await?;
        if !status.success() {
            bail!("{} failed ({status}):\n{}\n{}", self.name, self.output(), self.last_words());
        }
        Ok(self.output())
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        // One that has ended is not there to be killed.
        let _ = self.kill();
    }
}
