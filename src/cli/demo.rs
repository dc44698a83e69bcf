//! `hirewire demo`: everything on made-up data, on SQLite, with a receiver to deliver to.

use std::io::Write as _;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;

use super::serve::stop_on_signal;
use crate::clock::{Clock, SystemClock};
use crate::config::{Config, Settings};
use crate::demo::receiver::Receiver;
use crate::demo::{self, Access};
use crate::server::{App, CannotStart};
use crate::told;

#[derive(Debug, Args)]
pub(super) struct Demo {
    /// Folder of the demo's data; started again on it, everything made earlier still stands.
    #[arg(long, default_value = "hirewire-demo", value_name = "PATH")]
    dir: PathBuf,
    #[command(flatten)]
    settings: Settings,
}

impl Demo {
    pub(super) async fn run(self) -> Result<(), CannotStart> {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let unusable = |error: std::io::Error| {
            CannotStart(format!("The folder {} cannot be used: {}.", self.dir.display(), told::io(&error)))
        };
        let dir = std::fs::create_dir_all(&self.dir).and_then(|()| self.dir.canonicalize()).map_err(unusable)?;
        // Before anything of the folder changes: a demo that runs on it keeps its receiver's port.
        let running = std::fs::File::create(dir.join("demo.running")).map_err(unusable)?;
        if running.try_lock().is_err() {
            return Err(CannotStart(format!(
                "Another demo runs on the folder {}; stop it first, or name another with --dir.",
                dir.display()
            )));
        }
        let receiver = Receiver::start(&dir, SocketAddr::from(([127, 0, 0, 1], 0)), clock.clone()).map_err(unusable)?;
        let mut settings = self.settings.clone();
        settings.database.database_url.get_or_insert_with(|| format!("sqlite://{}", dir.join("demo.db").display()));
        settings.database.secret_key_file.get_or_insert_with(|| dir.join("demo.key"));
        // Nobody is sent elsewhere.
        settings.shutdown_grace_seconds.get_or_insert_with(|| "0".into());
        // Its receiver's address and port, and what the operator allows on top.
        let own = receiver.address().to_string();
        settings.allow_targets =
            [own.as_str(), settings.allow_targets.trim()].join(",").trim_end_matches(',').to_owned();
        let mut config = Config::read(settings).map_err(|error| CannotStart(error.to_string()))?;
        config.is_for_this_machine = config.public_url.is_none();
        config.extra_ca.push(receiver.ca_der().clone());
        let whole = config.shutdown.whole;
        let app = App::build(config, clock).await?;
        let access = demo::prepare(&app.context, &receiver.base_url()).await.map_err(super::organisation::told)?;
        // A reader that has gone away is no reason to stop.
        let _ = announce(&app, &receiver, &access);
        app.run(stop_on_signal(whole)?).await?;
        receiver.stop();
        Ok(())
    }
}

/// One line each, ready for a script to read.
fn announce(app: &App, receiver: &Receiver, access: &Access) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "console: http://{}", app.address())?;
    writeln!(out, "receiver: {}", receiver.base_url())?;
    writeln!(out, "password: {}", access.password.reveal())?;
    writeln!(out, "api key (test): {}", access.test_key.reveal())?;
    writeln!(out, "api key (live): {}", access.live_key.reveal())?;
    writeln!(out, "receiver ca: {}", receiver.ca_path().display())?;
    writeln!(out)?;
    writeln!(out, "Log in as {}, {} or {}. Ctrl-C stops.", demo::ADMIN, demo::RECRUITER, demo::SUPPORT)?;
    out.flush()
}
