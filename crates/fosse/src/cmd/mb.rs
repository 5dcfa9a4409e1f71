//! `mb`: makes a bucket (cli.md §6.2).

use clap::Args;
use fosse_client::NewBucket;

use crate::args::client_options::ClientOptions;
use crate::args::oss_url::OssUrl;
use crate::failure::{Failure, Result};
use crate::out::ElapsedTo;
use crate::session::Session;

/// `mb`
#[derive(Args, Debug)]
pub(crate) struct MbArgs {
    /// oss://BUCKET
    url: String,
    /// Who may read and write without an AccessKey: private, public-read or public-read-write
    #[arg(long, value_name = "ACL", value_parser = ["private", "public-read", "public-read-write"])]
    acl: Option<String>,
    /// Standard, IA, Archive, ColdArchive or DeepColdArchive
    #[arg(long, value_name = "CLASS")]
    storage_class: Option<String>,
    /// LRS or ZRS
    #[arg(long, value_name = "TYPE", value_parser = ["LRS", "ZRS"])]
    redundancy_type: Option<String>,
    /// No error when the bucket is there and is mine
    #[arg(long)]
    exists_ok: bool,
    #[command(flatten)]
    options: ClientOptions,
}

/// Runs `mb`.
pub(crate) fn run(args: &MbArgs) -> Result<()> {
    let url = OssUrl::parse(&args.url, false).map_err(Failure::usage)?;
    let bucket = url.bucket_only().map_err(Failure::usage)?;
    let session = Session::open(&args.options)?;
    if session.dry_run() {
        session.out.line(&format!("(dry-run) make bucket {url}"))?;
        return session.out.elapsed(ElapsedTo::Stdout);
    }
    let client = session.client(Some(bucket))?;
    let new = NewBucket {
        acl: args.acl.clone(),
        storage_class: args.storage_class.clone(),
        redundancy: args.redundancy_type.clone(),
    };
    session.run(async {
        match client.create_bucket(bucket, &new).await {
            Err(error)
                if args.exists_ok
                    && error
                        .service()
                        .is_some_and(|refusal| refusal.code == "BucketAlreadyExists") =>
            {
                // Only its owner may ask about it.
                client.bucket_acl(bucket).await?;
                Ok(())
            }
            result => Ok(result?),
        }
    })?;
    session.out.elapsed(ElapsedTo::Stdout)
}
