//! The load generator of Fosse, and its comparisons: `fosse-bench compare` measures the real server and
//! nginx in one run and prints ratios; `fosse-bench load` puts load on any OSS endpoint.

use clap::Parser;
use fosse_bench::{compare, disk, listing, single};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

/// Load on an OSS endpoint, and comparisons of Fosse with nginx and with the disk.
#[derive(Parser)]
#[command(name = "fosse-bench")]
enum Command {
    /// Fosse, nginx and the disk in interleaved rounds; a table of ratios. Fails when a goal is missed.
    Compare(compare::Options),
    /// Load on a running server.
    Load(single::Options),
    /// Pages of a listing in a small bucket and in a large one, and completing 10,000 parts. Fails when a page of the
    /// large bucket costs more than twice as much.
    Listing(listing::Options),
    /// How many times a second the disk makes 4 KiB durable: prints the number.
    Disk {
        /// Directory on the file system to measure.
        #[arg(long, default_value = ".")]
        dir: PathBuf,
        /// How long to measure.
        #[arg(long, default_value_t = 2.0)]
        seconds: f64,
    },
}

fn main() -> ExitCode {
    match run(Command::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("fosse-bench: {error:#}");
            ExitCode::from(2)
        }
    }
}

fn run(command: Command) -> anyhow::Result<bool> {
    match command {
        Command::Compare(options) => compare::run(&options),
        Command::Load(options) => single::run(&options).map(|()| true),
        Command::Listing(options) => listing::run(&options),
        Command::Disk { dir, seconds } => {
            let time = Duration::try_from_secs_f64(seconds)?;
            println!("{:.0}", disk::syncs_per_second(&dir, time)?);
            Ok(true)
        }
    }
}
