//! Percent-encoding as OSS uses it (signing.md §1, §1.2, §1.3).

use std::borrow::Cow;

/// Bytes that [`encode_component`] leaves alone: `A-Z a-z 0-9 - . _ ~`.
const UNRESERVED: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0usize;
    while byte < 256 {
        #[allow(clippy::indexing_slicing)] // evaluated by the compiler, cannot fail at run time
        {
            table[byte] = matches!(byte as u8, b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~');
        }
        byte += 1;
    }
    table
};

fn is_unreserved(byte: u8) -> bool {
    UNRESERVED.get(usize::from(byte)).copied().unwrap_or(false)
}

/// Upper-case hex digit of a nibble.
fn hex_digit(nibble: u8) -> u8 {
    match nibble {
        0..=9 => b'0' + nibble,
        _ => b'A' + nibble.saturating_sub(10),
    }
}

fn hex_value(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

fn escape(byte: u8, out: &mut Vec<u8>) {
    out.extend_from_slice(&[b'%', hex_digit(byte >> 4), hex_digit(byte & 15)]);
}

/// Copies runs of unreserved bytes and hands each other byte to `special` with what follows it;
/// `special` says how many of the following bytes it used.
fn by_runs<E>(
    mut bytes: &[u8],
    out: &mut Vec<u8>,
    mut special: impl FnMut(u8, &[u8], &mut Vec<u8>) -> Result<usize, E>,
) -> Result<(), E> {
    loop {
        let run = bytes
            .iter()
            .position(|&byte| !is_unreserved(byte))
            .unwrap_or(bytes.len());
        let (plain, rest) = bytes.split_at_checked(run).unwrap_or((bytes, &[]));
        out.extend_from_slice(plain);
        let Some((&byte, rest)) = rest.split_first() else {
            return Ok(());
        };
        let used = special(byte, rest, out)?;
        bytes = rest.get(used..).unwrap_or(&[]);
    }
}

/// [`encode_component`] into a byte buffer, which canonical forms are built in.
pub(crate) fn encode_component_into(bytes: &[u8], out: &mut Vec<u8>) {
    let done: Result<(), std::convert::Infallible> = by_runs(bytes, out, |byte, _, out| {
        escape(byte, out);
        Ok(0)
    });
    match done {
        Ok(()) => {}
        Err(never) => match never {},
    }
}

/// [`encode_path`] into a byte buffer.
pub(crate) fn encode_path_into(bytes: &[u8], out: &mut Vec<u8>) {
    let done: Result<(), std::convert::Infallible> = by_runs(bytes, out, |byte, _, out| {
        if byte == b'/' {
            out.push(byte);
        } else {
            escape(byte, out);
        }
        Ok(0)
    });
    match done {
        Ok(()) => {}
        Err(never) => match never {},
    }
}

/// Decodes as [`decode_query`] does and encodes again as [`encode_component`] does, in one pass and
/// without a buffer between. This is why a verifier may start from the raw query text.
pub(crate) fn recode_query_into(raw: &[u8], out: &mut Vec<u8>) -> Result<(), BadEscape> {
    by_runs(raw, out, |byte, rest, out| match byte {
        b'+' => {
            out.extend_from_slice(b"%20");
            Ok(0)
        }
        b'%' => {
            let byte = escaped_byte(rest)?;
            if is_unreserved(byte) {
                out.push(byte);
            } else {
                escape(byte, out);
            }
            Ok(2)
        }
        _ => {
            escape(byte, out);
            Ok(0)
        }
    })
}

/// The byte that the two hex digits at the start of `rest` stand for.
fn escaped_byte(rest: &[u8]) -> Result<u8, BadEscape> {
    let (Some(high), Some(low)) = (
        rest.first().copied().and_then(hex_value),
        rest.get(1).copied().and_then(hex_value),
    ) else {
        return Err(BadEscape);
    };
    Ok(high << 4 | low)
}

/// `ENC`: every byte except `A-Z a-z 0-9 - . _ ~` becomes `%XX`, upper-case hex.
pub fn encode_component(bytes: &[u8], out: &mut String) {
    append(bytes, out, encode_component_into);
}

/// `ENCPATH`: like [`encode_component`], but `/` stays.
pub fn encode_path(bytes: &[u8], out: &mut String) {
    append(bytes, out, encode_path_into);
}

fn append(bytes: &[u8], out: &mut String, encode: fn(&[u8], &mut Vec<u8>)) {
    let mut buffer = std::mem::take(out).into_bytes();
    buffer.reserve(bytes.len());
    encode(bytes, &mut buffer);
    // Only ASCII was added to what already was text, so this never takes the lossy way.
    *out = String::from_utf8(buffer)
        .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned());
}

