//! `--loglevel` and `--log-file`: a line for every request of a command, without secrets (cli.md §2.4).

use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use fosse_client::{Exchange, TraceFn};

use crate::args::client_options::LogLevel;
use crate::args::time;
use crate::failure::{Failure, Result};
use crate::out::complain;

/// Opens the log. `-` is standard error.
pub(crate) fn open(
    level: LogLevel,
    path: &Path,
    now: impl Fn() -> i64 + Send + Sync + 'static,
) -> Result<TraceFn> {
    let file = if path == Path::new("-") {
        None
    } else {
        let file = File::options().create(true).append(true).open(path);
        Some(Mutex::new(file.map_err(|error| {
            Failure::file("open the log file", path, error)
        })?))
    };
    Ok(Arc::new(move |exchange| {
        let line = line(level, now(), exchange);
        match &file {
            None => complain(&line),
            Some(file) => {
                // A log that cannot be written is no reason to stop a transfer.
                let _ = writeln!(
                    file.lock().unwrap_or_else(PoisonError::into_inner),
                    "{line}"
                );
            }
        }
    }))
}

fn line(level: LogLevel, now: i64, exchange: &Exchange) -> String {
    let outcome = match &exchange.outcome {
        Ok((status, id)) => format!("{status} {id}"),
        Err(reason) if level >= LogLevel::Debug => format!("failed: {reason}"),
        Err(_) => "failed".to_owned(),
    };
    format!(
        "{} {} {} {outcome} {} ms",
        time::iso(now),
        exchange.operation,
        exchange.endpoint,
        exchange.took.as_millis()
    )
}
