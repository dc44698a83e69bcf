//! A visitor: how long pages take while something else goes on.

use std::time::Duration;

use anyhow::Result;
use tokio::time::{Instant, MissedTickBehavior, interval};

use super::process::client;

/// A page that takes longer counts as having taken this.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(5);

/// The 99th percentile, in milliseconds, of a visitor who connects anew for each look at the log-in page, twenty a second.
pub async fn p99_of_the_log_in(server: &str, time: Duration) -> Result<f64> {
    let (client, end) = (client()?, Instant::now() + time);
    let mut ticks = interval(Duration::from_millis(50));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut waits = Vec::new();
    while Instant::now() < end {
        ticks.tick().await;
        let start = Instant::now();
        let request = client.get(format!("{server}/login")).header("connection", "close").timeout(ANSWER_TIMEOUT);
        let is_shown = match request.send().await {
            Ok(answer) => answer.status().is_success() && answer.bytes().await.is_ok(),
            Err(_) => false,
        };
        let took = if is_shown { start.elapsed() } else { ANSWER_TIMEOUT.max(start.elapsed()) };
        waits.push(took.as_secs_f64() * 1_000.0);
    }
    waits.sort_by(f64::total_cmp);
    Ok(waits[((waits.len() - 1) as f64 * 0.99).round() as usize])
}
