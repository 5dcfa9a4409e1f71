//! Query parameters, decoded in the order sent, and the values that several operations read from them.

use crate::encode::{decode_query, encode_component};
use crate::sign::SIGNATURE_PARAMETERS;
use crate::{ErrorCode, OssError};
use std::borrow::Cow;

/// Most entries of a page (api-buckets.md §0.3).
const MAX_PAGE: usize = 1000;
/// `prefix`, `marker` and their like are shorter than this many bytes (api-buckets.md §0.3).
const LISTING_TEXT_LIMIT: usize = 1024;

/// Decoded query parameters in the order sent. `name` and `name=` are the same: an empty value.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Query(pub Vec<(String, String)>);

impl Query {
    /// Parses a raw query without `?`. Empty pieces between `&` are skipped.
    ///
    /// Errors: 400 `InvalidArgument` for a broken escape or bytes that are not UTF-8.
    pub fn parse(raw: &str) -> Result<Self, OssError> {
        Self::read(raw, |_| true)
    }

    /// Like [`parse`](Self::parse), without the parameters that carry the signature of a URL. No operation reads them,
    /// the verifier reads them from the raw query, and they are most of what a presigned URL holds.
    ///
    /// Errors: as [`parse`](Self::parse); what is left out is not looked at.
    pub fn beside_signature(raw: &str) -> Result<Self, OssError> {
        Self::read(raw, |name| !SIGNATURE_PARAMETERS.contains(&name))
    }

    fn read(raw: &str, wanted: impl Fn(&str) -> bool) -> Result<Self, OssError> {
        let mut pairs = Vec::new();
        let mut rest = raw;
        while !rest.is_empty() {
            let piece;
            (piece, rest) = split_at_byte(rest, b'&');
            let (name, value) = split_at_byte(piece, b'=');
            if !piece.is_empty() && wanted(name) {
                pairs.push((decode(name, piece)?, decode(value, piece)?));
            }
        }
        Ok(Self(pairs))
    }

    /// First value of `name` (case-sensitive).
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(n, _)| n == name)
            .map(|(_, value)| value.as_str())
    }

    /// Whether `name` occurs.
    pub fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// The query percent-encoded in the same order; an empty value is a bare name.
    pub fn encode(&self) -> String {
        let mut out = String::new();
        for (name, value) in &self.0 {
            if !out.is_empty() {
                out.push('&');
            }
            encode_component(name.as_bytes(), &mut out);
            if !value.is_empty() {
                out.push('=');
                encode_component(value.as_bytes(), &mut out);
            }
        }
        out
    }

    /// A page size such as `max-keys`: 1–1000, `default` when absent or empty.
    ///
    /// Errors: 400 `InvalidArgument` naming the parameter.
    pub fn page_size(&self, name: &str, default: usize) -> Result<usize, OssError> {
        let Some(text) = self.get(name).filter(|text| !text.is_empty()) else {
            return Ok(default);
        };
        match decimal(text) {
            Some(size) if (1..=MAX_PAGE as u64).contains(&size) => Ok(size as usize),
            _ => Err(OssError::invalid_argument(
                name,
                text,
                format!("Argument {name} must be an integer between 1 and {MAX_PAGE}."),
            )),
        }
    }

    /// A listing text such as `prefix`, `marker`, `delimiter`: fewer than 1024 bytes, empty when absent.
    ///
    /// Errors: 400 `InvalidArgument` naming the parameter.
    pub fn listing_text(&self, name: &str) -> Result<&str, OssError> {
        let text = self.get(name).unwrap_or_default();
        if text.len() < LISTING_TEXT_LIMIT {
            return Ok(text);
        }
        Err(OssError::invalid_argument(
            name,
            text,
            format!("The length of argument {name} must be less than {LISTING_TEXT_LIMIT}."),
        ))
    }

    /// A part number such as `partNumber`: 1–10000. `None` when absent.
    ///
    /// Errors: 400 `InvalidArgument` naming the parameter.
    pub fn part_number(&self, name: &str) -> Result<Option<u32>, OssError> {
        let Some(text) = self.get(name) else {
            return Ok(None);
        };
        match decimal(text) {
            Some(number) if (1..=10_000).contains(&number) => Ok(Some(number as u32)),
            _ => Err(OssError::invalid_argument(
                name,
                text,
                "Part number must be an integer between 1 and 10000, inclusive.",
            )),
        }
    }

    /// `part-number-marker`: 0 when absent or empty, else a number of at most ten digits.
    ///
    /// Errors: 400 `InvalidArgument` naming the parameter.
    pub fn part_number_marker(&self) -> Result<u32, OssError> {
        let name = "part-number-marker";
        let Some(text) = self.get(name).filter(|text| !text.is_empty()) else {
            return Ok(0);
        };
        decimal(text)
            .and_then(|number| u32::try_from(number).ok())
            .ok_or_else(|| {
                OssError::invalid_argument(
                    name,
                    text,
                    "Argument part-number-marker must be an integer.",
                )
            })
    }

    /// `versionId`. `None` when absent.
    ///
    /// Errors: 400 `InvalidArgument` when it is empty. Whether it is well-formed is the store's to say.
    pub fn version_id(&self) -> Result<Option<&str>, OssError> {
        match self.get("versionId") {
            Some("") => Err(OssError::invalid_argument(
                "versionId",
                "",
                "Version id can not be the empty string.",
            )),
            other => Ok(other),
        }
    }
}

/// What is before the first ASCII `byte` and what is after it; without one, the text and nothing.
fn split_at_byte(text: &str, byte: u8) -> (&str, &str) {
    memchr::memchr(byte, text.as_bytes())
        .and_then(|at| Some((text.get(..at)?, text.get(at + 1..)?)))
        .unwrap_or((text, ""))
}

