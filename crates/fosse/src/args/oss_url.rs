//! `oss://bucket[/key]`: the key is everything behind the first `/`, byte for byte (cli.md §1.1).

use std::fmt;

/// A parsed OSS URL.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct OssUrl {
    /// Bucket; `None` for `oss://`.
    pub(crate) bucket: Option<String>,
    /// Key or prefix bytes; empty when none.
    pub(crate) key: Vec<u8>,
}

/// Whether a command line argument names something in the store.
pub(crate) fn is_oss_url(text: &str) -> bool {
    text.get(..6)
        .is_some_and(|scheme| scheme.eq_ignore_ascii_case("oss://"))
}

impl OssUrl {
    /// Parses. `percent_encoded`: the key is decoded once with query rules (`--encoding-type url`).
    ///
    /// Errors: no `oss://`, a bucket name that cannot exist, a broken escape.
    pub(crate) fn parse(text: &str, percent_encoded: bool) -> Result<Self, String> {
        if !is_oss_url(text) {
            return Err(format!(
                "`{text}` is not an OSS URL: write oss://BUCKET or oss://BUCKET/KEY"
            ));
        }
        let rest = &text[6..];
        let (bucket, key) = rest.split_once('/').unwrap_or((rest, ""));
        if bucket.is_empty() {
            if rest.is_empty() {
                return Ok(Self::default());
            }
            return Err(format!("`{text}` has no bucket: write oss://BUCKET/KEY"));
        }
        if fosse_oss::name::BucketName::parse(bucket).is_err() {
            return Err(format!(
                "`{bucket}` cannot be a bucket name: 3 to 63 lower-case letters, digits and -, beginning and ending with a letter or digit"
            ));
        }
        let key = if percent_encoded {
            fosse_oss::encode::decode_query(key)
                .map_err(|error| format!("`{key}` is not percent-encoded: {error}"))?
                .into_owned()
        } else {
            key.as_bytes().to_vec()
        };
        Ok(Self {
            bucket: Some(bucket.to_owned()),
            key,
        })
    }

    /// Bucket and key of one object.
    ///
    /// Errors: bucket or key is missing.
    pub(crate) fn object(&self) -> Result<(&str, &[u8]), String> {
        match &self.bucket {
            Some(bucket) if !self.key.is_empty() => Ok((bucket, &self.key)),
            _ => Err(format!("`{self}` names no object: write oss://BUCKET/KEY")),
        }
    }

    /// The bucket alone.
    ///
    /// Errors: no bucket, or a key behind it.
    pub(crate) fn bucket_only(&self) -> Result<&str, String> {
        match &self.bucket {
            Some(bucket) if self.key.is_empty() => Ok(bucket),
            _ => Err(format!("`{self}` is not a bucket: write oss://BUCKET")),
        }
    }
}

impl fmt::Display for OssUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("oss://")?;
        if let Some(bucket) = &self.bucket {
            f.write_str(bucket)?;
            if !self.key.is_empty() {
                write!(f, "/{}", String::from_utf8_lossy(&self.key))?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::OssUrl;

    fn key(text: &str) -> Vec<u8> {
        OssUrl::parse(text, false).unwrap().key
    }

    #[test]
    fn keys_are_taken_byte_for_byte() {
        assert_eq!(key("oss://bucket/a//b"), b"a//b");
        assert_eq!(key("oss://bucket//a"), b"/a");
        assert_eq!(key("oss://bucket/../b"), b"../b");
        assert_eq!(key("oss://bucket/a?b#c"), b"a?b#c");
        assert_eq!(key("oss://bucket/a%20b+c"), b"a%20b+c");
        assert_eq!(key("oss://bucket/"), b"");
        assert_eq!(key("OSS://bucket"), b"");
        assert_eq!(OssUrl::parse("oss://", false).unwrap(), OssUrl::default());
    }

    #[test]
    fn encoded_keys_are_decoded_once() {
        let url = OssUrl::parse("oss://bucket/a%2Bb+c%2520", true).unwrap();
        assert_eq!(url.key, b"a+b c%20");
        assert!(OssUrl::parse("oss://bucket/%zz", true).is_err());
    }

    #[test]
    fn what_is_wrong_is_said() {
        for text in [
            "bucket",
            "s3://bucket/a",
            "oss:///a",
            "oss://B/a",
            "oss://-ab/a",
            "oss://a_b",
        ] {
            assert!(OssUrl::parse(text, false).is_err(), "{text}");
        }
        assert!(
            OssUrl::parse("oss://bucket", false)
                .unwrap()
                .object()
                .is_err()
        );
        assert!(
            OssUrl::parse("oss://bucket/a", false)
                .unwrap()
                .bucket_only()
                .is_err()
        );
    }
}
