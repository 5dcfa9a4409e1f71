//! The URL of a callback.

use std::fmt::Write as _;

/// An absolute URL of a callback, in the parts that a connection and a request line need.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallbackUrl {
    /// `https`, else `http`.
    pub https: bool,
    /// Name or address, lower-case, an IPv6 address without brackets.
    pub host: String,
    /// The port, or that of the scheme.
    pub port: u16,
    /// Host and port as written: the default of `Host`.
    pub authority: String,
    /// Path as it is sent, with its escapes; at least `/`.
    pub path: String,
    /// Query as it is sent, without `?`.
    pub query: Option<String>,
}

/// Whether a text can be a `Host`: a name or address with an optional port.
pub(super) fn is_authority(text: &str) -> bool {
    split_authority(text).is_some()
}

/// Host (lower-case, without brackets) and port.
fn split_authority(authority: &str) -> Option<(String, Option<u16>)> {
    let (host, port) = match authority.strip_prefix('[') {
        Some(rest) => {
            let (address, port) = rest.split_once(']')?;
            address.parse::<std::net::Ipv6Addr>().ok()?;
            (address, port)
        }
        None => {
            let at = authority.find(':').unwrap_or(authority.len());
            let (host, port) = authority.split_at_checked(at)?;
            let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
            if host.is_empty() || host.len() > 253 || !host.bytes().all(allowed) {
                return None;
            }
            (host, port)
        }
    };
    let port = match port.strip_prefix(':') {
        None if port.is_empty() => None,
        None => return None,
        Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
            Some(digits.parse::<u16>().ok().filter(|port| *port > 0)?)
        }
        Some(_) => return None,
    };
    Some((host.to_ascii_lowercase(), port))
}

impl CallbackUrl {
    /// Reads a URL; without a scheme it is http. What a request line cannot carry is percent-encoded, a fragment is
    /// left out. `None` for another scheme, user information, or an authority that is none.
    pub fn parse(text: &str) -> Option<Self> {
        let (scheme, rest) = match text.split_once("://") {
            Some((scheme, rest)) if !scheme.contains(['/', '?', '.']) => (scheme, rest),
            _ => ("http", text),
        };
        let https = match scheme.to_ascii_lowercase().as_str() {
            "http" => false,
            "https" => true,
            _ => return None,
        };
        let rest = rest.split('#').next().unwrap_or_default();
        let (authority, target) =
            rest.split_at_checked(rest.find(['/', '?']).unwrap_or(rest.len()))?;
        let (host, port) = split_authority(authority)?;
        let (path, query) = match target.split_once('?') {
            Some((path, query)) => (path, Some(escaped(query))),
            None => (target, None),
        };
        Some(Self {
            https,
            host,
            port: port.unwrap_or(if https { 443 } else { 80 }),
            authority: authority.to_owned(),
            path: if path.is_empty() {
                "/".to_owned()
            } else {
                escaped(path)
            },
            query,
        })
    }
}

/// RFC 3986: everything that is neither reserved nor unreserved is percent-encoded; what is escaped already stays.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~:/?@!$&'()*+,;=%".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_taken_apart() {
        for (text, https, host, port, authority, path, query) in [
            (
                "http://a.example",
                false,
                "a.example",
                80,
                "a.example",
                "/",
                None,
            ),
            (
                "121.101.166.30/test.php",
                false,
                "121.101.166.30",
                80,
                "121.101.166.30",
                "/test.php",
                None,
            ),
            (
                "HTTPS://A.Example:8443/x?y=1&z#top",
                true,
                "a.example",
                8443,
                "A.Example:8443",
                "/x",
                Some("y=1&z"),
            ),
            (
                "http://[::1]:81?q",
                false,
                "::1",
                81,
                "[::1]:81",
                "/",
                Some("q"),
            ),
            (
                "a:9000/http://b",
                false,
                "a",
                9000,
                "a:9000",
                "/http://b",
                None,
            ),
            (
                "http://a/中 \"%41",
                false,
                "a",
                80,
                "a",
                "/%E4%B8%AD%20%22%41",
                None,
            ),
        ] {
            assert_eq!(
                CallbackUrl::parse(text),
                Some(CallbackUrl {
                    https,
                    host: host.into(),
                    port,
                    authority: authority.into(),
                    path: path.into(),
                    query: query.map(str::to_owned),
                }),
                "{text}"
            );
        }
    }

    #[test]
    fn what_is_no_url_is_refused() {
        for text in [
            "",
            "/",
            "http://",
            "http:///x",
            "ftp://a/",
            "http://user@a/",
            "http://a:b/",
            "http://a:0/",
            "http://a:70000/",
            "http://[::1/",
            "http://[a]/",
            "http://a b/",
            "http://a\r\n/",
            "http://中/",
            "http://[::1]x/",
            "javascript:alert(1)",
        ] {
            assert_eq!(CallbackUrl::parse(text), None, "{text}");
        }
    }
}
