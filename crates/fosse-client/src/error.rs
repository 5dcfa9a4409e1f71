//! What can go wrong in a call, by meaning.

use std::io;
use std::path::PathBuf;

use fosse_oss::sign::SignError;

/// Result of a call.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a call failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The server answered with an error.
    #[error(transparent)]
    Service(Box<ServiceError>),
    /// No connection could be made: name resolution, refused, TLS.
    #[error("cannot reach {endpoint}: {reason}")]
    Connect {
        /// Address that was tried.
        endpoint: String,
        /// Why not.
        reason: String,
    },
    /// The connection broke while a request or an answer was on its way.
    #[error("the connection to {endpoint} broke: {reason}")]
    Broken {
        /// Address of the server.
        endpoint: String,
        /// What happened.
        reason: String,
    },
    /// The server was silent for longer than the read timeout.
    #[error("no answer from {endpoint} for {seconds} s")]
    Timeout {
        /// Address of the server.
        endpoint: String,
        /// The read timeout.
        seconds: u64,
    },
    /// The answer does not follow the protocol.
    #[error("the answer to {operation} from {endpoint} cannot be understood: {reason}")]
    Malformed {
        /// The operation.
        operation: &'static str,
        /// Address of the server.
        endpoint: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The request could not be signed.
    #[error(transparent)]
    Sign(#[from] SignError),
    /// The endpoint, a certificate file or another setting cannot be used.
    #[error("{0}")]
    Setting(String),
    /// A local file could not be read or written.
    #[error("cannot {doing} {}: {source}", path.display())]
    File {
        /// What was tried, such as `read`.
        doing: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The source of an upload could not be read.
    #[error("cannot read what is to be uploaded: {0}")]
    Input(#[source] io::Error),
    /// The sink of a download took no more bytes.
    #[error("cannot write what was downloaded: {0}")]
    Output(#[source] io::Error),
    /// What arrived is not what was sent.
    #[error("the CRC-64 of {what} does not match: {ours} here, {theirs} on the server")]
    Integrity {
        /// Which transfer.
        what: String,
        /// Computed here.
        ours: u64,
        /// Told by the server.
        theirs: u64,
    },
}

/// An error answer of the service (errors.md §2), from its XML body or, for HEAD, from `x-oss-err`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("operation error {operation}: {status} {code}: {message}")]
pub struct ServiceError {
    /// Operation that was asked for, such as `PutObject`.
    pub operation: &'static str,
    /// HTTP status.
    pub status: u16,
    /// OSS code, such as `NoSuchKey`; `BadErrorResponse` when the answer had none.
    pub code: String,
    /// Text for people.
    pub message: String,
    /// `x-oss-request-id`.
    pub request_id: String,
    /// EC, such as `0026-00000001`; empty when there is none.
    pub ec: String,
    /// The `Date` of the answer, verbatim.
    pub server_date: String,
    /// Method and URL without its query, as sent.
    pub endpoint: String,
    /// Key that was addressed, when there was one that is UTF-8.
    pub key: Option<String>,
    /// Server clock minus the clock that signed, in seconds, when the answer had a `Date`.
    pub clock_offset: Option<i64>,
}

impl Error {
    /// The service error, when it is one.
    pub fn service(&self) -> Option<&ServiceError> {
        match self {
            Self::Service(error) => Some(error),
            _ => None,
        }
    }
}

/// An error with its causes on one line, without saying the same twice: for people, never parsed.
pub fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        next = cause.source();
    }
    text
}
