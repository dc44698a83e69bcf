//! E1, E2 and what is counted meanwhile (E4b, E6 under load, E7): the whole way of an event.
//!
//! 64 callers report events as fast as they are answered; one hook gets each of them over HTTPS. The pace is the number of
//! events divided by the time from the first call to the last receipt.

use std::time::Duration;

use anyhow::{Context as _, Result};

use super::figures::{E1, E2, E4B_POSTGRES, E4B_SQLITE, E6_LOAD, E7_POSTGRES, E7_SQLITE, Spec};
use super::load::Load;
use super::metrics::{COMMITS, ROUND_TRIPS};
use super::process::Postgres;
use super::stage::Stage;
use super::subject::Subject;
use super::table::{MIB, Report, Samples, readable};

/// What the rounds came to.
#[derive(Default)]
struct Pace {
    of_floor: Samples,
    program: Samples,
    floor: Samples,
    blast: Samples,
    cpu: Samples,
    floor_cpu: Samples,
    resident: Samples,
    counted: Samples,
}

/// On SQLite.
pub async fn on_sqlite(stage: &Stage, report: &mut Report) -> Result<()> {
    let subject = Subject::on_sqlite(stage, &[stage.sink.hook("/whole-way")], "quick").await?;
    let pace = rounds(stage, "E1", &subject, None).await?;
    report.add(&E1, &pace.of_floor, pace.beside());
    report.add(&E4B_SQLITE, &pace.cpu, pace.beside_cpu());
    report.add(&E6_LOAD, &pace.resident, "the most it held in each round");
    counted(report, &E7_SQLITE, &pace.counted, COMMITS, "")
}

/// On PostgreSQL.
pub async fn on_postgres(stage: &Stage, report: &mut Report) -> Result<()> {
    let postgres = stage.postgres().await?;
    let url = postgres.new_database("measured").await?;
    let subject = Subject::on(stage, Some(&url), &[stage.sink.hook("/whole-way")], "quick").await?;
    let pace = rounds(stage, "E2", &subject, Some(&postgres)).await?;
    report.add(&E2, &pace.of_floor, pace.beside());
    report.add(&E4B_POSTGRES, &pace.cpu, pace.beside_cpu());
    let count = by_postgres(stage, &subject, &postgres).await?;
    counted(report, &E7_POSTGRES, &pace.counted, ROUND_TRIPS, &count)
}

pub fn counted(report: &mut Report, spec: &'static Spec, samples: &Samples, metric: &str, beside: &str) -> Result<()> {
    if samples.median().is_some() {
        report.add(spec, samples, beside);
    } else {
        let aside = if beside.is_empty() { String::new() } else { format!("; {beside}") };
        report.not_measured(spec, format!("the program tells no {metric}{aside}"));
    }
    Ok(())
}

impl Pace {
    /// What this machine's processor makes of the least work there is.
    fn beside_cpu(&self) -> String {
        self.floor_cpu.median().map_or_else(String::new, |cpu| format!("`floor` {cpu:.3}"))
    }

    fn beside(&self) -> String {
        let [program, floor, blast] = [&self.program, &self.floor, &self.blast].map(Samples::about);
        format!("{program} events/s; `floor` {floor}; `blast` {blast} requests/s")
    }
}

async fn rounds(stage: &Stage, figure: &str, subject: &Subject, postgres: Option<&Postgres>) -> Result<Pace> {
    let floor = stage.floor().await?;
    let (many, many_for_floor) = (enough(stage, |n| subject.load(n)).await?, enough(stage, |n| floor.load(n)).await?);
    let mut pace = Pace::default();
    for round in stage.plan.rounds() {
        pace.blast.push(stage.blast().await?);
        let (beside, own) = stage
            .in_turn(
                round,
                async || {
                    let before = floor.cpu_seconds()?;
                    let per_second = arrive(stage, &floor.load(many_for_floor)).await?;
                    let cpu = (floor.cpu_seconds()? - before) * 1_000.0 / many_for_floor as f64;
                    Ok(Run { per_second, cpu, ..Run::default() })
                },
                async || run(stage, subject, postgres, many).await,
            )
            .await?;
        let (of_program, of_floor) = (own.per_second, beside.per_second);
        stage.say(&format!("{figure} round {round}: {} events/s, floor {}", readable(of_program), readable(of_floor)));
        pace.floor.push(of_floor);
        pace.floor_cpu.push(beside.cpu);
        pace.program.push(of_program);
        pace.of_floor.push(of_program / of_floor);
        pace.cpu.push(own.cpu);
        pace.resident.push(own.resident);
        own.counted.inspect(|counted| pace.counted.push(*counted));
    }
    Ok(pace)
}