/// Why a percent-encoded text could not be decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a % that is not followed by two hex digits")]
pub struct BadEscape;

/// Decodes a path exactly once: `%XX` to a byte, `+` stays a plus.
///
/// # Errors
/// [`BadEscape`] when a `%` is not followed by two hex digits.
pub fn decode_path(raw: &str) -> Result<Cow<'_, [u8]>, BadEscape> {
    let bytes = raw.as_bytes();
    match memchr::memchr(b'%', bytes) {
        None => Ok(Cow::Borrowed(bytes)),
        Some(first) => decode_from(bytes, first, false).map(Cow::Owned),
    }
}

/// Decodes a query name or value: `+` to a space, then `%XX` to a byte.
///
/// # Errors
/// [`BadEscape`] when a `%` is not followed by two hex digits.
pub fn decode_query(raw: &str) -> Result<Cow<'_, [u8]>, BadEscape> {
    let bytes = raw.as_bytes();
    match memchr::memchr2(b'%', b'+', bytes) {
        None => Ok(Cow::Borrowed(bytes)),
        Some(first) => decode_from(bytes, first, true).map(Cow::Owned),
    }
}

fn decode_from(bytes: &[u8], first: usize, plus: bool) -> Result<Vec<u8>, BadEscape> {
    let mut out = Vec::with_capacity(bytes.len());
    let (mut rest, mut next) = (bytes, Some(first));
    while let Some(at) = next {
        let (plain, special) = rest.split_at_checked(at).unwrap_or((rest, &[]));
        out.extend_from_slice(plain);
        rest = match special.split_first() {
            Some((b'%', tail)) => {
                out.push(escaped_byte(tail)?);
                tail.get(2..).unwrap_or(&[])
            }
            Some((_, tail)) => {
                out.push(b' ');
                tail
            }
            None => &[],
        };
        next = if plus {
            memchr::memchr2(b'%', b'+', rest)
        } else {
            memchr::memchr(b'%', rest)
        };
    }
    out.extend_from_slice(rest);
    Ok(out)
}

/// Whether every byte may stand in an encoded query: unreserved, `%`, `&` or `=`. Written without an early exit, so
/// that the compiler can look at many bytes at a time.
pub(crate) fn is_encoded_alphabet(raw: &[u8]) -> bool {
    raw.iter().fold(true, |all, &byte| {
        let letter = (byte | 0x20).wrapping_sub(b'a') < 26;
        let digit = byte.wrapping_sub(b'0') < 10;
        let dash_or_dot = byte.wrapping_sub(b'-') < 2;
        let other =
            (byte == b'_') | (byte == b'~') | (byte == b'%') | (byte == b'&') | (byte == b'=');
        all & (letter | digit | dash_or_dot | other)
    })
}

/// Whether the text, of whose other bytes nothing is said, has only escapes that [`encode_component`] would write:
/// upper-case hex of bytes that need one.
///
/// # Errors
/// [`BadEscape`] when a `%` is not followed by two hex digits.
pub(crate) fn escapes_are_canonical(raw: &[u8]) -> Result<bool, BadEscape> {
    let mut canonical = true;
    let mut rest = raw;
    while let Some(at) = memchr::memchr(b'%', rest) {
        let digits = rest.get(at + 1..).unwrap_or(&[]);
        let byte = escaped_byte(digits)?;
        let upper = |digit: Option<&u8>| digit.is_some_and(|digit| !digit.is_ascii_lowercase());
        canonical &= !is_unreserved(byte) && upper(digits.first()) && upper(digits.get(1));
        rest = digits.get(2..).unwrap_or(&[]);
    }
    Ok(canonical)
}

/// Orders two decoded texts as their encodings sort: `%` sorts before everything unreserved, and upper-case hex sorts
/// as the bytes that it stands for.
pub(crate) fn cmp_encoded(a: &[u8], b: &[u8]) -> std::cmp::Ordering {
    let rank = |byte: &u8| (is_unreserved(*byte), *byte);
    a.iter().map(rank).cmp(b.iter().map(rank))
}

/// Lower-case hex of a digest.
pub(crate) fn hex_lower(digest: &[u8; 32]) -> [u8; 64] {
    let mut out = [0u8; 64];
    for (pair, &byte) in out.chunks_exact_mut(2).zip(digest) {
        if let [high, low] = pair {
            *high = hex_digit(byte >> 4).to_ascii_lowercase();
            *low = hex_digit(byte & 15).to_ascii_lowercase();
        }
    }
    out
}

