//! `x-oss-persistent-headers`: further headers that an object is given back with (api-objects.md §0.8).

use crate::OssError;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// The header.
pub const PERSISTENT_HEADERS: &str = "x-oss-persistent-headers";
/// Most bytes of names and values together.
const LIMIT: usize = 8 * 1024;
/// Most headers.
const MOST: usize = 50;
/// Headers that say something about the message, the connection or the answer at hand, and so cannot be an object's.
const RESERVED: [&str; 44] = [
    "accept-ranges",
    "age",
    "allow",
    "alt-svc",
    "authorization",
    "cache-control",
    "connection",
    "content-disposition",
    "content-encoding",
    "content-language",
    "content-length",
    "content-location",
    "content-md5",
    "content-range",
    "content-type",
    "cookie",
    "date",
    "etag",
    "expect",
    "expires",
    "host",
    "if-match",
    "if-modified-since",
    "if-none-match",
    "if-range",
    "if-unmodified-since",
    "keep-alive",
    "last-modified",
    "location",
    "origin",
    "proxy-authenticate",
    "range",
    "referer",
    "retry-after",
    "server",
    "set-cookie",
    "status",
    "strict-transport-security",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "vary",
    "www-authenticate",
];
/// Families of the same.
const RESERVED_PREFIXES: [&str; 4] = ["access-control-", "proxy-", "x-oss-", "x-acs-"];

/// Reads `name:base64,name:base64`: lower-case names and values, in order.
///
/// Errors: 400 `InvalidArgument` for what is not of that form, a name that is reserved or occurs twice, a value that no
/// header can carry, and more than 8 KiB.
pub fn parse_persistent(value: &str) -> Result<Vec<(String, String)>, OssError> {
    let refuse = |message: &'static str| {
        Err(OssError::invalid_argument(
            PERSISTENT_HEADERS,
            value,
            message,
        ))
    };
    let mut headers: Vec<(String, String)> = Vec::new();
    if value.len() > 2 * LIMIT {
        return refuse("The persistent headers are too long.");
    }
    for pair in value
        .split(',')
        .map(str::trim)
        .filter(|pair| !pair.is_empty())
    {
        let Some((name, encoded)) = pair.split_once(':') else {
            return refuse("A persistent header is written name:base64(value).");
        };
        let name = name.trim().to_ascii_lowercase();
        let token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
        if name.is_empty() || !name.bytes().all(token) {
            return refuse("The name of a persistent header is not valid.");
        }
        let family = RESERVED_PREFIXES
            .iter()
            .any(|prefix| name.starts_with(prefix));
        if family || RESERVED.contains(&name.as_str()) {
            return refuse("The name of a persistent header is reserved.");
        }
        let text = STANDARD
            .decode(encoded.trim())
            .ok()
            .and_then(|bytes| String::from_utf8(bytes).ok());
        let Some(text) = text else {
            return refuse("The value of a persistent header is not base64 of a text.");
        };
        if text
            .bytes()
            .any(|byte| (byte < b' ' && byte != b'\t') || byte == 0x7f)
        {
            return refuse("The value of a persistent header holds control characters.");
        }
        if headers.iter().any(|(known, _)| *known == name) {
            return refuse("A persistent header occurs twice.");
        }
        headers.push((name, text.trim().to_owned()));
        let size: usize = headers
            .iter()
            .map(|(name, text)| name.len() + text.len())
            .sum();
        if headers.len() > MOST || size > LIMIT {
            return refuse("The persistent headers are too long.");
        }
    }
    Ok(headers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_read() {
        let value = format!(
            "X-Frame-Options:{}, content-security-policy:{},",
            STANDARD.encode("DENY"),
            STANDARD.encode(" default-src 'self', https: ")
        );
        assert_eq!(
            parse_persistent(&value).unwrap(),
            [
                ("x-frame-options".to_owned(), "DENY".to_owned()),
                (
                    "content-security-policy".to_owned(),
                    "default-src 'self', https:".to_owned()
                ),
            ]
        );
        assert!(parse_persistent("").unwrap().is_empty());
        assert_eq!(
            parse_persistent("a:").unwrap(),
            [("a".to_owned(), String::new())]
        );
    }

    #[test]
    fn what_is_no_persistent_header_is_refused() {
        let with = |text: &str| format!("a:{}", STANDARD.encode(text));
        for value in [
            "a".to_owned(),
            ":YQ==".to_owned(),
            "a b:YQ==".to_owned(),
            "a:*".to_owned(),
            "a:/w==".to_owned(),
            "Host:YQ==".to_owned(),
            "Content-MD5:YQ==".to_owned(),
            "Origin:YQ==".to_owned(),
            "Range:YQ==".to_owned(),
            "Set-Cookie:YQ==".to_owned(),
            "x-oss-meta-a:YQ==".to_owned(),
            "Access-Control-Allow-Origin:YQ==".to_owned(),
            "a:YQ==,A:YQ==".to_owned(),
            with("a\r\nb: c"),
            with("a\n"),
            with("a\0"),
            with(&"a".repeat(LIMIT)),
            (0..60).map(|n| format!("h{n}:YQ==,")).collect(),
        ] {
            let error = parse_persistent(&value).unwrap_err();
            assert_eq!(
                error.code(),
                crate::ErrorCode::InvalidArgument,
                "{value:.40}"
            );
        }
    }
}
