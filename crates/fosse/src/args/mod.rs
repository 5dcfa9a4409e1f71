//! The command line: which commands there are, and the value types that they share.

use clap::{Parser, Subcommand};

use crate::cmd;

pub(crate) mod argv;
pub(crate) mod client_options;
pub(crate) mod duration;
pub(crate) mod oss_url;
pub(crate) mod size;
pub(crate) mod time;

/// A private object store that speaks the Alibaba Cloud OSS protocol: server and command line.
#[derive(Parser, Debug)]
#[command(
    name = "fosse",
    version,
    args_override_self = true,
    disable_version_flag = true,
    subcommand_required = true,
    max_term_width = 100,
    after_help = "First steps:\n  \
        fosse serve                                   start a server in ./fosse-data; prints an AccessKey once\n  \
        fosse config                                  remember endpoint, region and AccessKey\n  \
        fosse mb oss://photos                         make a bucket\n  \
        fosse cp cat.jpg oss://photos/                upload a file\n  \
        fosse presign oss://photos/cat.jpg            a link that anyone can open for 15 minutes\n\n\
        `fosse help COMMAND` explains a command. Under the name `ossutil` the program behaves the same."
)]
pub(crate) struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// The commands.
#[derive(Subcommand, Debug)]
pub(crate) enum Command {
    /// Run the server
    Serve(cmd::serve::ServeArgs),
    /// Manage AccessKeys in a data directory whose server is stopped
    Admin(cmd::admin::AdminArgs),
}
