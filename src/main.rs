//! Parse the command line, start, exit code.

use std::process::ExitCode;

use clap::Parser as _;
use hirewire::cli::Cli;

fn main() -> ExitCode {
    match Cli::parse().run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("hirewire: {error}");
            ExitCode::FAILURE
        }
    }
}
