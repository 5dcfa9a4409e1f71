//! Everything that a developer of Fosse repeats: `cargo xtask --help`.
//!
//! Runs on a fresh machine with nothing but the Rust toolchain; what a command needs beyond that, it
//! installs below `target/` or reports by name as missing.

mod check;
mod e2e;
mod process;
mod tally;
mod test;
mod tools;

use anyhow::Result;
use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// Everything that a developer of Fosse repeats.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Formatting, lints, who may depend on whom, licences and sources of dependencies.
    Check(check::Options),
    /// All tests of the workspace; with --all the end-to-end tests as well.
    Test(test::Options),
    /// The real binary on loopback, driven by the official SDKs and by curl, wget and friends.
    E2e(e2e::Options),
    /// The load generator in bench/, release build; arguments go through.
    Bench(tools::BenchOptions),
    /// Fuzz targets in fuzz/ (needs the nightly toolchain; installs cargo-fuzz below target/tools).
    Fuzz(tools::FuzzOptions),
    /// Kill -9 during writes, restart, verify.
    Crash(tools::CrashOptions),
}

fn main() -> ExitCode {
    match run(Args::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::from(2)
        }
    }
}

/// `Ok(false)`: the command ran and what it checks does not hold.
fn run(args: Args) -> Result<bool> {
    match args.command {
        Command::Check(options) => check::run(&options),
        Command::Test(options) => test::run(&options),
        Command::E2e(options) => e2e::run(&options),
        Command::Bench(options) => tools::bench(&options),
        Command::Fuzz(options) => tools::fuzz(&options),
        Command::Crash(options) => tools::crash(&options),
    }
}
