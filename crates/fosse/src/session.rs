//! One run of a client command: who signs, where it goes, and the client that does it.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use fosse_client::{
    Addressing, Client, ClientConfig, Credentials, Endpoint, Presigner, Tls, TraceFn,
};
use fosse_oss::sign::Scheme;
use fosse_server::Clock;

use clap::ValueEnum as _;

use crate::args::client_options::{AddressingStyle, ClientOptions, LogLevel, OutputFormat};
use crate::args::duration::Span;
use crate::config::sources::Sources;
use crate::failure::{Failure, Result};
use crate::out::{Out, complain};

/// What a command works with.
pub(crate) struct Session {
    options: ClientOptions,
    sources: Sources,
    clock: Clock,
    format: OutputFormat,
    /// The output.
    pub(crate) out: Out,
}

impl Session {
    /// Reads configuration and environment. Nothing is sent.
    pub(crate) fn open(options: &ClientOptions) -> Result<Self> {
        let sources = Sources::open(options, |name| std::env::var(name).ok())?;
        if options.access_key_secret.is_some()
            && std::io::IsTerminal::is_terminal(&std::io::stdin())
            && !options.quiet
        {
            complain(
                "Warning: a secret on the command line is seen by other users and kept by the shell; `fosse config` remembers it safely",
            );
        }
        let format = match options.output_format {
            Some(format) => format,
            None => match sources.value(None, "", &["output-format"]) {
                None => OutputFormat::Raw,
                Some(text) => OutputFormat::from_str(&text, true)
                    .map_err(|_| Failure::usage(format!("the output format `{text}` of the profile is not supported: use raw or json")))?,
            },
        };
        Ok(Self {
            options: options.clone(),
            sources,
            clock: Clock::from_env(),
            out: Out::new(options.quiet).with_elapsed(format == OutputFormat::Raw),
            format,
        })
    }

    /// Unix seconds now.
    pub(crate) fn now(&self) -> i64 {
        self.clock.now()
    }

    /// Whether `--dry-run` was given.
    pub(crate) fn dry_run(&self) -> bool {
        self.options.dry_run
    }

    /// Form of the output.
    pub(crate) fn format(&self) -> OutputFormat {
        self.format
    }

    /// Signature version; `usual` when nobody chose.
    pub(crate) fn scheme(&self, usual: Scheme) -> Result<Scheme> {
        match self
            .sources
            .value(self.options.sign_version.as_deref(), "", &["sign-version"])
        {
            None => Ok(usual),
            Some(text) if text.eq_ignore_ascii_case("v4") => Ok(Scheme::V4),
            Some(text) if text.eq_ignore_ascii_case("v1") => Ok(Scheme::V1),
            Some(text) => Err(Failure::usage(format!(
                "the sign version must be v1 or v4, not `{text}`"
            ))),
        }
    }

    /// Who signs.
    pub(crate) fn credentials(&self) -> Result<Credentials> {
        let options = &self.options;
        let id = self.sources.find(
            options.access_key_id.as_deref(),
            "OSS_ACCESS_KEY_ID",
            &["access-key-id"],
        );
        let secret = self.sources.find(
            options.access_key_secret.as_deref(),
            "OSS_ACCESS_KEY_SECRET",
            &["access-key-secret"],
        );
        let token = self.sources.find(
            options.sts_token.as_deref(),
            "OSS_SESSION_TOKEN",
            &["sts-token"],
        );
        let mode = self
            .sources
            .value(options.mode.as_deref(), "", &["mode"])
            .unwrap_or_default();
        // A token belongs to its AccessKey: one given further away than the AccessKey ID is another's.
        let token = token
            .filter(|token| id.as_ref().is_none_or(|id| token.rank <= id.rank))
            .map(|token| token.value);
        let token = match mode.to_ascii_lowercase().as_str() {
            "anonymous" => return Ok(Credentials::Anonymous),
            "ak" => None,
            "" => token,
            "ststoken" => match token {
                Some(token) => Some(token),
                None => {
                    let looked = self.sources.looked_at("--sts-token", "OSS_SESSION_TOKEN");
                    return Err(Failure::local(format_args!(
                        "mode StsToken needs a security token: {looked}"
                    )));
                }
            },
            _ => {
                return Err(Failure::usage(format!(
                    "mode `{mode}` is not supported: use AK, StsToken or Anonymous"
                )));
            }
        };
        let missing = |what: &str, flag: &str, variable: &str| {
            let looked = self.sources.looked_at(flag, variable);
            Failure::local(format_args!(
                "{what} is not set: {looked}. Run `fosse config`, or export {variable}=...; --mode Anonymous sends requests unsigned"
            ))
        };
        let id =
            id.ok_or_else(|| missing("the AccessKey ID", "--access-key-id", "OSS_ACCESS_KEY_ID"))?;
        let secret = secret.ok_or_else(|| {
            missing(
                "the AccessKey secret",
                "--access-key-secret",
                "OSS_ACCESS_KEY_SECRET",
            )
        })?;
        Ok(Credentials::key(id.value, secret.value, token))
    }

