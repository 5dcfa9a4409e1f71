//! `fosse serve`: settings, data directory, root AccessKey, then the service until a signal ends it.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Arg, ArgAction, ArgMatches, Command};
use fosse_server::{AdminToken, Clock, Config, Listeners, RegionEndpoints, ServeError};
use fosse_store::{OpenOptions, Store, StoreError};

use crate::failure::{Failure, Result};
use crate::out::{Out, complain};
use crate::serve::admin_token;
use crate::serve::logging;
use crate::serve::root_key::{self, RootKey};
use crate::serve::settings::{Kind, SETTINGS, Settings};

/// The flags of `serve`, made from the table of settings.
#[derive(Debug, Clone, Default)]
pub(crate) struct ServeArgs {
    flags: std::collections::BTreeMap<&'static str, Vec<String>>,
    config: Option<PathBuf>,
    print_config: bool,
}

impl clap::Args for ServeArgs {
    fn augment_args(command: Command) -> Command {
        let mut command = command;
        for setting in SETTINGS.iter().filter(|setting| !setting.secret) {
            let mut help = format!("{} [env: {}]", setting.help, setting.variable());
            if !setting.default.is_empty() && setting.kind != Kind::Switch {
                help.push_str(&format!(" [default: {}]", setting.default));
            }
            let arg = Arg::new(setting.name).long(setting.name).help(help);
            command = command.arg(match setting.kind {
                Kind::Switch => arg.action(ArgAction::SetTrue),
                Kind::List => arg.action(ArgAction::Append).value_name(setting.value_name),
                Kind::Text | Kind::Number => {
                    arg.action(ArgAction::Set).value_name(setting.value_name)
                }
            });
        }
        command
            .arg(
                Arg::new("config")
                    .long("config")
                    .short('c')
                    .value_name("FILE")
                    .value_parser(clap::value_parser!(PathBuf))
                    .help("TOML file with settings [env: FOSSE_CONFIG]"),
            )
            .arg(
                Arg::new("print-config")
                    .long("print-config")
                    .action(ArgAction::SetTrue)
                    .help("Print every setting and where it came from, then stop"),
            )
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl clap::FromArgMatches for ServeArgs {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut args = Self {
            config: matches.get_one::<PathBuf>("config").cloned(),
            print_config: matches.get_flag("print-config"),
            ..Self::default()
        };
        for setting in SETTINGS.iter().filter(|setting| !setting.secret) {
            let texts: Option<Vec<String>> = match setting.kind {
                Kind::Switch => matches
                    .get_flag(setting.name)
                    .then(|| vec!["true".to_owned()]),
                _ => matches
                    .get_many::<String>(setting.name)
                    .map(|texts| texts.cloned().collect()),
            };
            if let Some(texts) = texts {
                args.flags.insert(setting.name, texts);
            }
        }
        Ok(args)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

/// Runs the server until a signal asks it to stop.
pub(crate) fn run(args: &ServeArgs) -> Result<()> {
    let settings = read_settings(args)?;
    let out = Out::new(false);
    if args.print_config {
        return out.bytes(settings.print().as_bytes());
    }
    logging::start(
        settings.text("log").unwrap_or("info"),
        settings.text("log-format").unwrap_or("text"),
    )
    .map_err(|error| Failure::usage(error.to_string()))?;
    let config = server_config(&settings)?;
    let given = given_root_key(&settings)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::local(format_args!("cannot start the runtime: {error}")))?;
    runtime.block_on(serve(&settings, config, given, &out))
}

fn read_settings(args: &ServeArgs) -> Result<Settings> {
    let path = args.config.clone().or_else(|| {
        std::env::var_os("FOSSE_CONFIG")
            .filter(|path| !path.is_empty())
            .map(PathBuf::from)
    });
    let text = match &path {
        Some(path) => Some(
            std::fs::read_to_string(path)
                .map_err(|error| Failure::file("read the configuration file", path, error))?,
        ),
        None => None,
    };
    let file = path.as_deref().zip(text.as_deref());
    Settings::merge(
        &|name| args.flags.get(name).cloned(),
        &|name| std::env::var(name).ok(),
        file,
    )
    .map_err(Failure::usage)
}

fn given_root_key(settings: &Settings) -> Result<Option<(String, String)>> {
    match (
        settings.text("root-access-key-id"),
        settings.text("root-access-key-secret"),
    ) {
        (None, None) => Ok(None),
        (Some(id), Some(secret)) => {
            if !id
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"._=-".contains(&b))
                || id.len() > 128
            {
                return Err(Failure::usage(
                    "FOSSE_ROOT_ACCESS_KEY_ID may hold letters, digits and . _ = - only, at most 128",
                ));
            }
            Ok(Some((id.to_owned(), secret.to_owned())))
        }
        (Some(_), None) => Err(Failure::usage(
            "FOSSE_ROOT_ACCESS_KEY_ID is set but FOSSE_ROOT_ACCESS_KEY_SECRET is not",
        )),
        (None, Some(_)) => Err(Failure::usage(
            "FOSSE_ROOT_ACCESS_KEY_SECRET is set but FOSSE_ROOT_ACCESS_KEY_ID is not",
        )),
    }
}

/// The server's own form of the settings.
fn server_config(settings: &Settings) -> Result<Config> {
    let defaults = Config::default();
    let limits = fosse_server::Limits {
        max_connections: number(settings, "max-connections")?
            .unwrap_or(defaults.limits.max_connections),
        ..defaults.limits
    };
    let tls = match (settings.text("tls-cert"), settings.text("tls-key")) {
        (None, None) => None,
        (Some(cert), Some(key)) => Some(fosse_server::TlsFiles {
            cert: cert.into(),
            key: key.into(),
        }),
        _ => {
            return Err(Failure::usage(
                "tls-cert and tls-key belong together: give both",
            ));
        }
    };
    let listen_tls = addresses(settings, "listen-tls")?;
    if tls.is_some() && listen_tls.is_empty() {
        return Err(Failure::usage(
            "a certificate is set but no HTTPS address: add --listen-tls, for example --listen-tls 0.0.0.0:443",
        ));
    }
    let public_url = settings
        .text("public-url")
        .map(|url| url.trim_end_matches('/').to_owned());
    if let Some(url) = &public_url
        && !(url.starts_with("http://") || url.starts_with("https://"))
    {
        return Err(Failure::usage(format!(
            "public-url must begin with http:// or https://, not `{url}`"
        )));
    }
    let own = |name: &str| settings.text(name).map(str::to_owned);
    Ok(Config {
        listen: addresses(settings, "listen")?,
        listen_tls,
        tls,
        force_download: choice(
            settings,
            "force-download",
            &fosse_server::ForceDownload::NAMED,
        )?,
        https_redirect: choice(
            settings,
            "https-redirect",
            &[
                ("off", fosse_server::HttpsRedirect::Off),
                ("custom-domains", fosse_server::HttpsRedirect::CustomDomains),
                ("all", fosse_server::HttpsRedirect::All),
            ],
        )?,
        domain_check: match settings.text("domain-check") {
            Some("system") => Some(fosse_server::domain::dns::system_server()),
            _ => addresses(settings, "domain-check")?.first().copied(),
        },
        network: network(settings)?,
        callbacks: callbacks(settings)?,
        admin: addresses(settings, "console")?.first().copied(),
        region: own("region").ok_or_else(|| Failure::usage("region must not be empty"))?,
        accepted_regions: settings.list("accept-region").to_vec(),
        domains: settings
            .list("domain")
            .iter()
            .map(|name| name.trim_matches('.').to_ascii_lowercase())
            .collect(),
        public_url,
        extranet_endpoint: own("extranet-endpoint"),
        intranet_endpoint: own("intranet-endpoint"),
        accelerate_endpoint: own("accelerate-endpoint"),
        region_endpoints: region_endpoints(settings)?,
        forbid_path_style: settings.switch("forbid-path-style"),
        new_bucket_block_public_access: settings.switch("new-bucket-block-public-access"),
        strict_source_ip_policy: settings.switch("strict-source-ip-policy"),
        server_header: own("server-header").unwrap_or(defaults.server_header),
        admin_remote: settings.switch("admin-remote"),
        assume_role_per_second: settings
            .number("assume-role-per-second")
            .map_or(Ok(defaults.assume_role_per_second), u32::try_from)
            .map_err(|_| Failure::usage("assume-role-per-second is too large"))?,
        max_buckets: number(settings, "max-buckets")?.unwrap_or(defaults.max_buckets),
        limits,
        lifecycle_interval: settings
            .number("lifecycle-seconds")
            .map_or(defaults.lifecycle_interval, Duration::from_secs),
        scrub_interval: settings
            .number("scrub-seconds")
            .map_or(defaults.scrub_interval, Duration::from_secs),
        scrub_bytes_per_second: settings
            .number("scrub-bytes-per-second")
            .unwrap_or(defaults.scrub_bytes_per_second),
        restore_delay: settings
            .number("restore-seconds")
            .map_or(defaults.restore_delay, Duration::from_secs),
        shutdown_deadline: settings
            .number("shutdown-seconds")
            .map_or(defaults.shutdown_deadline, Duration::from_secs),
        ..Config::default()
    })
}

/// Where uploads may call back.
fn callbacks(settings: &Settings) -> Result<fosse_server::Callbacks> {
    let target = |text: &String| {
        text.parse().map_err(|error| {
            let origin = &settings.value("callback-allow").origin;
            Failure::usage(format!("callback-allow ({origin}): `{text}`: {error}"))
        })
    };
    Ok(fosse_server::Callbacks {
        allow: settings
            .list("callback-allow")
            .iter()
            .map(target)
            .collect::<Result<_>>()?,
        ca_file: settings.text("callback-ca-file").map(Into::into),
        key_url: settings.text("callback-key-url").map(str::to_owned),
        ..fosse_server::Callbacks::default()
    })
}

/// One of several words.
fn choice<T: Copy + Default>(settings: &Settings, name: &str, words: &[(&str, T)]) -> Result<T> {
    let Some(text) = settings.text(name) else {
        return Ok(T::default());
    };
    let found = words.iter().find(|(word, _)| *word == text);
    found.map(|(_, value)| *value).ok_or_else(|| {
        let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
        let origin = &settings.value(name).origin;
        Failure::usage(format!(
            "{name} ({origin}) cannot be `{text}`; it is one of {}",
            known.join(", ")
        ))
    })
}

/// `--region-endpoints ID=INTERNET[,INTERNAL[,ACCELERATE]]`.
fn region_endpoints(settings: &Settings) -> Result<Vec<RegionEndpoints>> {
    settings
        .list("region-endpoints")
        .iter()
        .map(|text| {
            RegionEndpoints::parse(text).ok_or_else(|| {
                Failure::usage(format!(
                    "region-endpoints must be ID=INTERNET[,INTERNAL[,ACCELERATE]], not `{text}`"
                ))
            })
        })
        .collect()
}

/// Proxies and VPCs.
fn network(settings: &Settings) -> Result<fosse_server::Network> {
    fn tagged<T>(
        settings: &Settings,
        name: &str,
        read: impl Fn(&str) -> Option<T>,
        form: &str,
    ) -> Result<Vec<(T, String)>> {
        let fault = |text: &str| {
            let origin = &settings.value(name).origin;
            Failure::usage(format!("{name} ({origin}): write {form}, not `{text}`"))
        };
        let pair = |text: &String| {
            text.split_once('=')
                .and_then(|(place, vpc)| Some((read(place)?, vpc.trim().to_owned())))
                .filter(|(_, vpc)| !vpc.is_empty())
                .ok_or_else(|| fault(text))
        };
        settings.list(name).iter().map(pair).collect()
    }
    let trusted = |text: &String| {
        text.parse().map_err(|error| {
            let origin = &settings.value("trusted-proxy").origin;
            Failure::usage(format!("trusted-proxy ({origin}): `{text}`: {error}"))
        })
    };
    Ok(fosse_server::Network {
        trusted_proxies: settings
            .list("trusted-proxy")
            .iter()
            .map(trusted)
            .collect::<Result<_>>()?,
        proxy_protocol: addresses(settings, "proxy-protocol")?,
        listener_vpcs: tagged(
            settings,
            "listener-vpc",
            |text| text.to_socket_addrs().ok()?.next(),
            "ADDR=VPC, such as 0.0.0.0:9000=vpc-1",
        )?,
        client_vpcs: tagged(
            settings,
            "client-vpc",
            |text| text.parse().ok(),
            "CIDR=VPC, such as 172.16.0.0/12=vpc-1",
        )?,
    })
}

fn number(settings: &Settings, name: &str) -> Result<Option<usize>> {
    settings
        .number(name)
        .map(|number| {
            usize::try_from(number).map_err(|_| Failure::usage(format!("{name} is too large")))
        })
        .transpose()
}

/// Addresses of a setting: `IP:PORT` or `NAME:PORT`; `off` is none.
fn addresses(settings: &Settings, name: &str) -> Result<Vec<SocketAddr>> {
    let mut addresses = Vec::new();
    for text in settings
        .list(name)
        .iter()
        .filter(|text| !text.eq_ignore_ascii_case("off"))
    {
        let resolved = text
            .to_socket_addrs()
            .ok()
            .and_then(|mut found| found.next());
        addresses.push(resolved.ok_or_else(|| {
            let origin = &settings.value(name).origin;
            Failure::usage(format!(
                "{name} ({origin}): `{text}` is not an address; write IP:PORT, such as 0.0.0.0:9000"
            ))
        })?);
    }
    Ok(addresses)
}

/// Opens a data directory, with errors that say what to do.
pub(crate) fn open_store(dir: &Path, master_keys: Option<&Path>) -> Result<Store> {
    open_store_with(OpenOptions {
        cache_bytes: 8 << 20,
        master_keys: master_keys.map(Path::to_owned),
        ..OpenOptions::new(dir)
    })
}

fn open_store_with(options: OpenOptions) -> Result<Store> {
    let dir = options.dir.clone();
    Store::open(options).map_err(|error| open_failure(error, &dir))
}

/// Why a data directory was not opened, and what to do.
pub(crate) fn open_failure(error: StoreError, dir: &Path) -> Failure {
    match error {
        StoreError::Locked => Failure::local(format_args!(
            "the data directory {} is in use by another fosse process; stop that one, or choose another directory with --data-dir",
            dir.display()
        )),
        StoreError::Format(reason) => Failure::local(format_args!(
            "the data directory {} cannot be opened: {reason}",
            dir.display()
        )),
        StoreError::Io(error) => Failure::file("open the data directory", dir, error),
        error => Failure::local(format_args!(
            "the data directory {} cannot be opened: {error}",
            dir.display()
        )),
    }
}

async fn serve(
    settings: &Settings,
    mut config: Config,
    given: Option<(String, String)>,
    out: &Out,
) -> Result<()> {
    let clock = Clock::from_env();
    let signals = Signals::install()?;
    // Sockets first: a port in use is told before a data directory is made.
    let listeners = Listeners::bind(&config).map_err(start_failure)?;
    let memory = settings.switch("memory");
    let store = if memory {
        Store::memory()
    } else {
        open_store_with(OpenOptions {
            dir: settings.text("data-dir").unwrap_or("./fosse-data").into(),
            small_limit: settings.number("small-object-bytes").unwrap_or(1 << 20),
            cache_bytes: settings.number("cache-bytes").unwrap_or(128 << 20),
            master_keys: settings.text("master-keys-file").map(PathBuf::from),
        })?
    };
    let given = given
        .as_ref()
        .map(|(id, secret)| (id.as_str(), secret.as_str()));
    let root = root_key::establish(&store, given, clock.now_ms()).await?;
    if !memory {
        let dir = Path::new(settings.text("data-dir").unwrap_or("./fosse-data"));
        match listeners.admin_address() {
            Some(address) => {
                let token = AdminToken::random().map_err(|error| Failure::Local(error.into()))?;
                admin_token::write(dir, address, &token)?;
                config.admin_token = Some(token);
            }
            None => admin_token::remove(dir)?,
        }
    }
    let endpoint = endpoint(&config, &listeners);
    for address in listeners.http_addresses() {
        complain(&format!("listening on http://{address}"));
    }
    for address in listeners.https_addresses() {
        complain(&format!("listening on https://{address}"));
    }
    if let Some(address) = listeners.admin_address() {
        complain(&format!("admin on http://{address}"));
    }
    if root.fresh
        && out
            .bytes(welcome(&root, &endpoint, &config.region, memory).as_bytes())
            .is_err()
    {
        // A key that nobody saw would lock everyone out: the next start makes another one.
        store
            .delete_access_key(&root.key.id)
            .await
            .map_err(|error| Failure::Local(error.into()))?;
        store
            .close()
            .await
            .map_err(|error| Failure::Local(error.into()))?;
        return Err(Failure::local(
            "the root AccessKey cannot be printed: standard output is closed. Open it, or set \
             FOSSE_ROOT_ACCESS_KEY_ID and FOSSE_ROOT_ACCESS_KEY_SECRET",
        ));
    }
    let served = fosse_server::serve(listeners, config, store.clone(), clock, signals.wait()).await;
    let closed = store.close().await;
    served.map_err(start_failure)?;
    closed.map_err(|error| Failure::Local(error.into()))?;
    complain("stopped");
    Ok(())
}

fn start_failure(error: ServeError) -> Failure {
    match error {
        ServeError::Bind { address, source } if source.kind() == std::io::ErrorKind::AddrInUse => {
            Failure::local(format_args!(
                "port {} of {} is in use by another program; stop it, or choose another port with --listen or --console",
                address.port(),
                address.ip()
            ))
        }
        ServeError::Bind { address, source }
            if source.kind() == std::io::ErrorKind::PermissionDenied =>
        {
            Failure::local(format_args!(
                "no permission to listen on {address}: ports below 1024 need a privilege"
            ))
        }
        error => Failure::Local(error.into()),
    }
}

/// The endpoint that a client on this machine can use.
fn endpoint(config: &Config, listeners: &Listeners) -> String {
    if let Some(url) = &config.public_url {
        return url.clone();
    }
    let reachable = |mut address: SocketAddr| {
        if address.ip().is_unspecified() {
            address.set_ip(if address.is_ipv4() {
                Ipv4Addr::LOCALHOST.into()
            } else {
                Ipv6Addr::LOCALHOST.into()
            });
        }
        address
    };
    match (
        listeners.http_addresses().first(),
        listeners.https_addresses().first(),
    ) {
        (Some(address), _) => format!("http://{}", reachable(*address)),
        (None, Some(address)) => format!("https://{}", reachable(*address)),
        (None, None) => String::new(),
    }
}

/// What the first start prints, ready to paste into a shell.
fn welcome(root: &RootKey, endpoint: &str, region: &str, memory: bool) -> String {
    let RootKey { key, .. } = root;
    let kept = if memory {
        "# Everything is in memory: AccessKey and objects are gone when the server stops."
    } else {
        "# The root AccessKey was made just now. It is shown this once: keep it."
    };
    format!(
        "\n{kept}\n\
         export OSS_ACCESS_KEY_ID={id}\n\
         export OSS_ACCESS_KEY_SECRET={secret}\n\
         export OSS_REGION={region}\n\
         export OSS_ENDPOINT={endpoint}\n\
         \n\
         # Try it, in another terminal:\n\
         fosse mb oss://first-bucket\n\
         python3 -c \"import os, oss2; e = os.environ; oss2.Bucket(oss2.Auth(e['OSS_ACCESS_KEY_ID'], e['OSS_ACCESS_KEY_SECRET']), \
         e['OSS_ENDPOINT'], 'first-bucket').put_object('hello.txt', 'hello')\"\n\
         fosse presign oss://first-bucket/hello.txt\n",
        id = key.id,
        secret = key.secret,
    )
}

/// The signals that end the server, caught from before it starts.
struct Signals {
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
}

impl Signals {
    #[cfg(unix)]
    fn install() -> Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        let install = |kind| {
            signal(kind)
                .map_err(|error| Failure::local(format_args!("cannot watch for signals: {error}")))
        };
        Ok(Self {
            terminate: install(SignalKind::terminate())?,
            interrupt: install(SignalKind::interrupt())?,
        })
    }

    #[cfg(not(unix))]
    fn install() -> Result<Self> {
        Ok(Self {})
    }

    /// Resolves at the first SIGTERM or Ctrl+C.
    async fn wait(mut self) {
        #[cfg(unix)]
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
        #[cfg(not(unix))]
        let _ = tokio::signal::ctrl_c().await;
        complain("stopping: finishing what is in flight");
    }
}
