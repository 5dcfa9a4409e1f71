//! Flags of commands that work on a listing, and the listing itself, page by page (cli.md §3).

use clap::Args;
use fosse_client::{Client, ListRequest, ObjectEntry};

use super::filter::Filter;
use crate::failure::{Failure, Result};

/// Flags of commands that work on a listing.
#[derive(Args, Debug, Clone, Default)]
pub(crate) struct ListingOptions {
    /// Include and exclude rules.
    #[command(flatten)]
    pub(crate) filter: Filter,
    /// One level only: objects, and what lies deeper as directory names
    #[arg(short = 'd', long)]
    pub(crate) dirs: bool,
    /// Start behind this key
    #[arg(long, value_name = "KEY")]
    pub(crate) start_after: Option<String>,
    /// Stop with this key, which is still taken
    #[arg(long, value_name = "KEY")]
    pub(crate) end_with: Option<String>,
    /// Stop after so many results
    #[arg(long, value_name = "N")]
    pub(crate) limited_num: Option<u64>,
    /// Keys asked for at once, 1 to 1000
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub(crate) page_size: u32,
    /// List with the first version of the call
    #[arg(long)]
    pub(crate) list_objects: bool,
}

/// One thing that a listing gives.
pub(crate) enum Listed {
    /// An object.
    Object(ObjectEntry),
    /// A directory name, with `--dirs`.
    Directory(String),
}

impl ListingOptions {
    /// Walks through the listing of `prefix` in key order, in constant memory, giving what the filter takes.
    pub(crate) async fn walk(
        &self,
        client: &Client,
        bucket: &str,
        prefix: &[u8],
        request_payer: Option<&str>,
        each: &mut dyn FnMut(Listed) -> Result<()>,
    ) -> Result<u64> {
        let prefix = String::from_utf8(prefix.to_vec())
            .map_err(|_| Failure::usage("the prefix is not UTF-8"))?;
        let mut request = ListRequest {
            delimiter: if self.dirs {
                "/".to_owned()
            } else {
                String::new()
            },
            start_after: self.start_after.clone().unwrap_or_default(),
            page_size: self.page_size,
            v1: self.list_objects,
            request_payer: request_payer.map(str::to_owned),
            from: None,
            prefix,
        };
        let mut count = 0;
        let limit = self.limited_num.unwrap_or(u64::MAX);
        loop {
            let page = client.list_objects(bucket, &request).await?;
            let mut entries: Vec<Listed> = page.objects.into_iter().map(Listed::Object).collect();
            entries.extend(page.common_prefixes.into_iter().map(Listed::Directory));
            entries.sort_by(|a, b| name(a).cmp(name(b)));
            for entry in entries {
                if count >= limit
                    || self
                        .end_with
                        .as_deref()
                        .is_some_and(|end| name(&entry) > end)
                {
                    return Ok(count);
                }
                let relative = name(&entry)
                    .strip_prefix(&request.prefix)
                    .unwrap_or(name(&entry));
                if self.filter.takes(relative) {
                    count += 1;
                    each(entry)?;
                }
            }
            match page.next {
                Some(next) if count < limit => request.from = Some(next),
                _ => return Ok(count),
            }
        }
    }
}

fn name(entry: &Listed) -> &str {
    match entry {
        Listed::Object(object) => &object.key,
        Listed::Directory(name) => name,
    }
}

/// `--encoding-type url`: names on the command line are percent-encoded.
#[derive(Args, Debug, Clone, Default)]
pub(crate) struct EncodingType {
    /// Set to `url` when the key on the command line is percent-encoded (`+` is a space, `%2B` a plus)
    #[arg(long, value_name = "TYPE", value_parser = ["url"])]
    pub(crate) encoding_type: Option<String>,
}

impl EncodingType {
    /// Parses an OSS URL.
    pub(crate) fn parse(&self, text: &str) -> Result<super::oss_url::OssUrl> {
        super::oss_url::OssUrl::parse(text, self.encoding_type.is_some()).map_err(Failure::usage)
    }
}

/// `requester`, the only value of `--request-payer`.
pub(crate) fn request_payer(text: &str) -> std::result::Result<String, String> {
    if text == "requester" {
        Ok(text.to_owned())
    } else {
        Err(format!("invalid request payer: {text}, please check"))
    }
}
