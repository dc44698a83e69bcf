//! The log of a process: to standard error, at most so much of it as somebody reads.

use std::collections::HashMap;
use std::io::IsTerminal as _;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use tracing::callsite::Identifier;
use tracing::{Event, Metadata, Subscriber};
use tracing_subscriber::layer::{Context, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer, fmt};

use crate::config::LogFormat;

/// What is said because of strangers' requests is said once in this time, each kind by itself.
const STRANGERS_INTERVAL: Duration = Duration::from_secs(60);

/// Starts it. A second subscriber in the same process, a test's, changes nothing.
pub(super) fn start(format: LogFormat) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info,actix_server=warn"));
    // A log nobody reads any more is no reason to stop: reporting that on the closed stream would panic.
    let lines = fmt::layer().log_internal_errors(false).with_writer(std::io::stderr);
    let lines = match format {
        LogFormat::Json => lines.json().flatten_event(true).with_current_span(false).with_span_list(false).boxed(),
        // Colours are for people at a terminal, where `NO_COLOR` decides.
        LogFormat::Text if std::io::stderr().is_terminal() => lines.boxed(),
        LogFormat::Text => lines.with_ansi(false).boxed(),
    };
    let _ = tracing_subscriber::registry().with(filter).with(lines).with(Strangers::default()).try_init();
}

/// Holds back what the libraries under the server, and our own lines under the target `strangers`, say again and again:
/// anybody can make them.
#[derive(Default)]
struct Strangers(Mutex<HashMap<Identifier, Instant>>);

impl Strangers {
    fn says(&self, metadata: &Metadata<'_>, now: Instant) -> bool {
        if !metadata.target().starts_with("actix_") && metadata.target() != "strangers" {
            return true;
        }
        let mut said = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let last = said.get(&metadata.callsite());
        if last.is_some_and(|last| now.duration_since(*last) < STRANGERS_INTERVAL) {
            return false;
        }
        said.insert(metadata.callsite(), now);
        true
    }
}

impl<S: Subscriber> Layer<S> for Strangers {
    fn event_enabled(&self, event: &Event<'_>, _: Context<'_, S>) -> bool {
        self.says(event.metadata(), Instant::now())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[derive(Clone, Default)]
    struct Lines(Arc<AtomicUsize>);

    impl<S: Subscriber> Layer<S> for Lines {
        fn on_event(&self, _: &Event<'_>, _: Context<'_, S>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[test]
    fn what_strangers_cause_is_said_once_a_kind_and_what_is_ours_every_time() {
        let lines = Lines::default();
        let log = tracing_subscriber::registry().with(lines.clone()).with(Strangers::default());
        tracing::subscriber::with_default(log, || {
            for _ in 0..100 {
                tracing::error!(target: "actix_http::h1", "a head is too large");
                tracing::warn!(target: "actix_session::middleware", "a cookie is none of ours");
                tracing::warn!(target: "strangers", "a form was refused as another site's");
                tracing::warn!("the database does not answer");
            }
        });
        assert_eq!(lines.0.load(Ordering::Relaxed), 1 + 1 + 1 + 100);
    }
}
