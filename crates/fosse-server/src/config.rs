//! Settings of the service: plain data, every one with a default that works on a developer's machine.

use crate::administration::AdminToken;
pub(crate) use crate::callback::CallbackTarget;
pub(crate) use crate::cidr::Cidr;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

/// Everything that the service can be told. `Config::default()` is a complete, private, loopback server.
#[derive(Debug, Clone)]
pub struct Config {
    /// Plain HTTP listeners (HTTP/1.1 and HTTP/2 with prior knowledge). Port 0 picks one.
    pub listen: Vec<SocketAddr>,
    /// HTTPS listeners; needs [`Config::tls`].
    pub listen_tls: Vec<SocketAddr>,
    /// Certificate and key of the HTTPS listeners.
    pub tls: Option<TlsFiles>,
    /// Proxies before the service, and where its clients are.
    pub network: Network,
    /// Which links under the server's own names download instead of being shown (delivery.md §3).
    pub force_download: ForceDownload,
    /// Which plain HTTP requests are sent on to HTTPS.
    pub https_redirect: HttpsRedirect,
    /// Name server that PutCname asks for the proof that a domain belongs to the caller; `None`: no proof is asked for.
    pub domain_check: Option<SocketAddr>,
    /// Admin listener (`/healthz`, `/readyz`, `/metrics`); `None` turns it off.
    pub admin: Option<SocketAddr>,
    /// Lets its holder administer over the admin listener; `None`: only the root AccessKey does.
    pub admin_token: Option<AdminToken>,
    /// Administration (`POST /admin/v1`) also from other machines. The listener is plain HTTP: put TLS before it.
    pub admin_remote: bool,
    /// Region id, e.g. `cn-hangzhou`: the V4 scope, `Region`, and `oss-REGION` as `Location`.
    pub region: String,
    /// Further region ids that a V4 scope may name. The own region is always accepted.
    pub accepted_regions: Vec<String>,
    /// Base domains beside `localhost` and `oss-REGION.localhost`; buckets are addressed as `BUCKET.DOMAIN`.
    pub domains: Vec<String>,
    /// Where clients reach the service, e.g. `https://oss.example.com:8443`. Gives `Location` of a completed
    /// upload and, unless set below, the endpoints that bucket listings tell.
    pub public_url: Option<String>,
    /// `ExtranetEndpoint`: a bare `HOST[:PORT]`. Default: authority of `public_url`, else the first of `domains`,
    /// else the address of the first listener.
    pub extranet_endpoint: Option<String>,
    /// `IntranetEndpoint`. Default: the extranet one.
    pub intranet_endpoint: Option<String>,
    /// `AccelerateEndpoint` of DescribeRegions. Default: the extranet one.
    pub accelerate_endpoint: Option<String>,
    /// Regions that DescribeRegions tells beside the own one and [`Config::accepted_regions`], and the endpoints of any
    /// of them that are not this server's own.
    pub region_endpoints: Vec<RegionEndpoints>,
    /// Path-style requests on a name answer 403 `SecondLevelDomainForbidden`, as the public service does.
    pub forbid_path_style: bool,
    /// New buckets begin with public access blocked, as on the public service.
    pub new_bucket_block_public_access: bool,
    /// A bucket policy whose condition looks at `acs:SourceIp` must look at `acs:SourceVpc` besides, as the public service
    /// wants it since 2026.
    pub strict_source_ip_policy: bool,
    /// The `Server` response header.
    pub server_header: String,
    /// Most buckets of one account.
    pub max_buckets: usize,
    /// Most sessions (AssumeRole) that one account may begin in a second; 0: any number.
    pub assume_role_per_second: u32,
    /// Smallest size of a part that is not the last, in bytes (the service: 100 KiB).
    pub min_part_bytes: u64,
    /// Limits and timeouts of connections and requests.
    pub limits: Limits,
    /// Where uploads may call back.
    pub callbacks: Callbacks,
    /// Pause between two scrubs, which read every byte that is kept and compare it with its digests. Zero: only when
    /// the operator asks for one.
    pub scrub_interval: Duration,
    /// How many bytes a scrub reads a second.
    pub scrub_bytes_per_second: u64,
    /// How long after RestoreObject an archived object becomes readable. Zero: at once.
    pub restore_delay: Duration,
    /// Pause between two background sweeps of the store (compaction, orphan removal). Zero turns them off.
    pub sweep_interval: Duration,
    /// Longest time between two lifecycle passes, by the server's clock; one begins with each day (UTC) in any case.
    /// Zero turns lifecycle rules off.
    pub lifecycle_interval: Duration,
    /// How long a shutdown waits for requests in flight before it cuts them.
    pub shutdown_deadline: Duration,
}

