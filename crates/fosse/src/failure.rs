//! How a command can end other than well, and the exit code of each way.

use std::fmt;
use std::io;

use fosse_client::Error as ClientError;

/// Result of a command.
pub(crate) type Result<T, E = Failure> = std::result::Result<T, E>;

/// Why a command did not finish. The exit code follows from the kind (cli.md §2.5).
#[derive(Debug)]
pub(crate) enum Failure {
    /// The command line is wrong: exit code 1.
    Usage(String),
    /// A question was answered with no: exit code 1. The text says how to go on.
    Declined(String),
    /// The server refused, or the client failed before it could: exit code 2 or 3.
    Client(ClientError),
    /// Something local went wrong: a file, the configuration, the data directory. Exit code 3.
    Local(anyhow::Error),
    /// Some items of a batch failed, each already reported: exit code 4.
    Partial,
    /// Ctrl+C: exit code 5.
    Interrupted,
    /// Whoever read our output has gone away. Not a failure: exit code 0.
    BrokenPipe,
}

impl Failure {
    /// The exit code of cli.md §2.5.
    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            Self::BrokenPipe => 0,
            Self::Usage(_) | Self::Declined(_) => 1,
            Self::Client(ClientError::Service(_)) => 2,
            Self::Client(_) | Self::Local(_) => 3,
            Self::Partial => 4,
            Self::Interrupted => 5,
        }
    }

    /// A wrong command line.
    pub(crate) fn usage(text: impl Into<String>) -> Self {
        Self::Usage(text.into())
    }

    /// A failure on this side, told in one sentence.
    pub(crate) fn local(text: impl fmt::Display) -> Self {
        Self::Local(anyhow::anyhow!("{text}"))
    }

    /// Reading or writing a local file failed; the sentence names the file.
    pub(crate) fn file(doing: &str, path: &std::path::Path, error: io::Error) -> Self {
        Self::Local(anyhow::anyhow!(
            "cannot {doing} {}: {error}",
            path.display()
        ))
    }
}

impl From<ClientError> for Failure {
    fn from(error: ClientError) -> Self {
        match error {
            ClientError::Output(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                Self::BrokenPipe
            }
            error => Self::Client(error),
        }
    }
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Self::Local(error)
    }
}
