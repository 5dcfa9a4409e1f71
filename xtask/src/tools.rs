//! `cargo xtask bench`, `fuzz` and `crash`: thin fronts, so that nobody has to remember the commands.

use crate::process;
use anyhow::{Result, bail};
use clap::Args;
use std::path::PathBuf;
use std::process::Command;

/// What `cargo xtask bench` takes.
#[derive(Args)]
pub(crate) struct BenchOptions {
    /// Arguments of the load generator; `cargo xtask bench -- --help` shows them.
    #[arg(last = true)]
    arguments: Vec<String>,
}

/// Builds the server and the load generator with optimisation and runs the latter.
pub(crate) fn bench(options: &BenchOptions) -> Result<bool> {
    process::run(process::cargo().args([
        "build",
        "--release",
        "--package",
        "fosse",
        "--package",
        "fosse-bench",
    ]))?;
    let status = process::status(
        process::cargo()
            .args([
                "run",
                "--quiet",
                "--release",
                "--package",
                "fosse-bench",
                "--",
            ])
            .args(&options.arguments),
    )?;
    Ok(status.success())
}

/// What `cargo xtask fuzz` takes.
#[derive(Args)]
pub(crate) struct FuzzOptions {
    /// A target; all of them when absent.
    target: Option<String>,
    /// Time for each target.
    #[arg(long, default_value_t = 60, value_name = "N")]
    seconds: u64,
}

/// Runs fuzz targets one after another, installing cargo-fuzz below `target/tools` when it is absent.
pub(crate) fn fuzz(options: &FuzzOptions) -> Result<bool> {
    if !process::succeeds("cargo", &["+nightly", "--version"]) {
        bail!("fuzzing needs the nightly toolchain: rustup toolchain install nightly");
    }
    let program = installed("cargo-fuzz", &[])?;
    let fuzz = || {
        let mut command = Command::new("cargo");
        command
            .args(["+nightly", "fuzz"])
            .current_dir(process::root());
        if let Some(folder) = program.parent() {
            let path = std::env::var_os("PATH").unwrap_or_default();
            let folders = std::iter::once(folder.to_path_buf()).chain(std::env::split_paths(&path));
            if let Ok(path) = std::env::join_paths(folders) {
                command.env("PATH", path);
            }
        }
        // Set by the toolchain that runs this program; nightly must find its own.
        command.env_remove("CARGO").env_remove("RUSTUP_TOOLCHAIN");
        command
    };
    let targets = match &options.target {
        Some(target) => vec![target.clone()],
        None => process::output(fuzz().arg("list"))?
            .lines()
            .map(str::to_owned)
            .collect(),
    };
    let mut sound = true;
    for target in targets {
        println!("fuzz {target}: {} s", options.seconds);
        let status = process::status(
            fuzz()
                .args(["run", &target, "--"])
                .arg(format!("-max_total_time={}", options.seconds)),
        )?;
        sound &= status.success();
    }
    Ok(sound)
}

/// What `cargo xtask crash` takes.
#[derive(Args)]
pub(crate) struct CrashOptions {
    /// Kills and restarts.
    #[arg(long, default_value_t = 200, value_name = "N")]
    cycles: u64,
}

/// Runs the crash test of the store for a number of cycles (`FOSSE_CRASH_CYCLES`).
pub(crate) fn crash(options: &CrashOptions) -> Result<bool> {
    let status = process::status(
        process::cargo()
            .args([
                "test",
                "--package",
                "fosse-store",
                "--test",
                "crash",
                "--",
                "--nocapture",
            ])
            .env("FOSSE_CRASH_CYCLES", options.cycles.to_string()),
    )?;
    Ok(status.success())
}

/// A program of crates.io: the one on the path, or the one below `target/tools`, installed when absent.
pub(crate) fn installed(name: &str, arguments: &[&str]) -> Result<PathBuf> {
    if process::succeeds(name, &["--version"]) {
        return Ok(PathBuf::from(name));
    }
    let folder = process::target_dir().join("tools");
    let program = folder.join("bin").join(name);
    if !process::succeeds(&program.to_string_lossy(), &["--version"]) {
        println!("installing {name} below {}", folder.display());
        process::run(
            process::cargo()
                .args(["install", "--locked", "--root"])
                .arg(&folder)
                .args(arguments)
                .arg(name),
        )?;
    }
    Ok(program)
}
