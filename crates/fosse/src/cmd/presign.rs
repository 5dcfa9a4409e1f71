//! `presign`: links that anyone can open for a while, signed here without asking the server (cli.md §4).

use clap::Args;
use fosse_client::{Link, Presigner, Slash, attachment};
use fosse_oss::sign::{Scheme, SignError};

use crate::args::client_options::{ClientOptions, OutputFormat};
use crate::args::duration::Span;
use crate::args::listing::{EncodingType, Listed, ListingOptions, request_payer};
use crate::args::time::{self, Moment};
use crate::failure::{Failure, Result};
use crate::out::ElapsedTo;
use crate::session::Session;

/// Default life: 15 minutes.
const USUAL_LIFE: i64 = 15 * 60;

/// `presign`
#[derive(Args, Debug)]
pub(crate) struct PresignArgs {
    /// oss://BUCKET/KEY, or with -r oss://BUCKET[/PREFIX]
    url: String,
    /// How long the link works; V4 at most 7 days [default: 15m0s]
    #[arg(long, value_name = "DURATION", conflicts_with = "expires_date")]
    expires_duration: Option<Span>,
    /// Other names of the same.
    #[arg(long, value_name = "SECONDS", hide = true, aliases = ["expires", "expires-in"], conflicts_with_all = ["expires_duration", "expires_date"])]
    timeout: Option<Span>,
    /// When the link ends, UTC: 2024-06-01T12:00:00
    #[arg(long, value_name = "TIME")]
    expires_date: Option<Moment>,
    /// Sign a certain version of the object
    #[arg(long, value_name = "ID")]
    version_id: Option<String>,
    /// Further query parameter, signed, such as x-oss-process=image/resize,w_100; repeatable
    #[arg(long, value_name = "NAME=VALUE")]
    query_param: Vec<String>,
    /// Slow the transfer down to so many bit/s, 819200 to 838860800
    #[arg(long, value_name = "BITS", value_parser = clap::value_parser!(u64).range(819_200..=838_860_800))]
    traffic_limit: Option<u64>,
    /// Who pays: requester
    #[arg(long, value_name = "WHO", value_parser = request_payer)]
    request_payer: Option<String>,
    /// One link for every key with the prefix
    #[arg(short = 'r', long)]
    recursive: bool,
    /// What the link is for: GET, HEAD, PUT, POST or DELETE
    #[arg(long, value_name = "METHOD", default_value = "GET", ignore_case = true, value_parser = ["GET", "HEAD", "PUT", "POST", "DELETE"])]
    method: String,
    /// Header that the visitor must send, such as Content-Type:image/png; repeatable
    #[arg(long, value_name = "NAME:VALUE")]
    header: Vec<String>,
    /// Make browsers save the object, under NAME when given
    #[arg(long, value_name = "NAME", num_args = 0..=1, require_equals = true, default_missing_value = "", conflicts_with = "inline")]
    download: Option<String>,
    /// Make browsers show the object
    #[arg(long)]
    inline: bool,
    /// Only addresses of this network may use the link, such as 10.0.0.0/8
    #[arg(long, value_name = "CIDR")]
    source_ip: Option<String>,
    /// Sign as if it were then: for tests, and for links that begin later
    #[arg(long, value_name = "TIME")]
    at: Option<Moment>,
    #[command(flatten)]
    listing: ListingOptions,
    #[command(flatten)]
    encoding: EncodingType,
    #[command(flatten)]
    options: ClientOptions,
}

/// What the links of one run have in common.
struct Plan {
    presigner: Presigner,
    bucket: String,
    method: String,
    query: Vec<(String, String)>,
    headers: Vec<(String, Vec<u8>)>,
    download: Option<String>,
    version_id: String,
    now: i64,
    expires: i64,
}

