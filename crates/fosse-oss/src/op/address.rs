//! Host and raw path to bucket and key (sdk-reach.md §1, signing.md §1.2).

use crate::encode::decode_path;
use crate::{ErrorCode, OssError};
use std::net::{Ipv4Addr, Ipv6Addr};

/// The server's own names, from configuration. Compared case-insensitively, without port, longest first.
#[derive(Debug, Clone, Default)]
pub struct Addressing {
    /// Base domains such as `oss-cn-hangzhou.localhost` and `--domain` values, in any case; a port is ignored.
    /// `localhost` and the service's own names (`oss-REGION[-internal].aliyuncs.com`, `REGION.oss.aliyuncs.com`,
    /// `oss-accelerate[-overseas].aliyuncs.com`) are always understood.
    pub base_domains: Vec<String>,
    /// Path-style on a name answers 403 `SecondLevelDomainForbidden` as the real service does. Default false.
    /// IP addresses and plain `localhost`, which several SDKs treat as one, stay path-style.
    pub forbid_path_style: bool,
}

impl Addressing {
    /// The names of a server for `region`: `localhost`, `oss-REGION.localhost`, `oss-REGION-internal.localhost`,
    /// `oss-accelerate[-overseas].localhost`, and `domains`.
    pub fn for_region(region: &str, domains: impl IntoIterator<Item = String>) -> Self {
        let mut base_domains = vec![
            "localhost".to_owned(),
            format!("oss-{region}.localhost"),
            format!("oss-{region}-internal.localhost"),
            "oss-accelerate.localhost".to_owned(),
            "oss-accelerate-overseas.localhost".to_owned(),
        ];
        base_domains.extend(domains);
        Self {
            base_domains,
            forbid_path_style: false,
        }
    }

    /// What `host` (lower-case, no port) says.
    fn classify<'h>(&self, host: &'h str) -> Host<'h> {
        if host.is_empty() || is_ip(host) {
            return Host::Address;
        }
        let configured = self
            .base_domains
            .iter()
            .filter_map(|domain| before_domain(host, without_port(domain).trim_matches('.')))
            .min_by_key(|before| before.len());
        let built_in = [before_domain(host, "localhost"), before_service_name(host)];
        let before = built_in
            .into_iter()
            .flatten()
            .chain(configured)
            .min_by_key(|b| b.len());
        match before {
            Some("") => Host::Own,
            Some(bucket) => Host::Bucket(bucket),
            None => Host::Unknown,
        }
    }
}

/// A host name, sorted.
enum Host<'h> {
    /// An IP literal, or none.
    Address,
    /// An own domain by itself.
    Own,
    /// An own domain with something before it.
    Bucket(&'h str),
    /// Any other name.
    Unknown,
}

/// How the request named its bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum Style {
    VirtualHosted,
    Path,
    Cname,
}

/// What a request addresses. Nothing is normalised.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Bucket text as addressed (not yet validated); `None` for a service request.
    pub bucket: Option<String>,
    /// Decoded key bytes; empty for a bucket or service request.
    pub key: Vec<u8>,
    /// Address form. A service request counts as [`Style::Path`].
    pub style: Style,
}

