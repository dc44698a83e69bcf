//! `hirewire serve`: the program as it runs in production. On an empty database it prints where to begin.

use std::io::Write as _;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

use crate::actions::hold;
use crate::clock::SharedClock;
use crate::config::{Config, Mail, Settings};
use crate::server::{App, CannotStart, stopped_late};
use crate::told;

#[derive(Debug, Args)]
pub(super) struct Serve {
    /// Send nothing until an admin has looked and released it: for a database that was restored. What happens meanwhile is
    /// recorded.
    #[arg(long)]
    held: bool,
    #[command(flatten)]
    settings: Settings,
}

impl Serve {
    pub(super) async fn run(self) -> Result<(), CannotStart> {
        run(self.settings, self.held).await
    }
}

async fn run(settings: Settings, held: bool) -> Result<(), CannotStart> {
    let config = super::config(settings)?;
    let whole = config.shutdown.whole;
    warn(&config);
    let app = App::build(config, Arc::new(SharedClock::default())).await?;
    if held {
        hold::begin(&app.context).await.map_err(super::organisation::told)?;
    }
    app.start().await?;
    let version = env!("CARGO_PKG_VERSION");
    tracing::info!(version, address = %app.address(), database = %app.context.store.url(), "serving");
    if app.context.engine.is_held() {
        tracing::warn!(
            "nothing is sent: this is a restored copy, until an admin releases it on Home, or `hirewire release`"
        );
    }
    if let Some(address) = app.first_run().await? {
        // A reader that has gone away is no reason to stop.
        let _ = writeln!(std::io::stdout(), "first run: {}", address.reveal());
    }
    tokio::spawn(super::log::tell_of_dropped());
    app.run_started(stop_on_signal(whole)?).await
}

/// What works and should not be left so.
fn warn(config: &Config) {
    if config.has_unnamed_proxy() {
        tracing::warn!(
            "HIREWIRE_TRUSTED_PROXIES is not set, and the console is reached by https, so through a proxy: all visitors look \
             like one, and a few wrong log-ins of one lock out all. Name the proxy's address, or say none."
        );
    }
    if config.database.crosses_a_network_in_clear() {
        tracing::warn!(
            "HIREWIRE_DATABASE_URL leads to another machine without TLS: whoever is on the way reads everything. Add sslmode=require, \
             with a program built with --no-default-features."
        );
    }
    if config.mail.as_ref().is_some_and(Mail::crosses_a_network_in_clear) {
        tracing::warn!(
            "HIREWIRE_SMTP_URL leads to another machine without TLS: whoever is on the way reads invitations. Write smtps://, or \
             add ?tls=required."
        );
    }
}

/// Becomes true when the process is asked to stop: SIGTERM or Ctrl-C. Asked a second time it ends at once, and a process that
/// hangs is ended once stopping has taken this long.
pub(super) fn stop_on_signal(whole: Duration) -> Result<watch::Receiver<bool>, CannotStart> {
    let listen = |kind| {
        signal(kind).map_err(|error| CannotStart(format!("Signals cannot be listened to: {}.", told::io(&error))))
    };
    let (mut terminate, mut interrupt) = (listen(SignalKind::terminate())?, listen(SignalKind::interrupt())?);
    let (stop, stopping) = watch::channel(false);
    tokio::spawn(async move {
        let mut asked = async || {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
        };
        asked().await;
        stop.send_replace(true);
        tracing::info!("stopping: what is under way finishes first; a second signal ends it at once");
        std::thread::spawn(move || end_late(whole));
        asked().await;
        eprintln!(
            "hirewire: Ended at once by a second signal; what has no answer written down is sent again by the next start."
        );
        std::process::exit(1);
    });
    Ok(stopping)
}

/// Ends the process when it has not ended by itself. A thread of its own: what hangs may hold up all others.
fn end_late(whole: Duration) {
    // The stop's own deadline speaks first.
    std::thread::sleep(whole + Duration::from_secs(3));
    eprintln!("hirewire: {}", stopped_late(whole));
    std::process::exit(1);
}
