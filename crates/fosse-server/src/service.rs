//! What every request shares: settings, store, clock, caches and counters.

use crate::access_log::AccessLog;
use crate::access_monitor::Accesses;
use crate::bucket_config::ConfigCache;
use crate::callback::Callbacks;
use crate::client_address::ClientAddresses;
use crate::clock::Clock;
use crate::config::Config;
use crate::domain::expiry::InUse;
use crate::identity::Principals;
use crate::inventory::Inventories;
use crate::key_ring::KeyCache;
use crate::metrics::Metrics;
use crate::request_id::RequestIds;
use crate::respond::DateCache;
use crate::rpc::Nonces;
use crate::scrub::Scrubber;
use crate::shutdown::Signal;
use crate::sts::Throttle;
use fosse_oss::op::Addressing;
use fosse_store::Store;
use http::HeaderValue;
use parking_lot::RwLock;
use std::net::SocketAddr;

/// The shared state. One per [`crate::serve`].
pub(crate) struct Service {
    pub(crate) config: Config,
    pub(crate) store: Store,
    pub(crate) clock: Clock,
    pub(crate) addressing: Addressing,
    /// Regions that a V4 scope may name.
    pub(crate) regions: Vec<String>,
    /// `oss-REGION`.
    pub(crate) location: String,
    pub(crate) extranet_endpoint: String,
    pub(crate) intranet_endpoint: String,
    pub(crate) server_header: HeaderValue,
    pub(crate) ids: RequestIds,
    pub(crate) clients: ClientAddresses,
    /// Certificates in use, as the background last saw them.
    pub(crate) certificates: RwLock<Vec<InUse>>,
    /// Port of the first HTTPS listener.
    pub(crate) https_port: Option<u16>,
    pub(crate) keys: KeyCache,
    pub(crate) identities: Principals,
    /// Nonces of calls of STS and RAM.
    pub(crate) nonces: Nonces,
    pub(crate) throttle: Throttle,
    /// Parsed configurations of buckets.
    pub(crate) configs: ConfigCache,
    /// Wakes the writer of inventory reports.
    pub(crate) inventories: Inventories,
    /// Lines for the access logs of buckets.
    pub(crate) access_log: AccessLog,
    /// When objects were read, where a bucket wants to know.
    pub(crate) accesses: Accesses,
    pub(crate) metrics: Metrics,
    pub(crate) scrubber: Scrubber,
    pub(crate) dates: DateCache,
    pub(crate) signal: Signal,
    /// `None`: no upload may call back.
    pub(crate) callbacks: Option<Callbacks>,
}

impl Service {
    /// `first` is the address of the first listener, for the endpoint of last resort; `https` that of the first HTTPS one.
    pub(crate) fn new(
        config: Config,
        store: Store,
        clock: Clock,
        first: Option<SocketAddr>,
        https: Option<SocketAddr>,
        signal: Signal,
    ) -> Self {
        let public = config.public_url.as_deref().and_then(authority);
        let named = public.map(|host| without_port(host).to_owned());
        let domains = config.domains.iter().cloned().chain(named);
        let mut addressing = Addressing::for_region(&config.region, domains);
        addressing.forbid_path_style = config.forbid_path_style;
        let mut regions = vec![config.region.clone()];
        regions.extend(config.accepted_regions.iter().cloned());
        let extranet_endpoint = config
            .extranet_endpoint
            .clone()
            .unwrap_or_else(|| endpoint(&config, first));
        let intranet_endpoint = config
            .intranet_endpoint
            .clone()
            .unwrap_or_else(|| extranet_endpoint.clone());
        let callbacks = match &config.public_url {
            Some(url) => Callbacks::new(&config.callbacks, &store, url),
            None => {
                let url = format!("http://{extranet_endpoint}");
                Callbacks::new(&config.callbacks, &store, &url)
            }
        };
        Self {
            callbacks,
            addressing,
            regions,
            location: format!("oss-{}", config.region),
            extranet_endpoint,
            intranet_endpoint,
            server_header: HeaderValue::from_str(&config.server_header)
                .unwrap_or(HeaderValue::from_static("Fosse")),
            ids: RequestIds::new(),
            clients: ClientAddresses::new(&config.network),
            certificates: RwLock::default(),
            https_port: https.map(|address| address.port()),
            keys: KeyCache::new(),
            identities: Principals::new(),
            nonces: Nonces::default(),
            throttle: Throttle::default(),
            configs: ConfigCache::new(),
            inventories: Inventories::default(),
            access_log: AccessLog::default(),
            accesses: Accesses::default(),
            metrics: Metrics::default(),
            scrubber: Scrubber::default(),
            dates: DateCache::default(),
            signal,
            config,
            store,
            clock,
        }
    }
}

/// The endpoint that clients are told: the public URL, a configured domain, or the first listener.
fn endpoint(config: &Config, first: Option<SocketAddr>) -> String {
    if let Some(host) = config.public_url.as_deref().and_then(authority) {
        return host.to_owned();
    }
    let port = first.map_or(80, |address| address.port());
    let host = match (config.domains.first(), first) {
        (Some(domain), _) => domain.clone(),
        (None, Some(address)) if !address.ip().is_unspecified() => match address {
            SocketAddr::V4(v4) => v4.ip().to_string(),
            SocketAddr::V6(v6) => format!("[{}]", v6.ip()),
        },
        (None, _) => "localhost".to_owned(),
    };
    if matches!(port, 80 | 443) {
        host
    } else {
        format!("{host}:{port}")
    }
}

/// `host[:port]` of a URL.
fn authority(url: &str) -> Option<&str> {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.split(['/', '?', '#'])
        .next()
        .filter(|host| !host.is_empty())
}

/// The host of `host[:port]`; IPv6 literals keep their brackets.
pub(crate) fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) && !name.ends_with(':') => {
            if name.contains(':') && !name.ends_with(']') {
                host
            } else {
                name
            }
        }
        _ => host,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(config: Config, first: &str) -> String {
        endpoint(&config, first.parse().ok())
    }

    #[test]
    fn endpoints_follow_the_settings() {
        let config = Config::default;
        assert_eq!(told(config(), "127.0.0.1:9000"), "127.0.0.1:9000");
        assert_eq!(told(config(), "127.0.0.1:80"), "127.0.0.1");
        assert_eq!(told(config(), "0.0.0.0:9000"), "localhost:9000");
        assert_eq!(told(config(), "[::1]:9000"), "[::1]:9000");
        let domain = Config {
            domains: vec!["oss.example.com".into()],
            ..config()
        };
        assert_eq!(told(domain.clone(), "0.0.0.0:9000"), "oss.example.com:9000");
        assert_eq!(told(domain.clone(), "0.0.0.0:443"), "oss.example.com");
        let public = Config {
            public_url: Some("https://files.example.com/".into()),
            ..domain
        };
        assert_eq!(told(public, "0.0.0.0:9000"), "files.example.com");
    }

    #[test]
    fn ports_are_cut_off() {
        for (host, bare) in [
            ("a.example.com:9000", "a.example.com"),
            ("a.example.com", "a.example.com"),
            ("127.0.0.1:80", "127.0.0.1"),
            ("[::1]:9000", "[::1]"),
            ("[::1]", "[::1]"),
            ("", ""),
        ] {
            assert_eq!(without_port(host), bare);
        }
    }
}