impl Target {
    /// Resolves `host` (as in the Host header, port allowed, may be empty) and the raw `path` (no query).
    /// `cname`: bound custom domain (lower-case, no port) to bucket.
    ///
    /// What precedes the longest matching own domain is the bucket, even when it holds a dot: no valid name does, so it
    /// is refused as `InvalidBucketName` later. An empty first label (`.oss-cn-hangzhou.aliyuncs.com`) is the own domain
    /// by itself. A host that is no own domain, no IP and not bound: path-style too (a reverse proxy may forward any name).
    ///
    /// A client which puts the bucket both in the host and in the path (`sldEnable` of ali-oss) cannot be told from one
    /// that addresses the key `bucket/key`; the host decides, as for everyone else.
    ///
    /// Errors: 400 `InvalidURI` for a broken escape or a path that does not start with `/`;
    /// 403 `SecondLevelDomainForbidden`.
    pub fn resolve(
        addressing: &Addressing,
        host: &str,
        path: &str,
        cname: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, OssError> {
        let host = without_port(host).to_ascii_lowercase();
        let rest = match path.strip_prefix('/') {
            Some(rest) => rest,
            None if path.is_empty() => "",
            None => return Err(ErrorCode::InvalidUri.into()),
        };
        let forbidden = match addressing.classify(&host) {
            Host::Bucket(bucket) => {
                return Self::in_bucket(bucket.to_owned(), rest, Style::VirtualHosted);
            }
            Host::Unknown => match cname(&host) {
                Some(bucket) => return Self::in_bucket(bucket, rest, Style::Cname),
                None => addressing.forbid_path_style,
            },
            Host::Own => addressing.forbid_path_style && host != "localhost",
            Host::Address => false,
        };
        if rest.is_empty() {
            return Ok(Self {
                bucket: None,
                key: Vec::new(),
                style: Style::Path,
            });
        }
        if forbidden {
            return Err(ErrorCode::SecondLevelDomainForbidden.into());
        }
        // Split before decoding: an escaped slash belongs to the key.
        let (bucket, key) = rest.split_once('/').unwrap_or((rest, ""));
        let bucket = decode(bucket)?;
        let bucket =
            String::from_utf8(bucket).map_err(|_| OssError::new(ErrorCode::InvalidBucketName))?;
        Self::in_bucket(bucket, key, Style::Path)
    }

    /// Whether nothing but the service is addressed.
    pub fn is_service(&self) -> bool {
        self.bucket.is_none()
    }

    fn in_bucket(bucket: String, raw_key: &str, style: Style) -> Result<Self, OssError> {
        Ok(Self {
            bucket: Some(bucket),
            key: decode(raw_key)?,
            style,
        })
    }
}

fn decode(raw: &str) -> Result<Vec<u8>, OssError> {
    decode_path(raw)
        .map(|key| key.into_owned())
        .map_err(|_| ErrorCode::InvalidUri.into())
}

/// The host without port and final dot; an IPv6 literal without brackets.
fn without_port(host: &str) -> &str {
    let host = host.trim();
    if let Some(rest) = host.strip_prefix('[') {
        return rest.split_once(']').map_or(rest, |(address, _)| address);
    }
    let name = match host.rsplit_once(':') {
        Some((name, port))
            if !name.contains(':') && port.bytes().all(|byte| byte.is_ascii_digit()) =>
        {
            name
        }
        _ => host,
    };
    name.strip_suffix('.').unwrap_or(name)
}

fn is_ip(host: &str) -> bool {
    host.parse::<Ipv4Addr>().is_ok() || {
        // A zone such as `fe80::1%eth0` is no part of the address.
        let address = host.split_once('%').map_or(host, |(address, _)| address);
        address.parse::<Ipv6Addr>().is_ok()
    }
}

/// What precedes `domain` in `host`, without the dot between; `None` when `host` does not end with it.
fn before_domain<'h>(host: &'h str, domain: &str) -> Option<&'h str> {
    if domain.is_empty() {
        return None;
    }
    let split = host.len().checked_sub(domain.len())?;
    let (before, tail) = (host.get(..split)?, host.get(split..)?);
    if !tail.eq_ignore_ascii_case(domain) {
        return None;
    }
    if before.is_empty() {
        Some("")
    } else {
        before.strip_suffix('.')
    }
}

/// What precedes one of the service's own names under `aliyuncs.com`.
fn before_service_name(host: &str) -> Option<&str> {
    let under = before_domain(host, "aliyuncs.com")?;
    let (before, label) = under.rsplit_once('.').unwrap_or(("", under));
    match label {
        // REGION.oss.aliyuncs.com; `oss.aliyuncs.com` alone is the oldest name of the service.
        "oss" => Some(
            before
                .rsplit_once('.')
                .map_or("", |(before, _region)| before),
        ),
        _ if label.starts_with("oss-") => Some(before),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
