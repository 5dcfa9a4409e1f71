//! Where a signed request may come from: `x-oss-ac-source-ip`, `-subnet-mask`, `-vpc-id` and `-forward-allow`
//! (access-control.md §8.1). They are part of the signature: the verifier puts the client's own masked address in the place of
//! the one that the request names, so that a request from elsewhere has another signature.

use super::Param;
use super::auth_params::AuthParams;
use smallvec::SmallVec;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The parameter that the verifier fills in itself.
pub(super) const SOURCE_IP: &str = "x-oss-ac-source-ip";

/// Most addresses that a request is tried with: the connection and a chain of proxies.
const MAX_ADDRESSES: usize = 9;

/// Where a request came from, as far as the server knows. The default knows nothing: no limited request verifies then.
#[derive(Debug, Clone, Copy, Default)]
pub struct Client<'a> {
    /// The other end of the connection (or what a PROXY protocol header says about it).
    pub address: Option<IpAddr>,
    /// Addresses of `X-Forwarded-For` that proxies vouch for; only looked at when the request allows it.
    pub forwarded: &'a [IpAddr],
    /// The VPC that the request came through.
    pub vpc: Option<&'a str>,
}

/// The limits of one request.
pub(super) struct SourceLimit {
    /// 1-bits; `None` for a full mask.
    mask: Option<u8>,
    forward: bool,
}

/// `x-oss-ac-subnet-mask` is no number of bits.
pub(super) struct BadMask;

impl SourceLimit {
    /// The limits to addresses; `None` when the request has none. The family of the address that the request names
    /// decides how long a mask may be, else that of the client.
    pub(super) fn read(
        sent: &AuthParams<'_, '_>,
        client: &Client<'_>,
    ) -> Result<Option<Self>, BadMask> {
        if sent.subnet_mask.is_none() && sent.source_ip.is_none() {
            return Ok(None);
        }
        let named: Option<IpAddr> = sent
            .source_ip
            .and_then(Param::text)
            .and_then(|text| text.parse().ok());
        let most = match named
            .or(client.address)
            .map(|address| address.to_canonical())
        {
            Some(IpAddr::V4(_)) => 32,
            _ => 128,
        };
        let mask = match sent.subnet_mask {
            None => None,
            Some(param) => Some(read_mask(param, most).ok_or(BadMask)?),
        };
        let forward = sent
            .forward_allow
            .and_then(Param::text)
            .is_some_and(|text| text.eq_ignore_ascii_case("true"));
        Ok(Some(Self { mask, forward }))
    }

    /// The networks that may stand in the signature, the connection's first. Never empty.
    pub(super) fn networks(&self, client: &Client<'_>) -> SmallVec<[String; 1]> {
        let forwarded = if self.forward { client.forwarded } else { &[] };
        let mut networks: SmallVec<[String; 1]> = SmallVec::new();
        for address in client.address.iter().chain(forwarded).take(MAX_ADDRESSES) {
            let network = masked(*address, self.mask);
            if !networks.contains(&network) {
                networks.push(network);
            }
        }
        if networks.is_empty() {
            // No signer writes this.
            networks.push("unknown".to_owned());
        }
        networks
    }
}

fn read_mask(param: &Param<'_>, most: u8) -> Option<u8> {
    let text = param.text()?;
    let digits = (1..=3).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse::<u8>()
        .ok()
        .filter(|bits| digits && *bits <= most)
}

/// `address AND mask` as text. An IPv4 address within IPv6 is an IPv4 address; a mask that is too long for the family
/// is a full one.
fn masked(address: IpAddr, mask: Option<u8>) -> String {
    match address.to_canonical() {
        IpAddr::V4(v4) => {
            let bits = u32::from(mask.unwrap_or(32).min(32));
            let mask = u32::MAX.checked_shl(32 - bits).unwrap_or(0);
            Ipv4Addr::from(u32::from(v4) & mask).to_string()
        }
        IpAddr::V6(v6) => {
            let bits = u32::from(mask.unwrap_or(128).min(128));
            let mask = u128::MAX.checked_shl(128 - bits).unwrap_or(0);
            Ipv6Addr::from(u128::from(v6) & mask).to_string()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks() {
        for (address, mask, network) in [
            ("192.0.2.77", Some(24), "192.0.2.0"),
            ("192.0.2.77", Some(32), "192.0.2.77"),
            ("192.0.2.77", None, "192.0.2.77"),
            ("192.0.2.77", Some(0), "0.0.0.0"),
            ("192.0.2.77", Some(128), "192.0.2.77"),
            ("255.255.255.255", Some(1), "128.0.0.0"),
            ("::ffff:192.0.2.77", Some(24), "192.0.2.0"),
            ("2001:db8:1:2::3", Some(48), "2001:db8:1::"),
            ("2001:db8::3", Some(128), "2001:db8::3"),
            ("2001:db8::3", None, "2001:db8::3"),
            ("2001:db8::3", Some(0), "::"),
        ] {
            assert_eq!(masked(address.parse().unwrap(), mask), network, "{address}");
        }
    }

    #[test]
    fn a_chain_is_cut_and_without_repeats() {
        let many: Vec<IpAddr> = (0..50u8).map(|n| IpAddr::from([10, 0, 0, n])).collect();
        let client = Client {
            address: Some(IpAddr::from([10, 0, 0, 0])),
            forwarded: &many,
            vpc: None,
        };
        let networks = |mask, forward| SourceLimit { mask, forward }.networks(&client).to_vec();
        assert_eq!(networks(None, false), ["10.0.0.0"]);
        assert_eq!(networks(Some(8), true), ["10.0.0.0"]);
        assert_eq!(networks(None, true).len(), MAX_ADDRESSES - 1);
        assert_eq!(
            SourceLimit {
                mask: None,
                forward: true
            }
            .networks(&Client::default())
            .to_vec(),
            ["unknown"]
        );
    }
}
