//! `hash`: CRC-64 or MD5 of a local file or of an object (cli.md §6.9).

use std::io::Read as _;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use clap::Args;
use crc_fast::{CrcAlgorithm, Digest as Crc};
use fosse_client::GetRequest;
use md5::{Digest as _, Md5};

use crate::args::client_options::ClientOptions;
use crate::args::listing::EncodingType;
use crate::args::oss_url::is_oss_url;
use crate::failure::{Failure, Result};
use crate::out::ElapsedTo;
use crate::session::Session;

/// `hash`
#[derive(Args, Debug)]
pub(crate) struct HashArgs {
    /// crc64 or md5, then a file or oss://BUCKET/KEY; or only a file, with --type
    #[arg(value_name = "WHAT", num_args = 1..=2, required = true)]
    words: Vec<String>,
    /// Which one, in the form of ossutil 1.0
    #[arg(long = "type", value_name = "KIND", default_value = "crc64", value_parser = ["crc64", "md5"])]
    kind: String,
    /// MD5 in base64 instead of hexadecimal
    #[arg(long)]
    base64: bool,
    /// Compute from the bytes of the object instead of asking for what the server knows
    #[arg(long)]
    download: bool,
    #[command(flatten)]
    encoding: EncodingType,
    #[command(flatten)]
    options: ClientOptions,
}

/// Runs `hash`.
pub(crate) fn run(args: &HashArgs) -> Result<()> {
    let (kind, source) = match args.words.as_slice() {
        [kind, source] => (kind.to_ascii_lowercase(), source),
        [source] => (args.kind.clone(), source),
        _ => return Err(Failure::usage("write: hash crc64|md5 FILE")),
    };
    if kind != "crc64" && kind != "md5" {
        return Err(Failure::usage(format!("`{kind}` is neither crc64 nor md5")));
    }
    let session = Session::open(&args.options)?;
    let (crc, md5) = if is_oss_url(source) {
        of_object(args, &session, source, &kind)?
    } else {
        of_file(Path::new(source))?
    };
    if kind == "crc64" {
        session.out.line(&format!("crc64-ecma  : {crc}"))?;
    } else {
        let hex: String = md5.iter().map(|byte| format!("{byte:02X}")).collect();
        let base64 = STANDARD.encode(&md5);
        if args.base64 {
            session.out.line(&format!("md5         : {base64}"))?;
        } else {
            session.out.line(&format!("md5         : {hex}"))?;
            session.out.line(&format!("content-md5 : {base64}"))?;
        }
    }
    session.out.elapsed(ElapsedTo::Stdout)
}

fn of_file(path: &Path) -> Result<(u64, Vec<u8>)> {
    let fail = |error| Failure::file("read", path, error);
    let mut file = std::fs::File::open(path).map_err(fail)?;
    let mut hashes = Hashes::new();
    let mut buffer = vec![0; 256 * 1024];
    loop {
        match file.read(&mut buffer).map_err(fail)? {
            0 => return Ok(hashes.finish()),
            length => hashes.update(&buffer[..length]),
        }
    }
}

fn of_object(
    args: &HashArgs,
    session: &Session,
    source: &str,
    kind: &str,
) -> Result<(u64, Vec<u8>)> {
    let url = args.encoding.parse(source)?;
    let (bucket, key) = url.object().map_err(Failure::usage)?;
    let client = session.client(Some(bucket))?;
    session.run(async {
        if !args.download {
            let head = client.head_object(bucket, key, None).await?;
            let text = |name: &str| head.get(name).and_then(|value| value.to_str().ok());
            let crc = text("x-oss-hash-crc64ecma").and_then(|crc| crc.parse().ok());
            let md5 = text("content-md5").and_then(|md5| STANDARD.decode(md5).ok());
            match (kind, crc, md5) {
                ("crc64", Some(crc), md5) => return Ok((crc, md5.unwrap_or_default())),
                ("md5", crc, Some(md5)) => return Ok((crc.unwrap_or_default(), md5)),
                // The server does not know it, as the MD5 of a multipart object: the bytes tell.
                _ => {}
            }
        }
        let mut download = client
            .get_object(bucket, key, &GetRequest::default())
            .await?;
        let mut hashes = Hashes::new();
        while let Some(chunk) = download.next().await? {
            hashes.update(&chunk);
        }
        Ok(hashes.finish())
    })
}

struct Hashes {
    crc: Crc,
    md5: Md5,
}

impl Hashes {
    fn new() -> Self {
        Self {
            crc: Crc::new(CrcAlgorithm::Crc64Xz),
            md5: Md5::new(),
        }
    }

    fn update(&mut self, bytes: &[u8]) {
        self.crc.update(bytes);
        self.md5.update(bytes);
    }

    fn finish(self) -> (u64, Vec<u8>) {
        (self.crc.finalize(), self.md5.finalize().to_vec())
    }
}
