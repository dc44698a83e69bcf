//! The programs of `benches/yardstick`, built and run.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::cargo::build_release;
use super::load::{Load, Loaded};
use super::process::{Child, Usage, bound, eventually, free_address};
use super::sink::Sink;

/// No run takes longer.
const DEADLINE: Duration = Duration::from_secs(30 * 60);

/// Where the programs are, and where they keep what they write.
pub struct Yardstick {
    programs: PathBuf,
    pub(super) folder: PathBuf,
    /// Events of all loads so far.
    events: AtomicU64,
}

/// What `blast` saw.
#[derive(Debug, Deserialize)]
struct Blasted {
    failed: u64,
    rps: f64,
}

impl Yardstick {
    /// Builds the programs; `folder` takes what they write.
    pub fn build(folder: &Path) -> Result<Self> {
        let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().context("no target folder")?.join("yardstick");
        let package = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/yardstick");
        // It is built as anybody would build it, whatever this package asks of its SQLite.
        let settings = [("LIBSQLITE3_FLAGS", "")];
        build_release(&package, &target, &["sink", "blast", "floor", "apiload", "fill", "owe", "hold"], &settings)?;
        Ok(Self { programs: target.join("release"), folder: folder.to_owned(), events: AtomicU64::new(0) })
    }

    /// Starts a program that goes on until it is dropped.
    pub(super) fn start(&self, name: &str, arguments: &[String]) -> Result<Child> {
        let mut command = bound(self.programs.join(name), "KILL", &[]);
        command.args(arguments).current_dir(&self.folder);
        Child::start(name, command, &self.folder)
    }

    /// Runs a program to its end and reads the one line it prints.
    async fn run<Told: DeserializeOwned>(&self, name: &str, arguments: &[String]) -> Result<Told> {
        let _ = std::fs::remove_file(self.folder.join(format!("{name}.out")));
        let told = self.start(name, arguments)?.finished(DEADLINE).await?;
        serde_json::from_str(told.trim()).with_context(|| format!("{name} printed “{told}”"))
    }

    /// Loads an API and follows the events to the sink.
    pub async fn load(&self, sink: &Sink, load: &Load) -> Result<Loaded> {
        // Events of one load are not taken for those of another that arrive late.
        let from = self.events.fetch_add(load.n, Ordering::Relaxed);
        let mut arguments = arguments([
            ("--from", from.to_string()),
            ("--body", load.body.to_owned()),
            ("-n", load.n.to_string()),
            ("-c", load.callers.to_string()),
            ("--sink", sink.control()),
            ("--fanout", load.fanout.to_string()),
            ("--wait-s", load.wait.as_secs().to_string()),
            ("--rate", load.rate.unwrap_or_default().to_string()),
            ("--path", load.path.to_owned()),
            ("--timeout-ms", load.patience.as_millis().to_string()),
            ("--body-bytes", load.bytes.to_string()),
        ]);
        arguments.extend(load.urls.iter().flat_map(|url| ["--url".to_owned(), url.clone()]));
        if let Some(key) = &load.key {
            arguments.extend(["--header".to_owned(), format!("Authorization: Bearer {key}")]);
        }
        self.run("apiload", &arguments).await
    }

    /// Requests a second of the bare client, over HTTPS.
    pub async fn blast(&self, sink: &Sink, n: u64) -> Result<f64> {
        let ca = sink.authority.display().to_string();
        let arguments = arguments([("--url", sink.hook("/blast")), ("--ca", ca), ("-n", n.to_string())]);
        let blasted: Blasted = self.run("blast", &arguments).await?;
        if blasted.failed > 0 {
            bail!("{} of blast's {n} requests failed", blasted.failed);
        }
        Ok(blasted.rps)
    }

    /// Puts settled deliveries into a SQLite file that nobody serves.
    pub async fn fill(&self, database: &Path, n: u64) -> Result<()> {
        let arguments = arguments([("--db", database.display().to_string()), ("-n", n.to_string())]);
        self.run::<serde_json::Value>("fill", &arguments).await.map(drop)
    }

