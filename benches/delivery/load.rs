//! Loads for an API, and what became of them.

use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use serde::Deserialize;

/// An event that was created.
pub const CREATED: &str = r#"{"event":"job.created","data":@PAYLOAD@}"#;
/// Another one, to tell hooks apart by what they get.
pub const UPDATED: &str = r#"{"event":"job.updated","data":@PAYLOAD@}"#;

/// Events for somebody's API.
#[derive(Debug, Clone)]
pub struct Load {
    /// Taken in turn.
    pub urls: Vec<String>,
    /// The body around `@PAYLOAD@`.
    pub body: &'static str,
    pub key: Option<String>,
    pub n: u64,
    pub callers: u32,
    /// Events a second; as fast as it goes when `None`.
    pub rate: Option<f64>,
    /// How many requests each event comes to, to know when all have arrived.
    pub fanout: u64,
    /// Only what arrives at this path counts; everything when empty.
    pub path: &'static str,
    /// How long to wait for them.
    pub wait: Duration,
    /// A call is given up after this.
    pub patience: Duration,
    /// Bytes of a payload.
    pub bytes: u32,
}

impl Load {
    /// So many bodies of 1.5 KiB from 64 callers.
    pub fn new(n: u64) -> Self {
        Self {
            urls: Vec::new(),
            body: "@PAYLOAD@",
            key: None,
            n,
            callers: 64,
            rate: None,
            fanout: 1,
            path: "",
            wait: Duration::from_secs(120),
            patience: Duration::from_secs(30),
            bytes: 1_536,
        }
    }

    /// The same at a moderate pace for a while.
    pub fn at_pace(self, per_second: u32, time: Duration) -> Self {
        let n = (f64::from(per_second) * time.as_secs_f64()).ceil() as u64;
        Self { n, rate: Some(per_second.into()), ..self }
    }

    /// The same of the other kind of event, for one hook at this path.
    pub fn for_one_at(self, path: &'static str) -> Self {
        Self { body: UPDATED, path, fanout: 1, ..self }
    }
}

/// What `apiload` saw.
#[derive(Debug, Deserialize)]
pub struct Loaded {
    pub n: u64,
    pub failed: u64,
    pub first_error: Option<String>,
    pub lost: u64,
    /// Events that arrived within a second of the answer.
    in_time: u64,
    /// `None` when nothing arrived.
    pub deliver_per_s: Option<f64>,
    pub accept_to_sink_ms: Option<Percentiles>,
    /// How long the calls took; a refused one as long as it might have.
    calls_ms: Option<Percentiles>,
    /// From the answer to the first receipt of every event, those that did not arrive included.
    first_ms: Option<Percentiles>,
}

/// In milliseconds.
#[derive(Debug, Clone, Copy, Deserialize)]
pub struct Percentiles {
    pub p50: f64,
    pub p95: f64,
    pub p99: f64,
    pub max: f64,
}

impl Loaded {
    /// How many reports were refused, and the first answer to one.
    pub fn refusals(&self) -> String {
        match &self.first_error {
            None => "none refused".to_owned(),
            Some(answer) => format!("{} of {} refused: {answer}", self.failed, self.n),
        }
    }

    /// How many in a hundred of the reported events arrived within a second of the answer; refused ones did not.
    pub fn percent_in_time(&self) -> f64 {
        self.in_time as f64 * 100.0 / self.n.max(1) as f64
    }

    /// How long the calls took; a refused one as long as it might have.
    pub fn calls_ms(&self) -> Result<Percentiles> {
        self.calls_ms.context("nothing was called")
    }

    /// From the answer to the first receipt, of every event: one that did not arrive counts with the time that was waited.
    pub fn first_ms(&self) -> Result<Percentiles> {
        self.first_ms.context("nothing was reported")
    }

    /// These, when every event was taken; otherwise what the API answered.
    pub fn all_taken(self) -> Result<Self> {
        if self.failed > 0 {
            let answer = self.first_error.as_deref().unwrap_or("nothing");
            bail!("{} of {} events were refused; first answer: {answer}", self.failed, self.n);
        }
        Ok(self)
    }

    /// These, when every event was taken and arrived.
    pub fn all_arrived(self) -> Result<Self> {
        let loaded = self.all_taken()?;
        if loaded.lost > 0 {
            bail!("{} of {} events did not arrive in time", loaded.lost, loaded.n);
        }
        Ok(loaded)
    }
}
