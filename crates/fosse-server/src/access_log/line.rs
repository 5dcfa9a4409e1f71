//! One line of an access log in the format of OSS (api-buckets.md §6.4): fields in a fixed order, separated by spaces, `-`
//! for what is unknown or does not apply. Times are those of Beijing, as in the public service. Pure.

use base64::Engine as _;
use fosse_oss::encode::encode_component;
use fosse_oss::time;
use std::borrow::Cow;
use std::fmt::Write as _;
use std::net::IpAddr;

/// Difference of the logs' time from UTC in seconds.
const BEIJING: i64 = 8 * 3600;
/// Longest piece of a client's text that a line repeats, in bytes.
const TEXT_LIMIT: usize = 2048;
/// Most bytes of the names and values of user-defined fields.
const CUSTOM_LIMIT: usize = 1024;
/// Query parameters whose values are credentials: whoever reads the log must not be able to repeat the request.
const SECRET: [&str; 5] = [
    "signature",
    "security-token",
    "x-oss-signature",
    "x-oss-security-token",
    "x-oss-ac-signature",
];

/// What a line tells of a request.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) remote: IpAddr,
    /// When the request came, Unix seconds.
    pub(crate) time: i64,
    pub(crate) method: String,
    /// Path and query as sent.
    pub(crate) uri: String,
    /// `HTTP/1.1` or `HTTP/2.0`.
    pub(crate) protocol: &'static str,
    pub(crate) referer: Option<String>,
    pub(crate) user_agent: Option<String>,
    pub(crate) host: String,
    pub(crate) request_id: String,
    /// Account that asks; `None`: anonymous.
    pub(crate) requester: Option<String>,
    pub(crate) operation: &'static str,
    pub(crate) bucket: String,
    pub(crate) key: Vec<u8>,
    pub(crate) object_size: Option<u64>,
    /// Time until the answer began, in milliseconds.
    pub(crate) server_ms: u64,
    pub(crate) error: Option<&'static str>,
    /// Bytes of the request's head.
    pub(crate) head_bytes: u64,
    /// Account that owns the bucket.
    pub(crate) owner: String,
    /// By how many bytes the bucket grew.
    pub(crate) growth: i64,
    /// `user_defined_log_fields`, where the bucket has some.
    pub(crate) custom: Option<String>,
}

/// How a request ended.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ending {
    pub(crate) status: u16,
    /// Bytes of the request's body.
    pub(crate) received: u64,
    /// Bytes of the response's body.
    pub(crate) sent: u64,
    /// Time until the last byte was sent, in milliseconds.
    pub(crate) total_ms: u64,
}

impl Entry {
    /// The line, with its end.
    pub(crate) fn line(&self, ending: Ending) -> String {
        let mut out = String::with_capacity(512);
        let uri = without_secrets(&self.uri);
        let _ = write!(
            out,
            "{} - - [{}] \"{} {} {}\" {} {} {}",
            self.remote.to_canonical(),
            beijing(self.time),
            self.method,
            quoted(&uri),
            self.protocol,
            ending.status,
            ending.sent,
            ending.total_ms,
        );
        let text = |value: &Option<String>| match value {
            Some(text) if !text.is_empty() => quoted(text).into_owned(),
            _ => "-".to_owned(),
        };
        let mut key = String::new();
        encode_component(&self.key, &mut key);
        let or_dash = |text: &str| match text {
            "" => "-".to_owned(),
            text => quoted(text).into_owned(),
        };
        for field in [
            text(&self.referer),
            text(&self.user_agent),
            or_dash(&self.host),
            or_dash(&self.request_id),
            "true".to_owned(),
            text(&self.requester),
            or_dash(self.operation),
            or_dash(&self.bucket),
            or_dash(&key),
        ] {
            let _ = write!(out, " \"{field}\"");
        }
        match self.object_size {
            Some(size) => _ = write!(out, " {size}"),
            None => out.push_str(" -"),
        }
        let _ = write!(
            out,
            " {} \"{}\" {} \"{}\"",
            self.server_ms,
            self.error.unwrap_or("-"),
            self.head_bytes + ending.received,
            self.owner,
        );
        match self.growth {
            0 => out.push_str(" -"),
            bytes => _ = write!(out, " {bytes}"),
        }
        // Whether a CDN asked cannot be known here. One more field is reserved.
        out.push_str(" \"-\" \"-\"");
        if let Some(custom) = &self.custom {
            let _ = write!(out, " \"{custom}\"");
        }
        out.push('\n');
        out
    }
}

