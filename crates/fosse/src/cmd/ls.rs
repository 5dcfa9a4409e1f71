//! `ls`: buckets, objects, unfinished uploads (cli.md §6.1).

use clap::Args;
use fosse_client::Client;

use crate::args::client_options::{ClientOptions, OutputFormat};
use crate::args::listing::{EncodingType, Listed, ListingOptions, request_payer};
use crate::args::oss_url::OssUrl;
use crate::args::time;
use crate::failure::{Failure, Result};
use crate::out::ElapsedTo;
use crate::session::Session;

/// `ls`
#[derive(Args, Debug)]
pub(crate) struct LsArgs {
    /// oss://BUCKET[/PREFIX]; nothing or oss:// for all buckets
    url: Option<String>,
    /// All keys with the prefix, which is what happens anyway
    #[arg(short = 'r', long)]
    recursive: bool,
    /// Names only
    #[arg(short = 's', long)]
    short_format: bool,
    /// Unfinished uploads instead of objects
    #[arg(short = 'm', long)]
    multipart: bool,
    /// Who pays: requester
    #[arg(long, value_name = "WHO", value_parser = request_payer)]
    request_payer: Option<String>,
    #[command(flatten)]
    listing: ListingOptions,
    #[command(flatten)]
    encoding: EncodingType,
    #[command(flatten)]
    options: ClientOptions,
}

/// Runs `ls`.
pub(crate) fn run(args: &LsArgs) -> Result<()> {
    let url = match &args.url {
        Some(text) => args.encoding.parse(text)?,
        None => OssUrl::default(),
    };
    let session = Session::open(&args.options)?;
    let format = session.format();
    if format == OutputFormat::Csv {
        return Err(Failure::usage("ls has the output formats raw and json"));
    }
    let client = session.client(url.bucket.as_deref())?;
    let mut rows = Vec::new();
    session.run(async {
        let view = View {
            head: std::cell::Cell::new(None),
            args,
            session: &session,
            client: &client,
            json: format == OutputFormat::Json,
        };
        match &url.bucket {
            None => view.buckets(&mut rows).await,
            Some(bucket) if args.multipart => view.uploads(bucket, &url.key, &mut rows).await,
            Some(bucket) => view.objects(bucket, &url.key, &mut rows).await,
        }
    })?;
    match format {
        OutputFormat::Json => {
            let text = serde_json::to_string_pretty(&rows)
                .map_err(|error| Failure::Local(error.into()))?;
            session.out.line(&text)
        }
        _ => session.out.elapsed(ElapsedTo::Stdout),
    }
}

struct View<'a> {
    /// The head of the table, until it is printed: nothing is, before the server has answered.
    head: std::cell::Cell<Option<String>>,
    args: &'a LsArgs,
    session: &'a Session,
    client: &'a Client,
    json: bool,
}

