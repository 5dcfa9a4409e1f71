//! Proof that a domain belongs to whoever binds it: the TXT record `_dnsauth.DOMAIN` holds the token (delivery.md §4). One
//! question to one name server over UDP (RFC 1035 §4); nothing is kept.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;
use tokio::net::UdpSocket;

/// How long an answer may take; asked twice.
const PATIENCE: Duration = Duration::from_secs(3);
const ATTEMPTS: usize = 2;
/// Largest answer that is read: without an extension a server sends no more than 512 bytes.
const MAX_ANSWER: usize = 4096;
/// Most records that are looked at.
const MAX_RECORDS: usize = 64;
const TXT: u16 = 16;
const INTERNET: u16 = 1;

/// A question for the TXT records of `name`; `None` when it is no domain name.
pub fn question(id: u16, name: &str) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(name.len() + 18);
    out.extend(id.to_be_bytes());
    // Recursion desired; one question.
    out.extend([1, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
    for label in name.split('.') {
        let length = u8::try_from(label.len())
            .ok()
            .filter(|l| (1..=63).contains(l))?;
        out.push(length);
        out.extend(label.as_bytes());
    }
    out.push(0);
    out.extend(TXT.to_be_bytes());
    out.extend(INTERNET.to_be_bytes());
    (out.len() <= 12 + 255 + 4).then_some(out)
}

/// The texts in an answer to `question`; `None` when the bytes are no answer to it. An answer that says that there is no such
/// name has no texts.
pub fn texts(question: &[u8], answer: &[u8]) -> Option<Vec<Vec<u8>>> {
    let (head, body) = answer.split_first_chunk::<12>()?;
    let [id_high, id_low, flags, code, _, questions, high, low, ..] = *head;
    let is_response = flags & 0x80 != 0;
    if question.get(..2)? != [id_high, id_low] || !is_response || questions != 1 {
        return None;
    }
    // 3: there is no such name.
    if !matches!(code & 15, 0 | 3) {
        return None;
    }
    let asked = question.get(12..)?;
    let (echoed, mut rest) = body.split_at_checked(asked.len())?;
    if !echoed.eq_ignore_ascii_case(asked) {
        return None;
    }
    let mut texts = Vec::new();
    for _ in 0..usize::from(u16::from_be_bytes([high, low])).min(MAX_RECORDS) {
        rest = after_name(rest)?;
        let (&[t1, t2, c1, c2, _, _, _, _, l1, l2], tail) = rest.split_first_chunk::<10>()?;
        let length = usize::from(u16::from_be_bytes([l1, l2]));
        let (data, tail) = tail.split_at_checked(length)?;
        if [t1, t2] == TXT.to_be_bytes() && [c1, c2] == INTERNET.to_be_bytes() {
            texts.push(joined(data)?);
        }
        rest = tail;
    }
    Some(texts)
}

/// What follows a name; a pointer ends it.
fn after_name(mut bytes: &[u8]) -> Option<&[u8]> {
    loop {
        let (&length, rest) = bytes.split_first()?;
        match length {
            0 => return Some(rest),
            1..=63 => bytes = rest.get(usize::from(length)..)?,
            192..=255 => return rest.get(1..),
            _ => return None,
        }
    }
}

/// The pieces of a TXT record, one after the other.
fn joined(mut data: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(data.len());
    while let Some((&length, rest)) = data.split_first() {
        let (piece, tail) = rest.split_at_checked(usize::from(length))?;
        out.extend_from_slice(piece);
        data = tail;
    }
    Some(out)
}

/// The TXT records of `name` at `server`.
///
/// Errors: no answer in time, or none that makes sense.
pub(crate) async fn look_up(server: SocketAddr, name: &str) -> std::io::Result<Vec<Vec<u8>>> {
    let mut last = std::io::Error::from(std::io::ErrorKind::TimedOut);
    for _ in 0..ATTEMPTS {
        match tokio::time::timeout(PATIENCE, ask(server, name)).await {
            Ok(Ok(texts)) => return Ok(texts),
            Ok(Err(error)) => last = error,
            Err(_) => {}
        }
    }
    Err(last)
}

async fn ask(server: SocketAddr, name: &str) -> std::io::Result<Vec<Vec<u8>>> {
    let any: IpAddr = if server.is_ipv4() {
        IpAddr::from([0; 4])
    } else {
        IpAddr::from([0; 16])
    };
    // A port and a number that nobody can guess: an answer from somewhere else does not get through.
    let socket = UdpSocket::bind(SocketAddr::new(any, 0)).await?;
    socket.connect(server).await?;
    let mut id = [0; 2];
    getrandom::fill(&mut id).map_err(std::io::Error::other)?;
    let question = question(u16::from_be_bytes(id), name)
        .ok_or(std::io::Error::from(std::io::ErrorKind::InvalidInput))?;
    socket.send(&question).await?;
    let mut answer = vec![0; MAX_ANSWER];
    loop {
        let length = socket.recv(&mut answer).await?;
        // What is no answer to this question may have been sent by somebody else.
        if let Some(texts) = texts(&question, answer.get(..length).unwrap_or(&[])) {
            return Ok(texts);
        }
    }
}

/// The first name server of `/etc/resolv.conf`, else the one on this machine.
pub fn system_server() -> SocketAddr {
    let text = std::fs::read_to_string("/etc/resolv.conf").unwrap_or_default();
    let named = text.lines().find_map(|line| {
        let mut words = line.split_whitespace();
        (words.next() == Some("nameserver"))
            .then(|| words.next()?.split('%').next()?.parse::<IpAddr>().ok())
            .flatten()
    });
    SocketAddr::new(named.unwrap_or(IpAddr::from([127, 0, 0, 1])), 53)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An answer with records of (type, data).
    pub(crate) fn answer(question: &[u8], code: u8, records: &[(u16, &[u8])]) -> Vec<u8> {
        let mut out = question.to_vec();
        out[2] = 0x81;
        out[3] = 0x80 | code;
        out[6..8].copy_from_slice(&(records.len() as u16).to_be_bytes());
        for (kind, data) in records {
            out.extend([0xC0, 12]);
            out.extend(kind.to_be_bytes());
            out.extend([0, 1, 0, 0, 0, 60]);
            out.extend((data.len() as u16).to_be_bytes());
            out.extend(*data);
        }
        out
    }

    #[test]
    fn answers() {
        let asked = question(7, "_dnsauth.a.example").unwrap();
        assert_eq!(&asked[12..21], b"\x08_dnsauth");
        let read = |answer: &[u8]| texts(&asked, answer);
        let good = answer(
            &asked,
            0,
            &[
                (16, b"\x05token"),
                (1, &[1, 2, 3, 4]),
                (16, b"\x03ab \x01c"),
            ],
        );
        assert_eq!(read(&good), Some(vec![b"token".to_vec(), b"ab c".to_vec()]));
        assert_eq!(read(&answer(&asked, 3, &[])), Some(vec![]));
        assert_eq!(read(&answer(&asked, 2, &[])), None);
        for at in [0, 1, 2, 13] {
            let mut other = good.clone();
            other[at] ^= 0x80;
            assert_eq!(read(&other), None, "{at}");
        }
        for cut in 0..good.len() {
            assert_eq!(read(&good[..cut]), None, "{cut}");
        }
        assert_eq!(read(&answer(&asked, 0, &[(16, b"\x09short")])), None);
        assert_eq!(question(1, "a..b"), None);
        assert_eq!(question(1, &"a".repeat(64)), None);
    }

    #[test]
    fn damaged_answers_do_not_panic() {
        let asked = question(7, "_dnsauth.a.example").unwrap();
        let good = answer(&asked, 0, &[(16, b"\x05token"), (16, b"\x03abc")]);
        for at in 0..good.len() {
            for byte in 0..=255 {
                let mut changed = good.clone();
                changed[at] = byte;
                let _ = texts(&asked, &changed);
            }
        }
    }

    #[tokio::test]
    async fn a_server_is_asked_and_strangers_are_not_believed() {
        let server = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let address = server.local_addr().unwrap();
        let served = tokio::spawn(async move {
            let mut bytes = [0; 512];
            let (length, client) = server.recv_from(&mut bytes).await.unwrap();
            let asked = &bytes[..length];
            let mut foreign = answer(asked, 0, &[(16, b"\x05wrong")]);
            foreign[0] ^= 1;
            server.send_to(&foreign, client).await.unwrap();
            let right = answer(asked, 0, &[(16, b"\x05right")]);
            server.send_to(&right, client).await.unwrap();
        });
        let texts = look_up(address, "_dnsauth.a.example").await.unwrap();
        assert_eq!(texts, [b"right"]);
        served.await.unwrap();
    }
}
