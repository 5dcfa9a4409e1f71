//! Where a request came from: the address and the VPC of the client (access-control.md §8.1, §9).
//!
//! The other end of the connection is the client, unless it is a proxy that the operator trusts: then the last address
//! of `X-Forwarded-For` that no trusted proxy has is. What stands before that one is the client's own claim, which nobody
//! vouches for, and is never looked at.

use crate::config::{Cidr, Network};
use crate::conn::Origin;
use http::HeaderMap;
use http::header::HeaderName;
use smallvec::SmallVec;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
/// Proxies that a chain may have; what is beyond is not looked at.
const MAX_CHAIN: usize = 8;

/// The client of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ClientAddress {
    /// The client's own address: what `acs:SourceIp` compares and what logs tell.
    pub(crate) ip: IpAddr,
    /// The other end of the connection: `ip` itself, or a trusted proxy.
    pub(crate) peer: IpAddr,
    /// Addresses of `X-Forwarded-For` that trusted proxies vouch for, nearest first; ends with `ip`.
    pub(crate) forwarded: SmallVec<[IpAddr; 2]>,
    /// The VPC that the request came through: what `acs:SourceVpc` compares.
    pub(crate) vpc: Option<Arc<str>>,
    /// The client spoke TLS, with this server or with a trusted proxy: what `acs:SecureTransport` compares.
    pub(crate) secure: bool,
}

/// The settings of [`Network`] in the form that a request needs.
pub(crate) struct ClientAddresses {
    trusted: Vec<Cidr>,
    vpcs: Vec<(Cidr, Arc<str>)>,
    /// Names of the VPCs of listeners, by [`Origin::vpc`].
    listeners: Vec<Arc<str>>,
}

impl ClientAddresses {
    pub(crate) fn new(network: &Network) -> Self {
        Self {
            trusted: network.trusted_proxies.clone(),
            vpcs: network
                .client_vpcs
                .iter()
                .map(|(cidr, vpc)| (*cidr, Arc::from(vpc.as_str())))
                .collect(),
            listeners: network
                .listener_vpcs
                .iter()
                .map(|(_, vpc)| Arc::from(vpc.as_str()))
                .collect(),
        }
    }

    /// Whether `address` is a proxy that may say who its client is.
    pub(crate) fn trusts(&self, address: IpAddr) -> bool {
        self.trusted.iter().any(|cidr| cidr.contains(address))
    }

    /// The client of a request with these headers.
    pub(crate) fn of(&self, origin: Origin, headers: &HeaderMap) -> ClientAddress {
        let peer = origin.peer.ip().to_canonical();
        let mut client = ClientAddress {
            ip: peer,
            peer,
            forwarded: SmallVec::new(),
            vpc: None,
            secure: origin.tls,
        };
        if !self.trusted.is_empty() && self.trusts(peer) {
            client.forwarded = self.vouched(headers);
            if let Some(last) = client.forwarded.last() {
                client.ip = *last;
            }
            if let Some(scheme) = headers.get_all(FORWARDED_PROTO).iter().next_back() {
                let nearest = scheme.as_bytes().rsplit(|byte| *byte == b',').next();
                client.secure =
                    nearest.is_some_and(|word| word.trim_ascii().eq_ignore_ascii_case(b"https"));
            }
        }
        client.vpc = self.vpc(client.ip, origin);
        client
    }

    /// A range of clients says more than the listener that they use.
    fn vpc(&self, client: IpAddr, origin: Origin) -> Option<Arc<str>> {
        self.vpcs
            .iter()
            .find(|(cidr, _)| cidr.contains(client))
            .map(|(_, vpc)| vpc.clone())
            .or_else(|| {
                let listener = usize::from(origin.vpc?);
                self.listeners.get(listener).cloned()
            })
    }

    /// The addresses of `X-Forwarded-For` from the right, up to the first that is no trusted proxy. A piece that is no
    /// address ends the chain: what stands before it came through something unknown.
    fn vouched(&self, headers: &HeaderMap) -> SmallVec<[IpAddr; 2]> {
        let mut chain = SmallVec::new();
        let lines = headers.get_all(FORWARDED_FOR).iter().rev();
        for piece in lines.flat_map(|line| line.as_bytes().rsplit(|byte| *byte == b',')) {
            let Some(address) = std::str::from_utf8(piece).ok().and_then(address_of) else {
                break;
            };
            chain.push(address);
            if chain.len() >= MAX_CHAIN || !self.trusts(address) {
                break;
            }
        }
        chain
    }
}

