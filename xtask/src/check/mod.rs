//! `cargo xtask check`: what must hold of the sources before any test runs.

mod deny;
mod layers;

use crate::process;
use anyhow::Result;
use clap::Args;

/// What `cargo xtask check` takes.
#[derive(Args)]
pub(crate) struct Options {}

/// Runs every check, even after one that does not hold, and prints what holds.
pub(crate) fn run(_: &Options) -> Result<bool> {
    let mut sound = true;
    let mut report = |name: &str, holds: bool| {
        println!("check {name}: {}", if holds { "ok" } else { "FAILED" });
        sound &= holds;
    };
    let fmt = process::status(process::cargo().args(["fmt", "--all", "--check"]))?;
    report("format", fmt.success());
    report("layers", layers::run()?);
    let clippy = process::status(process::cargo().args([
        "clippy",
        "--quiet",
        "--workspace",
        "--all-targets",
        "--features",
        "fosse/test-clock",
        "--",
        "-D",
        "warnings",
    ]))?;
    report("clippy", clippy.success());
    report("licences, bans and sources", deny::run()?);
    match deny::advisories()? {
        Some(holds) => report("advisories", holds),
        None => println!("check advisories: not checked, the database cannot be reached"),
    }
    Ok(sound)
}
