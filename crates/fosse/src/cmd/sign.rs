//! `sign`: the form of ossutil 1.0, which signs with V1 unless told otherwise (cli.md §5).

use clap::Args;
use fosse_client::{Link, Slash};
use fosse_oss::sign::Scheme;

use crate::args::client_options::ClientOptions;
use crate::args::listing::EncodingType;
use crate::failure::{Failure, Result};
use crate::out::{ElapsedTo, complain};
use crate::session::Session;

/// `sign`
#[derive(Args, Debug)]
pub(crate) struct SignArgs {
    /// oss://BUCKET/KEY
    url: String,
    /// How long the link works, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 60, value_parser = clap::value_parser!(i64).range(0..), allow_negative_numbers = true)]
    timeout: i64,
    /// Sign a certain version of the object
    #[arg(long, value_name = "ID")]
    version_id: Option<String>,
    /// Slow the transfer down to so many bit/s, 245760 to 838860800; 0 does not
    #[arg(
        long,
        visible_alias = "traffic-limit",
        value_name = "BITS",
        default_value_t = 0,
        allow_negative_numbers = true
    )]
    trafic_limit: i64,
    /// Leave `/` of the key as it is in the URL
    #[arg(long)]
    disable_encode_slash: bool,
    /// Who pays: requester
    #[arg(long, value_name = "WHO", value_parser = crate::args::listing::request_payer)]
    payer: Option<String>,
    /// Further query parameter, signed; repeatable
    #[arg(long, value_name = "NAME:VALUE")]
    query_param: Vec<String>,
    /// Address the bucket in the path
    #[arg(long)]
    force_path_style: bool,
    /// Ask for the AccessKey secret
    #[arg(short = 'p', long)]
    password: bool,
    #[command(flatten)]
    encoding: EncodingType,
    #[command(flatten)]
    options: ClientOptions,
}

/// Runs `sign`.
pub(crate) fn run(args: &SignArgs) -> Result<()> {
    let url = args.encoding.parse(&args.url)?;
    let (bucket, key) = url.object().map_err(Failure::usage)?;
    if args.trafic_limit != 0 && !(819_200..=838_860_800).contains(&args.trafic_limit) {
        return Err(Failure::usage(format!(
            "invalid trafic limit: {}, it must be 245760 to 838860800 bit/s",
            args.trafic_limit
        )));
    }
    let mut options = args.options.clone();
    if args.force_path_style {
        options.addressing_style = Some(crate::args::client_options::AddressingStyle::Path);
    }
    if args.password {
        options.access_key_secret = Some(crate::prompt::secret("Please input accessKeySecret")?);
    }
    let session = Session::open(&options)?;
    let presigner = session.presigner(bucket, Scheme::V1)?;
    let now = session.now();
    if now.checked_add(args.timeout).is_none() {
        return Err(Failure::usage(format!(
            "invalid timeout: {}, it ends after the end of time",
            args.timeout
        )));
    }
    if presigner.scheme == Scheme::V4 && args.timeout > 604_800 {
        complain("Warning: with V4 the server refuses a link of more than 604800 s (7 days)");
    }
    let limit = args.trafic_limit.to_string();
    let mut query: Vec<(&str, &str)> = Vec::new();
    for text in &args.query_param {
        let Some((name, value)) = text.split_once(':').filter(|(name, _)| !name.is_empty()) else {
            return Err(Failure::usage(format!(
                "invalid query param: {text}, write NAME:VALUE"
            )));
        };
        query.push((name, value));
    }
    if let Some(id) = &args.version_id {
        query.push(("versionId", id));
    }
    if args.trafic_limit != 0 {
        query.push(("x-oss-traffic-limit", &limit));
    }
    if let Some(payer) = &args.payer {
        query.push(("x-oss-request-payer", payer));
    }
    let link = Link {
        method: "GET",
        bucket,
        key,
        query: &query,
        headers: &[],
        now,
        expires: args.timeout,
        slash: if args.disable_encode_slash {
            Slash::Kept
        } else {
            Slash::Encoded
        },
        any_life: true,
    };
    session.out.line(&presigner.presign(&link)?)?;
    session.out.elapsed(ElapsedTo::Stdout)
}
