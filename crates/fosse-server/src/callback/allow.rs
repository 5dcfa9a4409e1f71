//! Where callbacks may go. The uploader chooses the target, so that without limits any client could make this server
//! send requests into the network behind it.
//!
//! A target is a host on a port. A name is allowed by name and its addresses must all be public; an address that is not
//! public is allowed only by a range that the operator wrote down.

use crate::cidr::Cidr;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

/// One entry of the allow-list: `HOST`, `*.DOMAIN`, `*`, `ADDRESS` or `ADDRESS/BITS`, each with an optional `:PORT` or
/// `:*`. Without a port 80 and 443 are meant. IPv6 addresses are written in brackets: `[fd00::]/8:8080`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallbackTarget {
    host: Host,
    ports: Ports,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Host {
    /// Any name and any address, as long as it is public.
    Public,
    Name(String),
    /// Names that end with this, dot included.
    Below(String),
    /// Addresses, public or not.
    Range(Cidr),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ports {
    Usual,
    Any,
    One(u16),
}

/// Text that is no [`CallbackTarget`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "write HOST, *.DOMAIN, * or CIDR, with :PORT or :* if it is not 80 or 443, such as app.example.com:8080"
)]
pub struct BadCallbackTarget;

impl FromStr for CallbackTarget {
    type Err = BadCallbackTarget;

    fn from_str(text: &str) -> Result<Self, BadCallbackTarget> {
        let text = text.trim();
        let (host, port) = match text.strip_prefix('[') {
            Some(rest) => {
                let (address, rest) = rest.split_once(']').ok_or(BadCallbackTarget)?;
                let (bits, port) = rest.split_at(rest.find(':').unwrap_or(rest.len()));
                (format!("{address}{bits}"), port)
            }
            None => {
                let (host, port) = text.split_at(text.find(':').unwrap_or(text.len()));
                (host.to_ascii_lowercase(), port)
            }
        };
        let ports = match port.strip_prefix(':') {
            None => Ports::Usual,
            Some("*") => Ports::Any,
            Some(port) => match port.parse() {
                Ok(port) if port > 0 => Ports::One(port),
                _ => return Err(BadCallbackTarget),
            },
        };
        let is_name = |name: &str| {
            let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
            !name.is_empty() && !name.starts_with('.') && name.bytes().all(allowed)
        };
        let host = if host == "*" {
            Host::Public
        } else if let Ok(range) = host.parse() {
            Host::Range(range)
        } else if text.starts_with('[') {
            // Brackets are for addresses.
            return Err(BadCallbackTarget);
        } else if let Some(domain) = host.strip_prefix("*.").filter(|domain| is_name(domain)) {
            Host::Below(format!(".{domain}"))
        } else if is_name(&host) {
            Host::Name(host)
        } else {
            return Err(BadCallbackTarget);
        };
        Ok(Self { host, ports })
    }
}

impl fmt::Display for CallbackTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}")
    }
}

impl CallbackTarget {
    fn covers_port(&self, port: u16) -> bool {
        match self.ports {
            Ports::Usual => matches!(port, 80 | 443),
            Ports::Any => true,
            Ports::One(one) => one == port,
        }
    }
}

/// Whether the host of a URL, before it is resolved, is one that could be allowed.
pub(super) fn may_be_asked_for(allow: &[CallbackTarget], host: &str, port: u16) -> bool {
    let address: Option<IpAddr> = host.parse().ok();
    allow.iter().any(|target| {
        target.covers_port(port)
            && match (&target.host, address) {
                (Host::Public, None) => true,
                (Host::Public, Some(address)) => is_public(address),
                (Host::Name(name), None) => name == host,
                (Host::Below(domain), None) => host.ends_with(domain.as_str()),
                (Host::Range(range), Some(address)) => range.contains(address),
                // A name may turn out to be in the range.
                (Host::Range(_), None) => true,
                (Host::Name(_) | Host::Below(_), Some(_)) => false,
            }
    })
}

/// Whether a connection to `address` on behalf of `host` is allowed.
pub(super) fn may_be_connected(
    allow: &[CallbackTarget],
    host: &str,
    port: u16,
    address: IpAddr,
) -> bool {
    allow.iter().any(|target| {
        target.covers_port(port)
            && match &target.host {
                Host::Public => is_public(address),
                Host::Name(name) => name == host && is_public(address),
                Host::Below(domain) => host.ends_with(domain.as_str()) && is_public(address),
                Host::Range(range) => range.contains(address),
            }
    })
}

