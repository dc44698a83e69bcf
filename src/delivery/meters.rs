//! What the engine has done, measured for the operator: the figures behind `/metrics`.
//!
//! Counting must cost next to nothing: these are atomics, looked up once. What only the database knows is asked for when
//! somebody looks ([`crate::server`]).

use std::time::Duration;

use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue, LabelValueEncoder};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use super::sender::Fault;
use crate::domain::attempt::{ErrorClass, Outcome};

/// How an attempt went: its error class, or `success`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OutcomeLabel {
    outcome: LabelText,
}

/// What of ours kept an attempt from being made.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OwnFault {
    fault: LabelText,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct LabelText(&'static str);

impl EncodeLabelValue for LabelText {
    fn encode(&self, encoder: &mut LabelValueEncoder<'_>) -> Result<(), std::fmt::Error> {
        self.0.encode(encoder)
    }
}

/// Seconds from half a millisecond, the pace of a receiver next door, to the longest deadline.
const SECONDS: [f64; 13] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0, 15.0, 30.0];

/// Sizes of batches, up to the largest there is.
const SIZES: [f64; 10] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0];

/// Counts since the start of the process.
#[derive(Debug)]
pub struct Meters {
    accepted: Counter,
    own_faults: Family<OwnFault, Counter>,
    attempts: Family<OutcomeLabel, Histogram, fn() -> Histogram>,
    delivered: Counter,
    given_up: Counter,
    lag: Histogram,
    reports: Histogram,
    answers: Histogram,
}

impl Default for Meters {
    fn default() -> Self {
        let seconds: fn() -> Histogram = || Histogram::new(SECONDS);
        let sizes = || Histogram::new(SIZES);
        Self {
            accepted: Counter::default(),
            own_faults: Family::default(),
            attempts: Family::new_with_constructor(seconds),
            delivered: Counter::default(),
            given_up: Counter::default(),
            lag: seconds(),
            reports: sizes(),
            answers: sizes(),
        }
    }
}

impl Meters {
    /// Names each of them for the operator. The library adds the full stop.
    pub fn register(&self, registry: &mut Registry) {
        registry.register("hirewire_events_accepted", "Events answered 202", self.accepted.clone());
        registry.register("hirewire_deliveries_succeeded", "Deliveries that arrived", self.delivered.clone());
        registry.register("hirewire_deliveries_failed", "Deliveries that were given up", self.given_up.clone());
        registry.register(
            "hirewire_try_seconds",
            "Time of each try from its start to its end, by what it came to",
            self.attempts.clone(),
        );
        registry.register(
            "hirewire_own_faults",
            "Attempts that something of ours prevented; none is counted against a receiver",
            self.own_faults.clone(),
        );
        registry.register("hirewire_start_lag_seconds", "How long tries waited after they were due", self.lag.clone());
        registry.register("hirewire_intake_batch_size", "Events recorded by one transaction", self.reports.clone());
        registry.register(
            "hirewire_settle_batch_size",
            "Answers written down by one transaction",
            self.answers.clone(),
        );
    }

    /// Events that partner systems reported and that are durable now, one batch of them.
    pub(super) fn accepted(&self, events: usize) {
        self.accepted.inc_by(events as u64);
        self.reports.observe(events as f64);
    }

    /// Something of ours kept an attempt from being made.
    pub(super) fn own_fault(&self, fault: Fault) {
        self.own_faults.get_or_create(&OwnFault { fault: LabelText(fault.word()) }).inc();
    }

    /// An attempt begins so long after it was due.
    pub(super) fn began(&self, lag: Duration) {
        self.lag.observe(lag.as_secs_f64());
    }

    /// An attempt has ended.
    pub(super) fn attempted(&self, outcome: &Outcome, took: Duration) {
        let outcome = LabelText(outcome.class.map_or("success", ErrorClass::as_str));
        self.attempts.get_or_create(&OutcomeLabel { outcome }).observe(took.as_secs_f64());
    }

    /// A batch of answers was written down; so many deliveries have arrived or were given up.
    pub(super) fn settled(&self, answers: usize, succeeded: usize, failed: usize) {
        self.answers.observe(answers as f64);
        self.delivered.inc_by(succeeded as u64);
        self.given_up.inc_by(failed as u64);
    }
}
