//! Bucket names, object keys and custom domains: newtypes built only by validation.

use crate::{ErrorCode, OssError};
use std::fmt;

/// Most bytes of an object key.
pub const MAX_KEY_BYTES: usize = 1023;

/// A valid bucket name: 3–63 of `a-z 0-9 -`, first and last not `-` (api-buckets.md §0.2).
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BucketName(String);

impl BucketName {
    /// 400 `InvalidBucketName` when the rule is broken.
    pub fn parse(text: &str) -> Result<Self, OssError> {
        let bytes = text.as_bytes();
        let inside =
            |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || *byte == b'-';
        let valid = (3..=63).contains(&bytes.len())
            && bytes.iter().all(inside)
            && bytes.first() != Some(&b'-')
            && bytes.last() != Some(&b'-');
        if valid {
            Ok(Self(text.to_owned()))
        } else {
            Err(OssError::new(ErrorCode::InvalidBucketName).with("BucketName", text))
        }
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name as an owned text.
    pub fn into_string(self) -> String {
        self.0
    }
}

/// A valid custom domain: a host name of at least two labels that is no IP address, in lower case without final dot. An
/// internationalized name is written in its ASCII form.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DomainName(String);

impl DomainName {
    /// 400 `InvalidArgument` for what is no such name; a wildcard is none.
    pub fn parse(text: &str) -> Result<Self, OssError> {
        let name = text.strip_suffix('.').unwrap_or(text);
        let label = |label: &str| {
            (1..=63).contains(&label.len())
                && label
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
                && !label.starts_with('-')
                && !label.ends_with('-')
        };
        let last = name.rsplit('.').next().unwrap_or_default();
        let valid = name.len() <= 253
            && name.contains('.')
            && name.split('.').all(label)
            && !last.bytes().all(|byte| byte.is_ascii_digit());
        if valid {
            Ok(Self(name.to_ascii_lowercase()))
        } else {
            Err(OssError::invalid_argument(
                "Domain",
                text,
                "The domain name is invalid.",
            ))
        }
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A valid object key: UTF-8, 1–1023 bytes, not starting with `/` or `\` (api-objects.md §0.2).
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ObjectKey(String);

impl ObjectKey {
    /// 400 `InvalidObjectName` when the rule is broken.
    pub fn parse(bytes: &[u8]) -> Result<Self, OssError> {
        let refuse = |message| OssError::new(ErrorCode::InvalidObjectName).with_message(message);
        if bytes.is_empty() {
            return Err(refuse("The Object name can not be empty."));
        }
        let too_long = "The Length of Object name must be less than 1024.";
        if bytes.len() > MAX_KEY_BYTES {
            return Err(refuse(too_long));
        }
        // The service has no text of its own for a key that is not UTF-8.
        let text = std::str::from_utf8(bytes).map_err(|_| refuse(too_long))?;
        if text.starts_with(['/', '\\']) {
            return Err(OssError::new(ErrorCode::InvalidObjectName).with_ec("0016-00000005"));
        }
        Ok(Self(text.to_owned()))
    }

    /// The key.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The key as an owned text.
    pub fn into_string(self) -> String {
        self.0
    }
}

impl fmt::Display for BucketName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for ObjectKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn domains() {
        for (text, name) in [
            ("cdn.example.com", "cdn.example.com"),
            ("CDN.Example.COM.", "cdn.example.com"),
            ("a-b.xn--fiqs8s", "a-b.xn--fiqs8s"),
            ("1.example.org", "1.example.org"),
        ] {
            assert_eq!(DomainName::parse(text).unwrap().as_str(), name);
        }
        let (long, longer) = ("a".repeat(64), vec!["a".repeat(60); 5].join("."));
        for bad in [
            "",
            ".",
            "example",
            "example.",
            "a..b",
            ".a.b",
            "a.b..",
            "*.example.com",
            "a b.com",
            "a_b.com",
            "-a.com",
            "a-.com",
            "192.0.2.7",
            "1.2",
            "a.com:80",
            "a.com/",
            "中.com",
            "a.com\r\n",
            &format!("{long}.com"),
            &longer,
        ] {
            let error = DomainName::parse(bad).unwrap_err();
            assert_eq!(error.code(), ErrorCode::InvalidArgument, "{bad}");
        }
    }

    #[test]
    fn bucket_names() {
        let long = "a".repeat(63);
        for good in ["abc", "a-b", "0a9", "a--b", long.as_str()] {
            assert_eq!(BucketName::parse(good).unwrap().as_str(), good);
        }
        let longer = "a".repeat(64);
        let bad = [
            "",
            "ab",
            "-ab",
            "ab-",
            "Abc",
            "a.b",
            "a_b",
            "a b",
            "äbc",
            "a/b",
            longer.as_str(),
        ];
        for name in bad {
            let error = BucketName::parse(name).unwrap_err();
            assert_eq!(
                (error.code(), error.status()),
                (ErrorCode::InvalidBucketName, 400),
                "{name}"
            );
        }
    }

    #[test]
    fn object_keys() {
        let longest = "a".repeat(1023);
        let widest = format!("{}a", "é".repeat(511));
        for good in [
            "a",
            " ",
            "a//b",
            "./a",
            "../b",
            ".",
            "a?b#c",
            "中文/文件.txt",
            "~'()*!",
            "\u{1}",
            "a/",
            &longest,
            &widest,
        ] {
            assert_eq!(ObjectKey::parse(good.as_bytes()).unwrap().as_str(), good);
        }
        let length = "The Length of Object name must be less than 1024.";
        let too_long = vec![b'a'; 1024];
        let bad: [(&[u8], &str); 6] = [
            (b"", "The Object name can not be empty."),
            (&too_long, length),
            (b"a\xff", length),
            (b"/a", "The specified object is not valid."),
            (b"/", "The specified object is not valid."),
            (b"\\a", "The specified object is not valid."),
        ];
        for (key, message) in bad {
            let error = ObjectKey::parse(key).unwrap_err();
            assert_eq!(
                (error.code(), error.status()),
                (ErrorCode::InvalidObjectName, 400)
            );
            assert_eq!(error.message(), message, "{key:?}");
        }
    }
}
