//! What is asked for on the command line, and how large a run is.

use std::path::PathBuf;
use std::time::Duration;

use clap::Parser;

use super::figures::Spec;

/// Measures delivery and prints a table.
#[derive(Debug, Parser)]
pub struct Plan {
    /// Rounds of each figure.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..=100))]
    rounds: u16,
    /// Only these figures, such as E1,E4b; “against” is every comparison with an earlier program.
    #[arg(long, value_delimiter = ',', value_name = "FIGURES")]
    only: Vec<String>,
    /// Far fewer events: to try the bench out, not to quote.
    #[arg(long)]
    pub quick: bool,
    /// Measures another build of the program.
    #[arg(long, value_name = "PATH", default_value = env!("CARGO_BIN_EXE_hirewire"))]
    pub program: PathBuf,
    /// Compares with the program of a commit, too, which is built first.
    #[arg(long, value_name = "COMMIT")]
    pub against: Option<String>,
    /// Compares with this program, too; none is built then, and --against is only its name in the table.
    #[arg(long, value_name = "PATH")]
    pub against_program: Option<PathBuf>,
    /// Cargo says this to every bench.
    #[arg(long, hide = true)]
    bench: bool,
}

impl Plan {
    /// Whether a figure is asked for.
    pub fn wants(&self, spec: &Spec) -> bool {
        if spec.compares && !self.compares() {
            return false;
        }
        let names = |only: &String| {
            only.eq_ignore_ascii_case(spec.figure) || spec.compares && only.eq_ignore_ascii_case("against")
        };
        self.only.is_empty() || self.only.iter().any(names)
    }

    /// Whether there is an earlier program to compare with.
    fn compares(&self) -> bool {
        self.against.is_some() || self.against_program.is_some()
    }

    /// The rounds, counted.
    pub fn rounds(&self) -> impl Iterator<Item = u16> + use<> {
        1..=self.rounds
    }

    /// So many, or a twentieth for a quick look.
    pub fn count(&self, whole: u64) -> u64 {
        if self.quick { (whole / 20).max(1) } else { whole }
    }

    /// So long, or a quarter of it for a quick look.
    pub fn time(&self, whole: Duration) -> Duration {
        if self.quick { whole / 4 } else { whole }
    }

    /// How many events keep a program of this pace busy for a measurable while.
    pub fn busy_with(&self, per_second: f64) -> u64 {
        let while_ = if self.quick { Duration::from_secs(1) } else { Duration::from_secs(5) };
        ((per_second * while_.as_secs_f64()) as u64).clamp(200, 200_000)
    }
}
