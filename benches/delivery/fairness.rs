//! E5b, E5c, E5d, E5g: what does a healthy hook notice while many others have a backlog that does not move?
//!
//! Each half of a round is a new installation. The others stand at other hosts than the healthy one, a few for all of them,
//! and get another event. Whether something arrives in time counts from the API's answer; what was refused did not arrive.

use std::time::Duration;

use anyhow::Result;

use super::figures::{E5B, E5C, E5D, E5G, Spec};
use super::load::Load;
use super::stage::Stage;
use super::subject::{Receiver, Subject};
use super::table::{Report, Samples, Strained, readable};

const HEALTHY: &str = "/healthy";

/// How long the healthy hook is watched.
const WATCH: Duration = Duration::from_secs(15);

/// Longer than any policy's timeout.
const HANGS: &str = "delay_ms=90000";

/// A hook that answers at once, and gets an event that the others do not get.
pub fn healthy(stage: &Stage) -> Receiver {
    Receiver::new(stage.sink.hook(HEALTHY), "quick").of(&["job.updated"])
}

/// A hook at another host.
pub fn other(stage: &Stage, at: usize, path_and_query: &str, policy: &'static str) -> Receiver {
    Receiver::new(stage.sink.elsewhere(at, path_and_query), policy).of(&["job.created"])
}

/// Hooks whose receivers take requests and never answer.
pub fn hanging(stage: &Stage, count: usize, policy: &'static str) -> impl Iterator<Item = Receiver> {
    (0..count).map(move |at| other(stage, at, &format!("/hanging?{HANGS}"), policy))
}

/// Events for the healthy hook at a moderate pace; what does not come soon is not waited for.
pub fn for_the_healthy(load: Load, per_second: u32, time: Duration) -> Load {
    let load = load.for_one_at(HEALTHY).at_pace(per_second, time);
    Load { wait: Duration::from_secs(3), patience: Duration::from_secs(5), ..load }
}

/// Ten hooks that hang owe more than memory holds.
pub async fn ten_hanging(stage: &Stage, report: &mut Report) -> Result<()> {
    in_time(stage, report, &E5B, &hanging(stage, 10, "quick").collect::<Vec<_>>(), 3_000).await
}

/// Ten hooks that answer, but want one request a second, owe more than memory holds.
pub async fn ten_limited(stage: &Stage, report: &mut Report) -> Result<()> {
    let limited: Vec<_> = (0..10).map(|at| other(stage, at, "/limited", "quick").limited_to(1)).collect();
    in_time(stage, report, &E5C, &limited, 3_000).await
}

/// Forty hooks that hang owe less than memory holds, but could take every place there is.
pub async fn forty_hanging(stage: &Stage, report: &mut Report) -> Result<()> {
    in_time(stage, report, &E5G, &hanging(stage, 40, "quick").collect::<Vec<_>>(), 400).await
}

/// The share of a healthy hook's events that arrives within a second of the answer, ten events a second.
async fn in_time(
    stage: &Stage,
    report: &mut Report,
    spec: &'static Spec,
    others: &[Receiver],
    events: u64,
) -> Result<()> {
    let (mut share, mut p99) = (Samples::default(), Samples::default());
    let (time, mut refused) = (stage.plan.time(WATCH), 0);
    for round in stage.plan.rounds() {
        let mut subject = Subject::with(stage, &[healthy(stage)]).await?;
        for other in others {
            subject.tenant.add(other).await?;
        }
        let backlog = Load { wait: Duration::ZERO, ..subject.load(stage.plan.count(events)) };
        stage.yardstick.load(&stage.sink, &backlog).await?.all_taken()?;
        let watched = for_the_healthy(subject.load(0), 10, time);
        let loaded = stage.yardstick.load(&stage.sink, &watched).await?;
        let percent = readable(loaded.percent_in_time());
        stage.say(&format!("{} round {round}: {percent} % in time, {}", spec.figure, loaded.refusals()));
        share.push(loaded.percent_in_time());
        p99.push(loaded.first_ms()?.p99);
        refused += loaded.failed;
    }
    report.add(spec, &share, format!("answer to receipt p99 {} ms; {refused} reports refused", p99.about()));
    Ok(())
}

/// A hundred hooks of another organisation hang until the longest timeout there is; what does this one notice?
pub async fn another_organisation(stage: &Stage, report: &mut Report) -> Result<()> {
    let mut p95 = Strained::default();
    for round in stage.plan.rounds() {
        let (calm, disturbed) =
            stage.in_turn(round, async || p95_beside(stage, 0).await, async || p95_beside(stage, 100).await).await?;
        stage.say(&format!("E5d round {round}: {} ms, without {} ms", readable(disturbed), readable(calm)));
        p95.push(disturbed, calm);
    }
    report.add_strained(&E5D, &p95, "");
    Ok(())
}

/// Milliseconds from the answer to the receipt, 50 events a second.
async fn p95_beside(stage: &Stage, hooks: usize) -> Result<f64> {
    let subject = Subject::with(stage, &[healthy(stage)]).await?;
    let mut neighbour = subject.another_tenant().await?;
    for hook in hanging(stage, hooks, "single") {
        neighbour.add(&hook).await?;
    }
    if hooks > 0 {
        let backlog = Load { wait: Duration::ZERO, ..neighbour.load(60) };
        stage.yardstick.load(&stage.sink, &backlog).await?.all_taken()?;
    }
    // The first receipts are handshakes.
    let load = |time| for_the_healthy(subject.load(0), 50, time);
    stage.yardstick.load(&stage.sink, &load(Duration::from_secs(2))).await?;
    Ok(stage.yardstick.load(&stage.sink, &load(stage.plan.time(WATCH))).await?.first_ms()?.p95)
}
