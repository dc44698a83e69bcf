//! E8: E1's load with 10,000 and with 5,000,000 settled deliveries of the last 90 days in the tables.

use std::path::Path;

use anyhow::Result;

use super::figures::E8;
use super::stage::Stage;
use super::subject::Subject;
use super::table::{Report, Samples, readable};
use super::whole_way::{arrive, enough};

pub async fn measure(stage: &Stage, report: &mut Report) -> Result<()> {
    let program = &stage.plan.program;
    let young = filled(stage, program, stage.plan.count(10_000)).await?;
    let old = filled(stage, program, many(stage)).await?;
    let events = enough(stage, |n| young.load(n)).await?;
    enough(stage, |n| old.load(n)).await?;
    let (mut ratio, mut with_many, mut with_few) = (Samples::default(), Samples::default(), Samples::default());
    for round in stage.plan.rounds() {
        let (before, after) = stage
            .in_turn(
                round,
                async || arrive(stage, &young.load(events)).await,
                async || arrive(stage, &old.load(events)).await,
            )
            .await?;
        stage.say(&format!("E8 round {round}: {} events/s, young {}", readable(after), readable(before)));
        with_few.push(before);
        with_many.push(after);
        ratio.push(after / before);
    }
    report.add(&E8, &ratio, format!("{} events/s, young {}", with_many.about(), with_few.about()));
    Ok(())
}

/// Deliveries of an old installation.
pub fn many(stage: &Stage) -> u64 {
    stage.plan.count(5_000_000)
}

/// A program with so many deliveries stored.
pub async fn filled(stage: &Stage, program: &Path, deliveries: u64) -> Result<Subject> {
    let subject = Subject::of(stage, program, None, &[stage.sink.hook("/growth")], "quick").await?;
    stage.say(&format!("E8: putting {} deliveries into the tables", readable(deliveries as f64)));
    subject.changed(async |file| stage.yardstick.fill(&file, deliveries).await).await
}
