//! How fast, how light and how fair delivery is: `cargo bench --bench delivery`.
//!
//! Every figure is measured on the program as users run it, a process with default settings (the rate limit alone raised),
//! side by side with programs that show what this machine can do: `blast`, a bare client that stores nothing, and `floor`,
//! the least program that stores what it sends. They are taken in turn, round by round, because machines are noisy; a figure
//! is the median of its rounds. `benches/README.md` says what each one is.

#[path = "../../tests/process/mod.rs"]
mod process;

mod acts;
mod backlog;
mod before;
mod cargo;
mod comparison;
mod fairness;
mod figures;
mod growth;
mod imports;
mod instances;
mod latency;
mod load;
mod many_hooks;
mod memory;
mod metrics;
mod neighbours;
mod plan;
mod sink;
mod stage;
mod subject;
mod table;
mod unfinished;
mod visitor;
mod whole_way;
mod yardstick;

use std::process::ExitCode;

use anyhow::Result;
use clap::Parser as _;
use tokio::signal::unix::{SignalKind, signal};

use figures::Spec;
use plan::Plan;
use stage::Stage;
use table::Report;

fn main() -> Result<ExitCode> {
    let plan = Plan::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    // On this thread, which lives as long as the bench: what is started from it ends with it.
    runtime.block_on(async {
        let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
        tokio::select! {
            measured = measure(plan) => measured,
            // Dropping what is under way ends its processes and removes its folders.
            _ = interrupt.recv() => Ok(ExitCode::from(130)),
            _ = terminate.recv() => Ok(ExitCode::from(143)),
        }
    })
}

/// Measures what the plan asks for. What cannot be measured is named, and the rest goes on.
async fn measure(plan: Plan) -> Result<ExitCode> {
    let stage = Stage::set(plan).await?;
    let mut report = Report::new(stage.before().ok().map(|before| before.label.as_str()));
    macro_rules! group {
        ($($spec:ident),+ => $measure:path) => {
            let specs: &[&'static Spec] = &[$(&figures::$spec),+];
            if specs.iter().any(|spec| stage.plan.wants(spec)) {
                if let Err(error) = $measure(&stage, &mut report).await {
                    report.missing(specs, &error);
                }
            }
        };
    }
    group!(E1, E4B_SQLITE, E6_LOAD, E7_SQLITE => whole_way::on_sqlite);
    group!(E2, E4B_POSTGRES, E7_POSTGRES => whole_way::on_postgres);
    group!(E3 => backlog::measure);
    group!(E4_P50, E4_P99 => latency::measure);
    group!(E5 => neighbours::measure);
    group!(E5B => fairness::ten_hanging);
    group!(E5C => fairness::ten_limited);
    group!(E5D => fairness::another_organisation);
    group!(E5E => many_hooks::all_due);
    group!(E5F => many_hooks::all_tomorrow);
    group!(E5G => fairness::forty_hanging);
    group!(E6_IDLE => memory::idle);
    group!(E6_OWED => memory::owed);
    group!(E6B => memory::large);
    group!(E8 => growth::measure);
    group!(E9 => acts::on_an_idle_hook);
    group!(E10 => acts::on_much_held);
    group!(E11 => instances::measure);
    group!(E12_API, E12_PAGE, E12_DELIVERY, E12_MEMORY => unfinished::measure);
    group!(E13_PAGE, E13_MEMORY => imports::measure);
    group!(E1_AGAINST, E4B_SQLITE_AGAINST, E7_SQLITE_AGAINST => comparison::on_sqlite);
    group!(E2_AGAINST, E4B_POSTGRES_AGAINST, E7_POSTGRES_AGAINST => comparison::on_postgres);
    group!(E3_AGAINST => comparison::backlog);
    group!(E4_AGAINST => comparison::latency);
    group!(E8_AGAINST => comparison::growth);
    print!("{}", report.markdown(&stage.plan));
    Ok(if report.is_whole() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