/// Whether an address is one of the public internet: neither private, local, shared, reserved, a documentation example,
/// multicast, nor a way to embed one that is.
fn is_public(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    !matches!(
        (a, b, c),
        (0 | 10 | 127 | 224..=255, _, _)
            | (100, 64..=127, _)
            | (169, 254, _)
            | (172, 16..=31, _)
            | (192, 0, 0 | 2)
            | (192, 88, 99)
            | (192, 168, _)
            | (198, 18..=19, _)
            | (198, 51, 100)
            | (203, 0, 113)
    )
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let [a, b, c, ..] = address.segments();
    match (a, b, c) {
        // 64:ff9b::/96 and 6to4: a v4 address by another way.
        (0x64, 0xff9b, 0) => {
            let [.., w, x, y, z] = address.octets();
            is_public_v4(Ipv4Addr::new(w, x, y, z))
        }
        (0x2002, high, low) => {
            is_public_v4(Ipv4Addr::from((u32::from(high) << 16) | u32::from(low)))
        }
        // 2001::/23 for protocols, documentation.
        (0x2001, 0..=0x1ff | 0xdb8, _) | (0x3fff, 0..=0xfff, _) => false,
        (0x2000..=0x3fff, _, _) => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allow(list: &[&str]) -> Vec<CallbackTarget> {
        list.iter().map(|text| text.parse().unwrap()).collect()
    }

    #[test]
    fn addresses_that_are_not_public() {
        for private in [
            "0.0.0.0",
            "10.1.2.3",
            "100.64.0.1",
            "127.0.0.1",
            "127.255.0.1",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.1",
            "192.0.2.1",
            "192.168.0.1",
            "198.18.0.1",
            "198.51.100.1",
            "203.0.113.1",
            "224.0.0.1",
            "255.255.255.255",
            "100.100.100.200",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "64:ff9b::a00:1",
            "64:ff9b::7f00:1",
            "2002:7f00:1::",
            "2002:a00:1::1",
            "2001::1",
            "2001:db8::1",
            "fc00::1",
            "fd12::1",
            "fe80::1",
            "ff02::1",
            "100::1",
            "fec0::1",
            "::127.0.0.1",
        ] {
            assert!(!is_public(private.parse().unwrap()), "{private}");
        }
        for public in [
            "1.1.1.1",
            "8.8.8.8",
            "100.63.255.255",
            "100.128.0.1",
            "172.15.0.1",
            "172.32.0.1",
            "192.0.1.1",
            "192.169.0.1",
            "223.255.0.1",
            "2606:4700::1111",
            "2400:3200::1",
            "64:ff9b::808:808",
            "2002:808:808::1",
            "::ffff:8.8.8.8",
        ] {
            assert!(is_public(public.parse().unwrap()), "{public}");
        }
    }

    #[test]
    fn names_are_allowed_with_public_addresses_only() {
        let list = allow(&[
            "app.example.com",
            "*.Apps.example.com:8443",
            "other.example.com:*",
        ]);
        let (public, private) = ("8.8.8.8".parse().unwrap(), "10.0.0.1".parse().unwrap());
        for (host, port, allowed) in [
            ("app.example.com", 80, true),
            ("app.example.com", 443, true),
            ("app.example.com", 8080, false),
            ("x.app.example.com", 80, false),
            ("a.apps.example.com", 8443, true),
            ("a.b.apps.example.com", 8443, true),
            ("apps.example.com", 8443, false),
            ("evilapps.example.com", 8443, false),
            ("a.apps.example.com", 80, false),
            ("other.example.com", 9999, true),
            ("8.8.8.8", 80, false),
        ] {
            assert_eq!(
                may_be_asked_for(&list, host, port),
                allowed,
                "{host}:{port}"
            );
            assert_eq!(
                may_be_connected(&list, host, port, public),
                allowed,
                "{host}:{port}"
            );
            assert!(
                !may_be_connected(&list, host, port, private),
                "{host}:{port}"
            );
        }
    }

    #[test]
    fn ranges_allow_what_they_hold() {
        let list = allow(&["10.1.0.0/16:8080", "[::1]", "[fd00::]/8:*", "127.0.0.1:9"]);
        for (address, port, allowed) in [
            ("10.1.2.3", 8080, true),
            ("10.1.2.3", 80, false),
            ("10.2.2.3", 8080, false),
            ("::1", 443, true),
            ("fd12::1", 1, true),
            ("fe80::1", 1, false),
            ("127.0.0.1", 9, true),
            ("::ffff:127.0.0.1", 9, true),
            ("8.8.8.8", 80, false),
        ] {
            let parsed: IpAddr = address.parse().unwrap();
            assert_eq!(
                may_be_asked_for(&list, address, port),
                allowed,
                "{address}:{port}"
            );
            assert_eq!(
                may_be_connected(&list, "any.example", port, parsed),
                allowed,
                "{address}:{port}"
            );
        }
        // A name may lead there; the address decides when it is connected to.
        let list = allow(&["10.1.0.0/16:8080"]);
        assert!(may_be_asked_for(&list, "internal.example", 8080));
        assert!(!may_be_asked_for(&list, "internal.example", 81));
    }

    #[test]
    fn a_star_is_the_public_internet() {
        let list = allow(&["*"]);
        assert!(may_be_asked_for(&list, "a.example", 80));
        assert!(!may_be_asked_for(&list, "127.0.0.1", 80));
        assert!(may_be_connected(
            &list,
            "a.example",
            80,
            "8.8.8.8".parse().unwrap()
        ));
        assert!(!may_be_connected(
            &list,
            "a.example",
            80,
            "169.254.169.254".parse().unwrap()
        ));
    }

    #[test]
    fn what_is_no_target_is_refused() {
        for text in [
            "",
            ":80",
            "a:0",
            "a:b",
            "a b",
            "http://a",
            "[::1",
            "[a]",
            "*.",
            "*.*.a",
            "10.0.0.0/33",
            "a:80:80",
        ] {
            assert_eq!(
                text.parse::<CallbackTarget>(),
                Err(BadCallbackTarget),
                "{text}"
            );
        }
    }
}
