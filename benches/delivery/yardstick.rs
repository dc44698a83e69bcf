//! The programs of `benches/yardstick`, built and run.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::process::{Child, Usage, bound, eventually, free_address};
use super::sink::Sink;

/// No run takes longer.
const DEADLINE: Duration = Duration::from_secs(30 * 60);

/// Where the programs are, and where they keep what they write.
pub struct Yardstick {
    programs: PathBuf,
    pub(super) folder: PathBuf,
}

/// What `apiload` saw.
#[derive(Debug, Deserialize)]
pub struct Loaded {
    pub n: u64,
    pub failed: u64,
    pub first_error: Option<String>,
    pub lost: u64,
    /// `None` when nothing arrived.
    pub deliver_per_s: Option<f64>,
    pub accept_to_sink_ms: Option<Percentiles>,
}

/// In milliseconds.
#[derive(Debug, Deserialize)]
pub struct Percentiles {
    pub p50: f64,
    pub p99: f64,
}

/// What `blast` saw.
#[derive(Debug, Deserialize)]
struct Blasted {
    failed: u64,
    rps: f64,
}

/// Events for somebody's API.
#[derive(Debug, Clone)]
pub struct Load {
    pub url: String,
    /// The body around `@PAYLOAD@`.
    pub body: &'static str,
    pub key: Option<String>,
    pub n: u64,
    pub callers: u32,
    /// Events a second; as fast as it goes when `None`.
    pub rate: Option<f64>,
    /// How many requests each event comes to, to know when all have arrived.
    pub fanout: u64,
    /// How long to wait for them.
    pub wait: Duration,
}

impl Yardstick {
    /// Builds the programs; `folder` takes what they write.
    pub fn build(folder: &Path) -> Result<Self> {
        let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().context("no target folder")?.join("yardstick");
        let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/yardstick/Cargo.toml");
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut command = Command::new(cargo);
        command.args(["build", "--release", "--locked", "--manifest-path"]).arg(manifest);
        command.arg("--target-dir").arg(&target);
        for program in ["sink", "blast", "floor", "apiload", "fill"] {
            command.args(["--bin", program]);
        }
        // What cargo says of this package would make its build scripts run anew: they would believe it is about theirs.
        let ours = |name: &str| ["CARGO_PKG_", "CARGO_MANIFEST_"].iter().any(|about| name.starts_with(about));
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_str().is_some_and(ours)) {
            command.env_remove(name);
        }
        // The yardstick is built as anybody would build it, whatever this package asks of its SQLite.
        command.env("LIBSQLITE3_FLAGS", "");
        let built = command.status().context("cargo could not be started")?;
        if !built.success() {
            bail!("the yardstick could not be built ({built})");
        }
        Ok(Self { programs: target.join("release"), folder: folder.to_owned() })
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
        let mut arguments = arguments([
            ("--url", load.url.clone()),
            ("--body", load.body.to_owned()),
            ("-n", load.n.to_string()),
            ("-c", load.callers.to_string()),
            ("--sink", sink.control()),
            ("--fanout", load.fanout.to_string()),
            ("--wait-s", load.wait.as_secs().to_string()),
            ("--rate", load.rate.unwrap_or_default().to_string()),
        ]);
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
}

impl Loaded {
    /// These, when every event was taken; otherwise what the API answered.
    pub fn all_taken(self) -> Result<Self> {
        if self.failed > 0 {
            let answer = self.first_error.as_deref().unwrap_or("nothing");
            bail!("{} of {} events were refused; first answer: {answer}", self.failed, self.n);
        }
        Ok(self)
    }

    /// These, when every event was taken and arrived.
    pub fn all_arrived(self) -> Result<Self> {
        let loaded = self.all_taken()?;
        if loaded.lost > 0 {
            bail!("{} of {} events did not arrive in time", loaded.lost, loaded.n);
        }
        Ok(loaded)
    }
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
        Load {
            url: self.url.clone(),
            body: "@PAYLOAD@",
            key: None,
            n,
            callers: 64,
            rate: None,
            fanout: 1,
            wait: Duration::from_secs(120),
        }
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
