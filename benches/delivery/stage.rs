//! What every figure stands on: the yardstick's programs, a sink that runs, a folder on the disk.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use super::before::Before;
use super::plan::Plan;
use super::process::{Durability, Postgres};
use super::sink::Sink;
use super::yardstick::{Floor, Yardstick};

pub struct Stage {
    pub plan: Plan,
    pub yardstick: Yardstick,
    pub sink: Sink,
    before: Option<Before>,
    folder: tempfile::TempDir,
}

impl Stage {
    pub async fn set(plan: Plan) -> Result<Self> {
        // Beside the build, not in /tmp, which may be memory: what is written here must reach a disk.
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
        std::fs::create_dir_all(folder)?;
        let folder = tempfile::Builder::new().prefix("delivery.").tempdir_in(folder)?;
        let before = Before::of(&plan)?;
        let yardstick = Yardstick::build(folder.path())?;
        let sink = Sink::start(&yardstick).await?;
        Ok(Self { plan, yardstick, sink, before, folder })
    }

    /// The earlier program to compare with.
    pub fn before(&self) -> Result<&Before> {
        self.before.as_ref().context("there is no earlier program")
    }

    /// A new folder, for one installation.
    pub fn folder(&self) -> Result<tempfile::TempDir> {
        Ok(tempfile::Builder::new().prefix("installation.").tempdir_in(self.folder.path())?)
    }

    pub async fn floor(&self) -> Result<Floor> {
        Floor::start(&self.yardstick, &self.sink).await
    }

    /// Requests a second of the bare client.
    pub async fn blast(&self) -> Result<f64> {
        self.yardstick.blast(&self.sink, self.plan.count(40_000)).await
    }

    /// A PostgreSQL server with its defaults, installed first where there is none.
    pub async fn postgres(&self) -> Result<Postgres> {
        let script: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/packages");
        let installed = Command::new(&script).arg("postgresql").status();
        let installed = installed.with_context(|| format!("{} could not be started", script.display()))?;
        if !installed.success() {
            bail!("PostgreSQL could not be installed ({installed})");
        }
        Postgres::start(Durability::Full).await
    }

    /// Does both; the first one first in odd rounds, so that neither always comes after the other.
    pub async fn in_turn<Told>(
        &self,
        round: u16,
        first: impl AsyncFnOnce() -> Result<Told>,
        second: impl AsyncFnOnce() -> Result<Told>,
    ) -> Result<(Told, Told)> {
        if round % 2 == 1 {
            let told = first().await?;
            Ok((told, second().await?))
        } else {
            let told = second().await?;
            Ok((first().await?, told))
        }
    }

    /// Says what is going on, to whoever waits.
    pub fn say(&self, what: &str) {
        eprintln!("delivery: {what}");
    }
}