/// One entry of `X-Forwarded-For`: an address, in brackets or not, with or without a port.
fn address_of(piece: &str) -> Option<IpAddr> {
    let piece = piece.trim().trim_matches('"');
    let address = piece
        .parse::<IpAddr>()
        .or_else(|_| piece.parse::<SocketAddr>().map(|address| address.ip()))
        .ok()
        .or_else(|| {
            let inner = piece.strip_prefix('[')?.strip_suffix(']')?;
            inner.parse().ok()
        })?;
    Some(address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addresses() -> ClientAddresses {
        ClientAddresses::new(&Network {
            trusted_proxies: vec!["10.0.0.0/8".parse().unwrap(), "::1".parse().unwrap()],
            client_vpcs: vec![
                ("172.16.5.0/24".parse().unwrap(), "vpc-range".into()),
                ("fd00::/8".parse().unwrap(), "vpc-six".into()),
            ],
            listener_vpcs: vec![("127.0.0.1:1".parse().unwrap(), "vpc-listener".into())],
            ..Network::default()
        })
    }

    fn client(peer: &str, headers: &[(&'static str, &str)]) -> ClientAddress {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, value.parse().unwrap());
        }
        let origin = Origin {
            peer: SocketAddr::new(peer.parse().unwrap(), 1234),
            tls: false,
            vpc: None,
        };
        addresses().of(origin, &map)
    }

    #[test]
    fn the_client_is_the_last_address_that_no_trusted_proxy_has() {
        let table: &[(&str, &[&str], &str, usize)] = &[
            ("192.0.2.1", &[], "192.0.2.1", 0),
            // A stranger's header counts for nothing.
            ("192.0.2.1", &["203.0.113.9"], "192.0.2.1", 0),
            ("10.0.0.1", &[], "10.0.0.1", 0),
            ("10.0.0.1", &["203.0.113.9"], "203.0.113.9", 1),
            ("::ffff:10.0.0.1", &["203.0.113.9"], "203.0.113.9", 1),
            // What the client itself wrote stands before its address.
            ("10.0.0.1", &["1.1.1.1, 203.0.113.9"], "203.0.113.9", 1),
            ("10.0.0.1", &["1.1.1.1", "203.0.113.9"], "203.0.113.9", 1),
            (
                "10.0.0.1",
                &["1.1.1.1, 203.0.113.9, 10.2.3.4"],
                "203.0.113.9",
                2,
            ),
            ("10.0.0.1", &["203.0.113.9", "10.2.3.4"], "203.0.113.9", 2),
            ("10.0.0.1", &["10.9.9.9, 10.2.3.4"], "10.9.9.9", 2),
            ("10.0.0.1", &["203.0.113.9, nonsense"], "10.0.0.1", 0),
            ("10.0.0.1", &["203.0.113.9,"], "10.0.0.1", 0),
            ("10.0.0.1", &["nonsense, 10.2.3.4"], "10.2.3.4", 1),
            ("10.0.0.1", &["203.0.113.9:4711"], "203.0.113.9", 1),
            ("::1", &["[2001:db8::5]:80"], "2001:db8::5", 1),
            ("::1", &["\"[2001:db8::5]\""], "2001:db8::5", 1),
            ("::1", &["::ffff:192.0.2.3"], "192.0.2.3", 1),
        ];
        for (peer, lines, ip, vouched) in table {
            let headers: Vec<_> = lines
                .iter()
                .map(|line| ("x-forwarded-for", *line))
                .collect();
            let client = client(peer, &headers);
            assert_eq!(client.ip.to_string(), *ip, "{peer} {lines:?}");
            assert_eq!(client.forwarded.len(), *vouched, "{peer} {lines:?}");
        }
        let long = vec!["10.1.1.1"; 100].join(",");
        assert_eq!(
            client("10.0.0.1", &[("x-forwarded-for", &long)])
                .forwarded
                .len(),
            MAX_CHAIN
        );
    }

    #[test]
    fn only_a_trusted_proxy_says_that_its_client_used_tls() {
        assert!(!client("192.0.2.1", &[("x-forwarded-proto", "https")]).secure);
        assert!(client("10.0.0.1", &[("x-forwarded-proto", "HTTPS")]).secure);
        assert!(!client("10.0.0.1", &[("x-forwarded-proto", "https, http")]).secure);
        assert!(!client("10.0.0.1", &[]).secure);
    }

    #[test]
    fn vpcs_come_from_ranges_and_listeners() {
        assert_eq!(client("172.16.5.9", &[]).vpc.as_deref(), Some("vpc-range"));
        assert_eq!(client("fd00::1", &[]).vpc.as_deref(), Some("vpc-six"));
        assert_eq!(client("172.16.6.9", &[]).vpc, None);
        let forwarded = client("10.0.0.1", &[("x-forwarded-for", "172.16.5.9")]);
        assert_eq!(forwarded.vpc.as_deref(), Some("vpc-range"));
        let tagged = |peer: &str| {
            let origin = Origin {
                peer: SocketAddr::new(peer.parse().unwrap(), 1),
                tls: true,
                vpc: Some(0),
            };
            addresses().of(origin, &HeaderMap::new())
        };
        assert_eq!(tagged("192.0.2.1").vpc.as_deref(), Some("vpc-listener"));
        assert_eq!(tagged("172.16.5.9").vpc.as_deref(), Some("vpc-range"));
        assert!(tagged("192.0.2.1").secure);
    }
}
