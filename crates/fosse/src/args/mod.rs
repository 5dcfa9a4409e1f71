//! The command line: which commands there are, and the value types that they share.

use clap::{Parser, Subcommand};

use crate::cmd;

pub(crate) mod argv;
pub(crate) mod client_options;
pub(crate) mod duration;
pub(crate) mod filter;
pub(crate) mod listing;
pub(crate) mod object_flags;
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
        fosse serve                                   start a server; its data go to ./fosse-data\n  \
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
    #[command(
        long_about = "Runs the server. Without any flag it keeps its data in ./fosse-data, listens on 127.0.0.1:9000, \
            and prints a root AccessKey the first time it starts.\n\n\
            Every flag is also a variable (--data-dir is FOSSE_DATA_DIR) and a key of the TOML file named with \
            --config (data-dir = \"/var/lib/fosse\"). A flag goes before a variable, a variable before the file. \
            The root AccessKey can be given with FOSSE_ROOT_ACCESS_KEY_ID and FOSSE_ROOT_ACCESS_KEY_SECRET.",
        after_help = "Examples:\n  \
            fosse serve\n  \
            fosse serve --memory --listen 127.0.0.1:0\n  \
            fosse serve --data-dir /srv/fosse --listen 0.0.0.0:9000 --domain oss.example.lan\n  \
            fosse serve --listen-tls 0.0.0.0:443 --tls-cert chain.pem --tls-key key.pem\n  \
            fosse serve --config /etc/fosse.toml --print-config"
    )]
    Serve(cmd::serve::ServeArgs),
    /// Manage accounts, users, AccessKeys, groups, roles and policies of a server
    #[command(
        long_about = "Manages accounts, users, AccessKeys, groups, roles and policies of a server on this machine, whether it \
            runs or is stopped: both are found by the data directory. A server elsewhere is named with --admin-url and \
            known by its root AccessKey.",
        after_help = "Examples:\n  \
            fosse admin user create photo-app\n  \
            fosse admin policy create photos-read @photos-read.json\n  \
            fosse admin policy attach photos-read --user photo-app\n  \
            fosse admin access-key create --user photo-app"
    )]
    Admin(cmd::admin::AdminArgs),
    /// Check that what is stored is what was written
    #[command(
        long_about = "Reads every object version, and every part of unfinished uploads, and compares CRC-64 and MD5 with what \
            was stored; of a stopped server also that its records agree. Prints a line for each broken object and goes on; \
            the exit code is 0 when there is none.",
        after_help = "Examples:\n  fosse fsck --data-dir /srv/fosse             a stopped server\n  \
            fosse fsck --admin http://127.0.0.1:9001     a running one"
    )]
    Fsck(cmd::fsck::FsckArgs),
    /// Make a link that anyone can open for a while
    #[command(
        after_help = "The link is signed here; nothing is sent to the server, and the object need not exist.\n\nExamples:\n  \
        fosse presign oss://photos/cat.jpg\n  \
        fosse presign oss://photos/cat.jpg --expires-duration 1h\n  \
        fosse presign oss://photos/cat.jpg --download=kitten.jpg\n  \
        fosse presign oss://photos/new.jpg --method PUT --header Content-Type:image/jpeg\n  \
        fosse presign oss://photos/2024/ -r --include \"*.jpg\" --output-format csv"
    )]
    Presign(Box<cmd::presign::PresignArgs>),
    /// Make a link, in the form of ossutil 1.0 (V1, 60 seconds)
    #[command(after_help = "Example:\n  fosse sign oss://photos/cat.jpg --timeout 2592000")]
    Sign(Box<cmd::sign::SignArgs>),
    /// Tell what a link says about itself, and why a server would refuse it
    #[command(
        after_help = "Nothing is sent to the service. With the AccessKey of the link in the profile the signature is checked; with \
        --admin the server is asked what it would say.\n\nExamples:\n  \
        fosse inspect 'http://photos.oss.example.com/cat.jpg?x-oss-signature=...'\n  \
        fosse inspect 'http://...' --method HEAD --admin http://127.0.0.1:9001\n  \
        curl -v ... 2>&1 | grep '^>' | fosse inspect --request -"
    )]
    Inspect(Box<cmd::inspect::InspectArgs>),
    /// Make a bucket
    #[command(
        after_help = "Examples:\n  fosse mb oss://photos\n  fosse mb oss://site --acl public-read"
    )]
    Mb(Box<cmd::mb::MbArgs>),
    /// Remove a bucket
    #[command(
        after_help = "Examples:\n  fosse rb oss://photos\n  fosse rb oss://photos -r -f      with everything in it"
    )]
    Rb(Box<cmd::rb::RbArgs>),
    /// List buckets, objects or unfinished uploads
    #[command(
        after_help = "Examples:\n  fosse ls\n  fosse ls oss://photos/2024/\n  fosse ls oss://photos -d          one level\n  \
        fosse ls oss://photos --include \"*.jpg\" -s\n  fosse ls oss://photos -m          unfinished uploads"
    )]
    Ls(Box<cmd::ls::LsArgs>),
    /// Upload, download or copy one object
    #[command(
        after_help = "Examples:\n  fosse cp cat.jpg oss://photos/             upload\n  \
        fosse cp oss://photos/cat.jpg .            download\n  fosse cp oss://photos/a oss://backup/a     copy\n  \
        pg_dump db | fosse cp - oss://backup/db    from standard input\n  \
        fosse cp oss://backup/db - | psql          to standard output"
    )]
    Cp(Box<cmd::cp::CpArgs>),
    /// Write an object to standard output
    #[command(after_help = "Example:\n  fosse cat oss://logs/today.log --tail 10K")]
    Cat(Box<cmd::cat::CatArgs>),
    /// Show what is known about a bucket or an object
    #[command(
        after_help = "Examples:\n  fosse stat oss://photos\n  fosse stat oss://photos/cat.jpg"
    )]
    Stat(Box<cmd::stat::StatArgs>),
    /// Remove objects or unfinished uploads
    #[command(
        after_help = "Examples:\n  fosse rm oss://photos/cat.jpg\n  fosse rm oss://photos/2023/ -r -f\n  fosse rm oss://photos -m -r -f      unfinished uploads"
    )]
    Rm(Box<cmd::rm::RmArgs>),
    /// Remember endpoint, region and AccessKey in a file
    #[command(
        after_help = "Examples:\n  fosse config                                  asks\n  \
        fosse config set region cn-hangzhou\n  fosse config set endpoint http://oss.example.lan:9000 --profile office\n  \
        fosse config get endpoint\n  fosse config list-profiles\n  \
        fosse config -e http://127.0.0.1:9000 -i ID -k SECRET --region cn-hangzhou"
    )]
    Config(Box<cmd::config::ConfigArgs>),
    /// Compute the CRC-64 or MD5 of a file or an object
    #[command(
        after_help = "Examples:\n  fosse hash crc64 oss://photos/cat.jpg\n  fosse hash md5 cat.jpg"
    )]
    Hash(Box<cmd::hash::HashArgs>),
    /// Show the version
    Version,
}
