//! The flags that every command of the client has (cli.md §2.4).

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::duration::Span;

/// How the bucket is put into the address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum AddressingStyle {
    /// `scheme://bucket.endpoint/key`
    Virtual,
    /// `scheme://endpoint/bucket/key`
    Path,
    /// `scheme://endpoint/key`: the endpoint is a domain bound to the bucket
    Cname,
}

/// Form of the output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum OutputFormat {
    /// For people and for scripts written for ossutil
    Raw,
    /// One JSON document
    Json,
    /// Comma-separated rows (presign only)
    Csv,
}

/// How much goes into the log file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub(crate) enum LogLevel {
    /// Nothing
    Off,
    /// A line for every request
    Info,
    /// Also why attempts failed
    Debug,
}

/// Flags that every command of the client has.
#[derive(Args, Debug, Clone, Default)]
#[command(next_help_heading = "Global flags")]
pub(crate) struct ClientOptions {
    /// AccessKey ID [env: OSS_ACCESS_KEY_ID]
    #[arg(short = 'i', long, value_name = "ID")]
    pub(crate) access_key_id: Option<String>,
    /// AccessKey secret [env: OSS_ACCESS_KEY_SECRET]
    #[arg(short = 'k', long, value_name = "SECRET", allow_hyphen_values = true)]
    pub(crate) access_key_secret: Option<String>,
    /// Security token of temporary credentials [env: OSS_SESSION_TOKEN]
    #[arg(short = 't', long, value_name = "TOKEN", allow_hyphen_values = true)]
    pub(crate) sts_token: Option<String>,
    /// Address of the service, with or without http:// or https:// (https when without) [env: OSS_ENDPOINT]
    #[arg(short = 'e', long, value_name = "URL")]
    pub(crate) endpoint: Option<String>,
    /// Region id, such as cn-hangzhou [env: OSS_REGION]
    #[arg(long, value_name = "ID")]
    pub(crate) region: Option<String>,
    /// Where the bucket stands in the address; path is chosen by itself for IP addresses and localhost
    #[arg(long, value_name = "STYLE", value_enum, ignore_case = true)]
    pub(crate) addressing_style: Option<AddressingStyle>,
    /// Signature version: v4 (default) or v1
    #[arg(long, value_name = "VERSION")]
    pub(crate) sign_version: Option<String>,
    /// Configuration file [env: OSSUTIL_CONFIG_FILE] [default: ~/.ossutilconfig]
    #[arg(short = 'c', long, value_name = "FILE")]
    pub(crate) config_file: Option<PathBuf>,
    /// Profile of the configuration file [env: OSSUTIL_PROFILE] [default: default]
    #[arg(long, value_name = "NAME")]
    pub(crate) profile: Option<String>,
    /// Kind of credentials: AK, StsToken or Anonymous; guessed when not given
    #[arg(long, value_name = "MODE")]
    pub(crate) mode: Option<String>,
    /// Say what would be done, and change nothing
    #[arg(short = 'n', long)]
    pub(crate) dry_run: bool,
    /// No remarks and no `elapsed` line; errors still appear
    #[arg(short = 'q', long)]
    pub(crate) quiet: bool,
    /// Form of the output
    #[arg(long, value_name = "FORM", value_enum, ignore_case = true)]
    pub(crate) output_format: Option<OutputFormat>,
    /// What to write into the log file: off, info (one line a request) or debug (also failed attempts in full)
    #[arg(long, value_name = "LEVEL", value_enum, ignore_case = true)]
    pub(crate) loglevel: Option<LogLevel>,
    /// Log file, or - for standard error [default: ossutil.log]
    #[arg(long, value_name = "FILE")]
    pub(crate) log_file: Option<PathBuf>,
    /// Time to connect [default: 10s]
    #[arg(long, value_name = "DURATION")]
    pub(crate) connect_timeout: Option<Span>,
    /// Longest silence of the server [default: 20s]
    #[arg(long, value_name = "DURATION")]
    pub(crate) read_timeout: Option<Span>,
    /// How often a request is tried again [default: 10]
    #[arg(long, value_name = "N")]
    pub(crate) retry_times: Option<u32>,
    /// Accept any TLS certificate: for self-signed ones in trusted networks
    #[arg(long)]
    pub(crate) skip_verify_cert: bool,
    /// PEM file with the certificate authorities to trust, instead of the system's
    #[arg(long, value_name = "FILE")]
    pub(crate) ca_file: Option<PathBuf>,
    /// Ignore the variables that begin with OSS_
    #[arg(long)]
    pub(crate) ignore_env_var: bool,
}
