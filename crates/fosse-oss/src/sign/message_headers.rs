//! Header values as signatures see them (§1.4).

use smallvec::SmallVec;
use std::borrow::Cow;

/// Without spaces and tabs at either end.
pub(super) fn trim(mut value: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] = value {
        value = rest;
    }
    while let [rest @ .., b' ' | b'\t'] = value {
        value = rest;
    }
    value
}

/// The value of a header, trimmed; repeated headers joined with `,` in the order sent. `name` in lower case.
pub(super) fn value<'a>(headers: &[(&str, &'a [u8])], name: &str) -> Option<Cow<'a, [u8]>> {
    let mut found = headers
        .iter()
        .filter(|(other, _)| other.eq_ignore_ascii_case(name))
        .map(|(_, value)| trim(value));
    let first = found.next()?;
    let Some(second) = found.next() else {
        return Some(Cow::Borrowed(first));
    };
    let mut joined = first.to_vec();
    for value in std::iter::once(second).chain(found) {
        joined.push(b',');
        joined.extend_from_slice(value);
    }
    Some(Cow::Owned(joined))
}

/// How header values are read. The default is the rule; the others are second attempts for SDKs that sign something
/// else than they send.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct HeaderReading {
    /// A value that is not UTF-8 is taken as ISO-8859-1 and signed as UTF-8 (ali-oss, §1.4).
    pub(super) latin1: bool,
    /// `host` is signed without its port (Java, §5).
    pub(super) host_without_port: bool,
}

/// Appends `bytes` as the reading says.
pub(super) fn append_value(bytes: &[u8], reading: HeaderReading, out: &mut Vec<u8>) {
    if reading.latin1 && std::str::from_utf8(bytes).is_err() {
        let mut buffer = [0u8; 4];
        for &byte in bytes {
            out.extend_from_slice(char::from(byte).encode_utf8(&mut buffer).as_bytes());
        }
    } else {
        out.extend_from_slice(bytes);
    }
}

/// Appends `name:value LF` for each header that `signed` picks by its lower-case name, sorted by name.
pub(super) fn append_lines(
    headers: &[(&str, &[u8])],
    signed: impl Fn(&str) -> bool,
    reading: HeaderReading,
    out: &mut Vec<u8>,
) {
    let mut lines: SmallVec<[(Cow<'_, str>, &[u8]); 12]> = SmallVec::new();
    for (name, value) in headers {
        let name = if name.bytes().any(|byte| byte.is_ascii_uppercase()) {
            Cow::Owned(name.to_ascii_lowercase())
        } else {
            Cow::Borrowed(*name)
        };
        if signed(&name) {
            lines.push((name, trim(value)));
        }
    }
    // Stable: repeated headers keep the order in which they were sent.
    lines.sort_by(|a, b| a.0.cmp(&b.0));
    let mut previous: Option<&str> = None;
    for (name, value) in &lines {
        if previous == Some(name) {
            out.push(b',');
        } else {
            if previous.is_some() {
                out.push(b'\n');
            }
            out.extend_from_slice(name.as_bytes());
            out.push(b':');
        }
        let value = if reading.host_without_port && name == "host" {
            without_port(value)
        } else {
            value
        };
        append_value(value, reading, out);
        previous = Some(name);
    }
    if previous.is_some() {
        out.push(b'\n');
    }
}

/// A Host value without `:port`. An IPv6 literal keeps its brackets and colons.
pub(super) fn without_port(host: &[u8]) -> &[u8] {
    match host.iter().rposition(|&byte| byte == b':') {
        Some(at) => {
            let (name, port) = host.split_at_checked(at).unwrap_or((host, &[]));
            let digits = port.get(1..).unwrap_or(&[]);
            let literal = name.contains(&b':') && !name.ends_with(b"]");
            if literal || digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
                host
            } else {
                name
            }
        }
        None => host,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADERS: &[(&str, &[u8])] = &[
        ("X-Oss-Meta-B", b" two  words\t"),
        ("x-oss-meta-a", b"1"),
        ("Date", b"now"),
        ("x-oss-meta-A", b" 2"),
        ("x-oss-empty", b""),
    ];

    #[test]
    fn lines_are_lower_case_sorted_trimmed_and_joined() {
        let mut out = Vec::new();
        append_lines(
            HEADERS,
            |name| name.starts_with("x-oss-"),
            HeaderReading::default(),
            &mut out,
        );
        assert_eq!(
            out,
            b"x-oss-empty:\nx-oss-meta-a:1,2\nx-oss-meta-b:two  words\n"
        );
        let mut out = Vec::new();
        append_lines(HEADERS, |_| false, HeaderReading::default(), &mut out);
        assert!(out.is_empty());
    }

    #[test]
    fn value_joins_repeats() {
        assert_eq!(
            value(HEADERS, "x-oss-meta-a").as_deref(),
            Some(b"1,2".as_slice())
        );
        assert_eq!(value(HEADERS, "date").as_deref(), Some(b"now".as_slice()));
        assert_eq!(
            value(HEADERS, "x-oss-empty").as_deref(),
            Some(b"".as_slice())
        );
        assert_eq!(value(HEADERS, "host"), None);
    }

    #[test]
    fn latin1_reading_touches_only_what_is_not_utf8() {
        let reading = HeaderReading {
            latin1: true,
            ..HeaderReading::default()
        };
        let mut out = Vec::new();
        append_value(b"caf\xe9", reading, &mut out);
        append_value("é".as_bytes(), reading, &mut out);
        assert_eq!(out, "caféé".as_bytes());
    }

    #[test]
    fn ports_come_off() {
        for (host, bare) in [
            ("a.b:80", "a.b"),
            ("a.b", "a.b"),
            ("a.b:", "a.b:"),
            ("[::1]:9000", "[::1]"),
            ("[::1]", "[::1]"),
            ("::1", "::1"),
            ("a:b", "a:b"),
        ] {
            assert_eq!(without_port(host.as_bytes()), bare.as_bytes(), "{host}");
        }
    }
}
