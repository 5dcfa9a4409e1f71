//! `cargo xtask test`: the tests of the workspace, and with `--all` those of `e2e/`; one summary line.

use crate::e2e;
use crate::process;
use crate::tally::Tally;
use anyhow::Result;
use clap::Args;

/// What `cargo xtask test` takes.
#[derive(Args)]
pub(crate) struct Options {
    /// Also the end-to-end tests with the official SDKs.
    #[arg(long)]
    all: bool,
    /// A missing language runtime is a failure instead of a skip.
    #[arg(long)]
    strict: bool,
}

/// Runs the tests and prints one summary line.
pub(crate) fn run(options: &Options) -> Result<bool> {
    let mut tally = workspace()?;
    println!("workspace: {tally}");
    if options.all {
        tally += e2e::run_languages(&[], options.strict, &[])?;
    }
    println!("{tally}");
    Ok(tally.failed == 0)
}

/// `cargo test` over all crates. Tests that are marked as long by `#[ignore]` count as skipped.
fn workspace() -> Result<Tally> {
    let mut tally = Tally::default();
    let mut command = process::cargo();
    command.args([
        "test",
        "--workspace",
        "--features",
        "fosse/test-clock",
        "--no-fail-fast",
    ]);
    let status = process::each_line(&mut command, |line| {
        println!("{line}");
        tally.add_libtest_line(line);
    })?;
    if !status.success() && tally.failed == 0 {
        println!("cargo test ended with {status}");
        tally.failed += 1;
    }
    Ok(tally)
}
