//! The command line: one file a command.

mod demo;
mod doctor;
mod member;
mod migrate;
mod organisation;
mod serve;

use std::future::Future;
use std::io::IsTerminal as _;
use std::sync::Arc;

use clap::{Parser, Subcommand};
use tracing_subscriber::EnvFilter;

use crate::actions::Context;
use crate::clock::SystemClock;
use crate::config::{Config, Settings};
use crate::server::{self, CannotStart};

/// The webhook console of a hiring team.
#[derive(Debug, Parser)]
#[command(name = "hirewire", version, about, max_term_width = 100)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the console and the partner API, and deliver.
    Serve(Settings),
    /// Show everything on made-up data, with a receiver to deliver to; nothing else is needed.
    Demo(demo::Demo),
    /// Bring the database's schema up to date, and stop.
    Migrate(migrate::Migrate),
    /// Create, suspend or resume an organisation.
    Organisation(organisation::Organisation),
    /// Create a member or give one a new password.
    Member(member::Member),
    /// Check settings, database, sealing key and name resolution, and say what is wrong.
    Doctor(Settings),
}

impl Cli {
    /// Runs the command to its end.
    pub fn run(self) -> Result<(), CannotStart> {
        let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info,actix_server=warn"));
        // A log nobody reads any more is no reason to stop: reporting that on the closed stream would panic.
        let log =
            tracing_subscriber::fmt().log_internal_errors(false).with_env_filter(filter).with_writer(std::io::stderr);
        // Colours are for people at a terminal, where `NO_COLOR` decides.
        let log = if std::io::stderr().is_terminal() { log } else { log.with_ansi(false) };
        // Neither is a second subscriber in the same process: a test's.
        let _ = log.try_init();
        match self.command {
            Command::Serve(settings) => block_on(serve::run(settings)),
            Command::Demo(demo) => block_on(demo.run()),
            Command::Migrate(command) => block_on(command.run()),
            Command::Organisation(command) => block_on(command.run()),
            Command::Member(command) => block_on(command.run()),
            Command::Doctor(settings) => block_on(doctor::run(settings)),
        }
    }
}

/// Two threads serve pages and send; the database's and the hashing's are their own.
fn block_on(work: impl Future<Output = Result<(), CannotStart>>) -> Result<(), CannotStart> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = runtime.map_err(|error| CannotStart(format!("The runtime could not be started: {error}.")))?;
    runtime.block_on(work)
}

/// What actions work with, for a command that only changes the database.
async fn context(settings: Settings) -> Result<Context, CannotStart> {
    let config = Config::read(settings).map_err(|error| CannotStart(error.to_string()))?;
    server::context(&config, Arc::new(SystemClock), None).await
}
