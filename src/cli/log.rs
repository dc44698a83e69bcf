//! The log of a process: to standard error, at most so much of it as somebody reads.
//!
//! Whoever says something waits for nobody: a thread of its own writes the lines. Those that come while too many wait,
//! because nobody reads, are dropped, counted, and told of once somebody reads again. What the audit log has stands in the
//! database, whatever becomes of its line here.

use std::collections::HashMap;
use std::io::IsTerminal as _;
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use tracing::callsite::Identifier;
use tracing::{Event, Level, Metadata, Subscriber};
use tracing_appender::non_blocking::{ErrorCounter, NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::layer::{Context, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer, fmt};

use crate::config::LogFormat;
use crate::store::AWAY;

/// What is said because of strangers' requests, or of a database that is away, is said once in this time, each kind by itself.
const REPEAT_INTERVAL: Duration = Duration::from_secs(60);

/// Whoever met first that the database is away has told of it; so soon afterwards it is not told again that it has gone.
const SAME_OUTAGE: Duration = Duration::from_secs(15);

/// So many lines wait for their reader; more would only cost memory.
const MAX_LINES_WAITING: usize = 10_000;

/// So often somebody looks whether lines were dropped.
const LOOK_INTERVAL: Duration = Duration::from_secs(60);

static DROPPED: OnceLock<ErrorCounter> = OnceLock::new();

/// Starts it; what is dropped at its end has the last lines written. A second subscriber in the same process, a test's,
/// changes nothing.
pub(super) fn start(format: LogFormat) -> WorkerGuard {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info,actix_server=warn"));
    let waiting = NonBlockingBuilder::default().buffered_lines_limit(MAX_LINES_WAITING).lossy(true).thread_name("log");
    let (writer, written) = waiting.finish(std::io::stderr());
    DROPPED.get_or_init(|| writer.error_counter());
    // A log nobody reads any more is no reason to stop: reporting that on the closed stream would panic.
    let lines = fmt::layer().log_internal_errors(false).with_writer(writer);
    let lines = match format {
        LogFormat::Json => lines.json().flatten_event(true).with_current_span(false).with_span_list(false).boxed(),
        // Colours are for people at a terminal, where `NO_COLOR` decides.
        LogFormat::Text if std::io::stderr().is_terminal() => lines.boxed(),
        LogFormat::Text => lines.with_ansi(false).boxed(),
    };
    let _ = tracing_subscriber::registry().with(filter).with(lines).with(Repeats::default()).try_init();
    written
}

/// How many lines were dropped since the start because nobody read.
pub(crate) fn dropped() -> usize {
    DROPPED.get().map_or(0, ErrorCounter::dropped_lines)
}

/// Says from time to time that lines were dropped, if more were.
pub(super) async fn tell_of_dropped() {
    let mut told = 0;
    loop {
        tokio::time::sleep(LOOK_INTERVAL).await;
        let dropped = dropped();
        if dropped > told {
            told = dropped;
            tracing::warn!(
                dropped,
                "lines of this log were dropped since the start, because nobody read it fast enough"
            );
        }
    }
}

/// Holds back what would be said again and again: by the libraries under the server and our own lines under the target
/// `strangers`, which anybody can make appear, and by everything that meets a database that is away.
#[derive(Default)]
struct Repeats {
    strangers: Mutex<HashMap<Identifier, Instant>>,
    /// When it was last said that the database is away; `None` since it is back.
    away: Mutex<Option<Instant>>,
}

impl Repeats {
    fn says(&self, metadata: &Metadata<'_>, now: Instant) -> bool {
        match metadata.target() {
            AWAY => self.says_away(*metadata.level(), now),
            target if target.starts_with("actix_") || target == "strangers" => {
                let mut said = self.strangers.lock().unwrap_or_else(PoisonError::into_inner);
                let is_due =
                    said.get(&metadata.callsite()).is_none_or(|last| now.duration_since(*last) >= REPEAT_INTERVAL);
                if is_due {
                    said.insert(metadata.callsite(), now);
                }
                is_due
            }
            _ => true,
        }
    }

    fn says_away(&self, level: Level, now: Instant) -> bool {
        let mut said = self.away.lock().unwrap_or_else(PoisonError::into_inner);
        let interval = match level {
            Level::ERROR => SAME_OUTAGE,
            Level::WARN => REPEAT_INTERVAL,
            _ => {
                *said = None;
                return true;
            }
        };
        let is_due = said.is_none_or(|last| now.duration_since(last) >= interval);
        if is_due {
            *said = Some(now);
        }
        is_due
    }
}

impl<S: Subscriber> Layer<S> for Repeats {
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
        let log = tracing_subscriber::registry().with(lines.clone()).with(Repeats::default());
        tracing::subscriber::with_default(log, || {
            for _ in 0..100 {
                tracing::error!(target: "actix_http::h1", "a head is too large");
                tracing::warn!(target: "actix_session::middleware", "a cookie is none of ours");
                tracing::warn!(target: "strangers", "a form was refused as another site's");
                tracing::warn!("the disk is nearly full");
            }
        });
        assert_eq!(lines.0.load(Ordering::Relaxed), 1 + 1 + 1 + 100);
    }

    #[test]
    fn a_database_that_is_away_is_told_of_when_it_goes_once_a_minute_and_when_it_is_back() {
        let (repeats, began) = (Repeats::default(), Instant::now());
        let says = |level, seconds| repeats.says_away(level, began + Duration::from_secs(seconds));
        assert!(says(Level::WARN, 0), "a page met it");
        assert!(!says(Level::ERROR, 2) && !says(Level::WARN, 59), "that is the same");
        assert!(says(Level::WARN, 60) && !says(Level::WARN, 61));
        assert!(says(Level::INFO, 62), "it is back");
        assert!(says(Level::ERROR, 63) && !says(Level::WARN, 64), "it has gone again");
    }
}
