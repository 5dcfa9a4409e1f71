//! `inspect`: what a link or a signed request says about itself, and why a server would refuse it (cli.md §7). Nothing is sent to
//! the service; a server is only asked when its admin listener is named.

mod server;

use std::io::Read as _;
use std::path::{Path, PathBuf};

use clap::Args;
use fosse_client::Credentials;
use fosse_oss::op::{Addressing, Style, Target};
use fosse_oss::sign::{
    self, Alternatives, Carrier, Client, Description, Diagnosis, KeyState, Keys, RequestParts,
    Scheme, VerifyContext,
};

use crate::args::client_options::ClientOptions;
use crate::args::time::{self, Moment};
use crate::failure::{Failure, Result};
use crate::out::Out;
use crate::session::Session;

/// Largest file of a request, and largest answer of a server.
const MAX_BYTES: u64 = 1 << 20;

/// `inspect`
#[derive(Args, Debug)]
pub(crate) struct InspectArgs {
    /// The link, in quotes
    #[arg(required_unless_present = "request", conflicts_with = "request")]
    url: Option<String>,
    /// A file that holds the head of a request: its first line and its headers, as `curl -v` shows them; `-` for standard input
    #[arg(long, value_name = "FILE")]
    request: Option<PathBuf>,
    /// Method that the link is used with [default: GET]
    #[arg(long, value_name = "METHOD")]
    method: Option<String>,
    /// Header that is sent with the link, such as Content-Type:image/png; repeatable
    #[arg(long, value_name = "NAME:VALUE")]
    header: Vec<String>,
    /// Admin listener of the server, such as http://127.0.0.1:9001: asks what the server would say, and why
    #[arg(
        long,
        value_name = "URL",
        env = "FOSSE_ADMIN_URL",
        hide_env_values = true
    )]
    admin: Option<String>,
    /// With --admin: address that the client comes from
    #[arg(long, value_name = "IP", requires = "admin")]
    client: Option<std::net::IpAddr>,
    /// Judge as if it were then
    #[arg(long, value_name = "TIME", conflicts_with = "admin")]
    at: Option<Moment>,
    #[command(flatten)]
    options: ClientOptions,
}

/// A request, taken apart and left as it is.
struct Request {
    method: String,
    scheme: &'static str,
    host: String,
    /// Raw, with its `/`.
    path: String,
    /// Raw, without `?`.
    query: String,
    headers: Vec<(String, String)>,
}

/// Runs `inspect`.
pub(crate) fn run(args: &InspectArgs) -> Result<()> {
    let session = Session::open(&args.options)?;
    let mut request = match (&args.url, &args.request) {
        (Some(url), _) => Request::of_url(url)?,
        (None, Some(path)) => Request::of_head(&read(path)?)?,
        (None, None) => return Err(Failure::usage("inspect needs a link, or --request FILE")),
    };
    if let Some(method) = &args.method {
        request.method = method.to_ascii_uppercase();
    }
    for header in &args.header {
        let (name, value) = header
            .split_once(':')
            .ok_or_else(|| Failure::usage(format!("`{header}` is no NAME:VALUE")))?;
        request
            .headers
            .push((name.trim().to_owned(), value.trim().to_owned()));
    }
    let now = args.at.map_or_else(|| session.now(), |at| at.0);
    let out = &session.out;
    let description = request.describe(out, now)?;
    out.line("")?;
    match &args.admin {
        Some(admin) => {
            let told = server::ask(admin, &request, args.client)?;
            server::show(out, admin, &told, &description)
        }
        None => request.judge(&session, &description, now),
    }
}

fn read(path: &Path) -> Result<String> {
    let mut text = String::new();
    let done = if path == Path::new("-") {
        std::io::stdin().take(MAX_BYTES).read_to_string(&mut text)
    } else {
        std::fs::File::open(path).and_then(|file| file.take(MAX_BYTES).read_to_string(&mut text))
    };
    done.map_err(|error| Failure::file("read the request", path, error))?;
    Ok(text)
}

impl Request {
    fn of_url(url: &str) -> Result<Self> {
        let url = url.trim();
        let (scheme, rest) = match url.split_once("://") {
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("https") => ("https", rest),
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("http") => ("http", rest),
            _ => {
                return Err(Failure::usage(
                    "the link must begin with http:// or https://; put it in quotes, because of the `&`",
                ));
            }
        };
        let (rest, _fragment) = rest.split_once('#').unwrap_or((rest, ""));
        let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (host, path) = match place.find('/') {
            Some(at) => place.split_at(at),
            None => (place, "/"),
        };
        Ok(Self {
            method: "GET".to_owned(),
            scheme,
            host: host.rsplit('@').next().unwrap_or(host).to_owned(),
            path: path.to_owned(),
            query: query.to_owned(),
            headers: vec![("host".to_owned(), host.to_owned())],
        })
    }

