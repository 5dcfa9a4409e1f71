//! `x-oss-copy-source` (api-objects.md §5).

use crate::OssError;
use crate::encode::{decode_query, encode_component, encode_path};
use crate::name::{BucketName, ObjectKey};

const NAME: &str = "x-oss-copy-source";

/// What a copy reads from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CopySource {
    /// Source bucket.
    pub bucket: BucketName,
    /// Source key.
    pub key: ObjectKey,
    /// Version as sent, not yet checked; `None` for the current one.
    pub version_id: Option<String>,
}

impl CopySource {
    /// Reads `/<bucket>/<url-encoded key>[?versionId=id]`. The leading slash may be missing, and the slashes may be
    /// escaped along with the rest; a `+` is a space; a `?` that does not introduce `versionId=` belongs to the key.
    ///
    /// Errors: 400 `InvalidArgument` when bucket or key is missing or an escape is broken, or for an empty version id;
    /// 400 `InvalidBucketName`, 400 `InvalidObjectName`.
    pub fn parse(header: &str) -> Result<Self, OssError> {
        let malformed = || {
            let message =
                "Copy Source must mention the source bucket and key: /sourcebucket/sourcekey.";
            OssError::invalid_argument(NAME, header, message)
        };
        let (path, version) = match header.trim().rsplit_once("?versionId=") {
            Some((path, version)) => (path, Some(version)),
            None => (header.trim(), None),
        };
        // The older Go SDK writes a space as `+`; every SDK writes a plus as `%2B`.
        let decoded = |raw: &str| {
            decode_query(raw)
                .map(|bytes| bytes.into_owned())
                .map_err(|_| malformed())
        };
        let path = path.strip_prefix('/').unwrap_or(path);
        let (bucket, key) = match path.split_once('/') {
            Some((bucket, key)) => (decoded(bucket)?, decoded(key)?),
            None => {
                let whole = decoded(path)?;
                let whole = whole.strip_prefix(b"/").unwrap_or(&whole);
                let mut parts = whole.splitn(2, |byte| *byte == b'/');
                let bucket = parts.next().unwrap_or_default().to_vec();
                (bucket, parts.next().unwrap_or_default().to_vec())
            }
        };
        if bucket.is_empty() || key.is_empty() {
            return Err(malformed());
        }
        let bucket = String::from_utf8(bucket).map_err(|_| malformed())?;
        let version_id = match version {
            None => None,
            Some("") => {
                let message = "Version id can not be the empty string.";
                return Err(OssError::invalid_argument("versionId", "", message));
            }
            Some(raw) => {
                let bytes = decode_query(raw).map_err(|_| malformed())?.into_owned();
                Some(String::from_utf8(bytes).map_err(|_| malformed())?)
            }
        };
        Ok(Self {
            bucket: BucketName::parse(&bucket)?,
            key: ObjectKey::parse(&key)?,
            version_id,
        })
    }

    /// Writes the header.
    pub fn to_header(&self) -> String {
        let mut out = format!("/{}/", self.bucket);
        encode_path(self.key.as_str().as_bytes(), &mut out);
        if let Some(version) = &self.version_id {
            out.push_str("?versionId=");
            encode_component(version.as_bytes(), &mut out);
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ErrorCode;
    use proptest::prelude::*;

    #[test]
    fn sources_are_read() {
        let cases = [
            ("/src/k", "k", None),
            ("src/k", "k", None),
            ("/src/a%2Fb", "a/b", None),
            ("/src/a/b//c", "a/b//c", None),
            ("%2Fsrc%2Fa%2Fb", "a/b", None),
            ("src%2Fa", "a", None),
            ("/src/a+b", "a b", None),
            ("/src/a%2Bb%2F%20c", "a+b/ c", None),
            ("/src/%E4%B8%AD%20x", "中 x", None),
            ("/src/k?versionId=CAEQ", "k", Some("CAEQ")),
            ("/src/k?versionId=null", "k", Some("null")),
            ("/src/k%3FversionId=x", "k?versionId=x", None),
            ("/src/a?b", "a?b", None),
            ("/src/a?b?versionId=v", "a?b", Some("v")),
        ];
        for (header, key, version) in cases {
            let source =
                CopySource::parse(header).unwrap_or_else(|error| panic!("{header}: {error}"));
            assert_eq!(source.bucket.as_str(), "src", "{header}");
            assert_eq!(source.key.as_str(), key, "{header}");
            assert_eq!(source.version_id.as_deref(), version, "{header}");
        }
    }

    #[test]
    fn broken_sources_are_refused() {
        let cases = [
            ("", ErrorCode::InvalidArgument),
            ("/", ErrorCode::InvalidArgument),
            ("/src", ErrorCode::InvalidArgument),
            ("/src/", ErrorCode::InvalidArgument),
            ("//k", ErrorCode::InvalidArgument),
            ("/src/%", ErrorCode::InvalidArgument),
            ("/src/k?versionId=", ErrorCode::InvalidArgument),
            ("/src/k?versionId=%zz", ErrorCode::InvalidArgument),
            ("/S/k", ErrorCode::InvalidBucketName),
            ("/src//k", ErrorCode::InvalidObjectName),
            ("/src/%ff", ErrorCode::InvalidObjectName),
        ];
        for (header, code) in cases {
            let error = CopySource::parse(header).unwrap_err();
            assert_eq!((error.code(), error.status()), (code, 400), "{header}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(key in "[^/\\\\].{0,60}", version in proptest::option::of("[A-Za-z0-9]{1,64}")) {
            let source = CopySource {
                bucket: BucketName::parse("src").unwrap(),
                key: ObjectKey::parse(key.as_bytes()).unwrap(),
                version_id: version,
            };
            prop_assert_eq!(CopySource::parse(&source.to_header()).unwrap(), source);
        }

        #[test]
        fn reading_is_total(header in any::<String>()) {
            let _ = CopySource::parse(&header);
            let _ = CopySource::parse(&format!("/src/{header}"));
        }
    }
}