/// A region as DescribeRegions tells it. Endpoints are bare `HOST[:PORT]`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RegionEndpoints {
    /// Region id, without `oss-`.
    pub id: String,
    /// Endpoint for clients outside.
    pub internet: String,
    /// Endpoint for clients inside.
    pub internal: String,
    /// Endpoint of accelerated transfers.
    pub accelerate: String,
}

impl RegionEndpoints {
    /// Reads `ID=INTERNET[,INTERNAL[,ACCELERATE]]`; an endpoint that is left out is the first. `None` when it is
    /// not in this form.
    pub fn parse(text: &str) -> Option<Self> {
        let (id, hosts) = text.split_once('=')?;
        let mut hosts = hosts.split(',').map(str::trim);
        let internet = hosts.next().filter(|host| !host.is_empty())?;
        let internal = hosts.next().unwrap_or(internet);
        let accelerate = hosts.next().unwrap_or(internet);
        let id = id.trim();
        if id.is_empty() || hosts.next().is_some() {
            return None;
        }
        Some(Self {
            id: id.strip_prefix("oss-").unwrap_or(id).to_owned(),
            internet: internet.to_owned(),
            internal: internal.to_owned(),
            accelerate: accelerate.to_owned(),
        })
    }
}

/// Files of a TLS identity, PEM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFiles {
    /// Certificate chain, leaf first.
    pub cert: PathBuf,
    /// Private key (PKCS#8, PKCS#1 or SEC1).
    pub key: PathBuf,
}

/// Which objects a link under one of the server's own names downloads instead of showing, as rules of the public service do.
/// Requests that are signed in a header, and custom domains, are never concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ForceDownload {
    /// All of them, and application packages (`.apk`, `.ipa`) are refused: what the public service does for new accounts.
    #[default]
    Service,
    /// Those that a browser would run: pages, and images and documents that can carry scripts.
    ActiveContent,
    /// None.
    Off,
}

impl ForceDownload {
    /// What settings call them.
    pub const NAMED: [(&'static str, Self); 3] = [
        ("service", Self::Service),
        ("active-content", Self::ActiveContent),
        ("off", Self::Off),
    ];

    /// The one of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        let found = Self::NAMED.iter().find(|(own, _)| *own == name)?;
        Some(found.1)
    }
}

/// Which requests over plain HTTP are sent on to HTTPS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum HttpsRedirect {
    /// None.
    #[default]
    Off,
    /// Those to custom domains.
    CustomDomains,
    /// All of them.
    All,
}

/// Who may speak for a client, and which VPC a client is in (access-control.md §9). The default trusts nobody and knows
/// no VPC.
#[derive(Debug, Clone, Default)]
pub struct Network {
    /// Proxies whose `X-Forwarded-For`, `X-Forwarded-Proto` and PROXY protocol header are believed.
    pub trusted_proxies: Vec<Cidr>,
    /// Listeners, as written in [`Config::listen`] and [`Config::listen_tls`], whose connections all begin with a PROXY
    /// protocol header of version 2. Needs [`Network::trusted_proxies`].
    pub proxy_protocol: Vec<SocketAddr>,
    /// VPC of everybody who uses a listener.
    pub listener_vpcs: Vec<(SocketAddr, String)>,
    /// VPC of clients by address; the first range that holds the address counts, and counts before the listener.
    pub client_vpcs: Vec<(Cidr, String)>,
}

