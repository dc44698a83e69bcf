//! E11: what a second instance on the same processors costs.
//!
//! Two installations on one PostgreSQL, one served by one instance and one by two, take E2's load in turn; with two, each
//! caller reports to both in turn.

use anyhow::Result;

use super::figures::E11;
use super::load::Load;
use super::metrics::{COMMITS, Metrics, ROUND_TRIPS};
use super::stage::Stage;
use super::subject::Subject;
use super::table::{Report, Samples, readable};
use super::whole_way::{arrive, enough};

pub async fn measure(stage: &Stage, report: &mut Report) -> Result<()> {
    let postgres = stage.postgres().await?;
    let hooks = [stage.sink.hook("/instances")];
    let (single, pair) = (postgres.new_database("single").await?, postgres.new_database("pair").await?);
    let one = Subject::on(stage, Some(&single), &hooks, "quick").await?;
    let two = Subject::on(stage, Some(&pair), &hooks, "quick").await?;
    let (second, its_metrics) = two.another_instance().await?;
    let on_both = |n| {
        let mut load = two.load(n);
        load.urls.push(load.urls[0].replace(two.server.url(), second.url()));
        load
    };
    let (few, many) = (enough(stage, |n| one.load(n)).await?, enough(stage, on_both).await?);
    let (mut ratio, mut costs) = (Samples::default(), [(); 4].map(|()| Samples::default()));
    for round in stage.plan.rounds() {
        let (alone, together) = stage
            .in_turn(
                round,
                async || counted(stage, &one.load(few), &[&one.metrics]).await,
                async || counted(stage, &on_both(many), &[&two.metrics, &its_metrics]).await,
            )
            .await?;
        let [pace, before] = [together.per_second, alone.per_second];
        stage.say(&format!("E11 round {round}: {} events/s, one instance {}", readable(pace), readable(before)));
        ratio.push(pace / before);
        let counts = [together.commits, together.round_trips, alone.commits, alone.round_trips];
        costs.iter_mut().zip(counts).for_each(|(samples, count)| samples.push(count));
    }
    let [commits, trips, commits_of_one, trips_of_one] = costs.map(|samples| samples.about());
    let beside =
        format!("{commits} commits and {trips} round trips an event; one instance {commits_of_one} and {trips_of_one}");
    report.add(&E11, &ratio, beside);
    Ok(())
}

/// A run, with what instances counted for each event.
struct Counted {
    per_second: f64,
    commits: f64,
    round_trips: f64,
}

async fn counted(stage: &Stage, load: &Load, instances: &[&Metrics]) -> Result<Counted> {
    let count = async |name| {
        let mut sum = 0.0;
        for metrics in instances {
            sum += metrics.count(name).await.unwrap_or(f64::NAN);
        }
        sum
    };
    let before = [count(COMMITS).await, count(ROUND_TRIPS).await];
    let per_second = arrive(stage, load).await?;
    let after = [count(COMMITS).await, count(ROUND_TRIPS).await];
    let [commits, round_trips] = [0, 1].map(|at| (after[at] - before[at]) / load.n as f64);
    Ok(Counted { per_second, commits, round_trips })
}
