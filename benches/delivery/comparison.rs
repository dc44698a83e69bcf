//! The program and an earlier one, in turn: E1, E2, E3, E4, E4b, E7 and E8 of both, on the same machine in the same minutes.
//!
//! Every figure is divided so that more is better, and the 99th percentile of E4 is subtracted.

use std::path::Path;

use anyhow::Result;

use super::backlog::drained;
use super::figures::{
    E1_AGAINST, E2_AGAINST, E3_AGAINST, E4_AGAINST, E4B_POSTGRES_AGAINST, E4B_SQLITE_AGAINST, E7_POSTGRES_AGAINST,
    E7_SQLITE_AGAINST, E8_AGAINST, Spec,
};
use super::growth::{filled, many};
use super::latency::{at_leisure, events};
use super::metrics::{COMMITS, ROUND_TRIPS};
use super::process::Postgres;
use super::stage::Stage;
use super::subject::Subject;
use super::table::{Report, Samples, readable};
use super::whole_way::{Run, arrive, counted, enough, run};

/// A figure of both, round by round.
#[derive(Default)]
struct Compared {
    value: Samples,
    new: Samples,
    before: Samples,
}

impl Compared {
    /// What is better when it is more.
    fn more(&mut self, new: f64, before: f64) {
        self.push(new / before, new, before);
    }

    /// What is better when it is less.
    fn less(&mut self, new: f64, before: f64) {
        self.push(before / new, new, before);
    }

    fn push(&mut self, value: f64, new: f64, before: f64) {
        self.value.push(value);
        self.new.push(new);
        self.before.push(before);
    }

    fn beside(&self, unit: &str) -> String {
        format!("{}{unit}; before {}", self.new.about(), self.before.about())
    }

    fn report(&self, report: &mut Report, spec: &'static Spec, unit: &str) {
        report.add(spec, &self.value, self.beside(unit));
    }
}

/// E1, E4b and E7 on SQLite.
pub async fn on_sqlite(stage: &Stage, report: &mut Report) -> Result<()> {
    let hooks = [stage.sink.hook("/whole-way")];
    let [new, before] = programs(stage)?;
    let new = Subject::of(stage, new, None, &hooks, "quick").await?;
    let before = Subject::of(stage, before, None, &hooks, "quick").await?;
    let [pace, cpu, count] = whole_way(stage, "E1", [&new, &before], None).await?;
    pace.report(report, &E1_AGAINST, " events/s");
    cpu.report(report, &E4B_SQLITE_AGAINST, " s per 1,000 events");
    counted(report, &E7_SQLITE_AGAINST, &count.value, COMMITS, &count.beside(" an event"))
}

/// E2, E4b and E7 on PostgreSQL.
pub async fn on_postgres(stage: &Stage, report: &mut Report) -> Result<()> {
    let hooks = [stage.sink.hook("/whole-way")];
    let [new, before] = programs(stage)?;
    let postgres = stage.postgres().await?;
    let (url, earlier) = (postgres.new_database("new").await?, postgres.new_database("before").await?);
    let new = Subject::of(stage, new, Some(&url), &hooks, "quick").await?;
    let before = Subject::of(stage, before, Some(&earlier), &hooks, "quick").await?;
    let [pace, cpu, count] = whole_way(stage, "E2", [&new, &before], Some(&postgres)).await?;
    pace.report(report, &E2_AGAINST, " events/s");
    cpu.report(report, &E4B_POSTGRES_AGAINST, " s per 1,000 events");
    counted(report, &E7_POSTGRES_AGAINST, &count.value, ROUND_TRIPS, &count.beside(" an event"))
}

