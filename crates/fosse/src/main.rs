//! The `fosse` program: the server, and the command line over the client library.
//!
//! `main` only maps a result to an exit code (cli.md §2.5). Under the name `ossutil` it behaves the same.

mod args;
mod checkpoint;
mod cmd;
mod config;
mod content_type;
mod failure;
mod hint;
mod out;
mod prompt;
mod request_log;
mod serve;
mod session;

use std::process::ExitCode;

use args::{Cli, Command};
use clap::error::ErrorKind;
use clap::{CommandFactory as _, FromArgMatches as _};
use failure::{Failure, Result};

fn main() -> ExitCode {
    match run(std::env::args_os().collect()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            out::report(&failure);
            ExitCode::from(failure.exit_code())
        }
    }
}

fn run(arguments: Vec<std::ffi::OsString>) -> Result<()> {
    let matches =
        match Cli::command().try_get_matches_from(args::argv::globals_behind_command(arguments)) {
            Ok(matches) => matches,
            Err(error) if error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
                return out::help(&error.to_string());
            }
            Err(error) if !error.use_stderr() => return out::help(&error.to_string()),
            Err(error) => return Err(Failure::usage(args::argv::complaint(&error))),
        };
    let cli = Cli::from_arg_matches(&matches)
        .map_err(|error| Failure::usage(args::argv::complaint(&error)))?;
    match &cli.command {
        Command::Serve(args) => cmd::serve::run(args),
        Command::Fsck(args) => cmd::fsck::run(args),
        Command::Admin(args) => cmd::admin::run(args),
        Command::Presign(args) => cmd::presign::run(args),
        Command::Sign(args) => cmd::sign::run(args),
        Command::Inspect(args) => cmd::inspect::run(args),
        Command::Mb(args) => cmd::mb::run(args),
        Command::Rb(args) => cmd::rb::run(args),
        Command::Ls(args) => cmd::ls::run(args),
        Command::Cp(args) => cmd::cp::run(args),
        Command::Cat(args) => cmd::cat::run(args),
        Command::Stat(args) => cmd::stat::run(args),
        Command::Rm(args) => cmd::rm::run(args),
        Command::Config(args) => cmd::config::run(args),
        Command::Hash(args) => cmd::hash::run(args),
        Command::Version => cmd::version::run(),
    }
}
