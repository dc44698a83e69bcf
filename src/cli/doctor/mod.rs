//! `hirewire doctor`: what would keep this installation from working, a line each with what to do. It only looks.
//!
//! The cast: [`settings`] reads the variables and what they say together; [`network`] tries ports, the mail server and receivers'
//! authorities; [`files`] looks at the sealing key and the folders; [`database`] reads the database, its schema, its clock and
//! what is sealed in it.
//!
//! What is *not* guaranteed: that what it calls well stays so. A port that is free now may be taken a moment later.

mod database;
mod files;
mod network;
mod settings;

use std::io::Write as _;

use clap::Args;
use serde::Serialize;

use crate::config::{Config, Settings};
use crate::server::CannotStart;
use crate::told::without_numbers;

#[derive(Debug, Args)]
pub(super) struct Doctor {
    /// Print one JSON array instead of lines.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    settings: Settings,
}

/// How bad something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
enum Level {
    Ok,
    /// It works, and should be otherwise in production.
    Note,
    /// It does not work, or will not.
    Wrong,
}

/// Something that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Finding {
    level: Level,
    /// What it is about: a setting, or what was tried.
    about: &'static str,
    /// One sentence: what was found and what to do.
    told: String,
}

fn ok(about: &'static str, told: impl Into<String>) -> Finding {
    Finding { level: Level::Ok, about, told: told.into() }
}

fn note(about: &'static str, told: impl Into<String>) -> Finding {
    Finding { level: Level::Note, about, told: told.into() }
}

fn wrong(about: &'static str, told: impl Into<String>) -> Finding {
    // Whoever else had a part in it may have put numbers of the system into it.
    Finding { level: Level::Wrong, about, told: without_numbers(&told.into()) }
}

impl Doctor {
    pub(super) async fn run(self) -> Result<(), CannotStart> {
        let mut findings = settings::misspelt();
        match Config::read(self.settings) {
            // Without settings nothing else can be looked at.
            Err(error) => findings.push(wrong(error.variable, error.problem)),
            Ok(config) => findings.extend(examine(&config).await),
        }
        // A reader that has gone away is no reason to fail.
        let _ = if self.json { print_json(&findings) } else { print(&findings) };
        match findings.iter().filter(|finding| finding.level == Level::Wrong).count() {
            0 => Ok(()),
            1 => Err(CannotStart("One thing is wrong.".into())),
            many => Err(CannotStart(format!("{many} things are wrong."))),
        }
    }
}

async fn examine(config: &Config) -> Vec<Finding> {
    let mut findings = settings::examine(config);
    findings.extend(network::ports(config));
    findings.extend(network::authorities(config));
    findings.extend(network::mail(config).await);
    findings.extend(files::examine(config));
    findings.extend(database::examine(config).await);
    findings
}

fn print(findings: &[Finding]) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    for Finding { level, about, told } in findings {
        let level = match level {
            Level::Ok => "ok",
            Level::Note => "note",
            Level::Wrong => "wrong",
        };
        writeln!(out, "{level}: {about} {told}")?;
    }
    out.flush()
}

fn print_json(findings: &[Finding]) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    serde_json::to_writer_pretty(&mut out, findings)?;
    writeln!(out)
}