/// Runs `presign`.
pub(crate) fn run(args: &PresignArgs) -> Result<()> {
    let url = args.encoding.parse(&args.url)?;
    let Some(bucket) = url.bucket.clone() else {
        return Err(Failure::usage("presign needs a bucket: oss://BUCKET/KEY"));
    };
    if !args.recursive && url.key.is_empty() {
        return Err(Failure::usage(format!(
            "`{url}` names no object: write oss://{bucket}/KEY, or add -r to sign every object"
        )));
    }
    let session = Session::open(&args.options)?;
    let plan = plan(args, &session, bucket)?;
    let mut printer = Printer {
        session: &session,
        format: session.format(),
        rows: 0,
    };
    printer.begin()?;
    if args.recursive {
        let client = session.client(Some(&plan.bucket))?;
        let count = session.run(args.listing.walk(
            &client,
            &plan.bucket,
            &url.key,
            args.request_payer.as_deref(),
            &mut |listed| match listed {
                Listed::Object(object) => printer.row(&plan, object.key.as_bytes()),
                Listed::Directory(_) => Ok(()),
            },
        ))?;
        if count == 0 {
            session
                .out
                .note(&format!("nothing in {url} matches: no link was made"));
        }
    } else {
        printer.row(&plan, &url.key)?;
    }
    printer.end()
}

fn plan(args: &PresignArgs, session: &Session, bucket: String) -> Result<Plan> {
    let now = args.at.map_or_else(|| session.now(), |at| at.0);
    let expires = match (args.expires_duration.or(args.timeout), args.expires_date) {
        (Some(span), _) => i64::try_from(span.as_secs()).unwrap_or(i64::MAX),
        (None, Some(date)) if date.0 <= now => {
            return Err(Failure::usage(format!(
                "the end {} is not in the future",
                time::iso(date.0)
            )));
        }
        (None, Some(date)) => date.0 - now,
        (None, None) => USUAL_LIFE,
    };
    let mut query = Vec::new();
    for text in &args.query_param {
        query.push(pair(text)?);
    }
    if let Some(id) = &args.version_id {
        query.push(("versionId".to_owned(), id.clone()));
    }
    if let Some(limit) = args.traffic_limit {
        query.push(("x-oss-traffic-limit".to_owned(), limit.to_string()));
    }
    if let Some(payer) = &args.request_payer {
        query.push(("x-oss-request-payer".to_owned(), payer.clone()));
    }
    if args.inline {
        query.push((
            "response-content-disposition".to_owned(),
            "inline".to_owned(),
        ));
    }
    if let Some(network) = &args.source_ip {
        let (address, bits) = network_of(network)?;
        query.push(("x-oss-ac-source-ip".to_owned(), address));
        query.push(("x-oss-ac-subnet-mask".to_owned(), bits));
    }
    let presigner = session.presigner(&bucket, Scheme::V4)?;
    let mut headers = Vec::new();
    for text in &args.header {
        let Some((name, value)) = text.split_once(':') else {
            return Err(Failure::usage(format!("`{text}` is not NAME:VALUE")));
        };
        if presigner.scheme == Scheme::V1 && !fosse_client::signed_anyway(name) {
            return Err(Failure::usage(format!(
                "V1 does not sign the header {name}: leave it out, or use --sign-version v4"
            )));
        }
        headers.push((name.trim().to_owned(), value.trim().as_bytes().to_vec()));
    }
    Ok(Plan {
        presigner,
        bucket,
        method: args.method.to_ascii_uppercase(),
        query,
        headers,
        download: args.download.clone(),
        version_id: args.version_id.clone().unwrap_or_default(),
        now,
        expires,
    })
}

impl Plan {
    fn link(&self, key: &[u8]) -> Result<String> {
        let mut query: Vec<(&str, &str)> = self
            .query
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        let disposition = self.download.as_ref().map(|name| match name.as_str() {
            "" => {
                let text = String::from_utf8_lossy(key);
                attachment(
                    text.trim_end_matches('/')
                        .rsplit('/')
                        .next()
                        .unwrap_or_default(),
                )
            }
            name => attachment(name),
        });
        if let Some(disposition) = &disposition {
            query.push(("response-content-disposition", disposition));
        }
        let headers: Vec<(&str, &[u8])> = self
            .headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_slice()))
            .collect();
        let link = Link {
            method: &self.method,
            bucket: &self.bucket,
            key,
            query: &query,
            headers: &headers,
            now: self.now,
            expires: self.expires,
            slash: Slash::Kept,
            any_life: false,
        };
        self.presigner.presign(&link).map_err(|error| match error {
            fosse_client::Error::Sign(SignError::ExpiresTooLong) => Failure::local(format_args!(
                "{}: a V4 link lives for 7 days at most. Shorten it, or sign with --sign-version v1, whose links have no limit \
                 but cannot be bound to further headers",
                SignError::ExpiresTooLong
            )),
            error => error.into(),
        })
    }
}

