//! What a command prints: data to standard output, everything else to standard error (cli.md §2.6).

use std::io::{self, Write};
use std::time::Instant;

use fosse_client::{Error as ClientError, ServiceError, with_causes};

use crate::failure::{Failure, Result};

/// Where the `elapsed` line goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ElapsedTo {
    /// Standard output, where scripts written for ossutil look for it.
    Stdout,
    /// Standard error, for commands whose standard output is an object's bytes.
    Stderr,
}

/// The output of one command.
pub(crate) struct Out {
    started: Instant,
    quiet: bool,
    elapsed: bool,
}

impl Out {
    /// Starts the clock of the `elapsed` line.
    pub(crate) fn new(quiet: bool) -> Self {
        Self {
            started: Instant::now(),
            quiet,
            elapsed: !quiet,
        }
    }

    /// Whether there is an `elapsed` line at all: output for machines has none.
    pub(crate) fn with_elapsed(mut self, wanted: bool) -> Self {
        self.elapsed &= wanted;
        self
    }

    /// One line of data.
    pub(crate) fn line(&self, text: &str) -> Result<()> {
        let mut bytes = Vec::with_capacity(text.len() + 1);
        bytes.extend_from_slice(text.as_bytes());
        bytes.push(b'\n');
        self.bytes(&bytes)
    }

    /// Data as it is.
    pub(crate) fn bytes(&self, bytes: &[u8]) -> Result<()> {
        let mut stdout = io::stdout().lock();
        stdout
            .write_all(bytes)
            .and_then(|()| stdout.flush())
            .map_err(stdout_failure)
    }

    /// A remark on standard error; `--quiet` drops it.
    pub(crate) fn note(&self, text: &str) {
        if !self.quiet {
            complain(text);
        }
    }

    /// Whether `--quiet` was given.
    pub(crate) fn quiet(&self) -> bool {
        self.quiet
    }

    /// Seconds since the command started.
    pub(crate) fn seconds(&self) -> f64 {
        self.started.elapsed().as_secs_f64()
    }

    /// The blank line and the `elapsed` line that end most commands; `--quiet` drops them.
    pub(crate) fn elapsed(&self, to: ElapsedTo) -> Result<()> {
        if !self.elapsed {
            return Ok(());
        }
        let text = format!("\n{:.6}(s) elapsed\n", self.seconds());
        match to {
            ElapsedTo::Stdout => self.bytes(text.as_bytes()),
            ElapsedTo::Stderr => {
                let _ = io::stderr().write_all(text.as_bytes());
                Ok(())
            }
        }
    }
}

/// A failed write to standard output: a reader that went away ends the command quietly.
pub(crate) fn stdout_failure(error: io::Error) -> Failure {
    if error.kind() == io::ErrorKind::BrokenPipe {
        Failure::BrokenPipe
    } else {
        Failure::local(format_args!("cannot write to standard output: {error}"))
    }
}

/// One line on standard error. A closed standard error is nobody to complain to.
pub(crate) fn complain(text: &str) {
    let _ = writeln!(io::stderr(), "{text}");
}

/// Tells on standard error why a command failed.
pub(crate) fn report(failure: &Failure) {
    match failure {
        Failure::BrokenPipe | Failure::Partial => {}
        Failure::Usage(text) | Failure::Declined(text) => complain(&format!("Error: {text}")),
        Failure::Interrupted => complain("Error: interrupted"),
        Failure::Client(ClientError::Service(error)) => complain(&service_block(error)),
        Failure::Client(error) => {
            complain(&format!("Error: {}", with_causes(error)));
            if let Some(hint) = crate::hint::connection(error) {
                complain(&format!("Hint: {hint}"));
            }
        }
        Failure::Local(error) => complain(&format!("Error: {error:#}")),
    }
}

/// The error block of cli.md §2.6.
pub(crate) fn service_block(error: &ServiceError) -> String {
    let mut block = format!(
        "Error: operation error {}: Error returned by Service.\n",
        error.operation
    );
    let mut row = |name: &str, value: &str| {
        if !value.is_empty() {
            block.push_str(name);
            block.push_str(": ");
            block.push_str(value);
            block.push('\n');
        }
    };
    row("Http Status Code", &error.status.to_string());
    row("Error Code", &error.code);
    row("Request Id", &error.request_id);
    row("Message", &error.message);
    row("EC", &error.ec);
    row("Timestamp", &error.server_date);
    row("Request Endpoint", &error.endpoint);
    if let Some(hint) = crate::hint::hint(error) {
        row("Hint", &hint);
    }
    block.truncate(block.trim_end().len());
    block
}

/// Help and version texts, which are data when asked for.
pub(crate) fn help(text: &str) -> Result<()> {
    Out::new(true).bytes(text.as_bytes())
}