    /// The first line and the headers of a request; `> ` before each line, as curl shows them, is left away.
    fn of_head(text: &str) -> Result<Self> {
        let mut lines = text
            .lines()
            .map(|line| line.strip_prefix("> ").unwrap_or(line))
            .skip_while(|line| line.trim().is_empty());
        let first = lines.next().unwrap_or_default();
        let words: Vec<&str> = first.split_whitespace().collect();
        let (Some(method), Some(target)) = (words.first(), words.get(1)) else {
            return Err(Failure::usage(
                "the request must begin with a line such as `GET /path?query HTTP/1.1`",
            ));
        };
        let mut headers: Vec<(String, String)> = Vec::new();
        for line in lines {
            if line.trim().is_empty() || line.trim() == ">" {
                break;
            }
            let (name, value) = line
                .split_once(':')
                .ok_or_else(|| Failure::usage(format!("`{line}` is no header")))?;
            headers.push((name.trim().to_owned(), value.trim().to_owned()));
        }
        if let Ok(whole) = Self::of_url(target) {
            headers.retain(|(name, _)| !name.eq_ignore_ascii_case("host"));
            headers.extend(whole.headers);
            return Ok(Self {
                method: (*method).to_owned(),
                headers,
                ..whole
            });
        }
        let host = headers
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case("host"))
            .map(|(_, host)| host.clone())
            .ok_or_else(|| Failure::usage("the request has no Host header"))?;
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        Ok(Self {
            method: (*method).to_owned(),
            scheme: "http",
            host,
            path: path.to_owned(),
            query: query.to_owned(),
            headers,
        })
    }

    fn header_slices(&self) -> Vec<(&str, &[u8])> {
        self.headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_bytes()))
            .collect()
    }

    fn url(&self) -> String {
        let query = if self.query.is_empty() {
            String::new()
        } else {
            format!("?{}", self.query)
        };
        format!("{}://{}{}{query}", self.scheme, self.host, self.path)
    }

    /// What host and path can mean: the usual reading, and for a name that nobody here knows also the ones of a base domain and of
    /// a custom domain (whose bucket is not on the wire).
    fn targets(&self, buckets: &[String]) -> Vec<(Option<String>, Vec<u8>)> {
        let addressing = Addressing::for_region("cn-hangzhou", []);
        let foreign = std::cell::Cell::new(false);
        let target = Target::resolve(&addressing, &self.host, &self.path, &|_| {
            foreign.set(true);
            None
        });
        let mut targets = Vec::new();
        if foreign.get() {
            let whole = Target::resolve(&addressing, &self.host, &self.path, &|_| {
                Some("x".to_owned())
            });
            if let Ok(whole) = whole {
                let label = self.host.split('.').next().unwrap_or_default();
                if self.host.matches('.').count() >= 2 {
                    targets.push((Some(label.to_owned()), whole.key.clone()));
                }
                targets.extend(
                    buckets
                        .iter()
                        .map(|name| (Some(name.clone()), whole.key.clone())),
                );
            }
        }
        if let Ok(target) = target {
            let usual = (target.bucket, target.key);
            if target.style == Style::VirtualHosted || !foreign.get() {
                targets.insert(0, usual);
            } else {
                targets.push(usual);
            }
        }
        targets
    }

    /// Prints what can be known without a secret.
    fn describe(&self, out: &Out, now: i64) -> Result<Description> {
        let headers = self.header_slices();
        let targets = self.targets(&[]);
        let (bucket, key) = targets.first().cloned().unwrap_or_default();
        let parts = RequestParts {
            method: &self.method,
            bucket: bucket.as_deref(),
            key: &key,
            query: &self.query,
            headers: &headers,
        };
        let told = Description::of(&parts);
        let row = |name: &str, value: &str| out.line(&format!("{name:<14}{value}"));
        let carrier = match told.carrier {
            Some(Carrier::Url) => "in the URL",
            Some(Carrier::Header) => "in the Authorization header",
            Some(Carrier::Form) | None => "",
        };
        match told.scheme {
            Some(Scheme::V1) => row("Signature", &format!("version 1, {carrier}"))?,
            Some(Scheme::V4) => row("Signature", &format!("version 4, {carrier}"))?,
            None if told.carrier.is_some() => {
                row(
                    "Signature",
                    "of a kind that is not understood (versions 1 and 4 are)",
                )?;
            }
            None => row("Signature", "none: the request is anonymous")?,
        }
        row("Method", &self.method)?;
        row("Host", &self.host)?;
        match &bucket {
            Some(bucket) if targets.len() > 1 => row(
                "Bucket",
                &format!("{bucket}, unless the server knows the host name as another bucket's"),
            )?,
            Some(bucket) => row("Bucket", bucket)?,
            None => row("Bucket", "(none: the service itself)")?,
        }
        if !key.is_empty() {
            row("Key", &String::from_utf8_lossy(&key))?;
        }
        if let Some(id) = &told.access_key_id {
            let kind = if told.temporary {
                "temporary credentials"
            } else {
                "AccessKey"
            };
            row("Signed by", &format!("{id} ({kind})"))?;
        }
        match told.signed_at {
            Some(at) => row("Signed at", &moment(at, now))?,
            None if told.scheme == Some(Scheme::V1) => {
                row("Signed at", "(a version 1 link does not tell)")?;
            }
            None => {}
        }
        if let Some(end) = told.ends {
            row("Ends at", &moment(end, now))?;
            if told.temporary {
                row(
                    "",
                    "or with the temporary credentials, if they end before: only the server knows",
                )?;
            }
        } else if told.carrier == Some(Carrier::Header) {
            row("Ends at", "15 minutes after it was signed")?;
        }
        if let (Some(region), Some(product)) = (&told.region, &told.product) {
            row("Scope", &format!("region {region}, product {product}"))?;
        }
        for (name, value) in &told.signed_parameters {
            let text = match value.as_str() {
                "" => name.clone(),
                value => format!("{name} = {value}"),
            };
            row("Signed", &text)?;
        }
        for name in &told.free_parameters {
            let note = if told.scheme.is_some() {
                " (not signed: anybody can change it)"
            } else {
                ""
            };
            row("Parameter", &format!("{name}{note}"))?;
        }
        for name in &told.signed_headers {
            row(
                "Signed header",
                &format!("{name}: must be sent as it was signed"),
            )?;
        }
        for name in &told.missing_headers {
            row("Signed header", &format!("{name}: is not sent"))?;
        }
        Ok(told)
    }

    /// The verdict that can be given here: with the secret if the profile has it, else about time alone.
    fn judge(&self, session: &Session, told: &Description, now: i64) -> Result<()> {
        let out = &session.out;
        if told.carrier.is_none() {
            return Ok(());
        }
        // A link that was mangled may not even tell who signed it.
        let own = |id: &str| {
            told.access_key_id
                .as_deref()
                .is_none_or(|signer| signer == id)
        };
        let credentials = match session.credentials() {
            Ok(Credentials::Key(credentials)) if own(&credentials.access_key_id) => credentials,
            _ => {
                if told.ends.is_some_and(|end| now > end) {
                    out.line("Verdict: it has ended. Make a new one.")?;
                } else {
                    out.line("Verdict: it has not ended. Whether the signature fits can be told with the secret of its AccessKey")?;
                    out.line("(in the profile, or with --access-key-id and --access-key-secret), or by the server (--admin).")?;
                }
                return Ok(());
            }
        };
        let keys = OneKey(credentials);
        let context = VerifyContext {
            now,
            regions: &[],
            product: "oss",
        };
        let headers = self.header_slices();
        let mut first: Option<Diagnosis> = None;
        for (bucket, key) in self.targets(&[]) {
            let parts = RequestParts {
                method: &self.method,
                bucket: bucket.as_deref(),
                key: &key,
                query: &self.query,
                headers: &headers,
            };
            match sign::diagnose(
                &parts,
                &context,
                &Client::default(),
                &keys,
                Alternatives::default(),
            ) {
                Ok(_) => {
                    return out.line(&format!(
                        "Verdict: the signature fits, for bucket `{}`. What its signer may do, the server decides.",
                        bucket.unwrap_or_default()
                    ));
                }
                Err(diagnosis) => {
                    // The reading that something is known about.
                    let better = |d: &Diagnosis| !matches!(d.cause, Some(sign::Cause::Unknown));
                    if first
                        .as_ref()
                        .is_none_or(|known| !better(known) && better(&diagnosis))
                    {
                        first = Some(diagnosis);
                    }
                }
            }
        }
        let Some(diagnosis) = first else {
            return out.line("Verdict: host and path cannot be read.");
        };
        let error = diagnosis.refusal.to_error();
        out.line(&format!(
            "Verdict: refused: {} {}: {}",
            error.status(),
            error.code().as_str(),
            error.message()
        ))?;
        let cause = diagnosis
            .cause
            .as_ref()
            .map(sign::Cause::explain)
            .or_else(|| sign::advice(&diagnosis.refusal).map(str::to_owned));
        let difference = diagnosis
            .difference
            .map(|at| (at.line, at.signed, at.received));
        why(out, cause.as_deref(), difference)?;
        let text = |bytes: Option<&[u8]>| bytes.map(|b| String::from_utf8_lossy(b).into_owned());
        block(
            out,
            "Canonical request, as it arrived",
            text(diagnosis.refusal.canonical_request()),
        )?;
        block(
            out,
            "String to sign, as it arrived",
            text(diagnosis.refusal.string_to_sign()),
        )
    }
}

