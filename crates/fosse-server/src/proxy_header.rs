//! The PROXY protocol, version 2: how a load balancer that does not speak HTTP says who its client is, in a few bytes
//! before everything else. Follows the specification of HAProxy, section 2.2; version 1 (text) is not understood.
//!
//! Only listeners that are configured for it read it, and only from trusted proxies.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use tokio::io::{AsyncRead, AsyncReadExt};

/// The first bytes of every header.
pub const SIGNATURE: [u8; 12] = *b"\r\n\r\n\0\r\nQUIT\n";
/// Bytes before the part whose length the header tells.
const FIXED: usize = 16;
/// Most bytes after the fixed part: addresses take 36, the rest is left to extensions.
const MAX_REST: usize = 4096;
/// Extension that tells about TLS between client and proxy.
const TLV_SSL: u8 = 0x20;

/// What a header says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ProxyHeader {
    /// The client. `None`: the proxy speaks for itself (a health check), or does not know.
    pub client: Option<SocketAddr>,
    /// The client spoke TLS with the proxy.
    pub tls: bool,
}

/// Bytes that are no PROXY protocol header of version 2.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no PROXY protocol header of version 2")]
pub struct BadProxyHeader;

/// Reads a header from the beginning of `bytes`: what it says and how many bytes it has. `None`: more bytes are needed.
///
/// # Errors
/// [`BadProxyHeader`] for another beginning, version or command, for addresses that do not fit the announced length, and for a
/// length above 4 KiB.
pub fn parse(bytes: &[u8]) -> Result<Option<(ProxyHeader, usize)>, BadProxyHeader> {
    let known = bytes.len().min(SIGNATURE.len());
    if bytes.get(..known) != SIGNATURE.get(..known) {
        return Err(BadProxyHeader);
    }
    let Some(&[version_command, family, high, low]) = bytes
        .get(SIGNATURE.len()..FIXED)
        .and_then(<[u8]>::first_chunk)
    else {
        return Ok(None);
    };
    let length = usize::from(u16::from_be_bytes([high, low]));
    if version_command >> 4 != 2 || length > MAX_REST {
        return Err(BadProxyHeader);
    }
    let Some(rest) = bytes.get(FIXED..FIXED + length) else {
        return Ok(None);
    };
    let header = match version_command & 15 {
        0 => ProxyHeader::default(),
        1 => client(family, rest)?,
        _ => return Err(BadProxyHeader),
    };
    Ok(Some((header, FIXED + length)))
}

/// Addresses and extensions of a connection that is passed on.
fn client(family: u8, rest: &[u8]) -> Result<ProxyHeader, BadProxyHeader> {
    let (client, extensions) = match family {
        // TCP over IPv4: source, destination, source port, destination port.
        0x11 => {
            let (addresses, tail) = rest.split_first_chunk::<12>().ok_or(BadProxyHeader)?;
            let [a, b, c, d, _, _, _, _, high, low, _, _] = *addresses;
            let ip = IpAddr::V4(Ipv4Addr::new(a, b, c, d));
            (
                Some(SocketAddr::new(ip, u16::from_be_bytes([high, low]))),
                tail,
            )
        }
        // TCP over IPv6.
        0x21 => {
            let (source, tail) = rest.split_first_chunk::<16>().ok_or(BadProxyHeader)?;
            let (_, tail) = tail.split_first_chunk::<16>().ok_or(BadProxyHeader)?;
            let (&[high, low, _, _], tail) = tail.split_first_chunk::<4>().ok_or(BadProxyHeader)?;
            let ip = IpAddr::V6(Ipv6Addr::from(*source));
            (
                Some(SocketAddr::new(ip, u16::from_be_bytes([high, low]))),
                tail,
            )
        }
        // Anything else carries no address that an HTTP client can have.
        _ => return Ok(ProxyHeader::default()),
    };
    Ok(ProxyHeader {
        client,
        tls: speaks_tls(extensions),
    })
}

/// Whether an extension says that the client connected over TLS. What is malformed says nothing.
fn speaks_tls(mut extensions: &[u8]) -> bool {
    while let Some((&[kind, high, low], tail)) = extensions.split_first_chunk::<3>() {
        let length = usize::from(u16::from_be_bytes([high, low]));
        let Some(value) = tail.get(..length) else {
            return false;
        };
        if kind == TLV_SSL {
            return value.first().is_some_and(|flags| flags & 1 == 1);
        }
        extensions = tail.get(length..).unwrap_or(&[]);
    }
    false
}

