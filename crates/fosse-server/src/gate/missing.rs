//! What is not there, and how the client is told: after authorization, never before.

use crate::request::Call;
use fosse_oss::op::Operation;
use fosse_oss::{ErrorCode, OssError};
use fosse_store::{Object, StoreError, VersionId};
use std::sync::Arc;

/// An object as decisions see it: `None` where there is none. A store that cannot tell is a fault and never an absent
/// object, because the bucket's ACL would then open what the object's own ACL may have closed.
pub(super) fn seen(
    found: fosse_store::Result<Arc<Object>>,
) -> Result<Option<Arc<Object>>, OssError> {
    match found {
        Ok(object) => Ok(Some(object)),
        Err(StoreError::NoSuchKey | StoreError::NoSuchVersion | StoreError::DeleteMarker(_)) => {
            Ok(None)
        }
        Err(error) => Err(Call::internal(error)),
    }
}

/// 404 with the bucket's name.
pub(crate) fn no_such_bucket(name: &str) -> OssError {
    OssError::new(ErrorCode::NoSuchBucket).with("BucketName", name)
}

/// 404 with the key.
pub(crate) fn no_such_key(key: &str) -> OssError {
    OssError::new(ErrorCode::NoSuchKey).with("Key", key)
}

/// A failed look-up of an object as the client is told (api-objects.md §0.10).
pub(crate) fn missing(
    call: &Call,
    error: StoreError,
    key: &str,
    version: Option<VersionId>,
) -> OssError {
    match (error, version) {
        (StoreError::NoSuchKey, _) => no_such_key(key),
        (StoreError::DeleteMarker(marker), None) => no_such_key(key)
            .with_header("x-oss-delete-marker", "true")
            .with_header("x-oss-version-id", marker.to_string()),
        (StoreError::DeleteMarker(marker), Some(_)) => match call.operation {
            Some(Operation::GetObject | Operation::HeadObject | Operation::GetObjectMeta) => {
                OssError::new(ErrorCode::MethodNotAllowed)
                    .with("Method", call.method.as_str())
                    .with("ResourceType", "DeleteMarker")
                    .with_header("allow", "DELETE")
                    .with_header("x-oss-delete-marker", "true")
                    .with_header("x-oss-version-id", marker.to_string())
            }
            _ => no_such_key(key),
        },
        (StoreError::NoSuchVersion, version) => OssError::new(ErrorCode::NoSuchVersion)
            .with("Key", key)
            .with(
                "VersionId",
                version.map(|v| v.to_string()).unwrap_or_default(),
            ),
        (StoreError::NoSuchBucket, _) => ErrorCode::NoSuchBucket.into(),
        (error, _) => Call::internal(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A failing store used to count as an absent object, so that a private object in a public bucket was judged by the
    /// bucket's ACL.
    #[test]
    fn a_failing_store_is_no_absent_object() {
        for absent in [
            StoreError::NoSuchKey,
            StoreError::NoSuchVersion,
            StoreError::DeleteMarker(VersionId::Null),
        ] {
            assert!(seen(Err(absent)).unwrap().is_none());
        }
        for fault in [
            StoreError::Poisoned("sync".into()),
            StoreError::Io(std::io::Error::other("disk")),
            StoreError::Corrupt("record".into()),
        ] {
            assert_eq!(seen(Err(fault)).unwrap_err().status(), 500);
        }
    }
}
