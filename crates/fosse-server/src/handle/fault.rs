//! What the store refuses, as OSS says it.

use crate::request::Call;
use fosse_oss::{ErrorCode, OssError};
use fosse_store::StoreError;

/// The answer for a failed store call that concerns no single version of an object.
pub(crate) fn of(error: StoreError) -> OssError {
    let code = match &error {
        StoreError::NoSuchBucket => ErrorCode::NoSuchBucket,
        StoreError::BucketExists(_) => ErrorCode::BucketAlreadyExists,
        StoreError::BucketNotEmpty => ErrorCode::BucketNotEmpty,
        StoreError::TooManyBuckets => ErrorCode::TooManyBuckets,
        StoreError::NoSuchKey | StoreError::DeleteMarker(_) => ErrorCode::NoSuchKey,
        StoreError::NoSuchVersion => ErrorCode::NoSuchVersion,
        StoreError::NoSuchUpload => ErrorCode::NoSuchUpload,
        StoreError::PartNotSequential => ErrorCode::PartNotSequential,
        StoreError::PartExists => ErrorCode::PartAlreadyExist,
        StoreError::ObjectExists => ErrorCode::FileAlreadyExists,
        StoreError::NotAppendable => ErrorCode::ObjectNotAppendable,
        StoreError::WrongPosition(_) => ErrorCode::PositionNotEqualToLength,
        StoreError::Immutable => ErrorCode::FileImmutable,
        StoreError::InvalidPart(_) => ErrorCode::InvalidPart,
        StoreError::InvalidPartOrder => ErrorCode::InvalidPartOrder,
        StoreError::PartTooSmall(_) => ErrorCode::EntityTooSmall,
        _ => return Call::internal(error),
    };
    match error {
        StoreError::InvalidPart(number) | StoreError::PartTooSmall(number) => {
            OssError::new(code).with("PartNumber", number.to_string())
        }
        StoreError::WrongPosition(length) => {
            OssError::new(code).with_header("x-oss-next-append-position", length.to_string())
        }
        _ => code.into(),
    }
}
