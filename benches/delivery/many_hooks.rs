//! E5e, E5f: ten thousand hooks.
//!
//! One is made on the console's page; the others are copies of it, put into the stopped SQLite file together with what they
//! owe. All belong to one organisation, the healthy hook's: then nothing but turns can keep them apart.

use std::time::Duration;

use anyhow::Result;

use super::fairness::{for_the_healthy, healthy, other};
use super::figures::{E5E, E5F};
use super::load::Load;
use super::stage::Stage;
use super::subject::{Receiver, Subject};
use super::table::{Report, Samples, readable};
use super::yardstick::{Debts, Due};

const HOOKS: u64 = 10_000;

/// Each of them has three deliveries due as the program starts, and answers at once.
pub async fn all_due(stage: &Stage, report: &mut Report) -> Result<()> {
    let (mut p99, mut p50, mut refused) = (Samples::default(), Samples::default(), 0);
    for round in stage.plan.rounds() {
        let subject = Subject::with(stage, &[healthy(stage)]).await?;
        let subject = with_copies(stage, subject, 3, Due::Now).await?;
        let load = for_the_healthy(subject.load(0), 50, stage.plan.time(Duration::from_secs(10)));
        // What comes late is waited for: how late it is, is the question.
        let load = Load { wait: Duration::from_secs(60), ..load };
        let loaded = stage.yardstick.load(&stage.sink, &load).await?;
        let first = loaded.first_ms()?;
        let told = format!("p99 {} ms, median {} ms", readable(first.p99), readable(first.p50));
        stage.say(&format!("E5e round {round}: {told}, {}", loaded.refusals()));
        p99.push(first.p99);
        p50.push(first.p50);
        refused += loaded.failed;
    }
    report.add(&E5E, &p99, format!("median {} ms; {refused} reports refused", p50.about()));
    Ok(())
}

/// Each of them owes something tomorrow; one other hangs and gets what the healthy one gets.
pub async fn all_tomorrow(stage: &Stage, report: &mut Report) -> Result<()> {
    let (mut share, mut late) = (Samples::default(), Samples::default());
    for round in stage.plan.rounds() {
        let hangs = Receiver::new(stage.sink.elsewhere(0, "/hanging?delay_ms=90000"), "quick").of(&["job.updated"]);
        let subject = Subject::with(stage, &[healthy(stage), hangs]).await?;
        let subject = with_copies(stage, subject, 1, Due::Tomorrow).await?;
        let (ease, watch) = (Duration::from_secs(6), stage.plan.time(Duration::from_secs(12)));
        // It goes on a little longer than it is watched, and is watched after the first requests have timed out.
        let load = for_the_healthy(subject.load(0), 50, ease + watch + Duration::from_secs(2));
        let cpu = async || -> Result<f64> {
            tokio::time::sleep(ease).await;
            let before = subject.server.usage()?.cpu_seconds;
            tokio::time::sleep(watch).await;
            Ok((subject.server.usage()?.cpu_seconds - before) * 100.0 / watch.as_secs_f64())
        };
        let (loaded, percent) = tokio::try_join!(stage.yardstick.load(&stage.sink, &load), cpu())?;
        stage.say(&format!("E5f round {round}: {} % of a core", readable(percent)));
        share.push(percent);
        late.push(loaded.all_taken()?.first_ms()?.p99);
    }
    report.add(&E5F, &share, format!("answer to receipt p99 {} ms", late.about()));
    Ok(())
}

async fn with_copies(stage: &Stage, mut subject: Subject, each: u64, due: Due) -> Result<Subject> {
    let template = subject.tenant.add(&other(stage, 1, "/copies", "quick").unsigned()).await?;
    let clones = stage.plan.count(HOOKS);
    let debts = Debts { hook: &template, clones, each, due };
    subject.changed(async |file| stage.yardstick.owe(&file, &debts).await).await
}
