//! `cargo xtask e2e`: builds the binary, starts it on loopback for each language, runs that language's
//! tests against it, and adds up the results. The contract with the tests is `e2e/README.md`.

mod certificate;
mod language;
mod server;

use crate::process;
use crate::tally::Tally;
use anyhow::{Context, Result, bail};
use clap::Args;
use language::Language;
use server::Server;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What `cargo xtask e2e` takes.
#[derive(Args)]
pub(crate) struct Options {
    /// Only these languages (comma separated): python, node, shell, go, java.
    #[arg(long, value_delimiter = ',', value_name = "LANGUAGES")]
    only: Vec<String>,
    /// A missing language runtime is a failure instead of a skip.
    #[arg(long)]
    strict: bool,
    /// Start the server, print the environment of the tests, and wait for end of input.
    #[arg(long)]
    hold: bool,
    /// Arguments after `--` go to the test command (a test's name, `-k` for pytest, ...).
    #[arg(last = true)]
    arguments: Vec<String>,
}

/// Runs the end-to-end tests and prints one summary line.
pub(crate) fn run(options: &Options) -> Result<bool> {
    if options.hold {
        let server = Server::start(&build()?, "hold")?;
        for (name, value) in server.environment() {
            println!("export {name}='{value}'");
        }
        std::io::copy(&mut std::io::stdin().lock(), &mut std::io::sink())?;
        return Ok(true);
    }
    let tally = run_languages(&options.only, options.strict, &options.arguments)?;
    println!("{tally}");
    Ok(tally.failed == 0)
}

/// Every language, or those named; the sum of their results. In strict mode a skip counts as a failure.
pub(crate) fn run_languages(only: &[String], strict: bool, arguments: &[String]) -> Result<Tally> {
    for name in only {
        if !language::ALL.iter().any(|language| language.name == name) {
            bail!("no end-to-end tests for {name:?}");
        }
    }
    let binary = build()?;
    let mut sum = Tally::default();
    for language in language::ALL {
        if !only.is_empty() && !only.iter().any(|name| name == language.name) {
            continue;
        }
        let result = match run_language(language, &binary, strict, arguments) {
            Ok(Outcome::Ran(tally)) => {
                println!("e2e {}: {tally}", language.name);
                tally
            }
            Ok(Outcome::Skipped(reason)) => {
                println!("SKIPPED {}: {reason}", language.name);
                if strict {
                    Tally::BROKEN
                } else {
                    Tally {
                        skipped: 1,
                        ..Tally::default()
                    }
                }
            }
            Err(error) => {
                println!("FAILED {}: {error:#}", language.name);
                Tally::BROKEN
            }
        };
        sum += result;
    }
    Ok(sum)
}

enum Outcome {
    Ran(Tally),
    Skipped(String),
}

fn run_language(
    language: &Language,
    binary: &Path,
    strict: bool,
    arguments: &[String],
) -> Result<Outcome> {
    let folder = process::root().join("e2e").join(language.name);
    if !folder.is_dir() {
        return Ok(Outcome::Skipped("its folder is not there".to_owned()));
    }
    if let Some(missing) = language.missing() {
        return Ok(Outcome::Skipped(missing));
    }
    let work = process::target_dir().join("e2e").join(language.name);
    std::fs::create_dir_all(&work)?;
    println!("e2e {}: installing packages", language.name);
    (language.install)(&folder, &work).context("installing packages")?;

    println!("e2e {}: running", language.name);
    let server = Server::start(binary, language.name)?;
    let mut command = (language.test)(&folder, &work)?;
    command
        .args(arguments)
        .envs(server.environment())
        .env("FOSSE_E2E_STRICT", if strict { "1" } else { "0" });
    let mut tally = language.collect(&mut command, &work)?;
    if let Err(fault) = server.stop() {
        println!("e2e {}: the server: {fault:#}", language.name);
        tally.failed += 1;
    }
    if tally.failed > 0 {
        server::print_log(language.name)?;
    }
    Ok(Outcome::Ran(tally))
}

/// Builds `fosse` with its test clock. The whole workspace is selected so that the features of shared
/// dependencies are those of `cargo test --workspace`, and nothing is compiled twice.
fn build() -> Result<PathBuf> {
    process::run(process::cargo().args([
        "build",
        "--quiet",
        "--workspace",
        "--features",
        "fosse/test-clock",
        "--bin",
        "fosse",
    ]))?;
    let binary = process::target_dir().join("debug").join("fosse");
    if !binary.is_file() {
        bail!("{} was not built", binary.display());
    }
    Ok(binary)
}

/// Takes proxy settings away from a test command: everything it talks to is on loopback.
fn without_proxies(command: &mut Command) {
    for name in [
        "http_proxy",
        "https_proxy",
        "all_proxy",
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "ALL_PROXY",
    ] {
        command.env_remove(name);
    }
    command.env("NO_PROXY", "localhost,.localhost,.test,127.0.0.1,::1");
    command.env("no_proxy", "localhost,.localhost,.test,127.0.0.1,::1");
}