/// Callbacks of uploads. The default allows none.
#[derive(Debug, Clone)]
pub struct Callbacks {
    /// Where they may go; none when empty.
    pub allow: Vec<CallbackTarget>,
    /// Time of one attempt, from the look-up of the name to the end of the answer (the service: 5 s).
    pub timeout: Duration,
    /// Certificate authorities to trust instead of the system's, PEM.
    pub ca_file: Option<PathBuf>,
    /// The URL of the public key that applications are told. Default: `/-/callback_pub_key.pem` at the public URL or
    /// else at the first listener.
    pub key_url: Option<String>,
}

impl Default for Callbacks {
    fn default() -> Self {
        Self {
            allow: Vec::new(),
            timeout: Duration::from_secs(5),
            ca_file: None,
            key_url: None,
        }
    }
}

/// Limits and timeouts.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Most connections at once over all listeners; one more is answered 503 and closed.
    pub max_connections: usize,
    /// Most bytes of a request head (request line and headers); above it 431.
    pub max_header_bytes: usize,
    /// Most header fields of a request; above it 431.
    pub max_headers: usize,
    /// Most concurrent streams of an HTTP/2 connection.
    pub max_http2_streams: u32,
    /// From the first byte (or from accept) to the end of a request head.
    pub header_timeout: Duration,
    /// Longest pause between two pieces of a request body; then 400 `RequestTimeout`.
    pub body_idle_timeout: Duration,
    /// Longest time in which a client takes no byte of a response; then the connection is cut.
    pub write_idle_timeout: Duration,
    /// How long an idle connection is kept.
    pub keep_alive_timeout: Duration,
    /// Time for a TLS handshake.
    pub tls_handshake_timeout: Duration,
    /// Most bytes of an unwanted request body that are read and dropped so that the connection can be used again.
    pub drain_bytes: u64,
    /// Longest time spent on that.
    pub drain_time: Duration,
    /// Most bytes of an XML request body; above it 400 `MalformedXML`.
    pub max_xml_bytes: usize,
    /// Most bytes of one upload body: PutObject and UploadPart (the service: 5 GiB).
    pub max_upload_bytes: u64,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: vec![SocketAddr::from((Ipv4Addr::LOCALHOST, 9000))],
            listen_tls: Vec::new(),
            tls: None,
            network: Network::default(),
            force_download: ForceDownload::default(),
            https_redirect: HttpsRedirect::default(),
            domain_check: None,
            admin: Some(SocketAddr::from((Ipv4Addr::LOCALHOST, 9001))),
            admin_token: None,
            admin_remote: false,
            region: "cn-hangzhou".to_owned(),
            accepted_regions: Vec::new(),
            domains: Vec::new(),
            public_url: None,
            extranet_endpoint: None,
            intranet_endpoint: None,
            accelerate_endpoint: None,
            region_endpoints: Vec::new(),
            forbid_path_style: false,
            new_bucket_block_public_access: false,
            strict_source_ip_policy: false,
            server_header: "Fosse".to_owned(),
            max_buckets: 100,
            assume_role_per_second: 100,
            min_part_bytes: 100 * 1024,
            limits: Limits::default(),
            callbacks: Callbacks::default(),
            scrub_interval: Duration::from_secs(30 * 24 * 3600),
            scrub_bytes_per_second: 64 << 20,
            restore_delay: Duration::ZERO,
            sweep_interval: Duration::from_secs(300),
            lifecycle_interval: Duration::from_secs(24 * 3600),
            shutdown_deadline: Duration::from_secs(30),
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_connections: 10_000,
            max_header_bytes: 64 * 1024,
            max_headers: 200,
            max_http2_streams: 128,
            header_timeout: Duration::from_secs(30),
            body_idle_timeout: Duration::from_secs(60),
            write_idle_timeout: Duration::from_secs(60),
            keep_alive_timeout: Duration::from_secs(75),
            tls_handshake_timeout: Duration::from_secs(10),
            drain_bytes: 8 * 1024 * 1024,
            drain_time: Duration::from_secs(2),
            max_xml_bytes: 2 * 1024 * 1024,
            max_upload_bytes: 5 << 30,
        }
    }
}
