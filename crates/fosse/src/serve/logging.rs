//! The log of the server: one line an event on standard error, text or JSON.

use anyhow::{Result, bail};
use tracing_subscriber::EnvFilter;

/// Starts logging. `filter`: a level, or directives such as `info,fosse_server=debug`. `form`: `text` or `json`.
///
/// Errors: a filter or form that cannot be read.
pub(crate) fn start(filter: &str, form: &str) -> Result<()> {
    let filter = match EnvFilter::builder().parse(filter) {
        Ok(filter) => filter,
        Err(error) => bail!("the log filter `{filter}` cannot be read: {error}"),
    };
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(false);
    match form {
        "text" => builder.init(),
        "json" => builder.json().flatten_event(true).init(),
        other => bail!("log-format must be text or json, not `{other}`"),
    }
    Ok(())
}
