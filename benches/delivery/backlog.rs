//! E3: how fast 50,000 owed deliveries go out while nothing comes in.
//!
//! The hook is paused, so that they are recorded and held; then it is resumed. The pace counts from the press of the button
//! to the last receipt.

use std::time::Duration;

use anyhow::Result;

use super::figures::E3;
use super::load::Load;
use super::stage::Stage;
use super::subject::Subject;
use super::table::{Report, Samples, readable};

pub async fn measure(stage: &Stage, report: &mut Report) -> Result<()> {
    let owed = stage.plan.count(50_000);
    let mut subject = Subject::on_sqlite(stage, &[stage.sink.hook("/backlog")], "quick").await?;
    let (mut of_blast, mut program, mut blast) = (Samples::default(), Samples::default(), Samples::default());
    for round in stage.plan.rounds() {
        let (bare, drained) = stage
            .in_turn(round, async || stage.blast().await, async || drained(stage, &mut subject, owed).await)
            .await?;
        stage.say(&format!("E3 round {round}: {}/s, blast {}", readable(drained), readable(bare)));
        blast.push(bare);
        program.push(drained);
        of_blast.push(drained / bare);
    }
    report.add(&E3, &of_blast, format!("{} deliveries/s; `blast` {} requests/s", program.about(), blast.about()));
    Ok(())
}

pub async fn drained(stage: &Stage, subject: &mut Subject, owed: u64) -> Result<f64> {
    let hook = subject.tenant.hooks[0].clone();
    subject.tenant.console.pause(&hook).await?;
    let recorded = Load { wait: Duration::ZERO, ..subject.load(owed) };
    stage.say(&format!("E3: recording {} deliveries for a paused hook", readable(owed as f64)));
    stage.yardstick.load(&stage.sink, &recorded).await?.all_taken()?;
    let early = stage.sink.seen().await?;
    anyhow::ensure!(early.requests == 0, "a paused hook got {} requests", early.requests);
    stage.say("E3: resuming it");
    subject.tenant.console.resume(&hook).await?;
    let done = stage.sink.distinct(owed).await?;
    let micros = done.last_us.unwrap_or_default().saturating_sub(early.now_us);
    Ok(owed as f64 * 1e6 / micros as f64)
}
