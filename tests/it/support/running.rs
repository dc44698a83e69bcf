//! An engine that runs by itself, and time that passes in small steps while a test waits for something.

use std::collections::HashSet;
use std::sync::atomic::{AtomicUsize, Ordering};

use hirewire::store;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::app::DRAIN;
use super::{Receiver, TestApp, eventually, soon};

/// An engine at work; it is told to stop with [`RunningEngine::ended`].
pub struct RunningEngine {
    stop: watch::Sender<bool>,
    engine: JoinHandle<()>,
}

impl RunningEngine {
    pub async fn ended(self) {
        self.stop.send(true).expect("it runs");
        soon("the engine's end", self.engine).await.expect("no panic");
    }
}

/// While a test waits, so much time passes between two looks: about as much as really does.
const STEP_MS: i64 = 5;

/// After so many looks a pause passes that no engine sleeps through.
const STEPS: usize = 50;
const PAUSE_MS: i64 = 2_000;

impl TestApp {
    /// Its engine runs by itself from now on.
    pub fn runs(&self) -> RunningEngine {
        let (stop, stopped) = watch::channel(false);
        RunningEngine { stop, engine: tokio::spawn(self.context.engine.clone().run(stopped, DRAIN)) }
    }

    /// Looks again and again until there is something to see, and lets time pass meanwhile.
    pub async fn as_time_passes<T, Seen: Future<Output = Option<T>>>(&self, what: &str, look: impl Fn() -> Seen) -> T {
        let steps = AtomicUsize::new(0);
        eventually(what, || async {
            let step = steps.fetch_add(1, Ordering::Relaxed);
            self.advance_ms(if step.is_multiple_of(STEPS) { PAUSE_MS } else { STEP_MS });
            look().await
        })
        .await
    }

    /// Resolves once this instance knows of every change that there is now, and some looks later, when what it asked about
    /// them has its answers.
    pub async fn has_looked(&self) {
        let head = self.context.store.read(store::changes::head).await.expect("a database");
        let (cache, looks) = (self.context.engine.cache(), AtomicUsize::new(0));
        let has_looked = async || {
            let knows = cache.head() >= head;
            (knows && looks.fetch_add(1, Ordering::Relaxed) >= 10).then_some(())
        };
        self.as_time_passes("a look for changes", has_looked).await;
    }

    /// Resolves once nothing is being sent and nothing has stirred for some looks; no time passes.
    pub async fn sends_nothing(&self) {
        let looks = AtomicUsize::new(0);
        eventually("the engine at rest", || async {
            if self.context.engine.load().sending > 0 {
                looks.store(0, Ordering::Relaxed);
                return None;
            }
            (looks.fetch_add(1, Ordering::Relaxed) >= 10).then_some(())
        })
        .await;
    }
}

impl Receiver {
    /// How many events have come, and how many requests: as many when each came once.
    pub fn events_and_requests(&self) -> (usize, usize) {
        let requests = self.requests();
        let events: HashSet<&str> = requests.iter().map(|request| request.must("webhook-id")).collect();
        (events.len(), requests.len())
    }
}
