//! The command line: one file a command.

mod backup;
mod demo;
mod doctor;
pub(crate) mod log;
mod member;
mod migrate;
mod organisation;
mod release;
mod restore;
mod sealing;
mod serve;
mod table;

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use clap::{Parser, Subcommand};

use crate::actions::Context;
use crate::clock::SystemClock;
use crate::config::{Config, DatabaseSettings, LogSettings, Settings};
use crate::server::{self, CannotStart};
use crate::told;

/// The webhook console of a hiring team.
#[derive(Debug, Parser)]
#[command(name = "hirewire", version, about, max_term_width = 100)]
pub struct Cli {
    #[command(flatten)]
    log: LogSettings,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the console and the partner API, and deliver.
    Serve(serve::Serve),
    /// Show everything on made-up data, with a receiver to deliver to; nothing else is needed.
    Demo(demo::Demo),
    /// Bring the database's schema up to date, and stop.
    Migrate(migrate::Migrate),
    /// Create, list, suspend or resume organisations.
    Organisation(organisation::Organisation),
    /// Create or list members, or give one a new password.
    Member(member::Member),
    /// Copy a SQLite database, whole and checked, while it is in use.
    Backup(backup::Backup),
    /// Put a copy that `backup` made in the place of a database; nothing is sent from it until somebody has looked.
    Restore(restore::Restore),
    /// Let a restored copy send what it owes.
    Release(release::Release),
    /// Seal everything with a new key, while no Hirewire runs. Interrupted, it goes on where it was.
    RotateSealingKey(sealing::Rotate),
    /// Begin with a new sealing key when the old one is lost for good: keys, secrets and header values have to be made anew.
    ForgetSecrets(sealing::Forget),
    /// Look at settings, ports, files, database and mail server, change nothing, and say what is wrong.
    Doctor(doctor::Doctor),
}

impl Cli {
    /// Runs the command to its end.
    pub fn run(self) -> Result<(), CannotStart> {
        let _written = log::start(self.log.format().map_err(|error| CannotStart(error.to_string()))?);
        match self.command {
            Command::Serve(serve) => block_on(serve.run()),
            Command::Demo(demo) => block_on(demo.run()),
            Command::Migrate(command) => block_on(command.run()),
            Command::Organisation(command) => block_on(command.run()),
            Command::Member(command) => block_on(command.run()),
            Command::Backup(command) => block_on(command.run()),
            Command::Restore(command) => block_on(command.run()),
            Command::Release(command) => block_on(command.run()),
            Command::RotateSealingKey(command) => block_on(command.run()),
            Command::ForgetSecrets(command) => block_on(command.run()),
            Command::Doctor(doctor) => block_on(doctor.run()),
        }
    }
}

/// Work that may block has this long to end once the rest has.
const LAST_WORK_TIMEOUT: Duration = Duration::from_secs(2);

/// As many threads send as there are cores; those of the pages, the database and the hashing are their own.
fn block_on(work: impl Future<Output = Result<(), CannotStart>>) -> Result<(), CannotStart> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(server::cores()).enable_all().build();
    let runtime =
        runtime.map_err(|error| CannotStart(format!("The runtime could not be started: {}.", told::io(&error))))?;
    let done = runtime.block_on(work);
    match &done {
        Ok(()) => runtime.shutdown_timeout(LAST_WORK_TIMEOUT),
        // A stop that was not over in time has none left to wait for a database that does not answer.
        Err(_) => runtime.shutdown_background(),
    }
    done
}

/// What actions work with, for a command that only changes the database.
async fn context(settings: DatabaseSettings) -> Result<Context, CannotStart> {
    Ok(context_and_config(settings.into()).await?.0)
}

fn config(settings: impl Into<Settings>) -> Result<Config, CannotStart> {
    Config::read(settings.into()).map_err(|error| CannotStart(error.to_string()))
}

async fn context_and_config(settings: Settings) -> Result<(Context, Config), CannotStart> {
    let config = config(settings)?;
    Ok((server::context(&config, Arc::new(SystemClock), None).await?, config))
}
