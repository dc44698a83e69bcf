//! What the program counts about itself, read from its metrics address.

use std::net::SocketAddr;

use anyhow::Result;

use super::process::client;

/// The setting that names the address.
pub const LISTEN: &str = "HIREWIRE_METRICS_LISTEN";
/// Transactions committed.
pub const COMMITS: &str = "hirewire_commits_total";
/// Times the program waited for an answer of its database.
pub const ROUND_TRIPS: &str = "hirewire_database_round_trips_total";

/// The metrics of one installation.
pub struct Metrics {
    client: reqwest::Client,
    address: SocketAddr,
}

impl Metrics {
    pub fn at(address: SocketAddr) -> Result<Self> {
        Ok(Self { client: client()?, address })
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// A counter, summed over its labels; `None` when the program does not tell.
    pub async fn count(&self, name: &str) -> Option<f64> {
        let answer = self.client.get(format!("http://{}/metrics", self.address)).send().await.ok()?;
        let text = answer.error_for_status().ok()?.text().await.ok()?;
        let value = |line: &str| {
            let rest = line.strip_prefix(name).filter(|rest| rest.starts_with([' ', '{']))?;
            rest.rsplit_once(' ')?.1.parse::<f64>().ok()
        };
        let values: Vec<f64> = text.lines().filter_map(value).collect();
        (!values.is_empty()).then(|| values.iter().sum())
    }
}