    /// Where requests for `bucket` go.
    pub(crate) fn endpoint(&self, bucket: Option<&str>) -> Result<Endpoint> {
        let own = |key: &str| bucket.and_then(|bucket| self.sources.for_bucket(bucket, key));
        let style = match self.options.addressing_style {
            Some(AddressingStyle::Virtual) => "virtual".to_owned(),
            Some(AddressingStyle::Path) => "path".to_owned(),
            Some(AddressingStyle::Cname) => "cname".to_owned(),
            None => own("addressing-style")
                .or_else(|| self.sources.value(None, "", &["addressing-style"]))
                .unwrap_or_else(|| "virtual".to_owned()),
        };
        let addressing = match style.to_ascii_lowercase().as_str() {
            "virtual" => Addressing::Virtual,
            "path" => Addressing::Path,
            "cname" => Addressing::Cname,
            _ => {
                return Err(Failure::usage(format!(
                    "the addressing style must be virtual, path or cname, not `{style}`"
                )));
            }
        };
        let flag = self.options.endpoint.clone();
        let text = match flag
            .or_else(|| own("endpoint"))
            .or_else(|| self.sources.value(None, "OSS_ENDPOINT", &["endpoint"]))
        {
            Some(text) => text,
            None => match self.plain_region(bucket) {
                // Under its own name ossutil knows one service.
                Some(region) if called_ossutil() => format!("https://oss-{region}.aliyuncs.com"),
                _ => {
                    let looked = self.sources.looked_at("--endpoint", "OSS_ENDPOINT");
                    return Err(Failure::local(format_args!(
                        "the endpoint is not set: {looked}. Run `fosse config`, or export OSS_ENDPOINT=http://127.0.0.1:9000"
                    )));
                }
            },
        };
        Endpoint::parse(&text, addressing).map_err(|error| Failure::usage(error.to_string()))
    }

    fn plain_region(&self, bucket: Option<&str>) -> Option<String> {
        self.options
            .region
            .clone()
            .or_else(|| bucket.and_then(|bucket| self.sources.for_bucket(bucket, "region")))
            .or_else(|| self.sources.value(None, "OSS_REGION", &["region"]))
    }

    /// The region, when V4 needs it; the name of the public service's endpoints tells it too.
    fn region(
        &self,
        bucket: Option<&str>,
        endpoint: &Endpoint,
        scheme: Scheme,
        signed: bool,
    ) -> Result<String> {
        if let Some(region) = self.plain_region(bucket) {
            return Ok(region);
        }
        if scheme == Scheme::V1 || !signed {
            return Ok(String::new());
        }
        if let Some(region) = region_of_endpoint(endpoint.authority()) {
            self.out.note(&format!(
                "the region is not set; taking {region} from the endpoint"
            ));
            return Ok(region);
        }
        let looked = self.sources.looked_at("--region", "OSS_REGION");
        Err(Failure::local(format_args!(
            "region must be set in sign version 4: {looked}. Add --region cn-hangzhou (the id that the server was started with), \
             or run `fosse config set region cn-hangzhou`"
        )))
    }

    /// A client for requests to `bucket`, or to the service.
    pub(crate) fn client(&self, bucket: Option<&str>) -> Result<Client> {
        let endpoint = self.endpoint(bucket)?;
        let credentials = self.credentials()?;
        let scheme = self.scheme(Scheme::V4)?;
        let region = self.region(
            bucket,
            &endpoint,
            scheme,
            matches!(credentials, Credentials::Key(_)),
        )?;
        let mut config = ClientConfig::new(endpoint, region, credentials);
        config.scheme = scheme;
        config.connect_timeout = self.span(
            self.options.connect_timeout,
            "connect-timeout",
            config.connect_timeout,
        )?;
        config.read_timeout = self.span(
            self.options.read_timeout,
            "read-timeout",
            config.read_timeout,
        )?;
        if let Some(times) = self.options.retry_times {
            config.retries = times;
        } else if let Some(text) = self.sources.value(None, "", &["retry-times"]) {
            config.retries = text.parse().map_err(|_| {
                Failure::usage(format!("retry-times must be a number, not `{text}`"))
            })?;
        }
        config.tls = Tls {
            ca_file: self
                .options
                .ca_file
                .clone()
                .or_else(|| self.sources.value(None, "", &["ca-file"]).map(Into::into)),
            skip_verify: self.options.skip_verify_cert
                || self
                    .sources
                    .value(None, "", &["skip-verify-cert"])
                    .is_some_and(|text| text.eq_ignore_ascii_case("true")),
        };
        let clock = self.clock.clone();
        config.clock = Arc::new(move || clock.now());
        config.trace = self.request_log()?;
        Ok(Client::new(config)?)
    }

