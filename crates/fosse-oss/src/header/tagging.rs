//! Object tags: the `x-oss-tagging` header and the limits of tags (api-objects.md §0.9, §11).

use crate::encode::encode_component;
use crate::op::Query;
use crate::{ErrorCode, OssError};

const MAX_TAGS: usize = 10;
const MAX_KEY_BYTES: usize = 128;
const MAX_VALUE_BYTES: usize = 256;

/// Reads `x-oss-tagging`: `k1=v1&k2=v2`, URL-encoded; without `=` the value is empty. An empty header holds no tags.
///
/// Errors: 400 `InvalidArgument` for a broken escape or a key given twice; 400 `InvalidTag` beyond the limits.
pub fn parse_tagging(header: &str) -> Result<Vec<(String, String)>, OssError> {
    let malformed = || {
        let message = "The header 'x-oss-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters without tag name duplicates.";
        OssError::invalid_argument("x-oss-tagging", header, message)
    };
    let tags = Query::parse(header).map_err(|_| malformed())?.0;
    if has_twins(&tags) {
        return Err(malformed());
    }
    check_object_tags(&tags)?;
    Ok(tags)
}

/// Writes `x-oss-tagging`.
pub fn encode_tagging(tags: &[(String, String)]) -> String {
    let mut out = String::new();
    for (key, value) in tags {
        if !out.is_empty() {
            out.push('&');
        }
        encode_component(key.as_bytes(), &mut out);
        out.push('=');
        encode_component(value.as_bytes(), &mut out);
    }
    out
}

/// At most 10 tags; keys unique, 1–128 bytes; values up to 256 bytes; letters and digits of any script, spaces and
/// `+ - = . _ : /`.
///
/// Errors: 400 `InvalidTag`.
pub fn check_object_tags(tags: &[(String, String)]) -> Result<(), OssError> {
    let refuse = |message: &'static str, key: &str| {
        Err(OssError::new(ErrorCode::InvalidTag)
            .with_message(message)
            .with("TagKey", key))
    };
    let legal = |text: &str| {
        text.chars().all(|c| {
            c.is_alphanumeric() || matches!(c, ' ' | '+' | '-' | '=' | '.' | '_' | ':' | '/')
        })
    };
    if tags.len() > MAX_TAGS {
        return refuse("The number of object tags must not exceed 10.", "");
    }
    for (key, value) in tags {
        if key.is_empty() || key.len() > MAX_KEY_BYTES || !legal(key) {
            return refuse("The TagKey you have provided is invalid.", key);
        }
        if value.len() > MAX_VALUE_BYTES || !legal(value) {
            return refuse("The TagValue you have provided is invalid.", key);
        }
    }
    if has_twins(tags) {
        return refuse("Tag keys must be unique.", "");
    }
    Ok(())
}

/// Bounded by the limit: callers with more tags are refused anyway.
fn has_twins(tags: &[(String, String)]) -> bool {
    let tags = tags.get(..tags.len().min(MAX_TAGS + 1)).unwrap_or_default();
    tags.iter()
        .enumerate()
        .any(|(at, tag)| tags.iter().skip(at + 1).any(|other| other.0 == tag.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn tags(list: &[(&str, &str)]) -> Vec<(String, String)> {
        list.iter()
            .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
            .collect()
    }

    #[test]
    fn headers_are_read() {
        assert_eq!(parse_tagging("").unwrap(), []);
        assert_eq!(
            parse_tagging("a=1&b=2").unwrap(),
            tags(&[("a", "1"), ("b", "2")])
        );
        assert_eq!(
            parse_tagging("a&b=").unwrap(),
            tags(&[("a", ""), ("b", "")])
        );
        assert_eq!(
            parse_tagging("%E4%B8%AD+x=a%2Bb%2F").unwrap(),
            tags(&[("中 x", "a+b/")])
        );
        let longest = format!("{}={}", "k".repeat(128), "v".repeat(256));
        assert_eq!(parse_tagging(&longest).unwrap().len(), 1);
    }

    #[test]
    fn broken_headers_are_refused() {
        let eleven: Vec<String> = (0..11).map(|i| format!("k{i}=v")).collect();
        let cases: [(String, ErrorCode); 9] = [
            ("a=%zz".to_owned(), ErrorCode::InvalidArgument),
            ("a=%ff".to_owned(), ErrorCode::InvalidArgument),
            ("a=1&a=2".to_owned(), ErrorCode::InvalidArgument),
            ("=v".to_owned(), ErrorCode::InvalidTag),
            ("a%0A=v".to_owned(), ErrorCode::InvalidTag),
            ("a=%3Cb%3E".to_owned(), ErrorCode::InvalidTag),
            (format!("{}=v", "k".repeat(129)), ErrorCode::InvalidTag),
            (format!("k={}", "v".repeat(257)), ErrorCode::InvalidTag),
            (eleven.join("&"), ErrorCode::InvalidTag),
        ];
        for (header, code) in cases {
            let error = parse_tagging(&header).unwrap_err();
            assert_eq!((error.code(), error.status()), (code, 400), "{header}");
        }
        let twins = tags(&[("a", "1"), ("a", "1")]);
        assert_eq!(
            check_object_tags(&twins).unwrap_err().code(),
            ErrorCode::InvalidTag
        );
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(list in proptest::collection::btree_map("[a-zA-Z0-9 +=._:/中-]{1,20}", "[a-z +=é]{0,20}", 0..10)) {
            let list: Vec<(String, String)> = list.into_iter().collect();
            prop_assert_eq!(parse_tagging(&encode_tagging(&list)).unwrap(), list);
        }

        #[test]
        fn reading_is_total(header in any::<String>()) {
            let _ = parse_tagging(&header);
        }
    }
}
