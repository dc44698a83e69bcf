//! The program that is measured: served from a new installation, with hooks at the sink and a partner's key.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Result;

use super::load::{CREATED, Load};
use super::metrics::{LISTEN, Metrics};
use super::process::{Console, Installation, NewHook, Server, free_address};
use super::stage::Stage;

/// The program, serving.
pub struct Subject {
    pub server: Server,
    pub metrics: Metrics,
    pub tenant: Tenant,
    /// What it held when it had just started, in bytes.
    pub idle: u64,
    installation: Installation,
    _folder: tempfile::TempDir,
}

/// An organisation: its admin at the console, its partner's key, its hooks.
pub struct Tenant {
    pub console: Console,
    /// Ids of its hooks.
    pub hooks: Vec<String>,
    key: String,
    url: String,
}

/// A hook as it is made on the console's page.
#[derive(Debug, Clone)]
pub struct Receiver {
    url: String,
    policy: &'static str,
    events: &'static [&'static str],
    sign: bool,
    per_second: Option<u32>,
}

impl Receiver {
    /// One that gets every event, signed.
    pub fn new(url: impl Into<String>, policy: &'static str) -> Self {
        Self { url: url.into(), policy, events: &[], sign: true, per_second: None }
    }

    /// The same for these events only.
    pub fn of(self, events: &'static [&'static str]) -> Self {
        Self { events, ..self }
    }

    /// The same without a secret.
    pub fn unsigned(self) -> Self {
        Self { sign: false, ..self }
    }

    /// The same with a limit of requests a second.
    pub fn limited_to(self, per_second: u32) -> Self {
        Self { per_second: Some(per_second), ..self }
    }
}

impl Subject {
    /// On a new SQLite file, with hooks of these addresses and this policy that get every event.
    pub async fn on_sqlite(stage: &Stage, hooks: &[String], policy: &'static str) -> Result<Self> {
        Self::on(stage, None, hooks, policy).await
    }

    /// The same on a database of another URL, or on SQLite without one.
    pub async fn on(stage: &Stage, database: Option<&str>, hooks: &[String], policy: &'static str) -> Result<Self> {
        Self::of(stage, &stage.plan.program, database, hooks, policy).await
    }

    /// The same of another program.
    pub async fn of(
        stage: &Stage,
        program: &Path,
        database: Option<&str>,
        hooks: &[String],
        policy: &'static str,
    ) -> Result<Self> {
        let mut subject = Self::start(stage, program, database).await?;
        for url in hooks {
            subject.tenant.add(&Receiver::new(url, policy)).await?;
        }
        Ok(subject)
    }

    /// On a new SQLite file, with these hooks.
    pub async fn with(stage: &Stage, hooks: &[Receiver]) -> Result<Self> {
        let mut subject = Self::start(stage, &stage.plan.program, None).await?;
        for hook in hooks {
            subject.tenant.add(hook).await?;
        }
        Ok(subject)
    }

    /// Without hooks.
    pub async fn start(stage: &Stage, program: &Path, database: Option<&str>) -> Result<Self> {
        let folder = stage.folder()?;
        let installation = match database {
            None => Installation::on_sqlite(program, folder.path())?,
            Some(url) => Installation::on(program, folder.path(), url)?,
        };
        let metrics = Metrics::at(free_address()?)?;
        let installation = installation.with_receivers_of(&stage.sink.authority).with(LISTEN, metrics.address());
        let server = installation.serve().await?;
        // What starting needed is given back.
        tokio::time::sleep(Duration::from_millis(500)).await;
        let idle = server.usage()?.resident;
        let tenant = Tenant::new(&installation, "Measured").await?;
        Ok(Self { server, metrics, tenant, idle, installation, _folder: folder })
    }

    /// Another organisation of the same installation.
    pub async fn another_tenant(&self) -> Result<Tenant> {
        Tenant::new(&self.installation, "Beside").await
    }

    /// Another instance on the same database, PostgreSQL.
    pub async fn another_instance(&self) -> Result<(Server, Metrics)> {
        let metrics = Metrics::at(free_address()?)?;
        let server = self.installation.beside()?.with(LISTEN, metrics.address()).serve().await?;
        Ok((server, metrics))
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
        self.tenant.load(n)
    }
}

impl Tenant {
    async fn new(installation: &Installation, name: &str) -> Result<Self> {
        let mut console = installation.an_admin(name).await?;
        let key = console.create_api_key("live").await?;
        Ok(Self { console, hooks: Vec::new(), key, url: installation.url() })
    }

    /// Makes a hook, and returns its id.
    pub async fn add(&mut self, hook: &Receiver) -> Result<String> {
        let form = NewHook { url: &hook.url, policy: hook.policy, events: hook.events, sign: hook.sign };
        let (id, _) = self.console.create_hook(&form).await?;
        if hook.per_second.is_some() {
            self.edit(&id, hook, "").await?;
        }
        self.hooks.push(id.clone());
        Ok(id)
    }

    /// Saves the settings of a hook, with this note.
    pub async fn edit(&mut self, id: &str, hook: &Receiver, note: &str) -> Result<()> {
        let rate = hook.per_second.map(|rate| rate.to_string()).unwrap_or_default();
        let mut fields = vec![("policy", hook.policy), ("note", note), ("rate", &rate), ("rate_per", "second")];
        fields.extend(hook.events.iter().map(|event| ("events", *event)));
        self.console.act(&format!("/settings/webhooks/{id}/settings"), &fields).await.map(drop)
    }

    /// So many events from 64 callers.
    pub fn load(&self, n: u64) -> Load {
        Load {
            urls: vec![format!("{}/v1/partner/events", self.url)],
            body: CREATED,
            key: Some(self.key.clone()),
            fanout: self.hooks.len() as u64,
            ..Load::new(n)
        }
    }
}