/// How many events keep somebody busy for a few seconds; finding out warms them up.
pub async fn enough(stage: &Stage, load: impl Fn(u64) -> Load) -> Result<u64> {
    let first = arrive(stage, &load(300)).await?;
    let second = arrive(stage, &load(stage.plan.busy_with(first) / 4)).await?;
    Ok(stage.plan.busy_with(second))
}

/// Events a second from call to receipt.
pub async fn arrive(stage: &Stage, load: &Load) -> Result<f64> {
    stage.yardstick.load(&stage.sink, load).await?.all_arrived()?.deliver_per_s.context("nothing arrived")
}

/// One run of a program, with what it cost.
#[derive(Default)]
pub struct Run {
    pub per_second: f64,
    /// User and system seconds for 1,000 events, PostgreSQL's included.
    pub cpu: f64,
    /// The most memory it held, in MiB.
    resident: f64,
    /// Commits an event on SQLite, round trips on PostgreSQL, when the program tells.
    pub counted: Option<f64>,
}

/// So many events as fast as they are taken.
pub async fn run(stage: &Stage, subject: &Subject, postgres: Option<&Postgres>, events: u64) -> Result<Run> {
    let metric = if postgres.is_some() { ROUND_TRIPS } else { COMMITS };
    let cpu = || -> Result<f64> {
        let database = postgres.map(Postgres::cpu_seconds).transpose()?;
        Ok(subject.server.usage()?.cpu_seconds + database.unwrap_or_default())
    };
    subject.server.forget_peak()?;
    let (cpu_before, count_before) = (cpu()?, subject.metrics.count(metric).await);
    let per_second = arrive(stage, &subject.load(events)).await?;
    let cpu = (cpu()? - cpu_before) * 1_000.0 / events as f64;
    let resident = subject.server.usage()?.peak as f64 / MIB;
    let count = count_before.zip(subject.metrics.count(metric).await);
    Ok(Run { per_second, cpu, resident, counted: count.map(|(before, after)| (after - before) / events as f64) })
}

/// PostgreSQL's own count of commits and statements during another load, as a second opinion on the program's.
async fn by_postgres(stage: &Stage, subject: &Subject, postgres: &Postgres) -> Result<String> {
    postgres.sql("CREATE EXTENSION IF NOT EXISTS pg_stat_statements").await?;
    postgres.sql("ALTER SYSTEM SET pg_stat_statements.track = 'all'").await?;
    postgres.sql("SELECT pg_reload_conf()").await?;
    let count = async || -> Result<[f64; 2]> {
        // Backends tell their last counts when they have been idle for ten seconds.
        tokio::time::sleep(Duration::from_secs(11)).await;
        let told = postgres
            .sql(
                "SELECT (SELECT coalesce(sum(calls), 0) FROM pg_stat_statements WHERE dbid = d.oid), s.xact_commit \
                 FROM pg_database d JOIN pg_stat_database s ON s.datid = d.oid WHERE d.datname = 'measured'",
            )
            .await?;
        let numbers: Vec<f64> = told.trim().split('|').flat_map(str::parse).collect();
        numbers.try_into().map_err(|_| anyhow::anyhow!("PostgreSQL counted “{told}”"))
    };
    let events = enough(stage, |n| subject.load(n)).await?;
    let before = count().await?;
    arrive(stage, &subject.load(events)).await?;
    let after = count().await?;
    let [statements, commits] = [0, 1].map(|at| readable((after[at] - before[at]) / events as f64));
    Ok(format!("PostgreSQL counts {statements} statements and {commits} commits"))
}
