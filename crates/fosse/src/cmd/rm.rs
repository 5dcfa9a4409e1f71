//! `rm`: removes objects and unfinished uploads (cli.md §6.5).

use clap::Args;

use crate::args::client_options::ClientOptions;
use crate::args::listing::{EncodingType, Listed, ListingOptions};
use crate::failure::{Failure, Result};
use crate::out::ElapsedTo;
use crate::prompt;
use crate::session::Session;

/// Keys that go into one request.
const BATCH: usize = 1000;

/// `rm`
#[derive(Args, Debug)]
pub(crate) struct RmArgs {
    /// oss://BUCKET/KEY, or with -r oss://BUCKET[/PREFIX]
    url: String,
    /// Everything with the prefix
    #[arg(short = 'r', long)]
    recursive: bool,
    /// Do not ask
    #[arg(short = 'f', long)]
    force: bool,
    /// Unfinished uploads instead of objects
    #[arg(short = 'm', long)]
    multipart: bool,
    /// A certain version of the object
    #[arg(long, value_name = "ID", conflicts_with_all = ["recursive", "multipart"])]
    version_id: Option<String>,
    #[command(flatten)]
    listing: ListingOptions,
    #[command(flatten)]
    encoding: EncodingType,
    #[command(flatten)]
    options: ClientOptions,
}

/// Runs `rm`.
pub(crate) fn run(args: &RmArgs) -> Result<()> {
    let url = args.encoding.parse(&args.url)?;
    let Some(bucket) = &url.bucket else {
        return Err(Failure::usage(
            "rm needs an object: oss://BUCKET/KEY; `fosse rb` removes a bucket",
        ));
    };
    if !args.recursive && url.key.is_empty() {
        return Err(Failure::usage(format!(
            "`{url}` names no object: write oss://{bucket}/KEY, or add -r to remove everything in it"
        )));
    }
    let session = Session::open(&args.options)?;
    let what = match (args.recursive, args.multipart) {
        (false, false) => format!("remove {url}"),
        (true, false) => format!("remove all objects under {url}"),
        (false, true) => format!("abort the unfinished uploads to {url}"),
        (true, true) => format!("abort all unfinished uploads under {url}"),
    };
    if !args.force && !session.dry_run() {
        prompt::confirm(&format!("Do you really mean to {what}"))?;
    }
    let client = session.client(Some(bucket))?;
    session.run(async {
        if args.multipart {
            return abort(args, &session, &client, bucket, &url.key).await;
        }
        if !args.recursive {
            if session.dry_run() {
                return session.out.line(&format!("(dry-run) remove {url}"));
            }
            return Ok(client
                .delete_object(bucket, &url.key, args.version_id.as_deref())
                .await?);
        }
        let mut keys = Vec::new();
        let mut removed = 0_u64;
        // The keys are gathered first: removing while listing would move the pages.
        args.listing
            .walk(&client, bucket, &url.key, None, &mut |listed| {
                if let Listed::Object(object) = listed {
                    keys.push(object.key);
                }
                Ok(())
            })
            .await?;
        for batch in keys.chunks(BATCH) {
            if session.dry_run() {
                for key in batch {
                    session
                        .out
                        .line(&format!("(dry-run) remove oss://{bucket}/{key}"))?;
                }
                continue;
            }
            removed += client.delete_objects(bucket, batch).await?.len() as u64;
        }
        if session.dry_run() {
            return Ok(());
        }
        let total = keys.len() as u64;
        session.out.line(&format!(
            "Success: Total {total} objects, Removed {removed} objects"
        ))?;
        if removed < total {
            Err(Failure::Partial)
        } else {
            Ok(())
        }
    })?;
    session.out.elapsed(ElapsedTo::Stdout)
}

async fn abort(
    args: &RmArgs,
    session: &Session,
    client: &fosse_client::Client,
    bucket: &str,
    key: &[u8],
) -> Result<()> {
    let prefix = std::str::from_utf8(key).map_err(|_| Failure::usage("the prefix is not UTF-8"))?;
    let mut uploads = Vec::new();
    let mut from = None;
    loop {
        let page = client.list_uploads(bucket, prefix, from.as_ref()).await?;
        uploads.extend(page.uploads);
        match page.next {
            Some(next) if Some(&next) != from.as_ref() => from = Some(next),
            _ => break,
        }
    }
    uploads.retain(|upload| {
        if args.recursive {
            args.listing
                .filter
                .takes(upload.key.strip_prefix(prefix).unwrap_or(&upload.key))
        } else {
            upload.key == prefix
        }
    });
    for upload in &uploads {
        if session.dry_run() {
            session.out.line(&format!(
                "(dry-run) abort {} of oss://{bucket}/{}",
                upload.id, upload.key
            ))?;
        } else {
            client
                .abort_upload(bucket, upload.key.as_bytes(), &upload.id)
                .await?;
        }
    }
    if session.dry_run() {
        Ok(())
    } else {
        session.out.line(&format!(
            "Success: Total {0} uploadIds, Removed {0} uploadIds",
            uploads.len()
        ))
    }
}
