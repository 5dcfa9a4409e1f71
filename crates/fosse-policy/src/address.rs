//! Blocks of addresses as conditions name them: one address, CIDR, or dotted IPv4 with `*` for whole octets.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A set of addresses: those that agree with `net` in the bits of `mask`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Block {
    V4 { net: u32, mask: u32 },
    V6 { net: u128, mask: u128 },
}

impl Block {
    /// Bits of a CIDR address behind the mask are ignored.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        if text.contains('*') {
            return Self::octets(text);
        }
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => {
                let plain =
                    (1..=3).contains(&bits.len()) && bits.bytes().all(|b| b.is_ascii_digit());
                (address, Some(plain.then(|| bits.parse::<u32>().ok())??))
            }
            None => (text, None),
        };
        match address.parse().ok()? {
            IpAddr::V4(address) => {
                let bits = bits.unwrap_or(32);
                let mask = match bits {
                    0 => 0,
                    1..=32 => u32::MAX << (32 - bits),
                    _ => return None,
                };
                Some(Self::V4 {
                    net: u32::from(address) & mask,
                    mask,
                })
            }
            IpAddr::V6(address) => {
                let bits = bits.unwrap_or(128);
                let mask = match bits {
                    0 => 0,
                    1..=128 => u128::MAX << (128 - bits),
                    _ => return None,
                };
                Some(Self::V6 {
                    net: u128::from(address) & mask,
                    mask,
                })
            }
        }
    }

    fn octets(text: &str) -> Option<Self> {
        let (mut net, mut mask, mut count) = (0u32, 0u32, 0);
        for octet in text.split('.') {
            let (value, known) = match octet {
                "*" => (0, 0),
                digits if !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()) => {
                    (digits.parse::<u8>().ok()?, 0xff)
                }
                _ => return None,
            };
            count += 1;
            if count > 4 {
                return None;
            }
            net = net << 8 | u32::from(value);
            mask = mask << 8 | known;
        }
        (count == 4).then_some(Self::V4 { net, mask })
    }

    /// Whether the address is in the block. An IPv4 address in IPv6 clothes is an IPv4 address.
    pub(crate) fn contains(&self, address: IpAddr) -> bool {
        match (*self, address.to_canonical()) {
            (Self::V4 { net, mask }, IpAddr::V4(address)) => u32::from(address) & mask == net,
            (Self::V6 { net, mask }, IpAddr::V6(address)) => u128::from(address) & mask == net,
            (Self::V6 { net, mask }, IpAddr::V4(address)) => {
                // A block that is written for mapped addresses, `::ffff:192.0.2.0/120`.
                mask.leading_ones() >= 96 && u128::from(address.to_ipv6_mapped()) & mask == net
            }
            (Self::V4 { .. }, IpAddr::V6(_)) => false,
        }
    }

    /// Whether the block is small enough for a grant to it not to be public (access-control.md §4.5): 8 bits of an
    /// IPv4 address, 32 of an IPv6 one.
    pub(crate) fn is_narrow(&self) -> bool {
        match *self {
            Self::V4 { mask, .. } => mask.leading_ones() >= 8,
            Self::V6 { mask, .. } => mask.leading_ones() >= 32,
        }
    }
}

/// Either kind of address, from text.
pub(crate) fn parse_address(text: &str) -> Option<IpAddr> {
    text.parse::<Ipv4Addr>()
        .map(IpAddr::V4)
        .or_else(|_| text.parse::<Ipv6Addr>().map(IpAddr::V6))
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn which_addresses_a_block_holds() {
        for (block, inside, outside) in [
            ("10.0.0.0/8", "10.255.255.255", "11.0.0.0"),
            ("10.1.2.3/8", "10.0.0.0", "9.255.255.255"),
            ("192.0.2.7", "192.0.2.7", "192.0.2.8"),
            ("192.0.2.7", "::ffff:192.0.2.7", "::192.0.2.7"),
            ("192.0.2.0/31", "192.0.2.1", "192.0.2.2"),
            ("0.0.0.0/0", "255.0.0.1", "2001:db8::1"),
            ("101.*.*.100", "101.7.8.100", "101.7.8.101"),
            ("2001:db8::/32", "2001:db8:ffff::1", "2001:db9::"),
            ("::/0", "2001:db8::1", "10.0.0.1"),
            ("::ffff:192.0.2.0/120", "192.0.2.200", "192.0.3.1"),
        ] {
            let block = Block::parse(block).unwrap();
            assert!(
                block.contains(inside.parse().unwrap()),
                "{block:?} {inside}"
            );
            assert!(
                !block.contains(outside.parse().unwrap()),
                "{block:?} {outside}"
            );
        }
    }

    #[test]
    fn what_is_no_block() {
        for text in [
            "",
            "10",
            "10.0.0.0/33",
            "10.0.0.0/-1",
            "10.0.0.0/",
            "::/129",
            "1.*.2",
            "1.*.2.3.4",
            "1.*x.2.3",
            "256.*.1.1",
            "10.0.0.0/8/8",
            "*",
            "fe80::*",
        ] {
            assert_eq!(Block::parse(text), None, "{text}");
        }
    }

    #[test]
    fn which_blocks_are_narrow() {
        for (text, narrow) in [
            ("10.0.0.0/8", true),
            ("10.0.0.0/7", false),
            ("0.0.0.0/0", false),
            ("192.0.2.1", true),
            ("101.*.*.100", true),
            ("*.*.*.100", false),
            ("2001:db8::/32", true),
            ("2001::/31", false),
        ] {
            assert_eq!(Block::parse(text).unwrap().is_narrow(), narrow, "{text}");
        }
    }
}