/// The secret of the profile.
struct OneKey(sign::Credentials);

impl Keys for OneKey {
    fn lookup(&self, access_key_id: &str, token: Option<&str>) -> KeyState {
        if access_key_id != self.0.access_key_id {
            return KeyState::Unknown;
        }
        match (token, self.0.security_token.as_deref()) {
            // A session that the profile does not have: its secret fits none the less.
            (Some(sent), Some(known)) if sent != known => KeyState::TokenInvalid,
            _ => KeyState::Active {
                secret: self.0.access_key_secret.as_str().into(),
                expires_at: None,
            },
        }
    }
}

/// A time in the zone of this machine and in UTC, and how far away it is.
fn moment(at: i64, now: i64) -> String {
    let span = |seconds: i64| match seconds {
        0..120 => format!("{seconds} s"),
        120..7200 => format!("{} min", seconds / 60),
        7200..172_800 => format!("{} h", seconds / 3600),
        _ => format!("{} days", seconds / 86_400),
    };
    let distance = if at >= now {
        format!("in {}", span(at - now))
    } else {
        format!("{} ago", span(now - at))
    };
    format!("{} = {} ({distance})", time::local(at), time::iso(at))
}

fn why(out: &Out, cause: Option<&str>, difference: Option<(usize, String, String)>) -> Result<()> {
    if let Some(cause) = cause {
        out.line(&format!("Cause:   {cause}"))?;
    }
    if let Some((line, signed, received)) = difference {
        out.line(&format!("Line {line} is the first that differs:"))?;
        out.line(&format!("  signed:   {}", masked(&signed)))?;
        out.line(&format!("  received: {}", masked(&received)))?;
    }
    Ok(())
}

