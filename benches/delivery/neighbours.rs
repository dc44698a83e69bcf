//! E5: ten hooks get every event; what do nine of them notice when the tenth takes requests and never answers?
//!
//! Each half of a round is a new installation, so that neither inherits what the other owes. The rate is moderate, 50 events
//! and so 500 deliveries a second; the hanging one's requests end at its policy's timeout of 5 seconds, within each run.

use std::time::Duration;

use anyhow::{Context as _, Result};

use super::figures::E5;
use super::load::Load;
use super::process::eventually;
use super::stage::Stage;
use super::subject::Subject;
use super::table::{Report, Strained, readable};

const OTHERS: usize = 9;

pub async fn measure(stage: &Stage, report: &mut Report) -> Result<()> {
    let mut p95 = Strained::default();
    for round in stage.plan.rounds() {
        let (calm, disturbed) = stage
            .in_turn(round, async || p95_of_nine(stage, "").await, async || p95_of_nine(stage, "?delay_ms=60000").await)
            .await?;
        stage.say(&format!("E5 round {round}: {} ms, without {} ms", readable(disturbed), readable(calm)));
        p95.push(disturbed, calm);
    }
    report.add_strained(&E5, &p95, "");
    Ok(())
}

/// Milliseconds from the call of the API to the receipt.
async fn p95_of_nine(stage: &Stage, tenth: &str) -> Result<f64> {
    let mut hooks: Vec<String> = (0..OTHERS).map(|at| stage.sink.hook(&format!("/neighbour/{at}"))).collect();
    hooks.push(stage.sink.hook(&format!("/tenth{tenth}")));
    let subject = Subject::on_sqlite(stage, &hooks, "quick").await?;
    // The first receipts are handshakes.
    run(stage, &subject, 50).await?;
    let events = if stage.plan.quick { 300 } else { 750 };
    let mut nine = run(stage, &subject, events).await?;
    nine.sort_by(f64::total_cmp);
    let at = (nine.len() as f64 * 0.95) as usize;
    nine.get(at).copied().context("nothing arrived at the nine")
}

async fn run(stage: &Stage, subject: &Subject, events: u64) -> Result<Vec<f64>> {
    let load = Load { rate: Some(50.0), wait: Duration::ZERO, ..subject.load(events) };
    stage.yardstick.load(&stage.sink, &load).await?.all_taken()?;
    let wanted = events as usize * OTHERS;
    eventually("the nine to get every event", Duration::from_secs(120), async || {
        let of_nine = stage.sink.latencies().await?.into_iter().filter(|(path, _)| path.starts_with("/neighbour/"));
        let of_nine: Vec<f64> = of_nine.map(|(_, latency)| latency).collect();
        Ok((of_nine.len() >= wanted).then_some(of_nine))
    })
    .await
}
