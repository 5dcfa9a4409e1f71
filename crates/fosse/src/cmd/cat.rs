//! `cat`: an object on standard output (cli.md §6.7).

use clap::Args;
use fosse_client::{Download, GetRequest};

use crate::args::client_options::ClientOptions;
use crate::args::listing::EncodingType;
use crate::args::size::Size;
use crate::failure::{Failure, Result};
use crate::out::ElapsedTo;
use crate::session::Session;

/// `cat`
#[derive(Args, Debug)]
pub(crate) struct CatArgs {
    /// oss://BUCKET/KEY
    url: String,
    /// A certain version of the object
    #[arg(long, value_name = "ID")]
    version_id: Option<String>,
    /// Only the first so many bytes
    #[arg(long, value_name = "SIZE", conflicts_with = "tail")]
    head: Option<Size>,
    /// Only the last so many bytes
    #[arg(long, value_name = "SIZE")]
    tail: Option<Size>,
    #[command(flatten)]
    encoding: EncodingType,
    #[command(flatten)]
    options: ClientOptions,
}

/// Runs `cat`.
pub(crate) fn run(args: &CatArgs) -> Result<()> {
    let url = args.encoding.parse(&args.url)?;
    let (bucket, key) = url.object().map_err(Failure::usage)?;
    let session = Session::open(&args.options)?;
    let client = session.client(Some(bucket))?;
    session.run(async {
        let mut request = GetRequest {
            version_id: args.version_id.clone(),
            ..GetRequest::default()
        };
        match (args.head, args.tail) {
            (Some(Size(0)), _) | (_, Some(Size(0))) => return Ok(()),
            (Some(head), _) => request.range = Some((0, Some(head.0 - 1))),
            (None, Some(tail)) => {
                let headers = client
                    .head_object(bucket, key, args.version_id.as_deref())
                    .await?;
                let size = headers
                    .get("content-length")
                    .and_then(|value| value.to_str().ok()?.parse::<u64>().ok())
                    .unwrap_or(0);
                if tail.0 < size {
                    request.range = Some((size - tail.0, None));
                }
            }
            (None, None) => {}
        }
        to_stdout(&session, client.get_object(bucket, key, &request).await?)
            .await
            .map(drop)
    })?;
    // Standard output belongs to the object.
    session.out.elapsed(ElapsedTo::Stderr)
}

/// Writes a download to standard output; returns the number of bytes.
pub(crate) async fn to_stdout(session: &Session, mut download: Download) -> Result<u64> {
    let mut total = 0;
    while let Some(chunk) = download.next().await? {
        session.out.bytes(&chunk)?;
        total += chunk.len() as u64;
    }
    Ok(total)
}
