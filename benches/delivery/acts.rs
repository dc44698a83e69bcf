//! E9, E10: what members do at the console, and who notices.
//!
//! E9: somebody pauses, resumes and edits an idle hook, six acts a second, while 16,000 deliveries wait for eight receivers
//! that hang. E10: a hook with 200,000 held deliveries is resumed, another is deleted.

use std::time::Duration;

use anyhow::Result;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep};

use super::fairness::{for_the_healthy, hanging, healthy, other};
use super::figures::{E9, E10};
use super::load::{Load, Percentiles};
use super::stage::Stage;
use super::subject::{Receiver, Subject, Tenant};
use super::table::{Report, Samples, Strained, readable};
use super::yardstick::{Debts, Due};

/// Six acts a second.
const BETWEEN_ACTS: Duration = Duration::from_millis(166);

/// Acts on an idle hook while much waits.
pub async fn on_an_idle_hook(stage: &Stage, report: &mut Report) -> Result<()> {
    let (mut p99, mut pace) = (Strained::default(), Samples::default());
    for round in stage.plan.rounds() {
        let mut subject = Subject::with(stage, &[healthy(stage)]).await?;
        for hook in hanging(stage, 8, "single") {
            subject.tenant.add(&hook).await?;
        }
        let backlog = Load { wait: Duration::ZERO, fanout: 0, ..subject.load(stage.plan.count(2_000)) };
        stage.yardstick.load(&stage.sink, &backlog).await?.all_taken()?;
        let idle = Receiver::new(stage.sink.elsewhere(0, "/idle"), "quick").of(&["interview.abandoned"]).unsigned();
        let id = subject.tenant.add(&idle).await?;
        let load = for_the_healthy(subject.load(0), 50, stage.plan.time(Duration::from_secs(15)));
        // The first receipts are handshakes.
        stage.yardstick.load(&stage.sink, &Load { n: 100, ..load.clone() }).await?;
        let tenant = &mut subject.tenant;
        let (calm, disturbed) = stage
            .in_turn(
                round,
                async || Ok((stage.yardstick.load(&stage.sink, &load).await?.first_ms()?, 0.0)),
                async || acted_on(stage, tenant, (&id, &idle), &load).await,
            )
            .await?;
        let (calm, (disturbed, acts)) = (calm.0, disturbed);
        stage.say(&format!("E9 round {round}: {} ms, without {} ms", readable(disturbed.p99), readable(calm.p99)));
        p99.push(disturbed.p99, calm.p99);
        pace.push(acts);
    }
    report.add_strained(&E9, &p99, &format!("{} acts/s", pace.about()));
    Ok(())
}

/// Latencies of a load while an idle hook is acted on; acts a second.
async fn acted_on(
    stage: &Stage,
    tenant: &mut Tenant,
    (id, hook): (&str, &Receiver),
    load: &Load,
) -> Result<(Percentiles, f64)> {
    let loading = stage.yardstick.load(&stage.sink, load);
    tokio::pin!(loading);
    let mut ticks = interval(BETWEEN_ACTS);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let (start, mut acts) = (Instant::now(), 0_u32);
    let loaded = loop {
        tokio::select! {
            loaded = &mut loading => break loaded?,
            _ = ticks.tick() => {
                match acts % 3 {
                    0 => tenant.console.pause(id).await?,
                    1 => tenant.console.resume(id).await?,
                    _ => tenant.edit(id, hook, &format!("Act {acts}")).await?,
                }
                acts += 1;
            }
        }
    };
    Ok((loaded.first_ms()?, f64::from(acts) / start.elapsed().as_secs_f64()))
}

/// Resuming and deleting hooks for which much is held.
pub async fn on_much_held(stage: &Stage, report: &mut Report) -> Result<()> {
    let [mut longest, mut idle, mut resuming, mut deleting] = std::array::from_fn(|_| Samples::default());
    for round in stage.plan.rounds() {
        let mut subject = Subject::with(stage, &[healthy(stage)]).await?;
        // What is resumed goes out slowly: the act is measured, not the sending.
        let resumed = subject.tenant.add(&other(stage, 0, "/resumed", "quick").limited_to(10)).await?;
        let deleted = subject.tenant.add(&other(stage, 1, "/deleted", "quick")).await?;
        for hook in [&resumed, &deleted] {
            subject.tenant.console.pause(hook).await?;
            let debts = Debts { hook, clones: 0, each: stage.plan.count(200_000), due: Due::Held };
            subject = subject.changed(async |file| stage.yardstick.owe(&file, &debts).await).await?;
        }
        let load = for_the_healthy(subject.load(0), 100, stage.plan.time(Duration::from_secs(8)));
        // How long a report waits is the question.
        let load = Load { patience: Duration::from_secs(30), ..load };
        let nothing = longest_wait(stage, &load, async || Ok(())).await?;
        let resume = longest_wait(stage, &load, async || subject.tenant.console.resume(&resumed).await).await?;
        let delete = longest_wait(stage, &load, async || subject.tenant.console.delete(&deleted).await).await?;
        let told = format!("{} and {} ms, without {} ms", readable(resume), readable(delete), readable(nothing));
        stage.say(&format!("E10 round {round}: {told}"));
        longest.push(resume.max(delete));
        idle.push(nothing);
        resuming.push(resume);
        deleting.push(delete);
    }
    let [resume, delete, without] = [resuming, deleting, idle].map(|samples| samples.about());
    report.add(&E10, &longest, format!("resumed {resume} ms, deleted {delete} ms, without {without} ms"));
    Ok(())
}

/// The longest call of a load, in milliseconds, when something is done in its second second.
async fn longest_wait(stage: &Stage, load: &Load, act: impl AsyncFnOnce() -> Result<()>) -> Result<f64> {
    let acted = async || {
        sleep(Duration::from_secs(1)).await;
        act().await
    };
    let (loaded, ()) = tokio::try_join!(stage.yardstick.load(&stage.sink, load), acted())?;
    Ok(loaded.calls_ms()?.max)
}
