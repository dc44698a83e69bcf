//! Parse the command line, start, exit code.

use std::process::ExitCode;

use clap::Parser as _;
use hirewire::cli::Cli;
use hirewire::memory;
use hirewire::told::without_numbers;

fn main() -> ExitCode {
    memory::keep_pages_small();
    match Cli::parse().run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("hirewire: {}", without_numbers(&error.to_string()));
            ExitCode::FAILURE
        }
    }
}
