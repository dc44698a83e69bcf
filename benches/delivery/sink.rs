//! The receiver of everything, run and asked what it saw.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::process::{Child, client, free_address};
use super::yardstick::{Yardstick, arguments, started};

/// Hosts that the sink stands for.
const ADDRESSES: usize = 5;

/// A sink that runs.
pub struct Sink {
    _child: Child,
    client: reqwest::Client,
    control: SocketAddr,
    https: Vec<SocketAddr>,
    /// The authority that signed its certificate.
    pub authority: PathBuf,
}

/// What the sink has seen since it was last reset.
#[derive(Debug, Deserialize)]
pub struct Seen {
    pub requests: u64,
    pub distinct: u64,
    pub now_us: u64,
    pub last_us: Option<u64>,
}

impl Sink {
    pub async fn start(yardstick: &Yardstick) -> Result<Self> {
        let control = free_address()?;
        let https = (0..ADDRESSES).map(|_| free_address()).collect::<Result<Vec<_>>>()?;
        let authority = yardstick.folder.join("ca.pem");
        let ca = authority.display().to_string();
        let mut arguments = arguments([("--http", control.to_string()), ("--ca-out", ca)]);
        arguments.extend(https.iter().flat_map(|address| ["--https".to_owned(), address.to_string()]));
        let child = started(yardstick.start("sink", &arguments)?, "sink").await?;
        Ok(Self { _child: child, client: client()?, control, https, authority })
    }

    /// The address of an endpoint over HTTPS.
    pub fn hook(&self, path: &str) -> String {
        format!("https://{}{path}", self.https[0])
    }

    /// The same of other hosts than that one, a few of them in turn: what they do must not be laid to its charge.
    pub fn elsewhere(&self, at: usize, path: &str) -> String {
        format!("https://{}{path}", self.https[1 + at % (ADDRESSES - 1)])
    }

    /// Where it is asked and told.
    pub fn control(&self) -> String {
        format!("http://{}", self.control)
    }

    pub async fn seen(&self) -> Result<Seen> {
        self.ask("/stats").await
    }

    /// Waits for so many different messages; gives up when nothing has come for a minute.
    pub async fn distinct(&self, wanted: u64) -> Result<Seen> {
        let (mut before, mut since) = (0, Instant::now());
        loop {
            let seen: Seen = self.ask(&format!("/wait?distinct={wanted}&timeout_ms=2000")).await?;
            if seen.distinct >= wanted {
                return Ok(seen);
            }
            if seen.distinct > before {
                (before, since) = (seen.distinct, Instant::now());
            } else if since.elapsed() > Duration::from_secs(60) {
                bail!("only {} of {wanted} messages arrived, and none for a minute", seen.distinct);
            }
        }
    }

    /// Path and milliseconds from the call of the API to the receipt, of every request.
    pub async fn latencies(&self) -> Result<Vec<(String, f64)>> {
        let dump = self.client.get(format!("{}/dump", self.control())).send().await?.text().await?;
        let read = |line: &str| {
            let mut fields = line.split(' ').skip(1);
            let (sent, received): (f64, f64) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
            Some((fields.next()?.to_owned(), (received - sent) / 1_000.0))
        };
        Ok(dump.lines().filter_map(read).collect())
    }

    async fn ask<Told: DeserializeOwned>(&self, path: &str) -> Result<Told> {
        let text = self.client.get(format!("{}{path}", self.control())).send().await?.text().await?;
        serde_json::from_str(&text).with_context(|| format!("the sink answered “{text}”"))
    }
}
