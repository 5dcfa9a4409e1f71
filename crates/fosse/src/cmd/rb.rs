//! `rb`: removes a bucket (cli.md §6.2).

use clap::Args;
use fosse_client::ListRequest;

use crate::args::client_options::ClientOptions;
use crate::args::oss_url::OssUrl;
use crate::failure::{Failure, Result};
use crate::out::ElapsedTo;
use crate::prompt;
use crate::session::Session;

/// `rb`
#[derive(Args, Debug)]
pub(crate) struct RbArgs {
    /// oss://BUCKET
    url: String,
    /// Remove its objects and unfinished uploads first; needs -f
    #[arg(short = 'r', long, requires = "force")]
    recursive: bool,
    /// Do not ask
    #[arg(short = 'f', long)]
    force: bool,
    #[command(flatten)]
    options: ClientOptions,
}

/// Runs `rb`.
pub(crate) fn run(args: &RbArgs) -> Result<()> {
    let url = OssUrl::parse(&args.url, false).map_err(Failure::usage)?;
    let bucket = url.bucket_only().map_err(Failure::usage)?;
    let session = Session::open(&args.options)?;
    if session.dry_run() {
        session
            .out
            .line(&format!("(dry-run) remove bucket {url}"))?;
        return session.out.elapsed(ElapsedTo::Stdout);
    }
    if !args.force {
        prompt::confirm(&format!("Do you really mean to remove the bucket {url}"))?;
    }
    let client = session.client(Some(bucket))?;
    session.run(async {
        if args.recursive {
            loop {
                // Always the first page: what it held is gone.
                let page = client.list_objects(bucket, &ListRequest::default()).await?;
                let keys: Vec<String> = page.objects.into_iter().map(|object| object.key).collect();
                if keys.is_empty() {
                    break;
                }
                client.delete_objects(bucket, &keys).await?;
            }
            loop {
                let page = client.list_uploads(bucket, "", None).await?;
                if page.uploads.is_empty() {
                    break;
                }
                for upload in &page.uploads {
                    client
                        .abort_upload(bucket, upload.key.as_bytes(), &upload.id)
                        .await?;
                }
            }
        }
        Ok(client.delete_bucket(bucket).await?)
    })?;
    session.out.elapsed(ElapsedTo::Stdout)
}
