//! Parse the command line, start, exit code.

use std::process::ExitCode;

use clap::Parser as _;
use hirewire::cli::Cli;

/// Deliveries are many small things with short lives, made on one thread and dropped on another.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    match Cli::parse().run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("hirewire: {error}");
            ExitCode::FAILURE
        }
    }
}
