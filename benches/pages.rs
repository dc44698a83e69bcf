//! How long the server takes for each page of the console: `cargo bench --bench pages`.
//!
//! It starts the demo as users start it, finds every page by its links as the browser tests do, asks for each so many times one
//! after the other, and prints a table. A figure is the whole way of a request on loopback: accepting, reading, rendering,
//! answering. The bench ends with an error when a median is above its bar or a page is larger than pages may be.

#[path = "../tests/browser/demo.rs"]
#[allow(dead_code, reason = "the browser tests use the rest of it")]
mod demo;
#[path = "../tests/process/mod.rs"]
mod process;
#[path = "../tests/browser/quality/ways.rs"]
#[allow(dead_code, reason = "the browser tests use the rest of it")]
mod ways;

use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::Result;

use demo::{Demo, On};
use process::{Console, Seen};
use ways::Ways;

/// A page may take so long at the median, and have so many bytes.
const BAR: Duration = Duration::from_millis(10);
const MAX_BYTES: usize = 60_000;
/// So often is each page asked for; the first few do not count.
const ROUNDS: usize = 41;
const WARM: usize = 5;

fn main() -> Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let demo = Demo::start(On::Sqlite);
        let mut admin = Console::log_in_with(demo.told("console"), "admin@demo.example", demo.told("password")).await?;
        admin.act("/mode", &[("mode", "test"), ("back", "/")]).await?;
        let ways = Ways::explore(&mut admin, &[], 1).await;
        println!("| page | median, ms | slowest, ms | HTML, kB |\n| --- | ---: | ---: | ---: |");
        let (mut worst, mut largest) = (Duration::ZERO, 0);
        for (route, address) in ways.pages.iter().filter_map(|(route, pages)| Some((route, pages.first()?))) {
            let (times, bytes) = measure(&mut admin, address).await?;
            let (median, slowest) = (times[times.len() / 2], times[times.len() - 1]);
            let ms = |time: Duration| time.as_secs_f64() * 1e3;
            println!("| {route} | {:.2} | {:.2} | {:.1} |", ms(median), ms(slowest), bytes as f64 / 1e3);
            (worst, largest) = (worst.max(median), largest.max(bytes));
        }
        let good = worst <= BAR && largest <= MAX_BYTES;
        println!("\nThe slowest median is {worst:.2?}, the largest page has {largest} bytes.");
        Ok(if good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    })
}

/// The times of a page, shortest first, and its size.
async fn measure(console: &mut Console, address: &str) -> Result<(Vec<Duration>, usize)> {
    let (mut times, mut bytes) = (Vec::new(), 0);
    for round in 0..ROUNDS + WARM {
        let start = Instant::now();
        let Seen::Page { html, .. } = console.look(address).await? else { continue };
        if round >= WARM {
            times.push(start.elapsed());
        }
        bytes = html.len();
    }
    times.sort_unstable();
    anyhow::ensure!(!times.is_empty(), "{address} is no page any more");
    Ok((times, bytes))
}
