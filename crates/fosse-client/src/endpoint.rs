//! Endpoints: where the service is, and how a bucket is put into the address (sdk-reach.md §1).

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

use fosse_oss::encode::encode_path;

use crate::error::{Error, Result};

/// How a bucket is put into the address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Addressing {
    /// `scheme://bucket.endpoint/key`
    Virtual,
    /// `scheme://endpoint/bucket/key`
    Path,
    /// `scheme://endpoint/key`: the endpoint is a domain bound to one bucket.
    Cname,
}

/// A parsed endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    https: bool,
    /// Host with brackets when it is IPv6, and port when one was given.
    authority: String,
    addressing: Addressing,
}

/// Scheme, authority and raw path of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// `http` or `https`.
    pub scheme: &'static str,
    /// What the `Host` header says.
    pub authority: String,
    /// Percent-encoded path, beginning with `/`; nothing is normalised.
    pub path: String,
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}{}", self.scheme, self.authority, self.path)
    }
}

impl Endpoint {
    /// Parses `HOST[:PORT]` with or without `http://` or `https://`; without means https. An IP address and
    /// `localhost` are addressed path-style whatever `addressing` says, except [`Addressing::Cname`].
    ///
    /// # Errors
    /// [`Error::Setting`]: empty, another scheme, a path or a user in it, typographic quotes round it.
    pub fn parse(text: &str, addressing: Addressing) -> Result<Self> {
        let wrong = |reason: &str| Err(Error::Setting(format!("the endpoint `{text}` {reason}")));
        let trimmed = text.trim();
        for quote in ['“', '”', '„', '‘', '’', '«', '»'] {
            if trimmed.starts_with(quote) || trimmed.ends_with(quote) {
                return wrong(&format!(
                    "has the typographic quote {quote} (U+{:04X}) in it: retype it with plain quotes",
                    u32::from(quote)
                ));
            }
        }
        let (https, rest) = match trimmed.split_once("://") {
            None => (true, trimmed),
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("https") => (true, rest),
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("http") => (false, rest),
            Some(_) => return wrong("must begin with http:// or https://, or have no scheme"),
        };
        let authority = rest.trim_end_matches('/');
        if authority.is_empty() {
            return wrong("is empty");
        }
        if authority.contains(['/', '?', '#']) {
            return wrong("must not have a path");
        }
        if authority.contains('@') {
            return wrong("must not have a user name in it");
        }
        let (host, port) = split_port(authority);
        let port_good = port.is_none_or(|port| port.parse::<u16>().is_ok_and(|port| port != 0));
        let host_good = is_ip(host)
            || !host.is_empty()
                && host
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b));
        if !port_good || !host_good {
            return wrong("is not HOST or HOST:PORT");
        }
        let by_itself = is_ip(host) || host.eq_ignore_ascii_case("localhost");
        let addressing = match addressing {
            Addressing::Cname => Addressing::Cname,
            _ if by_itself => Addressing::Path,
            other => other,
        };
        Ok(Self {
            https,
            authority: authority.to_owned(),
            addressing,
        })
    }

    /// How a bucket is put into the address.
    pub fn addressing(&self) -> Addressing {
        self.addressing
    }

    /// Host, with port when one was given.
    pub fn authority(&self) -> &str {
        &self.authority
    }

    /// Where a request for `bucket` and `key` goes. `key` is the decoded key, empty for a bucket request.
    /// `slash`: how a `/` inside the key is written.
    pub fn address(&self, bucket: Option<&str>, key: &[u8], slash: Slash) -> Address {
        let scheme = if self.https { "https" } else { "http" };
        let mut path = String::from("/");
        let mut authority = self.authority.clone();
        if let Some(bucket) = bucket {
            match self.addressing {
                Addressing::Virtual => authority = format!("{bucket}.{authority}"),
                Addressing::Cname => {}
                Addressing::Path => {
                    path.push_str(bucket);
                    path.push('/');
                }
            }
        }
        match slash {
            Slash::Kept => encode_path(key, &mut path),
            Slash::Encoded => fosse_oss::encode::encode_component(key, &mut path),
        }
        Address {
            scheme,
            authority,
            path,
        }
    }
}

