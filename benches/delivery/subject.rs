//! The program that is measured: served from a new installation, with hooks at the sink and a partner's key.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Result;

use super::metrics::Metrics;
use super::process::{Console, Installation, NewHook, Server, free_address};
use super::stage::Stage;
use super::yardstick::Load;

/// The program, serving.
pub struct Subject {
    pub server: Server,
    pub console: Console,
    pub metrics: Metrics,
    /// Ids of its hooks.
    pub hooks: Vec<String>,
    /// What it held when it had just started, in bytes.
    pub idle: u64,
    installation: Installation,
    key: String,
    _folder: tempfile::TempDir,
}

impl Subject {
    /// On a new SQLite file, with hooks of these addresses and this policy that get every event.
    pub async fn on_sqlite(stage: &Stage, hooks: &[String], policy: &str) -> Result<Self> {
        Self::on(stage, None, hooks, policy).await
    }

    /// The same on a database of another URL, or on SQLite without one.
    pub async fn on(stage: &Stage, database: Option<&str>, hooks: &[String], policy: &str) -> Result<Self> {
        let folder = stage.folder()?;
        let installation = match database {
            None => Installation::on_sqlite(&stage.plan.program, folder.path())?,
            Some(url) => Installation::on(&stage.plan.program, folder.path(), url)?,
        };
        let metrics = Metrics::at(free_address()?)?;
        let installation =
            installation.with_receivers_of(&stage.sink.authority).with(super::metrics::LISTEN, metrics.address());
        let server = installation.serve().await?;
        // What starting needed is given back.
        tokio::time::sleep(Duration::from_millis(500)).await;
        let idle = server.usage()?.resident;
        let mut console = installation.an_admin("Measured").await?;
        let key = console.create_api_key("live").await?;
        let mut ids = Vec::new();
        for url in hooks {
            ids.push(console.create_hook(&NewHook { url, policy, ..NewHook::default() }).await?.0);
        }
        Ok(Self { server, console, metrics, hooks: ids, idle, installation, key, _folder: folder })
    }

    /// Stops it, has something done to its SQLite file, and starts it again.
    pub async fn changed<Done>(self, change: impl FnOnce(PathBuf) -> Done) -> Result<Self>
    where
        Done: Future<Output = Result<()>>,
    {
        self.server.terminate().await?;
        change(self.installation.sqlite_file()).await?;
        Ok(Self { server: self.installation.serve().await?, ..self })
    }

    /// So many events from 64 callers.
    pub fn load(&self, n: u64) -> Load {
        Load {
            url: format!("{}/v1/partner/events", self.server.url()),
            body: r#"{"event":"job.created","data":@PAYLOAD@}"#,
            key: Some(self.key.clone()),
            n,
            callers: 64,
            rate: None,
            fanout: self.hooks.len() as u64,
            wait: Duration::from_secs(120),
        }
    }
}
