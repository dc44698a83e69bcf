//! E12: strangers open connections, begin requests and never finish them. What do the others notice?
//!
//! The program may have 1,024 descriptors, as services often may. 1,100 connections send the head of a log-in and one byte of
//! its body; 300 send forms of 2 MB and withhold their last bytes, half of them to the log-in page and half to one that takes
//! large forms. None has a session, and they come from eight other addresses. What the server closes is opened again two
//! seconds later. Each half of a round is a new installation.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Result;
use tokio::time::sleep;

use super::fairness::{for_the_healthy, healthy};
use super::figures::{E12_API, E12_DELIVERY, E12_MEMORY, E12_PAGE};
use super::stage::Stage;
use super::subject::Subject;
use super::table::{MIB, Report, Samples, Strained, readable};
use super::visitor::p99_of_the_log_in;

const HALF_SENT: u32 = 1_100;
const FORMS: u32 = 300;
const FORM_PATHS: [&str; 2] = ["/login", "/vacancies/vac_01J0000000000000000000000/export"];

/// 99th percentiles in milliseconds.
struct Latencies {
    api: f64,
    page: f64,
    delivery: f64,
    /// The most memory that was held, in MiB.
    resident: f64,
}

pub async fn measure(stage: &Stage, report: &mut Report) -> Result<()> {
    let [mut api, mut page, mut delivery] = std::array::from_fn(|_| Strained::default());
    let mut resident = Samples::default();
    let folder = stage.folder()?;
    let program = with_few_descriptors(&stage.plan.program, folder.path())?;
    for round in stage.plan.rounds() {
        let (calm, attacked) = stage
            .in_turn(
                round,
                async || latencies(stage, &program, false).await,
                async || latencies(stage, &program, true).await,
            )
            .await?;
        let told = [&attacked, &calm].map(|of| [of.api, of.page, of.delivery].map(readable).join(", "));
        let held = readable(attacked.resident);
        stage.say(&format!("E12 round {round}: {} ms, without {} ms, {held} MiB", told[0], told[1]));
        api.push(attacked.api, calm.api);
        page.push(attacked.page, calm.page);
        delivery.push(attacked.delivery, calm.delivery);
        resident.push(attacked.resident);
    }
    report.add_strained(&E12_API, &api, "");
    report.add_strained(&E12_PAGE, &page, "");
    report.add_strained(&E12_DELIVERY, &delivery, "");
    report.add(&E12_MEMORY, &resident, "the most it held");
    Ok(())
}

/// The program, started with 1,024 descriptors and no leave to take more.
fn with_few_descriptors(program: &Path, folder: &Path) -> Result<PathBuf> {
    let program = std::path::absolute(program)?;
    let script = folder.join("hirewire");
    let quoted = program.display().to_string().replace('\'', r"'\''");
    std::fs::write(&script, format!("#!/bin/sh\nulimit -n 1024 && exec '{quoted}' \"$@\"\n"))?;
    std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o755))?;
    Ok(script)
}

async fn latencies(stage: &Stage, program: &Path, attacked: bool) -> Result<Latencies> {
    let mut subject = Subject::start(stage, program, None).await?;
    subject.tenant.add(&healthy(stage)).await?;
    let load = |time| for_the_healthy(subject.load(0), 50, time);
    // The first receipts are handshakes.
    stage.yardstick.load(&stage.sink, &load(Duration::from_secs(2))).await?;
    subject.server.forget_peak()?;
    let attack = if attacked {
        let url = subject.server.url();
        let attack = stage.yardstick.hold(url, HALF_SENT, FORMS, &FORM_PATHS).await?;
        // All of it has been sent, as far as the server takes it.
        sleep(Duration::from_secs(4)).await;
        Some(attack)
    } else {
        None
    };
    let time = stage.plan.time(Duration::from_secs(12));
    let load = load(time);
    let (loaded, page) =
        tokio::try_join!(stage.yardstick.load(&stage.sink, &load), p99_of_the_log_in(subject.server.url(), time))?;
    let resident = subject.server.usage()?.peak as f64 / MIB;
    drop(attack);
    Ok(Latencies { api: loaded.calls_ms()?.p99, page, delivery: loaded.first_ms()?.p99, resident })
}
