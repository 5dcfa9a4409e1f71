//! `version`.

use crate::failure::Result;
use crate::out::Out;
use crate::session::program_name;

/// Runs `version`.
pub(crate) fn run() -> Result<()> {
    Out::new(true).line(&format!(
        "{} version: v{}",
        program_name(),
        env!("CARGO_PKG_VERSION")
    ))
}
