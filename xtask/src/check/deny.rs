//! Licences, sources and advisories of the dependencies, by cargo-deny over `deny.toml`.

use crate::{process, tools};
use anyhow::{Context, Result};
use std::process::{Command, Stdio};

/// The release that is installed when none is on the path.
const VERSION: &str = "0.20.2";

/// Licences, bans and sources must hold.
pub(super) fn run() -> Result<bool> {
    // Unoptimised: it builds in a fraction of the time and runs for a second.
    let program = tools::installed("cargo-deny", &["--debug", "--version", VERSION])?;
    let status = process::status(
        Command::new(&program)
            .args([
                "--log-level",
                "error",
                "check",
                "--hide-inclusion-graph",
                "--show-stats",
            ])
            .args(["licenses", "bans", "sources"])
            .current_dir(process::root()),
    )?;
    Ok(status.success())
}

/// Known vulnerabilities. `None`: the advisory database could not be fetched, so nothing is known.
pub(super) fn advisories() -> Result<Option<bool>> {
    let program = tools::installed("cargo-deny", &["--debug", "--version", VERSION])?;
    let output = Command::new(&program)
        .args([
            "--log-level",
            "error",
            "check",
            "--hide-inclusion-graph",
            "advisories",
        ])
        .current_dir(process::root())
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("cannot start {}", program.display()))?;
    let text = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() && text.contains("failed to fetch advisory database") {
        return Ok(None);
    }
    print!("{}", String::from_utf8_lossy(&output.stdout));
    eprint!("{text}");
    Ok(Some(output.status.success()))
}