/// `user_defined_log_fields`: base64 of a JSON document with the headers and parameters that were sent, of at most
/// [`CUSTOM_LIMIT`] bytes of names and values; what is beyond is cut off, and `truncated` says so.
pub(crate) fn custom_fields<'a>(
    headers: impl Iterator<Item = (&'a str, Cow<'a, str>)>,
    parameters: impl Iterator<Item = (&'a str, Cow<'a, str>)>,
) -> String {
    let (mut left, mut truncated) = (CUSTOM_LIMIT, false);
    let mut take = |fields: &mut dyn Iterator<Item = (&'a str, Cow<'a, str>)>| {
        let mut taken = serde_json::Map::new();
        for (name, value) in fields {
            let value: &str = match is_credential(name) {
                true => "-",
                false => &value,
            };
            let Some(room) = left.checked_sub(name.len()) else {
                truncated = true;
                break;
            };
            let mut end = value.len().min(room);
            while !value.is_char_boundary(end) {
                end -= 1;
            }
            truncated |= end < value.len();
            left = room - end;
            let value = value.get(..end).unwrap_or_default();
            taken.insert(name.to_owned(), value.into());
        }
        serde_json::Value::Object(taken)
    };
    let (mut headers, mut parameters) = (headers, parameters);
    let (headers, querys) = (take(&mut headers), take(&mut parameters));
    let document = serde_json::json!({
        "truncated": truncated,
        "headers": headers,
        "querys": querys,
    });
    base64::engine::general_purpose::STANDARD.encode(document.to_string())
}

fn is_credential(name: &str) -> bool {
    name.eq_ignore_ascii_case("authorization")
        || SECRET
            .iter()
            .any(|secret| name.eq_ignore_ascii_case(secret))
}

/// `02/May/2012:00:00:04 +0800`.
fn beijing(unix: i64) -> String {
    // `Wed, 02 May 2012 00:00:04 GMT`.
    let date = time::format_http(unix.saturating_add(BEIJING));
    let mut parts = date.split(' ').skip(1);
    let mut next = || parts.next().unwrap_or("-");
    let (day, month, year, clock) = (next(), next(), next(), next());
    format!("{day}/{month}/{year}:{clock} +0800")
}

/// `2012-05-02-00-00-00` in Beijing: the time in the name of a log.
pub(crate) fn name_time(unix: i64) -> String {
    // `2012-05-02T00:00:00.000Z`.
    let date = time::format_iso_millis(unix.saturating_add(BEIJING));
    date.chars()
        .take(19)
        .map(|c| if matches!(c, 'T' | ':') { '-' } else { c })
        .collect()
}

/// Text that can stand between quotes on one line.
fn quoted(text: &str) -> Cow<'_, str> {
    let mut end = text.len().min(TEXT_LIMIT);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let text = text.get(..end).unwrap_or_default();
    if !text.contains(|c: char| c == '"' || c.is_control()) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if c == '"' || c.is_control() {
            let mut buffer = [0; 4];
            for byte in c.encode_utf8(&mut buffer).bytes() {
                let _ = write!(out, "%{byte:02X}");
            }
        } else {
            out.push(c);
        }
    }
    Cow::Owned(out)
}

/// The URI with `-` for the values of credentials in its query.
fn without_secrets(uri: &str) -> Cow<'_, str> {
    let Some((path, query)) = uri.split_once('?') else {
        return Cow::Borrowed(uri);
    };
    let is_secret = |pair: &str| {
        let name = pair.split('=').next().unwrap_or_default();
        let decoded = fosse_oss::encode::decode_query(name);
        let name = decoded.as_deref().unwrap_or(name.as_bytes());
        SECRET
            .iter()
            .any(|secret| name.eq_ignore_ascii_case(secret.as_bytes()))
    };
    if !query.split('&').any(is_secret) {
        return Cow::Borrowed(uri);
    }
    let mut out = format!("{path}?");
    for (n, pair) in query.split('&').enumerate() {
        if n > 0 {
            out.push('&');
        }
        match is_secret(pair) {
            true => {
                out.push_str(pair.split('=').next().unwrap_or_default());
                out.push_str("=-");
            }
            false => out.push_str(pair),
        }
    }
    Cow::Owned(out)
}

/// The line of the documentation.
#[cfg(test)]
pub(crate) fn sample() -> Entry {
    Entry {
        remote: "::ffff:119.140.142.11".parse().unwrap(),
        time: 1_335_888_004,
        method: "GET".into(),
        uri: "/aliyun-logo.png?x=1".into(),
        protocol: "HTTP/1.1",
        referer: Some("http://www.aliyun.com/product/oss".into()),
        user_agent: Some("curl/7.15.5".into()),
        host: "oss-example.oss-cn-hangzhou.aliyuncs.com".into(),
        request_id: "505B01695037C2AF032593A4".into(),
        requester: Some("1657136103983691".into()),
        operation: "GetObject",
        bucket: "oss-example".into(),
        key: b"a/logo.png".to_vec(),
        object_size: Some(5576),
        server_ms: 17,
        error: None,
        head_bytes: 300,
        owner: "1657136103983691".into(),
        growth: 0,
        custom: None,
    }
}

