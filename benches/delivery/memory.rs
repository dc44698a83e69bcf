//! E6: resident memory, idle and with much owed. (Under load it is taken while E1 is measured.)

use std::time::Duration;

use anyhow::Result;

use super::stage::Stage;
use super::subject::Subject;
use super::table::{E6_IDLE, E6_OWED, Report, Samples, readable};
use super::yardstick::Load;

const MIB: f64 = 1024.0 * 1024.0;

/// As many hooks as fill the default caps: 16 under way to each, 512 in all.
const HOOKS: u64 = 32;
const IN_FLIGHT: u64 = 512;

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
    // Answers come only after the longest timeout of all, so what is in flight stays there.
    let hooks: Vec<String> = (0..HOOKS).map(|at| stage.sink.hook(&format!("/owed/{at}?delay_ms=90000"))).collect();
    let mut held = Samples::default();
    for round in stage.plan.rounds() {
        let subject = Subject::on_sqlite(stage, &hooks, "single").await?;
        subject.server.forget_peak()?;
        let load = Load { wait: Duration::ZERO, ..subject.load(events) };
        stage.yardstick.load(&stage.sink, &load).await?.all_taken()?;
        stage.sink.requests(IN_FLIGHT).await?;
        // What else it reads from the tables or gives back shows within seconds.
        tokio::time::sleep(Duration::from_secs(5)).await;
        let most = subject.server.usage()?.peak as f64 / MIB;
        stage.say(&format!("E6 round {round}: {} MiB with {} owed", readable(most), events * HOOKS));
        held.push(most);
    }
    report.add(
        &E6_OWED,
        &held,
        format!("the most it held while {} came to be owed", readable((events * HOOKS) as f64)),
    );
    Ok(())
}
