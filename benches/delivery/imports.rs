//! E13: twelve members upload files of 10 MiB at once. What does it take, and what do the others notice?
//!
//! Three files are honest: 5,000 people with long notes. The others are made to take much more than they are: a list of
//! millions of empty records, a list of millions of ones, a row of millions of commas, three each. Each half of a round is a new installation; what is
//! watched lasts until the last file is answered.

use anyhow::{Context as _, Result, ensure};
use futures_util::future::try_join_all;
use tokio::runtime::Builder;
use tokio::time::{Duration, Instant};

use super::figures::{E13_MEMORY, E13_PAGE};
use super::process::Console;
use super::stage::Stage;
use super::subject::{Subject, Tenant};
use super::table::{MIB, Report, Samples, Strained, readable};
use super::visitor::p99_of_the_log_in;

const MEMBERS: usize = 12;
const FILE: usize = 10 * 1024 * 1024 - 1_024;
const PEOPLE: usize = 5_000;

pub async fn measure(stage: &Stage, report: &mut Report) -> Result<()> {
    let (mut page, mut resident) = (Strained::default(), Samples::default());
    for round in stage.plan.rounds() {
        let (calm, beside) =
            stage.in_turn(round, async || watched(stage, false).await, async || watched(stage, true).await).await?;
        let (strained, held, took) = (readable(beside.page), readable(beside.resident), readable(beside.took));
        stage.say(&format!(
            "E13 round {round}: {strained} ms, without {} ms, {held} MiB, {took} s",
            readable(calm.page)
        ));
        page.push(beside.page, calm.page);
        resident.push(beside.resident);
    }
    report.add_strained(&E13_PAGE, &page, "");
    report.add(&E13_MEMORY, &resident, "the most it held");
    Ok(())
}

struct Watched {
    /// The 99th percentile of a page, in milliseconds.
    page: f64,
    /// The most memory that was held, in MiB.
    resident: f64,
    /// Until the last file was answered, in seconds.
    took: f64,
}

async fn watched(stage: &Stage, imports: bool) -> Result<Watched> {
    let subject = Subject::start(stage, &stage.plan.program, None).await?;
    let mut members: Vec<Tenant> = Vec::new();
    if imports {
        for _ in 0..MEMBERS {
            members.push(subject.another_tenant().await?);
        }
    }
    let time = stage.plan.time(Duration::from_secs(12));
    let files = ["people.csv", "records.json", "lists.json", "commas.csv"].map(|name| (name, text_of(name)));
    subject.server.forget_peak()?;
    let start = Instant::now();
    let uploads = async {
        let members = members.iter_mut().zip(files.iter().cycle());
        try_join_all(members.map(|(member, file)| upload(file, &mut member.console))).await?;
        Ok::<_, anyhow::Error>(start.elapsed().as_secs_f64())
    };
    // In a runtime of its own, or it would wait for what this process does to upload.
    let url = subject.server.url().to_owned();
    let visitor = tokio::task::spawn_blocking(move || {
        Builder::new_current_thread().enable_all().build()?.block_on(p99_of_the_log_in(&url, time))
    });
    let (took, page) = tokio::try_join!(uploads, async { visitor.await? })?;
    Ok(Watched { page, resident: subject.server.usage()?.peak as f64 / MIB, took })
}

/// Uploads a file into a new vacancy, and sees that it is answered as it deserves.
async fn upload((name, text): &(&str, String), console: &mut Console) -> Result<()> {
    let vacancy = console.act("/vacancies/new", &[("token", "a-form"), ("title", "Engineer")]).await?;
    let answered = console.upload(&format!("{vacancy}/import"), &[("token", "a-file")], ("file", name, text)).await;
    if *name == "people.csv" {
        return answered.map(drop).context("an honest file was refused");
    }
    let told = answered.err().context("a file without people was taken")?.to_string();
    ensure!(told.contains("was answered 422"), "{name}: {told}");
    Ok(())
}

fn text_of(name: &str) -> String {
    match name {
        "people.csv" => honest(),
        "records.json" => repeated("[", "{},", "{}]"),
        "lists.json" => repeated("[[", "1,", "1]]"),
        _ => repeated("Name\n", ",", "\n"),
    }
}

fn honest() -> String {
    let note = "x".repeat(FILE / PEOPLE - 60);
    let rows = (0..PEOPLE).map(|number| format!("Person {number},person{number}@example.com,{note}\n"));
    format!("Name,E-mail,Summary\n{}", rows.collect::<String>())
}

fn repeated(head: &str, part: &str, tail: &str) -> String {
    format!("{head}{}{tail}", part.repeat((FILE - head.len() - tail.len()) / part.len()))
}