/// Upper-case hex byte pairs, each followed by a space, the last one too (signing.md §10.1).
pub(crate) fn spaced_hex(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len() * 3);
    for &byte in bytes {
        out.push(char::from(hex_digit(byte >> 4)));
        out.push(char::from(hex_digit(byte & 15)));
        out.push(' ');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn component(bytes: &[u8]) -> String {
        let mut out = String::from("é");
        encode_component(bytes, &mut out);
        out.split_off("é".len())
    }

    fn path(bytes: &[u8]) -> String {
        let mut out = String::new();
        encode_path(bytes, &mut out);
        out
    }

    #[test]
    fn component_escapes_everything_but_unreserved() {
        assert_eq!(component(b"AZaz09-._~"), "AZaz09-._~");
        assert_eq!(component(b" +*'!()/"), "%20%2B%2A%27%21%28%29%2F");
        assert_eq!(component("中".as_bytes()), "%E4%B8%AD");
        assert_eq!(component(&[0, 0x7f, 0xff]), "%00%7F%FF");
        assert_eq!(path(b"a b//c+d"), "a%20b//c%2Bd");
    }

    #[test]
    fn every_byte_is_escaped_or_unreserved() {
        for byte in 0..=255u8 {
            let text = component(&[byte]);
            if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
                assert_eq!(text.as_bytes(), [byte]);
            } else {
                assert_eq!(text, format!("%{byte:02X}"));
            }
        }
    }

    #[test]
    fn plus_is_a_space_only_in_a_query() {
        assert_eq!(&*decode_query("a+b%2Bc").unwrap(), b"a b+c");
        assert_eq!(&*decode_path("a+b%2bc").unwrap(), b"a+b+c");
        assert!(matches!(decode_query("plain").unwrap(), Cow::Borrowed(_)));
    }

    #[test]
    fn broken_escapes_are_refused() {
        for raw in ["%", "%2", "a%zz", "%2G", "%%20", "x%é"] {
            assert_eq!(decode_path(raw), Err(BadEscape), "{raw}");
            assert_eq!(decode_query(raw), Err(BadEscape), "{raw}");
            assert_eq!(
                escapes_are_canonical(raw.as_bytes()),
                Err(BadEscape),
                "{raw}"
            );
            assert_eq!(
                recode_query_into(raw.as_bytes(), &mut Vec::new()),
                Err(BadEscape),
                "{raw}"
            );
        }
    }

    #[test]
    fn canonical_escapes_are_those_that_encoding_writes() {
        for (raw, canonical) in [
            ("", true),
            ("a%20b%C3%A9", true),
            ("%c3", false),
            ("%C3%a9", false),
            ("%41", false),
            ("%7E", false),
        ] {
            assert_eq!(
                escapes_are_canonical(raw.as_bytes()),
                Ok(canonical),
                "{raw}"
            );
        }
    }

    #[test]
    fn the_alphabet_of_an_encoded_query() {
        for byte in 0..=255u8 {
            let allowed = is_unreserved(byte) || b"%&=".contains(&byte);
            assert_eq!(is_encoded_alphabet(&[byte; 40]), allowed, "{byte:#x}");
        }
    }

    #[test]
    fn encoded_order_is_the_order_of_the_encodings() {
        let texts: Vec<Vec<u8>> = (0..=255u8)
            .flat_map(|byte| [vec![byte], vec![b'a', byte], vec![byte, b'a']])
            .collect();
        for a in &texts {
            for b in &texts {
                assert_eq!(
                    cmp_encoded(a, b),
                    component(a).cmp(&component(b)),
                    "{a:?} {b:?}"
                );
            }
        }
    }

    #[test]
    fn decoding_happens_once() {
        assert_eq!(&*decode_path("%252F").unwrap(), b"%2F");
        assert_eq!(&*decode_query("%2525").unwrap(), b"%25");
    }

    #[test]
    fn recoding_is_decoding_then_encoding() {
        let raw = "a+%7e%2f!('*)%E4%b8%AD~.%20";
        let mut direct = Vec::new();
        recode_query_into(raw.as_bytes(), &mut direct).unwrap();
        assert_eq!(direct, component(&decode_query(raw).unwrap()).as_bytes());
        assert_eq!(direct, b"a%20~%2F%21%28%27%2A%29%E4%B8%AD~.%20");
    }

    #[test]
    fn hex_forms() {
        let mut digest = [0u8; 32];
        digest[0] = 0xab;
        digest[31] = 0x09;
        let text = hex_lower(&digest);
        assert!(text.starts_with(b"ab00") && text.ends_with(b"0009"));
        assert_eq!(spaced_hex(b"\n\xff"), "0A FF ");
    }
}