fn block(out: &Out, title: &str, text: Option<String>) -> Result<()> {
    let Some(text) = text else { return Ok(()) };
    out.line("")?;
    out.line(&format!("{title}:"))?;
    for (at, line) in masked(&text).split('\n').enumerate() {
        out.line(&format!("{:>4}  {line}", at + 1))?;
    }
    Ok(())
}

/// The text without security tokens: a terminal is no place for them.
fn masked(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("security-token") {
        let (before, found) = rest.split_at(at + "security-token".len());
        out.push_str(before);
        let Some(value) = found.strip_prefix(['=', ':']) else {
            rest = found;
            continue;
        };
        out.push_str(&found[..1]);
        out.push_str("****");
        let end = value.find(['&', '\n', ' ']).unwrap_or(value.len());
        rest = &value[end..];
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::{Request, masked};

    #[test]
    fn links_and_heads() {
        let link = Request::of_url(" https://B.example.com:8443/a%20b/c?x=1&y#part ").unwrap();
        assert_eq!(
            (link.scheme, link.host.as_str()),
            ("https", "B.example.com:8443")
        );
        assert_eq!(
            (link.path.as_str(), link.query.as_str()),
            ("/a%20b/c", "x=1&y")
        );
        assert_eq!(link.url(), "https://B.example.com:8443/a%20b/c?x=1&y");
        assert_eq!(Request::of_url("http://h").unwrap().path, "/");
        assert!(Request::of_url("oss://b/k").is_err());
        let curl = "> PUT /b/k?acl HTTP/1.1\r\n> Host: h:9000\r\n> Content-Type:  text/plain \r\n>\r\n> body: no";
        let head = Request::of_head(curl).unwrap();
        assert_eq!(
            (
                head.method.as_str(),
                head.host.as_str(),
                head.query.as_str()
            ),
            ("PUT", "h:9000", "acl")
        );
        assert_eq!(
            head.headers[1],
            ("Content-Type".to_owned(), "text/plain".to_owned())
        );
        assert_eq!(head.headers.len(), 2);
        let whole = Request::of_head("GET http://h/k HTTP/1.1\nHost: other\n").unwrap();
        assert_eq!(whole.host, "h");
        for bad in [
            "",
            "GET",
            "GET / HTTP/1.1\nnonsense",
            "GET / HTTP/1.1\n\nHost: h",
        ] {
            assert!(Request::of_head(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn tokens_are_not_shown() {
        let text =
            "a=1&x-oss-security-token=SECRET%2B&b=2\nsecurity-token:SECRET\nx-security-token";
        let shown = masked(text);
        assert!(!shown.contains("SECRET"), "{shown}");
        assert_eq!(
            shown,
            "a=1&x-oss-security-token=****&b=2\nsecurity-token:****\nx-security-token"
        );
    }
}