#[cfg(test)]
mod tests {
    use super::sample as entry;
    use super::*;
    use proptest::prelude::*;

    const ENDING: Ending = Ending {
        status: 200,
        received: 2,
        sent: 5576,
        total_ms: 71,
    };

    #[test]
    fn a_line_has_every_field_in_its_place() {
        assert_eq!(
            entry().line(ENDING),
            "119.140.142.11 - - [02/May/2012:00:00:04 +0800] \"GET /aliyun-logo.png?x=1 HTTP/1.1\" 200 5576 71 \
             \"http://www.aliyun.com/product/oss\" \"curl/7.15.5\" \
             \"oss-example.oss-cn-hangzhou.aliyuncs.com\" \"505B01695037C2AF032593A4\" \"true\" \
             \"1657136103983691\" \"GetObject\" \"oss-example\" \"a%2Flogo.png\" 5576 17 \"-\" 302 \
             \"1657136103983691\" - \"-\" \"-\"\n"
        );
        let refused = Entry {
            referer: None,
            user_agent: Some(String::new()),
            requester: None,
            key: Vec::new(),
            object_size: None,
            error: Some("AccessDenied"),
            growth: -280,
            custom: Some("e30=".into()),
            ..entry()
        };
        let line = refused.line(Ending {
            status: 403,
            ..ENDING
        });
        let rest = line.split_once("71 ").unwrap().1;
        assert_eq!(
            rest,
            "\"-\" \"-\" \"oss-example.oss-cn-hangzhou.aliyuncs.com\" \"505B01695037C2AF032593A4\" \"true\" \
             \"-\" \"GetObject\" \"oss-example\" \"-\" - 17 \"AccessDenied\" 302 \"1657136103983691\" -280 \
             \"-\" \"-\" \"e30=\"\n"
        );
    }

    #[test]
    fn names_tell_the_time_of_beijing() {
        assert_eq!(name_time(1_335_888_000), "2012-05-02-00-00-00");
        assert_eq!(name_time(1_347_220_800), "2012-09-10-04-00-00");
    }

    #[test]
    fn credentials_are_left_out() {
        for (uri, told) in [
            ("/k", "/k"),
            ("/k?a=b&c", "/k?a=b&c"),
            (
                "/k?OSSAccessKeyId=id&Expires=1&Signature=abc%3D&x=1",
                "/k?OSSAccessKeyId=id&Expires=1&Signature=-&x=1",
            ),
            ("/k?x-oss-signature=f00&y", "/k?x-oss-signature=-&y"),
            ("/k?security-token=CAIS", "/k?security-token=-"),
            ("/k?x-oss-security-token=CAIS", "/k?x-oss-security-token=-"),
            ("/k?%53ignature=abc", "/k?%53ignature=-"),
        ] {
            assert_eq!(without_secrets(uri), told);
        }
    }

    #[test]
    fn custom_fields_are_bounded_json() {
        let read = |text: &str| -> serde_json::Value {
            let bytes = base64::engine::general_purpose::STANDARD.decode(text);
            serde_json::from_slice(&bytes.unwrap()).unwrap()
        };
        let header = |name: &'static str, value: String| (name, Cow::Owned(value));
        let sent = [
            header("x-forwarded-for", "10.0.0.1".into()),
            header("Authorization", "OSS4-HMAC secret".into()),
        ];
        let query = [
            ("rrr", Cow::Borrowed("huyanbin")),
            ("Signature", "abc".into()),
        ];
        let got = read(&custom_fields(sent.into_iter(), query.into_iter()));
        let wanted = serde_json::json!({
            "truncated": false,
            "headers": {"x-forwarded-for": "10.0.0.1", "Authorization": "-"},
            "querys": {"rrr": "huyanbin", "Signature": "-"},
        });
        assert_eq!(got, wanted);
        let long = [header("a", "ü".repeat(600)), header("b", "x".into())];
        let got = read(&custom_fields(long.into_iter(), std::iter::empty()));
        assert_eq!(got["truncated"], true);
        assert_eq!(got["headers"]["a"].as_str().unwrap().len(), 1022);
        assert_eq!(got["headers"].get("b"), Some(&"".into()));
    }

    proptest! {
        #[test]
        fn a_line_is_a_line(
            uri in "\\PC{0,40}", agent in any::<String>(), host in any::<String>(),
            key in prop::collection::vec(any::<u8>(), 0..40),
        ) {
            let entry = Entry {
                uri: format!("/{uri}"),
                user_agent: Some(agent),
                host,
                key,
                ..entry()
            };
            let line = entry.line(ENDING);
            prop_assert_eq!(line.matches('\n').count(), 1);
            prop_assert!(line.ends_with('\n'));
            prop_assert!(!line.trim_end_matches('\n').contains(char::is_control));
            // Twelve quoted fields besides the request, and no quote inside any.
            prop_assert_eq!(line.matches('"').count(), 28);
        }
    }
}
