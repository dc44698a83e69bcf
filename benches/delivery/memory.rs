//! E6: resident memory, idle and with much owed. (Under load it is taken while E1 is measured.) E6b: with large bodies.

use std::time::Duration;

use anyhow::Result;

use super::figures::{E6_IDLE, E6_OWED, E6B, Spec};
use super::load::Load;
use super::stage::Stage;
use super::subject::Subject;
use super::table::{MIB, Report, Samples, readable};

/// As many hooks as could fill the default caps: 16 under way to each, 512 in all.
const HOOKS: u64 = 32;

/// Answers come only after the longest timeout of all, so what is in flight stays there.
const HANGS: &str = "delay_ms=90000";

/// Started on a new database, nobody there.
pub async fn idle(stage: &Stage, report: &mut Report) -> Result<()> {
    let mut idle = Samples::default();
    for _ in stage.plan.rounds() {
        idle.push(Subject::on_sqlite(stage, &[], "quick").await?.idle as f64 / MIB);
    }
    report.add(&E6_IDLE, &idle, "");
    Ok(())
}

/// 100,000 owed to 32 hooks whose receivers take what comes and do not answer.
pub async fn owed(stage: &Stage, report: &mut Report) -> Result<()> {
    let events = stage.plan.count(100_000).div_ceil(HOOKS);
    let hooks: Vec<String> = (0..HOOKS).map(|at| stage.sink.hook(&format!("/owed/{at}?{HANGS}"))).collect();
    let beside = format!("the most it held while {} came to be owed", readable((events * HOOKS) as f64));
    most_held(stage, report, (&E6_OWED, &beside), (&hooks, "single"), |load| Load { n: events, ..load }).await
}

/// 2,000 large events for one hook whose receiver does not answer.
pub async fn large(stage: &Stage, report: &mut Report) -> Result<()> {
    let events = stage.plan.count(2_000);
    let hooks = [stage.sink.hook(&format!("/large?{HANGS}"))];
    let beside = format!("the most it held while {} MB came to be owed", events / 4);
    most_held(stage, report, (&E6B, &beside), (&hooks, "quick"), |load| Load { n: events, bytes: 250_000, ..load })
        .await
}

/// The most memory held while events come to be owed to hooks of a policy.
async fn most_held(
    stage: &Stage,
    report: &mut Report,
    (spec, beside): (&'static Spec, &str),
    (hooks, policy): (&[String], &'static str),
    load: impl Fn(Load) -> Load,
) -> Result<()> {
    let mut held = Samples::default();
    for round in stage.plan.rounds() {
        let subject = Subject::on_sqlite(stage, hooks, policy).await?;
        subject.server.forget_peak()?;
        let load = Load { wait: Duration::ZERO, ..load(subject.load(0)) };
        stage.yardstick.load(&stage.sink, &load).await?.all_taken()?;
        // What else it reads from the tables or gives back shows within seconds.
        tokio::time::sleep(Duration::from_secs(5)).await;
        let most = subject.server.usage()?.peak as f64 / MIB;
        stage.say(&format!("{} round {round}: {} MiB", spec.figure, readable(most)));
        held.push(most);
    }
    report.add(spec, &held, beside);
    Ok(())
}