/// How a `/` inside a key is written in a path. Both mean the same to the service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Slash {
    /// `/`
    Kept,
    /// `%2F`, as ossutil 1.0 and some SDKs write it.
    Encoded,
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}://{}",
            if self.https { "https" } else { "http" },
            self.authority
        )
    }
}

fn split_port(authority: &str) -> (&str, Option<&str>) {
    let behind_bracket = authority.rfind(']').map_or(0, |at| at + 1);
    match authority[behind_bracket..].rfind(':') {
        Some(colon) => (
            &authority[..behind_bracket + colon],
            Some(&authority[behind_bracket + colon + 1..]),
        ),
        None => (authority, None),
    }
}

fn is_ip(host: &str) -> bool {
    match host
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
    {
        Some(inner) => inner.parse::<Ipv6Addr>().is_ok(),
        None => host.parse::<IpAddr>().is_ok_and(|ip| ip.is_ipv4()),
    }
}

#[cfg(test)]
mod tests {
    use super::{Addressing, Endpoint, Slash};

    fn url(endpoint: &str, addressing: Addressing, key: &[u8]) -> String {
        Endpoint::parse(endpoint, addressing)
            .unwrap()
            .address(Some("bkt"), key, Slash::Kept)
            .to_string()
    }

    #[test]
    fn address_forms() {
        use Addressing::{Cname, Path, Virtual};
        assert_eq!(
            url("oss.example.com", Virtual, b"a/b"),
            "https://bkt.oss.example.com/a/b"
        );
        assert_eq!(
            url("http://oss.example.com:9000/", Virtual, b"a"),
            "http://bkt.oss.example.com:9000/a"
        );
        assert_eq!(
            url("oss.example.com", Path, b"a"),
            "https://oss.example.com/bkt/a"
        );
        assert_eq!(
            url("http://static.example.com", Cname, b"a"),
            "http://static.example.com/a"
        );
        assert_eq!(
            url("http://127.0.0.1:9000", Virtual, b"a"),
            "http://127.0.0.1:9000/bkt/a"
        );
        assert_eq!(
            url("http://[::1]:9000", Virtual, b"a"),
            "http://[::1]:9000/bkt/a"
        );
        assert_eq!(
            url("http://localhost:9000", Virtual, b"a"),
            "http://localhost:9000/bkt/a"
        );
        assert_eq!(url("http://127.0.0.1", Cname, b"a"), "http://127.0.0.1/a");
        assert_eq!(
            url("HTTP://oss.localhost", Virtual, b""),
            "http://bkt.oss.localhost/"
        );
    }

    #[test]
    fn keys_stay_as_they_are() {
        assert_eq!(
            url("http://h", Addressing::Virtual, b"../b//c?d#e+f"),
            "http://bkt.h/../b//c%3Fd%23e%2Bf"
        );
        let endpoint = Endpoint::parse("http://h", Addressing::Virtual).unwrap();
        assert_eq!(
            endpoint
                .address(Some("bkt"), b"a/b", Slash::Encoded)
                .to_string(),
            "http://bkt.h/a%2Fb"
        );
        assert_eq!(
            endpoint.address(None, b"", Slash::Kept).to_string(),
            "http://h/"
        );
    }

    #[test]
    fn what_is_wrong_is_named() {
        let error = |text: &str| {
            Endpoint::parse(text, Addressing::Virtual)
                .unwrap_err()
                .to_string()
        };
        assert!(error("http://static.example.com”").contains("U+201D"));
        assert!(error("ftp://h").contains("http://"));
        assert!(error("http://h/path").contains("path"));
        assert!(error("http://user@h").contains("user"));
        assert!(error("").contains("empty"));
        assert!(error("h:port").contains("HOST:PORT"));
        assert!(error("::1").contains("HOST:PORT"));
        assert!(error("a b").contains("HOST:PORT"));
    }
}