/// Pace, processor time and what was counted.
async fn whole_way(
    stage: &Stage,
    figure: &str,
    [new, before]: [&Subject; 2],
    postgres: Option<&Postgres>,
) -> Result<[Compared; 3]> {
    let (events, earlier) = (enough(stage, |n| new.load(n)).await?, enough(stage, |n| before.load(n)).await?);
    let [mut pace, mut cpu, mut count] = [(); 3].map(|()| Compared::default());
    for round in stage.plan.rounds() {
        let (old, own): (Run, Run) = stage
            .in_turn(
                round,
                async || run(stage, before, postgres, earlier).await,
                async || run(stage, new, postgres, events).await,
            )
            .await?;
        told(stage, figure, round, own.per_second, old.per_second);
        pace.more(own.per_second, old.per_second);
        cpu.less(own.cpu, old.cpu);
        own.counted.zip(old.counted).inspect(|(own, old)| count.less(*own, *old));
    }
    Ok([pace, cpu, count])
}

/// E3.
pub async fn backlog(stage: &Stage, report: &mut Report) -> Result<()> {
    let owed = stage.plan.count(50_000);
    let hooks = [stage.sink.hook("/backlog")];
    let [new, before] = programs(stage)?;
    let mut new = Subject::of(stage, new, None, &hooks, "quick").await?;
    let mut before = Subject::of(stage, before, None, &hooks, "quick").await?;
    let mut pace = Compared::default();
    for round in stage.plan.rounds() {
        let (old, own) = stage
            .in_turn(
                round,
                async || drained(stage, &mut before, owed).await,
                async || drained(stage, &mut new, owed).await,
            )
            .await?;
        told(stage, "E3", round, own, old);
        pace.more(own, old);
    }
    pace.report(report, &E3_AGAINST, " deliveries/s");
    Ok(())
}

/// E4.
pub async fn latency(stage: &Stage, report: &mut Report) -> Result<()> {
    let hooks = [stage.sink.hook("/latency")];
    let [new, before] = programs(stage)?;
    let new = Subject::of(stage, new, None, &hooks, "quick").await?;
    let before = Subject::of(stage, before, None, &hooks, "quick").await?;
    // Connections are made and everything is touched once.
    for subject in [&new, &before] {
        at_leisure(stage, subject.load(300)).await?;
    }
    let (mut p99, mut median) = (Compared::default(), Compared::default());
    for round in stage.plan.rounds() {
        let (old, own) = stage
            .in_turn(
                round,
                async || at_leisure(stage, before.load(events(stage))).await,
                async || at_leisure(stage, new.load(events(stage))).await,
            )
            .await?;
        told(stage, "E4", round, own.p99, old.p99);
        p99.push(own.p99 - old.p99, own.p99, old.p99);
        median.push(own.p50 - old.p50, own.p50, old.p50);
    }
    report.add(&E4_AGAINST, &p99.value, format!("{}; median {}", p99.beside(" ms"), median.beside(" ms")));
    Ok(())
}

/// E8's pace in an old installation.
pub async fn growth(stage: &Stage, report: &mut Report) -> Result<()> {
    let [new, before] = programs(stage)?;
    let new = filled(stage, new, many(stage)).await?;
    let before = filled(stage, before, many(stage)).await?;
    let (events, earlier) = (enough(stage, |n| new.load(n)).await?, enough(stage, |n| before.load(n)).await?);
    let mut pace = Compared::default();
    for round in stage.plan.rounds() {
        let (old, own) = stage
            .in_turn(
                round,
                async || arrive(stage, &before.load(earlier)).await,
                async || arrive(stage, &new.load(events)).await,
            )
            .await?;
        told(stage, "E8", round, own, old);
        pace.more(own, old);
    }
    pace.report(report, &E8_AGAINST, " events/s");
    Ok(())
}

/// The program that is measured, and the earlier one.
fn programs(stage: &Stage) -> Result<[&Path; 2]> {
    Ok([&stage.plan.program, &stage.before()?.program])
}

fn told(stage: &Stage, figure: &str, round: u16, new: f64, before: f64) {
    stage.say(&format!("{figure} against, round {round}: {}, before {}", readable(new), readable(before)));
}