    /// Makes hooks of that kind, and lets them owe, in a SQLite file that nobody serves.
    pub async fn owe(&self, database: &Path, debts: &Debts<'_>) -> Result<()> {
        let mut arguments = arguments([
            ("--db", database.display().to_string()),
            ("--hook", debts.hook.to_owned()),
            ("--clones", debts.clones.to_string()),
            ("--each", debts.each.to_string()),
        ]);
        match debts.due {
            Due::Now => {}
            Due::Tomorrow => arguments.extend(["--due-in-s".into(), "86400".into()]),
            // Many: what counts is the rows.
            Due::Held => arguments.extend(["--held".into(), "--body-bytes".into(), "256".into()]),
        }
        self.run::<serde_json::Value>("owe", &arguments).await.map(drop)
    }

    /// Holds unfinished requests at a server until it is dropped.
    pub async fn hold(&self, to: &str, half_sent: u32, forms: u32, paths: &[&str]) -> Result<Child> {
        let to = to.trim_start_matches("http://").to_owned();
        let counts = [("--half-sent", half_sent.to_string()), ("--forms", forms.to_string())];
        let mut arguments = arguments([("--to", to)]);
        arguments.extend(self::arguments(counts));
        // From other addresses than those who are to be served.
        arguments.extend((2..10).flat_map(|last| ["--source".to_owned(), format!("127.0.0.{last}")]));
        arguments.extend(paths.iter().flat_map(|path| ["--form-path".to_owned(), (*path).to_owned()]));
        let _ = std::fs::remove_file(self.folder.join("hold.out"));
        started(self.start("hold", &arguments)?, "hold").await
    }
}

/// What hooks owe.
pub struct Debts<'a> {
    /// The hook, or what is cloned.
    pub hook: &'a str,
    /// Zero: the hook itself owes.
    pub clones: u64,
    /// Deliveries that each of them owes.
    pub each: u64,
    pub due: Due,
}

/// When it is due.
pub enum Due {
    Now,
    Tomorrow,
    /// As for a paused hook.
    Held,
}

pub(super) fn arguments<const N: usize>(pairs: [(&str, String); N]) -> Vec<String> {
    pairs.into_iter().flat_map(|(name, value)| [name.to_owned(), value]).collect()
}

/// The least durable program, sending to the sink over HTTPS.
pub struct Floor {
    child: Child,
    url: String,
}

impl Floor {
    pub async fn start(yardstick: &Yardstick, sink: &Sink) -> Result<Self> {
        let address = free_address()?;
        let arguments = arguments([
            ("--listen", address.to_string()),
            ("--target", sink.hook("/floor")),
            ("--ca", sink.authority.display().to_string()),
            ("--db", yardstick.folder.join("floor.db").display().to_string()),
        ]);
        let child = started(yardstick.start("floor", &arguments)?, "floor").await?;
        Ok(Self { child, url: format!("http://{address}/") })
    }

    /// User and system seconds so far.
    pub fn cpu_seconds(&self) -> Result<f64> {
        Ok(Usage::of(self.child.pid())?.cpu_seconds)
    }

    /// So many events from 64 callers.
    pub fn load(&self, n: u64) -> Load {
        Load { urls: vec![self.url.clone()], ..Load::new(n) }
    }
}

/// The programs say a line once they listen.
pub(super) async fn started(mut child: Child, name: &str) -> Result<Child> {
    eventually(&format!("{name} to listen"), Duration::from_secs(10), || {
        let told = match child.ended() {
            Ok(None) => Ok(child.output().ends_with('\n').then_some(())),
            Ok(Some(status)) => Err(anyhow::anyhow!("{name} ended ({status}): {}", child.last_words())),
            Err(error) => Err(error),
        };
        std::future::ready(told)
    })
    .await?;
    Ok(child)
}