struct Printer<'a> {
    session: &'a Session,
    format: OutputFormat,
    rows: u64,
}

impl Printer<'_> {
    fn begin(&self) -> Result<()> {
        match self.format {
            OutputFormat::Csv => self.session.out.line("key,versionId,method,expires,url"),
            _ => Ok(()),
        }
    }

    fn row(&mut self, plan: &Plan, key: &[u8]) -> Result<()> {
        let url = plan.link(key)?;
        let out = &self.session.out;
        let key = String::from_utf8_lossy(key);
        let expires = time::iso(plan.now.saturating_add(plan.expires));
        self.rows += 1;
        match self.format {
            OutputFormat::Raw => {
                out.line(&url)?;
                for (name, value) in &plan.headers {
                    out.line(&format!(
                        "  with the header {name}: {}",
                        String::from_utf8_lossy(value)
                    ))?;
                }
                Ok(())
            }
            OutputFormat::Csv => {
                let cells = [&*key, &plan.version_id, &plan.method, &expires, &url];
                out.line(&cells.map(csv_cell).join(","))
            }
            OutputFormat::Json => {
                let row = serde_json::json!({
                    "key": key, "versionId": plan.version_id, "method": plan.method, "expires": expires, "url": url,
                });
                out.bytes(format!("{}{row}", if self.rows == 1 { "[\n" } else { ",\n" }).as_bytes())
            }
        }
    }

    fn end(&self) -> Result<()> {
        match self.format {
            OutputFormat::Raw => self.session.out.elapsed(ElapsedTo::Stdout),
            OutputFormat::Csv => Ok(()),
            OutputFormat::Json => self
                .session
                .out
                .line(if self.rows == 0 { "[]" } else { "\n]" }),
        }
    }
}

fn csv_cell(text: &str) -> String {
    if text.contains(['"', ',', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}

/// `name=value`; without `=` the form `name:value` of ossutil 1.0; without both a bare name.
fn pair(text: &str) -> Result<(String, String)> {
    let (name, value) = text
        .split_once('=')
        .or_else(|| text.split_once(':'))
        .unwrap_or((text, ""));
    if name.is_empty() {
        return Err(Failure::usage(format!("`{text}` is not NAME=VALUE")));
    }
    Ok((name.to_owned(), value.to_owned()))
}

/// Address and prefix length of `10.0.0.0/8`; a lone address is a network of one.
fn network_of(text: &str) -> Result<(String, String)> {
    let (address, bits) = text.split_once('/').unwrap_or((text, ""));
    let parsed: Option<std::net::IpAddr> = address.parse().ok();
    let most = parsed.map_or(0, |address| if address.is_ipv4() { 32 } else { 128 });
    let length = if bits.is_empty() {
        Some(most)
    } else {
        bits.parse::<u32>().ok().filter(|bits| *bits <= most)
    };
    match (parsed, length) {
        (Some(address), Some(length)) => Ok((address.to_string(), length.to_string())),
        _ => Err(Failure::usage(format!(
            "`{text}` is not a network: write 10.0.0.0/8 or one address"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::{csv_cell, network_of, pair};

    #[test]
    fn query_parameters() {
        let text = |text| {
            pair(text)
                .map(|(name, value)| format!("{name}|{value}"))
                .unwrap_or_default()
        };
        assert_eq!(text("a=b"), "a|b");
        assert_eq!(text("a=b=c"), "a|b=c");
        assert_eq!(
            text("x-oss-process:image/resize,w_1"),
            "x-oss-process|image/resize,w_1"
        );
        assert_eq!(
            text("response-content-type=text/plain:x"),
            "response-content-type|text/plain:x"
        );
        assert_eq!(text("acl"), "acl|");
        assert!(pair("=x").is_err());
    }

    #[test]
    fn networks() {
        assert_eq!(
            network_of("10.0.0.0/8").unwrap(),
            ("10.0.0.0".to_owned(), "8".to_owned())
        );
        assert_eq!(network_of("10.1.2.3").unwrap().1, "32");
        assert_eq!(network_of("::1/64").unwrap().1, "64");
        assert!(network_of("10.0.0.0/33").is_err() && network_of("host").is_err());
    }

    #[test]
    fn cells() {
        assert_eq!(csv_cell("a\"b,c"), "\"a\"\"b,c\"");
        assert_eq!(csv_cell("plain"), "plain");
    }
}
