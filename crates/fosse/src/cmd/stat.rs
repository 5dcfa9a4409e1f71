//! `stat`: what is known about a bucket or an object (cli.md §6.6).

use std::collections::BTreeMap;

use clap::Args;
use fosse_client::Client;
use http::HeaderMap;

use crate::args::client_options::{ClientOptions, OutputFormat};
use crate::args::listing::EncodingType;
use crate::args::size::human;
use crate::args::time;
use crate::failure::{Failure, Result};
use crate::out::ElapsedTo;
use crate::session::Session;

/// `stat`
#[derive(Args, Debug)]
pub(crate) struct StatArgs {
    /// oss://BUCKET or oss://BUCKET/KEY
    url: String,
    /// A certain version of the object
    #[arg(long, value_name = "ID")]
    version_id: Option<String>,
    /// Sizes with KiB, MiB and so on
    #[arg(long)]
    human_readable: bool,
    #[command(flatten)]
    encoding: EncodingType,
    #[command(flatten)]
    options: ClientOptions,
}

/// Runs `stat`.
pub(crate) fn run(args: &StatArgs) -> Result<()> {
    let url = args.encoding.parse(&args.url)?;
    let Some(bucket) = &url.bucket else {
        return Err(Failure::usage(
            "stat needs a bucket: oss://BUCKET or oss://BUCKET/KEY",
        ));
    };
    let session = Session::open(&args.options)?;
    let client = session.client(Some(bucket))?;
    let mut rows = session.run(async {
        if url.key.is_empty() {
            bucket_rows(&client, bucket).await
        } else {
            object_rows(&client, bucket, &url.key, args.version_id.as_deref()).await
        }
    })?;
    if args.human_readable {
        for (name, value) in &mut rows {
            if (name == "Content-Length" || name.ends_with("Storage"))
                && let Ok(bytes) = value.parse::<u64>()
            {
                *value = human(bytes);
            }
        }
    }
    match session.format() {
        OutputFormat::Json => {
            let text = serde_json::to_string_pretty(&rows)
                .map_err(|error| Failure::Local(error.into()))?;
            session.out.line(&text)
        }
        OutputFormat::Csv => Err(Failure::usage("stat has the output formats raw and json")),
        OutputFormat::Raw => {
            let width = rows
                .keys()
                .map(|name| name.len())
                .max()
                .unwrap_or(0)
                .max(28);
            for (name, value) in &rows {
                session
                    .out
                    .line(format!("{name:<width$}: {value}").trim_end())?;
            }
            session.out.elapsed(ElapsedTo::Stdout)
        }
    }
}

async fn object_rows(
    client: &Client,
    bucket: &str,
    key: &[u8],
    version_id: Option<&str>,
) -> Result<BTreeMap<String, String>> {
    let headers = client.head_object(bucket, key, version_id).await?;
    let (acl, owner) = client.object_acl(bucket, key, version_id).await?;
    let mut rows = header_rows(&headers);
    rows.insert("ACL".to_owned(), acl);
    rows.insert("Owner".to_owned(), owner);
    Ok(rows)
}

/// The headers that are about the object, not about the answer.
fn header_rows(headers: &HeaderMap) -> BTreeMap<String, String> {
    let about_the_answer = [
        "date",
        "server",
        "connection",
        "x-oss-request-id",
        "x-oss-server-time",
        "vary",
        "keep-alive",
        "x-oss-ec",
    ];
    let mut rows = BTreeMap::new();
    for (name, value) in headers {
        if about_the_answer.contains(&name.as_str()) || name.as_str().starts_with("access-control-")
        {
            continue;
        }
        let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
        let value = match name.as_str() {
            "etag" => value.trim_matches('"').to_owned(),
            "last-modified" => fosse_oss::time::parse_http(&value).map_or(value, time::local),
            _ => value,
        };
        rows.insert(title(name.as_str()), value);
    }
    rows
}

/// `x-oss-hash-crc64ecma` becomes `X-Oss-Hash-Crc64ecma`.
fn title(name: &str) -> String {
    let words = name.split('-').map(|word| {
        let mut letters = word.chars();
        letters.next().map_or_else(String::new, |first| {
            first.to_ascii_uppercase().to_string() + letters.as_str()
        })
    });
    words.collect::<Vec<_>>().join("-")
}

async fn bucket_rows(client: &Client, bucket: &str) -> Result<BTreeMap<String, String>> {
    let info = client.bucket_info(bucket).await?;
    let stat = client.bucket_stat(bucket).await?;
    let mut rows = BTreeMap::new();
    for element in &info.children {
        match element.name.as_str() {
            "Owner" => {
                let id = element
                    .child("ID")
                    .map(|id| id.text.clone())
                    .unwrap_or_default();
                rows.insert("Owner".to_owned(), id);
            }
            "AccessControlList" => {
                let grant = element
                    .child("Grant")
                    .map(|grant| grant.text.clone())
                    .unwrap_or_default();
                rows.insert("ACL".to_owned(), grant);
            }
            "CreationDate" => {
                let created = fosse_oss::time::parse_iso(&element.text)
                    .map_or_else(|| element.text.clone(), time::local);
                rows.insert("CreationDate".to_owned(), created);
            }
            _ if element.children.is_empty() => {
                rows.insert(element.name.clone(), element.text.clone());
            }
            _ => {}
        }
    }
    for element in &stat.children {
        rows.insert(element.name.clone(), element.text.clone());
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::{header_rows, title};

    #[test]
    fn rows_of_an_object() {
        let mut headers = http::HeaderMap::new();
        headers.insert("etag", "\"ABC\"".parse().unwrap());
        headers.insert("date", "x".parse().unwrap());
        headers.insert(
            "x-oss-meta-name",
            http::HeaderValue::from_bytes("名".as_bytes()).unwrap(),
        );
        let rows: Vec<_> = header_rows(&headers).into_iter().collect();
        assert_eq!(
            rows,
            [
                ("Etag".to_owned(), "ABC".to_owned()),
                ("X-Oss-Meta-Name".to_owned(), "名".to_owned())
            ]
        );
        assert_eq!(title("x-oss-hash-crc64ecma"), "X-Oss-Hash-Crc64ecma");
    }
}