/// Digits only, no sign, no spaces.
fn decimal(text: &str) -> Option<u64> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    text.parse().ok()
}

fn decode(raw: &str, piece: &str) -> Result<String, OssError> {
    let decoded = match decode_query(raw) {
        // Nothing was escaped: the text is what it was.
        Ok(Cow::Borrowed(_)) => return Ok(raw.to_owned()),
        Ok(Cow::Owned(bytes)) => String::from_utf8(bytes).ok(),
        Err(_) => None,
    };
    decoded.ok_or_else(|| {
        OssError::new(ErrorCode::InvalidArgument)
            .with_message("The query string is not URL-encoded UTF-8.")
            .with("ArgumentName", piece.split('=').next().unwrap_or_default())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn pairs(raw: &str) -> Vec<(String, String)> {
        Query::parse(raw).unwrap().0
    }

    #[test]
    fn pairs_keep_their_order() {
        let expect = |list: &[(&str, &str)]| -> Vec<(String, String)> {
            list.iter()
                .map(|(n, v)| ((*n).to_owned(), (*v).to_owned()))
                .collect()
        };
        assert_eq!(pairs(""), []);
        assert_eq!(pairs("&&"), []);
        assert_eq!(pairs("acl"), expect(&[("acl", "")]));
        assert_eq!(pairs("acl="), expect(&[("acl", "")]));
        assert_eq!(
            pairs("b=1&a=2&b=3"),
            expect(&[("b", "1"), ("a", "2"), ("b", "3")])
        );
        assert_eq!(pairs("a=b=c"), expect(&[("a", "b=c")]));
        assert_eq!(pairs("p=a+b%2Bc%20d"), expect(&[("p", "a b+c d")]));
        assert_eq!(pairs("%E4%B8%AD=%E6%96%87"), expect(&[("中", "文")]));
        assert_eq!(pairs("=v"), expect(&[("", "v")]));
        assert_eq!(Query::parse("b=1&b=2").unwrap().get("b"), Some("1"));
    }

    #[test]
    fn the_parameters_of_a_signature_can_be_left_out() {
        let raw = "OSSAccessKeyId=a&acl&Expires=%zz&x-oss-signature=1&versionId=b%20c&signature=d";
        let query = Query::beside_signature(raw).unwrap();
        let names: Vec<&str> = query.0.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["acl", "versionId", "signature"]);
        assert_eq!(query.get("versionId"), Some("b c"));
        assert!(Query::beside_signature("a=%zz").is_err());
    }

    #[test]
    fn broken_escapes_and_bytes_are_refused() {
        for raw in ["a=%", "a=%4", "%zz", "a=%ff", "a=1&b=%C3%28"] {
            let error = Query::parse(raw).unwrap_err();
            assert_eq!(
                (error.code(), error.status()),
                (ErrorCode::InvalidArgument, 400),
                "{raw}"
            );
        }
    }

    #[test]
    fn page_sizes() {
        let size = |raw: &str| Query::parse(raw).unwrap().page_size("max-keys", 100);
        assert_eq!(size("").unwrap(), 100);
        assert_eq!(size("max-keys=").unwrap(), 100);
        assert_eq!(size("max-keys=1").unwrap(), 1);
        assert_eq!(size("max-keys=1000").unwrap(), 1000);
        for bad in [
            "0",
            "1001",
            "-1",
            "+5",
            "a",
            "1.0",
            " 1",
            "99999999999999999999999",
        ] {
            let query = Query(vec![("max-keys".into(), bad.into())]);
            let error = query.page_size("max-keys", 100).unwrap_err();
            assert_eq!(error.code(), ErrorCode::InvalidArgument, "{bad}");
            assert_eq!(
                error.extra(),
                [
                    ("ArgumentName", "max-keys".into()),
                    ("ArgumentValue", bad.to_string())
                ]
            );
        }
    }

    #[test]
    fn numbers_and_texts_have_limits() {
        let query = |name: &str, value: &str| Query(vec![(name.into(), value.into())]);
        assert_eq!(
            query("partNumber", "10000")
                .part_number("partNumber")
                .unwrap(),
            Some(10_000)
        );
        for bad in ["0", "10001", "", "x"] {
            assert!(
                query("partNumber", bad).part_number("partNumber").is_err(),
                "{bad}"
            );
        }
        assert_eq!(
            query("part-number-marker", "5")
                .part_number_marker()
                .unwrap(),
            5
        );
        assert_eq!(query("x", "5").part_number_marker().unwrap(), 0);
        assert!(
            query("part-number-marker", "99999999999")
                .part_number_marker()
                .is_err()
        );
        let long = "a".repeat(1023);
        assert_eq!(query("prefix", &long).listing_text("prefix").unwrap(), long);
        assert!(
            query("prefix", &format!("{long}a"))
                .listing_text("prefix")
                .is_err()
        );
        assert_eq!(query("versionId", "x").version_id().unwrap(), Some("x"));
        assert_eq!(
            query("versionId", "").version_id().unwrap_err().message(),
            "Version id can not be the empty string."
        );
    }

    proptest! {
        #[test]
        fn what_is_encoded_is_parsed(list in proptest::collection::vec((".+", any::<String>()), 0..8)) {
            let query = Query(list);
            prop_assert_eq!(Query::parse(&query.encode()).unwrap(), query);
        }

        #[test]
        fn parsing_is_total(raw in any::<String>()) {
            let _ = Query::parse(&raw);
        }
    }
}
