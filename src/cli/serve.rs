//! `hirewire serve`: the program as it runs in production. On an empty database it prints where to begin.

use std::io::Write as _;
use std::sync::Arc;
use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

use crate::clock::SharedClock;
use crate::config::{Config, Settings};
use crate::server::{App, CannotStart, stopped_late};

pub(super) async fn run(settings: Settings) -> Result<(), CannotStart> {
    let config = Config::read(settings).map_err(|error| CannotStart(error.to_string()))?;
    let whole = config.shutdown.whole;
    if config.has_unnamed_proxy() {
        tracing::warn!(
            "HIREWIRE_TRUSTED_PROXIES is not set, and the console is reached by https, so through a proxy: all visitors look \
             like one, and a few wrong log-ins of one lock out all. Name the proxy's address, or say none."
        );
    }
    let app = App::build(config, Arc::new(SharedClock::default())).await?;
    tracing::info!(address = %app.address(), database = %app.context.store.url(), "serving");
    app.start().await?;
    if let Some(address) = app.first_run().await? {
        // A reader that has gone away is no reason to stop.
        let _ = writeln!(std::io::stdout(), "first run: {}", address.reveal());
    }
    app.run_started(stop_on_signal(whole)?).await
}

/// Becomes true when the process is asked to stop: SIGTERM or Ctrl-C. A process that hangs is ended once stopping has taken
/// this long.
pub(super) fn stop_on_signal(whole: Duration) -> Result<watch::Receiver<bool>, CannotStart> {
    let listen = |kind| signal(kind).map_err(|error| CannotStart(format!("Signals cannot be listened to: {error}.")));
    let (mut terminate, mut interrupt) = (listen(SignalKind::terminate())?, listen(SignalKind::interrupt())?);
    let (stop, stopping) = watch::channel(false);
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        stop.send_replace(true);
        tracing::info!("stopping: what is under way finishes first");
        std::thread::spawn(move || end_late(whole));
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
