//! Bucket names and object keys: newtypes built only by validation.

use crate::OssError;

/// A valid bucket name: 3–63 of `a-z 0-9 -`, first and last not `-` (api-buckets.md §0.2).
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BucketName(String);
impl BucketName {
    /// 400 `InvalidBucketName` when the rule is broken.
    pub fn parse(text: &str) -> Result<Self, OssError> { let _ = text; todo!() }
    /// The name.
    pub fn as_str(&self) -> &str { &self.0 }
}

/// A valid object key: UTF-8, 1–1023 bytes, not starting with `/` or `\` (api-objects.md §0.2).
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ObjectKey(String);
impl ObjectKey {
    /// 400 `InvalidObjectName` when the rule is broken.
    pub fn parse(bytes: &[u8]) -> Result<Self, OssError> { let _ = bytes; todo!() }
    /// The key.
    pub fn as_str(&self) -> &str { &self.0 }
}