/// Takes the header off the beginning of a connection, and not one byte more.
pub(crate) async fn read<S: AsyncRead + Unpin>(stream: &mut S) -> std::io::Result<ProxyHeader> {
    let bad = |error| std::io::Error::new(std::io::ErrorKind::InvalidData, error);
    let mut bytes = vec![0; FIXED];
    stream.read_exact(&mut bytes).await?;
    loop {
        match parse(&bytes).map_err(bad)? {
            Some((header, _)) => return Ok(header),
            None => {
                // The fixed part is complete, so only the announced rest can be missing.
                let announced = match bytes.get(14..FIXED) {
                    Some(&[high, low]) => usize::from(u16::from_be_bytes([high, low])),
                    _ => return Err(bad(BadProxyHeader)),
                };
                let start = bytes.len();
                bytes.resize(FIXED + announced, 0);
                let rest = bytes.get_mut(start..).unwrap_or_default();
                stream.read_exact(rest).await?;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(command: u8, family: u8, rest: &[u8]) -> Vec<u8> {
        let mut out = SIGNATURE.to_vec();
        out.extend([command, family]);
        out.extend((rest.len() as u16).to_be_bytes());
        out.extend(rest);
        out
    }

    const V4: [u8; 12] = [192, 0, 2, 7, 10, 0, 0, 1, 0x12, 0x34, 0, 80];

    #[test]
    fn clients() {
        let v4 = header(0x21, 0x11, &V4);
        let told = |bytes: &[u8]| parse(bytes).unwrap().unwrap();
        let expected = ProxyHeader {
            client: Some("192.0.2.7:4660".parse().unwrap()),
            tls: false,
        };
        assert_eq!(told(&v4), (expected, 28));
        let mut followed = v4.clone();
        followed.extend(b"GET / HTTP/1.1");
        assert_eq!(told(&followed), (expected, 28));
        let mut v6 = [0; 36];
        v6[..16].copy_from_slice(&"2001:db8::5".parse::<Ipv6Addr>().unwrap().octets());
        v6[33] = 9;
        let (six, _) = told(&header(0x21, 0x21, &v6));
        assert_eq!(six.client, Some("[2001:db8::5]:9".parse().unwrap()));
        // A health check of the proxy, a family without addresses, a datagram, a UNIX socket.
        for (command, family, rest) in [
            (0x20, 0x11, &V4[..]),
            (0x20, 0, &[]),
            (0x21, 0, &[]),
            (0x21, 0x12, &V4),
            (0x21, 0x31, &[0; 216]),
        ] {
            assert_eq!(
                told(&header(command, family, rest)).0,
                ProxyHeader::default()
            );
        }
    }

    #[test]
    fn extensions() {
        let with = |extension: &[u8]| {
            let rest = [&V4[..], extension].concat();
            parse(&header(0x21, 0x11, &rest)).unwrap().unwrap().0.tls
        };
        assert!(with(&[0x20, 0, 5, 1, 0, 0, 0, 0]));
        assert!(with(&[0x04, 0, 1, 7, 0x20, 0, 5, 7, 0, 0, 0, 0]));
        assert!(!with(&[0x20, 0, 5, 0, 0, 0, 0, 0]));
        assert!(!with(&[0x20, 0, 0]));
        assert!(!with(&[0x20, 0, 50, 1]));
        assert!(!with(&[0x20]));
    }

    #[test]
    fn what_is_no_header_is_refused_and_what_is_cut_waits() {
        let good = header(0x21, 0x11, &V4);
        for cut in 0..good.len() {
            assert_eq!(parse(&good[..cut]), Ok(None), "{cut}");
        }
        for (at, byte) in [(0, b'G'), (11, b'x'), (12, 0x11), (12, 0x22), (12, 0x31)] {
            let mut bad = good.clone();
            bad[at] = byte;
            assert_eq!(parse(&bad), Err(BadProxyHeader), "{at}");
        }
        assert_eq!(parse(b"GET / HTTP/1.1\r\n"), Err(BadProxyHeader));
        assert_eq!(
            parse(b"PROXY TCP4 1.2.3.4 1.2.3.4 1 2\r\n"),
            Err(BadProxyHeader)
        );
        assert_eq!(parse(&header(0x21, 0x11, &V4[..11])), Err(BadProxyHeader));
        assert_eq!(parse(&header(0x21, 0x21, &[0; 35])), Err(BadProxyHeader));
        let mut long = good;
        long[14] = 0xFF;
        assert_eq!(parse(&long), Err(BadProxyHeader));
    }

    #[tokio::test]
    async fn no_byte_behind_the_header_is_taken() {
        let mut stream = header(0x21, 0x11, &V4);
        stream.extend(b"GET");
        let mut stream: &[u8] = &stream;
        assert!(read(&mut stream).await.unwrap().client.is_some());
        assert_eq!(stream, b"GET");
        let mut cut: &[u8] = &header(0x21, 0x11, &V4)[..20];
        assert!(read(&mut cut).await.is_err());
    }
}