    fn request_log(&self) -> Result<Option<TraceFn>> {
        let level = match (
            self.options.loglevel,
            self.sources.value(None, "", &["loglevel"]),
        ) {
            (Some(level), _) => level,
            (None, None) => LogLevel::Off,
            (None, Some(text)) => LogLevel::from_str(&text, true).map_err(|_| {
                Failure::usage(format!("loglevel must be off, info or debug, not `{text}`"))
            })?,
        };
        if level == LogLevel::Off {
            return Ok(None);
        }
        let path = self
            .options
            .log_file
            .clone()
            .unwrap_or_else(|| "ossutil.log".into());
        let clock = self.clock.clone();
        crate::request_log::open(level, &path, move || clock.now()).map(Some)
    }

    fn span(&self, flag: Option<Span>, key: &str, usual: Duration) -> Result<Duration> {
        match (flag, self.sources.value(None, "", &[key])) {
            (Some(span), _) => Ok(span.as_std()),
            (None, Some(text)) => text
                .parse::<Span>()
                .map(Span::as_std)
                .map_err(|error| Failure::usage(format!("{key}: {error}"))),
            (None, None) => Ok(usual),
        }
    }

    /// A presigner for links into `bucket`; `usual`: the signature version when nobody chose.
    pub(crate) fn presigner(&self, bucket: &str, usual: Scheme) -> Result<Presigner> {
        let endpoint = self.endpoint(Some(bucket))?;
        let Credentials::Key(credentials) = self.credentials()? else {
            return Err(Failure::usage("mode Anonymous has nothing to sign with"));
        };
        let scheme = self.scheme(usual)?;
        let region = self.region(Some(bucket), &endpoint, scheme, true)?;
        Ok(Presigner {
            endpoint,
            credentials,
            scheme,
            region,
        })
    }

    /// Runs the asynchronous part of a command; Ctrl+C ends it.
    pub(crate) fn run<T>(&self, work: impl Future<Output = Result<T>>) -> Result<T> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .map_err(|error| Failure::local(format_args!("cannot start the runtime: {error}")))?;
        let result = runtime.block_on(async {
            tokio::select! {
                // First, so that the signal is caught before the work begins.
                biased;
                _ = tokio::signal::ctrl_c() => Err(Failure::Interrupted),
                result = work => result,
            }
        });
        // A thread that still waits for standard input must not hold the program.
        runtime.shutdown_background();
        result
    }
}

/// `oss-cn-hangzhou[-internal].aliyuncs.com` gives `cn-hangzhou`.
fn region_of_endpoint(authority: &str) -> Option<String> {
    let host = authority.split(':').next()?.to_ascii_lowercase();
    let name = host.strip_suffix(".aliyuncs.com")?.strip_prefix("oss-")?;
    let region = name.strip_suffix("-internal").unwrap_or(name);
    (!region.is_empty() && !region.contains('.') && !region.starts_with("accelerate"))
        .then(|| region.to_owned())
}

/// Whether the program was called under the name `ossutil`.
pub(crate) fn called_ossutil() -> bool {
    program_name().starts_with("ossutil")
}

/// The name under which the program was called, without directory and `.exe`.
pub(crate) fn program_name() -> String {
    let first = std::env::args_os().next().unwrap_or_default();
    std::path::Path::new(&first).file_stem().map_or_else(
        || "fosse".to_owned(),
        |stem| stem.to_string_lossy().into_owned(),
    )
}

#[cfg(test)]
mod tests {
    use super::region_of_endpoint;

    #[test]
    fn regions_from_public_endpoints() {
        assert_eq!(
            region_of_endpoint("oss-cn-hangzhou.aliyuncs.com").as_deref(),
            Some("cn-hangzhou")
        );
        assert_eq!(
            region_of_endpoint("oss-cn-hangzhou-internal.aliyuncs.com:443").as_deref(),
            Some("cn-hangzhou")
        );
        assert_eq!(region_of_endpoint("oss-accelerate.aliyuncs.com"), None);
        assert_eq!(region_of_endpoint("oss.example.com"), None);
        assert_eq!(region_of_endpoint("127.0.0.1:9000"), None);
    }
}