impl View<'_> {
    /// Sets the head of the table; the short format has none.
    fn head(&self, text: String) {
        self.head
            .set(Some(text).filter(|_| !self.args.short_format));
    }

    fn line(&self, text: &str) -> Result<()> {
        if let Some(head) = self.head.take() {
            self.line(&head)?;
        }
        if self.json {
            Ok(())
        } else {
            self.session.out.line(text)
        }
    }

    async fn buckets(&self, rows: &mut Vec<serde_json::Value>) -> Result<()> {
        let short = self.args.short_format;
        self.head(format!(
            "{:<30}{:>21}{:>16}    BucketName",
            "CreationTime", "Region", "StorageClass"
        ));
        let mut marker = String::new();
        let mut count = 0_u64;
        let limit = self.args.listing.limited_num.unwrap_or(u64::MAX);
        'pages: loop {
            let page = self
                .client
                .list_buckets("", &marker, self.args.listing.page_size)
                .await?;
            for bucket in page.buckets {
                if count >= limit {
                    break 'pages;
                }
                count += 1;
                if self.json {
                    rows.push(serde_json::json!({
                        "Name": bucket.name, "Location": bucket.location, "StorageClass": bucket.storage_class,
                        "CreationDate": time::iso(bucket.created),
                    }));
                } else if short {
                    self.line(&format!("oss://{}", bucket.name))?;
                } else {
                    let created = time::local(bucket.created);
                    self.line(&format!(
                        "{created:<30}{:>21}{:>16}    oss://{}",
                        bucket.location, bucket.storage_class, bucket.name
                    ))?;
                }
            }
            match page.next {
                Some(next) if !next.is_empty() && next != marker => marker = next,
                _ => break,
            }
        }
        self.line(&format!("Bucket Number is: {count}"))
    }

    async fn objects(
        &self,
        bucket: &str,
        prefix: &[u8],
        rows: &mut Vec<serde_json::Value>,
    ) -> Result<()> {
        let short = self.args.short_format;
        self.head(format!(
            "{:<30}{:>12}  {:>12}   {:<38}ObjectName",
            "LastModifiedTime", "Size(B)", "StorageClass", "ETAG"
        ));
        let listing = &self.args.listing;
        let payer = self.args.request_payer.as_deref();
        let count = listing
            .walk(self.client, bucket, prefix, payer, &mut |listed| match listed {
                Listed::Object(object) if self.json => {
                    rows.push(serde_json::json!({
                        "Key": object.key, "Size": object.size, "ETag": object.etag, "Type": object.kind,
                        "StorageClass": object.storage_class, "LastModified": time::iso(object.modified),
                    }));
                    Ok(())
                }
                Listed::Directory(name) if self.json => {
                    rows.push(serde_json::json!({ "Prefix": name }));
                    Ok(())
                }
                Listed::Object(object) if short => self.line(&format!("oss://{bucket}/{}", object.key)),
                Listed::Object(object) => {
                    let modified = time::local(object.modified);
                    self.line(&format!(
                        "{modified:<30}{:>12}  {:>12}   {:<38}oss://{bucket}/{}",
                        object.size, object.storage_class, object.etag, object.key
                    ))
                }
                Listed::Directory(name) => self.line(&format!("oss://{bucket}/{name}")),
            })
            .await?;
        let what = if listing.dirs {
            "Object and Directory"
        } else {
            "Object"
        };
        self.line(&format!("{what} Number is: {count}"))
    }

    async fn uploads(
        &self,
        bucket: &str,
        prefix: &[u8],
        rows: &mut Vec<serde_json::Value>,
    ) -> Result<()> {
        let prefix =
            std::str::from_utf8(prefix).map_err(|_| Failure::usage("the prefix is not UTF-8"))?;
        self.head(format!(
            "{:<30}{:<38}ObjectName",
            "InitiatedTime", "UploadID"
        ));
        let mut from = None;
        let mut count = 0_u64;
        let limit = self.args.listing.limited_num.unwrap_or(u64::MAX);
        'pages: loop {
            let page = self
                .client
                .list_uploads(bucket, prefix, from.as_ref())
                .await?;
            for upload in page.uploads {
                if !self
                    .args
                    .listing
                    .filter
                    .takes(upload.key.strip_prefix(prefix).unwrap_or(&upload.key))
                {
                    continue;
                }
                if count >= limit {
                    break 'pages;
                }
                count += 1;
                if self.json {
                    rows.push(serde_json::json!({
                        "Key": upload.key, "UploadId": upload.id, "Initiated": time::iso(upload.initiated),
                    }));
                } else if self.args.short_format {
                    self.line(&format!("{:<38}oss://{bucket}/{}", upload.id, upload.key))?;
                } else {
                    self.line(&format!(
                        "{:<30}{:<38}oss://{bucket}/{}",
                        time::local(upload.initiated),
                        upload.id,
                        upload.key
                    ))?;
                }
            }
            match page.next {
                Some(next) if Some(&next) != from.as_ref() => from = Some(next),
                _ => break,
            }
        }
        self.line(&format!("UploadID Number is: {count}"))
    }
}
