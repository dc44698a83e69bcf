//! E4: at 50 events a second, the time from the API's answer to the receipt.
//!
//! It may be negative: the receipt can win the race with the answer.

use anyhow::{Context as _, Result};

use super::figures::{E4_P50, E4_P99};
use super::load::{Load, Percentiles};
use super::stage::Stage;
use super::subject::Subject;
use super::table::{Report, Samples, readable};

pub async fn measure(stage: &Stage, report: &mut Report) -> Result<()> {
    let subject = Subject::on_sqlite(stage, &[stage.sink.hook("/latency")], "quick").await?;
    let floor = stage.floor().await?;
    let events = events(stage);
    // Connections are made and everything is touched once.
    for load in [subject.load(300), floor.load(300)] {
        at_leisure(stage, load).await?;
    }
    let [mut p50, mut p99, mut floor_p50, mut floor_p99] = std::array::from_fn(|_| Samples::default());
    for round in stage.plan.rounds() {
        let (beside, own) = stage
            .in_turn(
                round,
                async || at_leisure(stage, floor.load(events)).await,
                async || at_leisure(stage, subject.load(events)).await,
            )
            .await?;
        stage.say(&format!("E4 round {round}: {} and {} ms", readable(own.p50), readable(own.p99)));
        floor_p50.push(beside.p50);
        floor_p99.push(beside.p99);
        p50.push(own.p50);
        p99.push(own.p99);
    }
    report.add(&E4_P50, &p50, format!("`floor` {} ms", floor_p50.about()));
    report.add(&E4_P99, &p99, format!("`floor` {} ms", floor_p99.about()));
    Ok(())
}

/// How many of them a percentile is taken of.
pub fn events(stage: &Stage) -> u64 {
    if stage.plan.quick { 150 } else { 1_000 }
}

pub async fn at_leisure(stage: &Stage, load: Load) -> Result<Percentiles> {
    let loaded = stage.yardstick.load(&stage.sink, &Load { rate: Some(50.0), ..load }).await?.all_arrived()?;
    loaded.accept_to_sink_ms.context("nothing arrived")
}
